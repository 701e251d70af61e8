"""The inbox on real servers: what is good is applied, what is bad is parked alone, and nothing is dropped."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

import aio_pika
import pamqp.encode
import pytest
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import DeliveryError
from pydantic_core import to_json
from pymongo.errors import AutoReconnect

from contracts.envelope import Event, render, render_batch
from contracts.facts import by_type
from contracts.registration.stays import STAY_FACTS, StayStarted
from deploy.local.stack import Stack
from deploy.rabbitmq.definitions import queue_arguments
from deploy.rabbitmq.topology import declare_queues
from services.runtime.inbox import MAX_MESSAGE_BYTES, Inbox, Listener
from services.runtime.mongo import Database, Document
from services.runtime.parked import PARKED, Parked
from tests.support.facts import envelop, make_stay
from tests.support.instance import eventually

NOW = datetime(2026, 3, 1, tzinfo=UTC)
UNLUCKY = make_stay(day=13)


@dataclass
class Reader:
    """A service's ears with a queue of its own, and what was applied."""

    queue: str
    channel: AbstractChannel
    database: Database
    listener: Listener
    applied: list[str] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    away: int = 0

    async def apply(self, events: Sequence[Event[Any]]) -> None:
        if self.away:
            self.away -= 1
            raise AutoReconnect("gone for a moment")
        self.batches.append(len(events))
        if any(event.data.stay == UNLUCKY for event in events):
            raise ValueError("this stay can't be written")
        self.applied.extend(event.data.stay.stay_id for event in events)

    async def send(self, body: bytes) -> None:
        """Publish a message to the queue, as registration's relay would."""
        exchange = await self.channel.get_exchange("events")
        await exchange.publish(aio_pika.Message(body, user_id="registration"), routing_key=f"{self.queue}.fact")

    async def parked(self, count: int) -> list[Document]:
        """Wait until so many messages are parked, and list them."""

        async def found() -> list[Document]:
            documents = await self.database[PARKED].find().sort("reason", 1).to_list(None)
            return documents if len(documents) >= count else []

        documents: list[Document] = await eventually(found, within=10)
        assert len(documents) == count
        return documents

    async def has_applied(self, *stay_ids: str) -> None:
        """Wait until these stays are applied, in any order."""

        async def same() -> bool:
            return sorted(self.applied) == sorted(stay_ids)

        await eventually(same, within=10)

    async def is_empty(self) -> None:
        """Check that nothing waits and that nothing is dead."""
        await self.listener.stop()
        for name in (self.queue, f"{self.queue}.dead"):
            queue = await self.channel.get_queue(name)
            assert queue.declaration_result.message_count == 0, name


@pytest.fixture
async def reader(stack: Stack, database: Database, channel: AbstractChannel) -> AsyncIterator[Reader]:
    """Yield a running reader of stays, and remove its queues."""
    queue = f"test.{uuid4().hex[:10]}"
    parked = Parked(database, lambda: NOW)
    made = Reader(queue, channel, database, Listener(stack.rabbitmq_url(), parked))
    inbox = Inbox(by_type(STAY_FACTS), made.apply, parked)
    made.listener.listen(queue, "events", [f"{queue}.fact"], inbox.handle)
    await declare_queues(channel, [queue])
    await made.listener.start()
    yield made
    await made.listener.stop()
    for name in (queue, f"{queue}.dead"):
        await channel.queue_delete(name)


def event_of(day: int) -> str:
    return render(envelop([StayStarted(stay=make_stay(day=day))])[0])


def name_of(day: int) -> str:
    return make_stay(day=day).stay_id


async def test_a_batch_is_applied_at_once(reader: Reader) -> None:
    await reader.send(render_batch(event_of(day) for day in range(3)))

    await reader.has_applied(*(name_of(day) for day in range(3)))

    assert reader.batches == [3]
    await reader.is_empty()


async def test_a_single_event_without_an_array_is_applied_too(reader: Reader) -> None:
    await reader.send(event_of(1).encode())

    await reader.has_applied(name_of(1))


async def test_a_fact_that_can_not_be_read_is_parked_alone_and_the_rest_is_applied(reader: Reader) -> None:
    bad = b'{"type": "registration.stay_started.v1", "sequence": "first"}'

    await reader.send(b"[" + b",".join([event_of(1).encode(), bad, event_of(2).encode()]) + b"]")

    await reader.has_applied(name_of(1), name_of(2))
    [lying] = await reader.parked(1)
    assert lying["body"] == bad.replace(b'": ', b'":').replace(b", ", b",")
    assert "sequence" in lying["reason"]
    await reader.is_empty()


