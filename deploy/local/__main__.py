"""The local stack, `python -m deploy.local`: run, start, stop, status, token, keys, demo, rabbitmqctl."""

import os
import subprocess
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.local import run as foreground
from deploy.local.credentials import KeyStep, change_sealing_keys
from deploy.local.failure import LocalStackError
from deploy.local.rabbitmq import CONTROL, RabbitMQ
from deploy.local.running import ask_to_stop, only_one, running_pid
from deploy.local.services import REPOSITORY, all_services, front
from deploy.local.stack import SERVICE_PORTS, Stack

FOLDER = REPOSITORY / ".local" / "run"

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
console = Console(highlight=False)


@cli.command()
def run() -> None:
    """Run servers, services and demo in the foreground; Ctrl-C stops them. DEMO=0 leaves the demo out."""
    foreground.run(FOLDER, demo=os.environ.get("DEMO", "1") != "0")


@cli.command()
def start() -> None:
    """Start RabbitMQ and MongoDB alone, in the background."""
    with only_one(FOLDER):
        stack = Stack(FOLDER, ports="fixed")
        with foreground.progress("Starting RabbitMQ and MongoDB"):
            stack.start()
    stack.write_environments()
    console.print(f"RABBITMQ_URL={stack.rabbitmq_url()}\nMONGODB_URL={stack.mongodb_url()}", soft_wrap=True)


@cli.command()
def stop() -> None:
    """Stop what runs: services, then servers, whoever started them."""
    was_running = ask_to_stop(FOLDER)
    if not (FOLDER / "credentials.json").exists():
        console.print("Nothing runs here.")
        return
    with only_one(FOLDER):  # what a killed run left behind
        stack = Stack(FOLDER, ports="fixed")
        for service in reversed([*all_services(stack), *front(stack)]):
            was_running |= service.pid is not None
            service.stop()
        was_running |= stack.rabbitmq.pid is not None or stack.mongodb.pid is not None
        stack.stop()
    console.print("Stopped. The data is kept." if was_running else "Nothing runs here.")


@cli.command()
def status() -> None:
    """Show what runs and whether it is ready."""
    stack = Stack(FOLDER, ports="fixed")
    table = Table("process", "pid", "where", "state")
    for name, server in (("RabbitMQ", stack.rabbitmq), ("MongoDB", stack.mongodb)):
        where = server.url().split("@")[-1].split("/")[0]
        table.add_row(name, str(server.pid or "-"), where, "up" if server.pid else "down")
    for service in [*all_services(stack), *front(stack)]:
        state = ("ready" if service.is_ready() else "not ready") if service.pid else "down"
        table.add_row(service.name, str(service.pid or "-"), service.url, state)
    console.print(table)
    console.print(f"`make run` is process {pid}." if (pid := running_pid(FOLDER)) else "`make run` is not running.")


@cli.command()
def token(
    role: Annotated[str, typer.Option(help="clerk, health_worker, supervisor, district, integrator or admin")],
    division: Annotated[str, typer.Option(help="a division code: the scope, by prefix")],
    subject: Annotated[str, typer.Option(help="who holds the token")] = "demo",
    service: Annotated[str, typer.Option(help="whom it is for; every service if none is named")] = "",
) -> None:
    """Print a bearer token from the local issuer."""
    from services.runtime.access import issue  # noqa: PLC0415  # other commands start without it

    key = Stack(FOLDER, ports="fixed").issuer_jwk()
    try:
        sys.stdout.write(
            issue(key, services=[service] if service else SERVICE_PORTS, subject=subject, role=role, division=division)
            + "\n"
        )
    except ValueError as refusal:
        raise LocalStackError(f"{refusal}. Say e.g. `make token ROLE=clerk DIVISION=320507001`.") from refusal


@cli.command()
def keys(step: Annotated[KeyStep, typer.Argument(help="add, then first, then drop")]) -> None:
    """Change the sealing keys step by step, as `python -m services.registration rotate-keys --help` tells."""
    count = change_sealing_keys(FOLDER, step)
    console.print(f"Sealing keys: {count}. They count from the next start of the services: `make stop run`.")


@cli.command()
def demo() -> None:
    """Load the demo into what `make run` runs."""
    from deploy.demo.loading import load  # noqa: PLC0415  # other commands start without it

    if running_pid(FOLDER) is None:
        raise LocalStackError("Nothing runs here. Start it first: `make run`.")
    load(Stack(FOLDER, ports="fixed"), again=True)


@cli.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def rabbitmqctl(context: typer.Context) -> None:
    """Run rabbitmqctl on the RabbitMQ that runs here."""
    server = Stack(FOLDER, ports="fixed").rabbitmq
    if not isinstance(server, RabbitMQ) or server.pid is None:
        raise LocalStackError("No RabbitMQ of this stack runs here. Start it first: `make run`.")
    sys.exit(subprocess.run([CONTROL, *context.args], env=server.environment(), check=False).returncode)


def main() -> None:
    """Run a command; say a failure in one sentence."""
    try:
        cli()
    except LocalStackError as failure:
        errors = Console(stderr=True, highlight=False)
        errors.print(f"[bold red]Not done:[/bold red] {escape(str(failure))}", soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
