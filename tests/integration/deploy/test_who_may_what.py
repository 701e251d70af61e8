"""Who may do what on RabbitMQ: what the table says, and of everything else nothing, tried on a real broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiormq
import pytest
from aiormq.abc import AbstractChannel
from aiormq.exceptions import AMQPError, ChannelAccessRefused, ChannelPreconditionFailed

from contracts.facts import ALL_FACTS, HEARD_BY
from deploy.local.services import REPOSITORY
from deploy.local.stack import Stack
from deploy.rabbitmq.definitions import (
    integrator_definitions,
    integrator_queue,
    integrator_stream,
    integrator_user,
)
from deploy.rabbitmq.table import BEGIN, END, render_table
from tests.support.queues import control_of, integrator_url

SERVICES = ("registration", "archives", "outreach", "reporting", "feeds")
OFFICE = "office-320507001"
AUDIENCE, OTHER_AUDIENCE = "a" * 32, "a" * 31 + "b"
INTEGRATOR, PASSWORD = integrator_user(AUDIENCE), "an integrator's password"
USERS = (*SERVICES, OFFICE, INTEGRATOR)
OWN_OF_INTEGRATORS = tuple(
    name(audience) for audience in (AUDIENCE, OTHER_AUDIENCE) for name in (integrator_queue, integrator_stream)
)
QUEUES = (
    *(
        f"{name}{dead}"
        for name in (*SERVICES, "registration.offices", "archives.320507", "office.320507001", "office.320507002")
        for dead in ("", ".dead")
        if not (name.startswith("office.") and dead)
    ),
    *OWN_OF_INTEGRATORS,
)
EXCHANGES = (
    "events", "offices", "dead", "audiences",
    "amq.topic", "amq.direct", "amq.fanout", "amq.headers", "amq.rabbitmq.trace",
)  # fmt: skip
FACTS = tuple(fact.TYPE for fact in ALL_FACTS)
FACT_KEYS = tuple(f"{fact}.{place}" for fact in FACTS for place in ("*", "320507"))
WILD_KEYS = ("#", "*.*.*.*", "*.#", "registration.#", "archives.*.v1.320507", "archives.entry_recorded.#")
OFFICE_KEYS = ("320507001.arrival", "320507002.arrival", "320507001.answer", "*.arrival", "320507001.x", "#")
DEAD_KEYS = ("archives.dead", "registration.dead", "feeds.dead", "#")

Attempt = Callable[[AbstractChannel], Awaitable[object]]


class Attempts:
    """A user's connection, on which one thing after another is tried, each on a channel that is open."""

    def __init__(self, connection: aiormq.abc.AbstractConnection) -> None:
        self._connection = connection
        self._channel: AbstractChannel | None = None

    async def is_refused(self, attempt: Attempt) -> bool:
        """Return whether the broker refuses access; anything else that it has against it counts as let in."""
        if self._channel is None:
            self._channel = await self._connection.channel()
        try:
            await attempt(self._channel)
        except ChannelAccessRefused:
            self._channel = None
            return True
        except AMQPError:
            self._channel = None
        return False


@pytest.fixture(scope="module", autouse=True)
def integrators(stack: Stack) -> Iterator[None]:
    """Give two subscriptions what they have on RabbitMQ."""
    control = control_of(stack)
    control.give(integrator_definitions({AUDIENCE: PASSWORD, OTHER_AUDIENCE: "another password"}))
    yield
    for audience in (AUDIENCE, OTHER_AUDIENCE):
        control.take(integrator_user(audience), (integrator_queue(audience), integrator_stream(audience)))


def url_of(stack: Stack, user: str) -> str:
    return integrator_url(stack, AUDIENCE, PASSWORD) if user == INTEGRATOR else stack.rabbitmq_url(user)


@asynccontextmanager
async def signed_in(stack: Stack, user: str) -> AsyncIterator[Attempts]:
    connection = await aiormq.connect(url_of(stack, user))
    try:
        yield Attempts(connection)
    finally:
        await connection.close()


def owns(user: str, queue: str) -> bool:
    """Say whether a queue is a user's own."""
    if user == OFFICE:
        return queue == "office.320507001"
    if user == INTEGRATOR:
        return queue in (integrator_queue(AUDIENCE), integrator_stream(AUDIENCE))
    return queue == user or queue.startswith(f"{user}.")


