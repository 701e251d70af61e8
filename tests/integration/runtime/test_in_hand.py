"""What a service has in hand is bounded, by number and by bytes, however much waits."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import uuid4

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel

from deploy.local.stack import Stack
from deploy.rabbitmq.definitions import dead_letters_of
from deploy.rabbitmq.topology import declare_queues
from services.runtime import inbox
from services.runtime.clock import system_clock
from services.runtime.delivery import Delivery
from services.runtime.inbox import Listener
from services.runtime.mongo import Database
from services.runtime.parked import Parked
from tests.support.instance import eventually

PREFETCH = 4
WAITING = 50


@dataclass
class Handler:
    """Takes messages in and keeps them until it is told to go on; notes how much it had at once."""

    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    sizes: list[int] = field(default_factory=list)
    handled: int = 0
    most: int = 0
    most_bytes: int = 0

    async def take(self, delivery: Delivery) -> None:
        self.sizes.append(len(delivery.body))
        self.most = max(self.most, len(self.sizes))
        self.most_bytes = max(self.most_bytes, sum(self.sizes))
        await self.go_on.wait()
        await asyncio.sleep(0)
        self.sizes.remove(len(delivery.body))
        self.handled += 1


@pytest.fixture
async def queue(channel: AbstractChannel) -> AsyncIterator[str]:
    """Yield the name of a queue, and remove it with that of its dead letters."""
    name = f"test.{uuid4().hex[:10]}"
    await declare_queues(channel, [name])
    yield name
    for one in (name, dead_letters_of(name)):
        await channel.queue_delete(one)


@pytest.fixture
async def handler(stack: Stack, database: Database, queue: str) -> AsyncIterator[Handler]:
    """Yield the handler of a listener that is running, with a prefetch of 4."""
    async for handler in _listening(stack, database, queue):
        yield handler


async def _listening(stack: Stack, database: Database, queue: str) -> AsyncIterator[Handler]:
    handler = Handler()
    listener = Listener(stack.rabbitmq_url(), Parked(database, system_clock))
    listener.listen(queue, "events", [f"{queue}.fact"], handler.take, PREFETCH)
    await listener.start()
    yield handler
    handler.go_on.set()
    await listener.stop()


async def send(channel: AbstractChannel, queue: str, *sizes: int) -> None:
    await asyncio.gather(
        *(channel.default_exchange.publish(aio_pika.Message(bytes(size)), routing_key=queue) for size in sizes)
    )


async def in_hand(handler: Handler, count: int) -> bool:
    """Return whether so many messages come, and no more for a while."""

    async def so_many() -> bool:
        return len(handler.sizes) >= count

    await eventually(so_many, within=10)
    await asyncio.sleep(0.5)
    return len(handler.sizes) == count


async def all_handled(handler: Handler, count: int) -> None:
    async def done() -> bool:
        return handler.handled == count

    handler.go_on.set()
    await eventually(done, within=20)


async def test_no_more_messages_are_in_hand_than_the_prefetch_allows(
    handler: Handler, channel: AbstractChannel, queue: str
) -> None:
    await send(channel, queue, *[10] * WAITING)

    at_first = await in_hand(handler, PREFETCH)
    await all_handled(handler, WAITING)

    assert at_first
    assert handler.most == PREFETCH


async def test_a_limit_of_messages_outlives_a_lost_connection(
    stack: Stack, database: Database, channel: AbstractChannel, queue: str
) -> None:
    handler = Handler()
    listener = Listener(stack.rabbitmq_url(), Parked(database, system_clock))
    listener.listen(queue, "events", [f"{queue}.fact"], handler.take, PREFETCH)
    await listener.start()
    connection = listener._broker._connection
    assert connection is not None
    await connection.reconnect()

    await send(channel, queue, *[10] * WAITING)

    assert await in_hand(handler, PREFETCH)
    await all_handled(handler, WAITING)
    assert handler.most == PREFETCH
    await listener.stop()


async def test_no_more_bytes_are_worked_on_than_the_limit_and_a_larger_message_alone(
    stack: Stack, database: Database, channel: AbstractChannel, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "IN_HAND_BYTES", 1000)
    async for handler in _listening(stack, database, queue):
        await send(channel, queue, *[400] * 10, 1500, *[400] * 10)

        at_first = await in_hand(handler, 2)
        await all_handled(handler, 21)

        assert at_first
        assert handler.most_bytes == 1500
        assert handler.most == 2
