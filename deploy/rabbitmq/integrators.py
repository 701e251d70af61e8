"""An operator's command: `python -m deploy.rabbitmq.integrators` gives subscriptions their users, queues and streams.

It reads the record of subscriptions, gives what is missing to those that have their feed on RabbitMQ, and takes
everything from those that do not any more. Done again it changes nothing. RabbitMQ runs on meanwhile.
"""

import secrets
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

import httpx
import typer
from pydantic import BaseModel

from contracts.feeds.subscriptions import Subscription
from contracts.reference.calendar import day_of
from deploy.local.credentials import read_or_make
from deploy.rabbitmq.control import Broker, Management, RabbitMQControl
from deploy.rabbitmq.definitions import integrator_definitions, integrator_queue, integrator_stream, integrator_user
from services.runtime.clock import system_clock

cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)


class Page(BaseModel):
    """A page of the record."""

    subscriptions: list[Subscription]
    cursor: str | None


def read_record(feeds: httpx.Client) -> Iterator[Subscription]:
    """Yield all subscriptions of the record that everybody who is signed in may read."""
    cursor: str | None = ""
    while cursor is not None:
        answer = feeds.get("/subscriptions", params={"cursor": cursor}).raise_for_status()
        page = Page.model_validate_json(answer.content)
        yield from page.subscriptions
        cursor = page.cursor


def settle(record: Iterable[Subscription], broker: Broker, passwords: Path, today: date) -> Iterator[str]:
    """Let a broker have what the subscriptions of a record are to have there, and nothing else of them.

    Yield what was done, in words. What is there of subscriptions that are not in the record stays.
    """
    there, standing, over = broker.list_users(), {}, []
    for subscription in record:
        audience = subscription.subscription_id
        if subscription.stands(today) and subscription.terms and subscription.terms.amqp:
            standing[audience] = read_or_make(passwords / integrator_user(audience), _make_password)
        elif integrator_user(audience) in there:
            over.append(audience)
    if standing:
        broker.give(integrator_definitions(standing))
    for audience in standing:
        yield f"{'stays' if integrator_user(audience) in there else 'given'}: {integrator_user(audience)}"
    for audience in over:
        broker.take(integrator_user(audience), (integrator_queue(audience), integrator_stream(audience)))
        (passwords / integrator_user(audience)).unlink(missing_ok=True)
        yield f"taken: {integrator_user(audience)}"


def _make_password() -> str:
    return secrets.token_urlsafe(24)


@cli.command()
def apply(
    token: Annotated[str, typer.Option(envvar="TOKEN", help="anybody's who may read the record of feeds")],
    passwords: Annotated[Path, typer.Option(help="a folder for the password of each user, one file each")],
    feeds: Annotated[str, typer.Option(help="the address of feeds")] = "http://127.0.0.1:8005",
    management: Annotated[
        str, typer.Option(envvar="RABBITMQ_MANAGEMENT_URL", help="RabbitMQ's management API, as an administrator")
    ] = "",
    rabbitmqctl: Annotated[str, typer.Option(help="how to run rabbitmqctl, where there is no management API")] = (
        "rabbitmqctl"
    ),
) -> None:
    """Give subscriptions that have their feed on RabbitMQ a user, a queue and a stream; take them from the others."""
    broker = Management(management) if management else RabbitMQControl(shlex.split(rabbitmqctl))
    headers = {"Authorization": f"Bearer {token}"}
    try:
        with httpx.Client(base_url=feeds, headers=headers, timeout=30, trust_env=False) as client:
            for line in settle(read_record(client), broker, passwords, day_of(system_clock())):
                sys.stdout.write(f"{line}\n")
    except (httpx.HTTPError, OSError, subprocess.SubprocessError) as error:
        sys.exit(f"Not done, run it again: {error}")


if __name__ == "__main__":
    cli()