def declares(queue: str, arguments: dict[str, Any] | None = None) -> Attempt:
    return lambda channel: channel.queue_declare(queue, durable=True, arguments=arguments or {"x-max-length": 7})


def deletes(queue: str) -> Attempt:
    return lambda channel: channel.queue_delete(queue)


def purges(queue: str) -> Attempt:
    return lambda channel: channel.queue_purge(queue)


def makes_exchange(name: str, arguments: dict[str, Any] | None = None) -> Attempt:
    return lambda channel: channel.exchange_declare(name, exchange_type="fanout", arguments=arguments)


def deletes_exchange(name: str) -> Attempt:
    return lambda channel: channel.exchange_delete(name)


def gets(queue: str) -> Attempt:
    return lambda channel: channel.basic_get(queue)


def consumes(queue: str) -> Attempt:
    async def attempt(channel: AbstractChannel) -> None:
        await channel.basic_qos(prefetch_count=1)
        consumed = await channel.basic_consume(queue, _keep)
        await channel.basic_cancel(str(consumed.consumer_tag))

    return attempt


async def _keep(message: object) -> None:
    """Neither acknowledge nor give back."""


def publishes(exchange: str, key: str) -> Attempt:
    return lambda channel: channel.basic_publish(b"", exchange=exchange, routing_key=key)


def binds(queue: str, exchange: str, key: str) -> Attempt:
    async def attempt(channel: AbstractChannel) -> None:
        await channel.queue_bind(queue, exchange, key)
        await channel.queue_unbind(queue, exchange, key)

    return attempt


def joins(destination: str, source: str, key: str) -> Attempt:
    async def attempt(channel: AbstractChannel) -> None:
        await channel.exchange_bind(destination=destination, source=source, routing_key=key)
        await channel.exchange_unbind(destination=destination, source=source, routing_key=key)

    return attempt


def tries(user: str) -> Iterator[tuple[str, Attempt, bool]]:
    """Yield everything that a user might try, and whether it may."""
    for queue in QUEUES:
        own = owns(user, queue)
        yield f"declares queue {queue}", declares(queue), own and user == OFFICE
        yield f"makes exchange {queue}", makes_exchange(queue), own and user == OFFICE
        yield f"consumes {queue}", consumes(queue), own
        if not (own and queue == integrator_stream(AUDIENCE)):  # neither is there for a stream
            yield f"gets from {queue}", gets(queue), own
            yield f"purges {queue}", purges(queue), own
        yield f"publishes to queue {queue}", publishes("", queue), user == "registration"
        if not (own and user == OFFICE):
            yield f"deletes {queue}", deletes(queue), False
        for exchange in EXCHANGES[2:]:
            for key in DEAD_KEYS:
                yield f"binds {queue} to {exchange} by {key}", binds(queue, exchange, key), False
        if not own:
            yield f"binds {queue} to events", binds(queue, "events", "registration.stay_started.v1.*"), False
            yield f"binds {queue} to offices", binds(queue, "offices", "*.arrival"), False
    for exchange in EXCHANGES:
        yield f"makes exchange {exchange}", makes_exchange(exchange), False
        yield f"deletes {exchange}", deletes_exchange(exchange), False
    for exchange in EXCHANGES[2:]:
        for key in ("registration.stay_started.v1.320507", AUDIENCE):
            speaks = user == "feeds" and exchange == "audiences"
            yield f"publishes to {exchange} with {key}", publishes(exchange, key), speaks
    yield from tries_of_keys(user)
    yield from tries_of_escapes(user)


def tries_of_keys(user: str) -> Iterator[tuple[str, Attempt, bool]]:
    """Yield what a user might say and hear, key by key."""
    heard = {fact.TYPE for fact in HEARD_BY.get(user, ())}
    own = {OFFICE: "office.320507001", INTEGRATOR: integrator_queue(AUDIENCE)}.get(user, user)
    for key in FACT_KEYS:
        fact = key.rpartition(".")[0]
        says = key.endswith(".320507") and fact.startswith(f"{user}.")
        yield f"says {key}", publishes("events", key), says
        yield f"hears {key}", binds(own, "events", key), fact in heard
    for key in WILD_KEYS:
        yield f"says {key}", publishes("events", key), False
        yield f"hears {key}", binds(own, "events", key), False
    for key in OFFICE_KEYS:
        reports = user == OFFICE and key in ("320507001.arrival", "320507001.answer")
        takes = user == "registration" and key not in ("#", "320507001.x")
        yield f"reports {key}", publishes("offices", key), reports
        yield f"takes {key}", binds(own, "offices", key), takes