async def test_a_fact_that_can_not_be_applied_is_parked_alone_and_the_rest_is_applied(reader: Reader) -> None:
    await reader.send(render_batch(event_of(day) for day in (1, 13, 2)))

    await reader.has_applied(name_of(1), name_of(2))
    [lying] = await reader.parked(1)

    assert lying["reason"] == "could not be applied: ValueError"
    assert UNLUCKY.stay_id.encode() in lying["body"]
    await reader.is_empty()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"specversion": "1.0", "type": "weather.rain_fell.v1"}', "unknown fact weather.rain_fell.v1"),
        (b'{"type": "archives.archive_opened.v1"}', "unknown fact archives.archive_opened.v1"),
        (b'[{"type": "registration.stay_started.v1"', "the body is not JSON"),
        (b"\x00\xff", "the body is not JSON"),
        (b"", "the body is not JSON"),
        (b"42", "an event must be a JSON object"),
        (b'["text"]', "an event must be a JSON object"),
        (b"{}", "unknown fact"),
    ],
    ids=["unknown", "of another service", "cut off", "binary", "empty", "number", "text", "no type"],
)
async def test_what_is_no_event_is_parked_whole_with_the_reason(reader: Reader, body: bytes, reason: str) -> None:
    await reader.send(body)

    [lying] = await reader.parked(1)

    assert (lying["body"], lying["reason"], lying["queue"]) == (body, reason, reader.queue)
    assert lying["routing_key"] == f"{reader.queue}.fact"
    assert (lying["first_seen"], lying["seen"]) == (NOW, 1)
    assert reader.applied == []
    await reader.is_empty()


