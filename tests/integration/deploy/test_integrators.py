"""An operator gives subscriptions their users, queues and streams, and takes them back, while RabbitMQ runs."""

import asyncio
import stat
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import aio_pika
import httpx
import pytest
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import AMQPError, ChannelNotFoundEntity
from aiormq.exceptions import ChannelAccessRefused

from contracts.feeds.subscriptions import Subscription, SubscriptionState
from deploy.local.ports import free_port
from deploy.local.stack import Stack
from deploy.rabbitmq.control import Broker, Management
from deploy.rabbitmq.definitions import integrator_queue, integrator_stream, integrator_user
from deploy.rabbitmq.integrators import read_record, settle
from tests.support.instance import eventually
from tests.support.queues import control_of, integrator_url, rabbitmqctl
from tests.support.subscriptions import LAST_DAY, make_subscription, make_terms

TODAY = date(2026, 11, 26)


@pytest.fixture(scope="module")
def management_url(stack: Stack) -> Iterator[str]:
    """Run RabbitMQ's management plugin for the module."""
    control, port = rabbitmqctl(stack), free_port()
    plugins = [*control[:-1], str(Path(control[-1]).with_name("rabbitmq-plugins"))]
    listens = f'[{{port, {port}}}, {{ip, "127.0.0.1"}}], [{{persistent, true}}]'
    subprocess.run([*control, "eval", f"application:set_env(rabbitmq_management, tcp_config, {listens})."], check=True)
    subprocess.run([*plugins, "enable", "rabbitmq_management"], check=True)
    operator = urlsplit(stack.rabbitmq_url())
    yield f"http://{operator.username}:{operator.password}@127.0.0.1:{port}"
    subprocess.run([*plugins, "disable", "rabbitmq_management"], check=True)


@pytest.fixture(params=["rabbitmqctl", "management"])
def broker(request: pytest.FixtureRequest, stack: Stack) -> Broker:
    if request.param == "rabbitmqctl":
        return control_of(stack)
    return Management(request.getfixturevalue("management_url"))


def given(**terms: object) -> Subscription:
    told = {"amqp": True, **terms}
    return make_subscription(uuid4().hex, terms=make_terms(**told), state=SubscriptionState.APPROVED)


def apply(broker: Broker, passwords: Path, *record: Subscription, today: date = TODAY) -> list[str]:
    return list(settle(record, broker, passwords, today))


def url_of(stack: Stack, subscription: Subscription, passwords: Path) -> str:
    audience = subscription.subscription_id
    return integrator_url(stack, audience, (passwords / integrator_user(audience)).read_text())


def user_of(subscription: Subscription) -> str:
    return integrator_user(subscription.subscription_id)


async def test_who_has_a_feed_on_rabbitmq_is_given_it_and_it_is_taken_back(
    stack: Stack, broker: Broker, tmp_path: Path
) -> None:
    hospital, school, over_http = given(), given(), given(amqp=False)
    names = (integrator_queue(hospital.subscription_id), integrator_stream(hospital.subscription_id))

    first = apply(broker, tmp_path, hospital, school, over_http)
    url = url_of(stack, hospital, tmp_path)
    inside = await aio_pika.connect(url)
    for name in names:
        channel = await inside.channel()
        await channel.set_qos(1)
        await (await channel.get_queue(name, ensure=False)).consume(keep)
    again = apply(broker, tmp_path, hospital, school, over_http)

    assert first == [f"given: {user_of(hospital)}", f"given: {user_of(school)}"]
    assert again == [f"stays: {user_of(hospital)}", f"stays: {user_of(school)}"]
    assert url_of(stack, hospital, tmp_path) == url
    assert stat.S_IMODE((tmp_path / user_of(hospital)).stat().st_mode) == 0o600

    revoked = hospital.model_copy(update={"terms": None, "state": SubscriptionState.REVOKED})
    taken = apply(broker, tmp_path, revoked, school)
    nothing_more = apply(broker, tmp_path, revoked, school)

    assert taken == [f"stays: {user_of(school)}", f"taken: {user_of(hospital)}"]
    assert nothing_more == [f"stays: {user_of(school)}"]
    await eventually(lambda: is_closed(inside), within=30)
    with pytest.raises(AMQPError):
        await aio_pika.connect(url)
    assert not (tmp_path / user_of(hospital)).exists()
    async with await aio_pika.connect(stack.rabbitmq_url()) as operator:
        for name in names:
            with pytest.raises(ChannelNotFoundEntity):
                await (await operator.channel()).get_queue(name, ensure=True)

    after_its_last_day = date(LAST_DAY.year + 1, 1, 1)
    assert apply(broker, tmp_path, school, today=after_its_last_day) == [f"taken: {user_of(school)}"]


async def keep(message: object) -> None:
    """Neither acknowledge nor give back."""


async def is_closed(connection: AbstractConnection) -> bool:
    return not connection.connected.is_set()


async def test_what_is_not_in_the_record_is_left_alone(stack: Stack, broker: Broker, tmp_path: Path) -> None:
    of_another_instance, hospital = given(), given()
    apply(broker, tmp_path, of_another_instance)

    assert apply(broker, tmp_path, hospital) == [f"given: {user_of(hospital)}"]

    assert user_of(of_another_instance) in await asyncio.to_thread(broker.list_users)
    apply(broker, tmp_path, *(one.model_copy(update={"terms": None}) for one in (of_another_instance, hospital)))


async def test_a_lost_password_is_made_anew_and_a_queue_that_was_lost_as_well(
    stack: Stack, broker: Broker, tmp_path: Path
) -> None:
    hospital = given()
    name = integrator_queue(hospital.subscription_id)
    apply(broker, tmp_path, hospital)
    before = url_of(stack, hospital, tmp_path)
    (tmp_path / user_of(hospital)).unlink()
    async with await aio_pika.connect(stack.rabbitmq_url()) as operator:
        await (await operator.channel()).queue_delete(name)

    apply(broker, tmp_path, hospital)

    with pytest.raises(AMQPError):
        await aio_pika.connect(before)
    async with await aio_pika.connect(url_of(stack, hospital, tmp_path)) as inside:
        queue = await (await inside.channel()).get_queue(name, ensure=False)
        assert await queue.get(fail=False) is None
        with pytest.raises(ChannelAccessRefused):
            await queue.delete()
    apply(broker, tmp_path, hospital.model_copy(update={"terms": None}))


def test_the_record_is_read_to_its_end() -> None:
    record = sorted((given() for _ in range(5)), key=lambda one: one.subscription_id)

    def answer(request: httpx.Request) -> httpx.Response:
        after = request.url.params["cursor"]
        found = [one for one in record if one.subscription_id > after][:2]
        told = [one.model_dump(mode="json") for one in found]
        cursor = found[-1].subscription_id if len(found) == 2 else None
        return httpx.Response(200, json={"subscriptions": told, "cursor": cursor})

    with httpx.Client(base_url="http://feeds", transport=httpx.MockTransport(answer)) as feeds:
        assert list(read_record(feeds)) == record