def tries_of_escapes(user: str) -> Iterator[tuple[str, Attempt, bool]]:
    """Yield the ways around keys: exchanges bound to exchanges, dead-lettering, alternate exchanges."""
    for destination in EXCHANGES[:4]:
        for source in EXCHANGES[2:]:
            key = "registration.stay_started.v1.320507"
            yield f"joins {destination} to {source}", joins(destination, source, key), False
    own = f"{user}.mine"
    for exchange in EXCHANGES[:4]:
        dead_lettering = {"x-dead-letter-exchange": exchange, "x-dead-letter-routing-key": "registration.dead"}
        yield f"dead-letters to {exchange}", declares(own, dead_lettering), False
        yield f"goes by {exchange}", makes_exchange(own, {"alternate-exchange": exchange}), False


@pytest.mark.parametrize("user", USERS)
async def test_a_user_may_do_what_the_table_says_and_nothing_else(stack: Stack, user: str) -> None:
    async with signed_in(stack, OFFICE) as office:
        await office.is_refused(lambda channel: channel.queue_declare("office.320507001", durable=True))
    wrong = []
    async with signed_in(stack, user) as attempts:
        for what, attempt, may in tries(user):
            if await attempts.is_refused(attempt) is may:
                wrong.append(f"{user} {what}: {'refused' if may else 'let in'}")

    assert wrong == []


async def test_nobody_but_an_operator_speaks_in_anothers_name(stack: Stack) -> None:
    for user in USERS:
        async with signed_in(stack, user) as attempts:
            own = "320507001.arrival" if user == OFFICE else f"{user}.stay_started.v1.320507"
            exchange = "offices" if user == OFFICE else "events"
            refusals = [await failure_of(attempts, exchange, own, "houniao-admin")]
            if user == "feeds":
                refusals.append(await failure_of(attempts, "audiences", AUDIENCE, "registration"))
        assert all(isinstance(one, ChannelPreconditionFailed | ChannelAccessRefused) for one in refusals), user

    async with signed_in(stack, "houniao-admin") as operator:
        refusal = await failure_of(operator, "events", "registration.stay_started.v1.320507", "registration")
    assert refusal is None


async def failure_of(attempts: Attempts, exchange: str, key: str, user_id: str) -> Exception | None:
    """Return why the broker refuses a message that bears a user's name."""
    channel = await attempts._connection.channel()
    try:
        properties = aiormq.spec.Basic.Properties(user_id=user_id)
        await channel.basic_publish(b"", exchange=exchange, routing_key=key, properties=properties)
    except AMQPError as error:
        return error
    return None


@pytest.mark.parametrize("user", ["office-320507003", INTEGRATOR])
async def test_whoever_is_no_service_has_few_connections(stack: Stack, user: str) -> None:
    url = url_of(stack, user)
    opened = [await aiormq.connect(url) for _ in range(8)]
    try:
        with pytest.raises((AMQPError, ConnectionError, asyncio.IncompleteReadError)):
            await aiormq.connect(url)
    finally:
        for connection in opened:
            await connection.close()


async def test_a_message_of_12_mib_is_refused_with_the_size_that_fits(stack: Stack) -> None:
    async with signed_in(stack, OFFICE) as office:
        channel = await office._connection.channel()

        with pytest.raises(ChannelPreconditionFailed, match="larger than configured max size 4194304"):
            await channel.basic_publish(bytes(12 * 1024 * 1024), exchange="offices", routing_key="320507001.arrival")


def test_the_table_in_the_readme_is_the_one_of_the_definitions() -> None:
    readme = (REPOSITORY / Path("deploy/rabbitmq/README.md")).read_text()

    assert readme.partition(BEGIN)[2].partition(END)[0].strip() == render_table().strip()