async def test_a_message_that_is_too_large_is_parked(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.runtime.inbox.MAX_MESSAGE_BYTES", 1000)

    await reader.send(b" " * 1001)

    [lying] = await reader.parked(1)
    assert "larger than" in lying["reason"]
    assert MAX_MESSAGE_BYTES < 16 * 1024 * 1024 + 1, "MongoDB keeps no document above 16 MiB"


async def test_of_a_message_that_is_too_large_to_keep_the_beginning_is_parked(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runtime.parked.LARGEST_WHOLE", 2000)
    body = b"{" + b"x" * 5000

    await reader.send(body)
    await reader.send(render_batch([event_of(1)]))

    [lying] = await reader.parked(1)
    await reader.has_applied(name_of(1))
    assert lying["body"] == b"{}\n" + body[:1024]
    assert lying["reason"] == (
        f"the body is not JSON; of 5001 bytes (SHA-256 {sha256(body).hexdigest()}) only the beginning is kept"
    )
    assert await _parked(reader).replay(lying["_id"], reader.listener.take_again) == lying["reason"]
    await reader.is_empty()


async def test_what_can_not_even_be_parked_is_a_dead_letter(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> None:
        raise ValueError("can't be written")

    monkeypatch.setattr(Parked, "park", fail)

    await reader.send(b"{")
    await reader.send(render_batch([event_of(1)]))

    await reader.has_applied(name_of(1))
    dead = await reader.channel.get_queue(f"{reader.queue}.dead")
    letter = await _next(dead, 500)
    assert (letter.body, letter.user_id) == (b"{", "registration")
    await letter.ack()


@pytest.mark.parametrize(
    ("kind", "encoded", "told"),
    [
        ("timestamp", b"\x7f" + b"\xff" * 7, {"timestamp": NOW}),
        ("shortstr", b"\x02\xff\xfe", {"correlation_id": "not UTF-8"}),
        ("table", b"\x00\x00\x00\x05\x02\xff\xfet\x01", {"headers": {"not": "UTF-8"}}),
        ("table", b"\x00\x00\x00\x0b\x01aT\x7f" + b"\xff" * 7, {"headers": {"a": "moment"}}),
    ],
    ids=["year 292278994", "text", "name of a header", "moment in a header"],
)
async def test_a_message_whose_properties_no_client_can_read_is_parked_and_stops_nobody(
    reader: Reader, stack: Stack, monkeypatch: pytest.MonkeyPatch, kind: str, encoded: bytes, told: dict[str, Any]
) -> None:
    async with await aio_pika.connect(stack.rabbitmq_url()) as connection:
        exchange = await (await connection.channel()).get_exchange("events", ensure=False)
        message = aio_pika.Message(event_of(2).encode(), **told)
        with monkeypatch.context() as hostile:
            hostile.setitem(pamqp.encode.METHODS, kind, _hostile(pamqp.encode.METHODS[kind], encoded, told))
            await exchange.publish(message, routing_key=f"{reader.queue}.fact")

    await reader.send(render_batch([event_of(1)]))

    await reader.has_applied(name_of(1))
    [lying] = await reader.parked(1)
    assert (lying["reason"], lying["user_id"]) == ("forged", None)
    await reader.is_empty()


def _hostile(encode: Any, encoded: bytes, told: dict[str, Any]) -> Any:
    """Return an encoder that writes bytes of ours in place of the told text, moment or table."""
    return lambda value: encoded if not isinstance(value, str) or value in told.values() else encode(value)


async def test_the_same_message_parked_twice_is_one_that_was_seen_twice(reader: Reader) -> None:
    await reader.send(b"{")
    await reader.parked(1)
    await reader.send(b"{")

    async def seen_twice() -> bool:
        [lying] = await reader.parked(1)
        return bool(lying["seen"] == 2)

    await eventually(seen_twice, within=10)


async def test_a_bad_message_does_not_stop_the_next_one(reader: Reader) -> None:
    for body in (b"{", render_batch([event_of(13)]), render_batch([event_of(1)])):
        await reader.send(body)

    await reader.has_applied(name_of(1))
    assert [lying["reason"] for lying in await reader.parked(2)] == [
        "could not be applied: ValueError",
        "the body is not JSON",
    ]


async def test_while_mongodb_is_away_a_message_waits_and_is_not_parked(reader: Reader) -> None:
    reader.away = 2

    await reader.send(render_batch([event_of(1), event_of(2)]))

    await reader.has_applied(name_of(1), name_of(2))
    assert await reader.database[PARKED].count_documents({}) == 0
    await reader.is_empty()


async def test_a_batch_whose_reader_dies_comes_again(reader: Reader, stack: Stack) -> None:
    reader.away = 1000
    await reader.send(render_batch([event_of(1)]))
    await asyncio.sleep(0.3)
    reader.away = 1000

    connection = reader.listener._broker._connection
    assert connection is not None
    await connection.close()
    second = Reader(reader.queue, reader.channel, reader.database, Listener(stack.rabbitmq_url(), _parked(reader)))
    inbox = Inbox(by_type(STAY_FACTS), second.apply, _parked(reader))
    second.listener.listen(reader.queue, "events", [f"{reader.queue}.fact"], inbox.handle)
    await second.listener.start()

    await second.has_applied(name_of(1))
    await second.is_empty()


def _parked(reader: Reader) -> Parked:
    return Parked(reader.database, lambda: NOW)


@pytest.fixture
async def durable(channel: AbstractChannel) -> AsyncIterator[str]:
    """Yield the name of a queue to declare, and remove it with its dead-letter queue."""
    name = f"test.{uuid4().hex[:10]}"
    dead = await channel.declare_exchange("dead", aio_pika.ExchangeType.DIRECT, durable=True)
    dead_queue = await channel.declare_queue(f"{name}.dead", durable=True, arguments={"x-queue-type": "quorum"})
    await dead_queue.bind(dead, f"{name}.dead")
    yield name
    for queue in (name, f"{name}.dead"):
        await channel.queue_delete(queue)


async def test_a_message_that_is_given_back_too_often_moves_to_the_dead_queue(
    durable: str, channel: AbstractChannel
) -> None:
    queue = await channel.declare_queue(
        durable, durable=True, arguments={**queue_arguments(durable), "x-delivery-limit": 2}
    )
    await channel.default_exchange.publish(aio_pika.Message(b"poison"), routing_key=durable)

    given_back = 0
    while message := await _next(queue):
        await message.nack(requeue=True)
        given_back += 1

    dead = await channel.get_queue(f"{durable}.dead")
    buried = await _next(dead, 500)
    assert given_back == 3
    assert buried.body == b"poison"
    assert buried.headers["x-first-death-reason"] == "delivery_limit"
    await buried.ack()


async def _next(queue: Any, looks: int = 20) -> Any:
    for _ in range(looks):
        message = await queue.get(fail=False)
        if message is not None:
            return message
        await asyncio.sleep(0.02)
    return None


async def test_the_delivery_limit_is_far_above_what_restarts_use_up(durable: str, channel: AbstractChannel) -> None:
    queue = await channel.declare_queue(durable, durable=True, arguments=queue_arguments(durable))
    await channel.default_exchange.publish(aio_pika.Message(b"patient"), routing_key=durable)

    for _ in range(60):
        message = await _next(queue)
        await message.nack(requeue=True)

    assert (await _next(queue)).body == b"patient"


async def test_a_queue_that_is_full_refuses_instead_of_dropping(durable: str, channel: AbstractChannel) -> None:
    queue = await channel.declare_queue(
        durable, durable=True, arguments={**queue_arguments(durable), "x-max-length": 3}
    )

    confirmed = await _publish_until_refused(channel, durable)

    kept = [(await queue.get(no_ack=True)).body for _ in range(confirmed)]
    assert kept == [str(number).encode() for number in range(confirmed)]


async def _publish_until_refused(channel: AbstractChannel, queue: str, most: int = 200) -> int:
    for number in range(most):
        try:
            await channel.default_exchange.publish(aio_pika.Message(str(number).encode()), routing_key=queue)
        except DeliveryError:
            return number
    raise AssertionError(f"a full queue took {most} messages")


async def test_a_rejected_message_is_dead_and_not_gone(durable: str, channel: AbstractChannel) -> None:
    queue = await channel.declare_queue(durable, durable=True, arguments=queue_arguments(durable))
    await channel.default_exchange.publish(aio_pika.Message(to_json({"a": 1})), routing_key=durable)

    await (await _next(queue)).reject(requeue=False)

    dead = await channel.get_queue(f"{durable}.dead")
    buried = await _next(dead, 500)
    assert buried.body == b'{"a":1}'
    await buried.ack()
