"""On a real RabbitMQ: what is published to other systems is confirmed from the first on, and goes on after a break."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import AMQPError, PublishError

from deploy.local.stack import Stack
from deploy.rabbitmq.definitions import AUDIENCES, INTEGRATOR_STREAM_ARGUMENTS, MAX_MESSAGE_BYTES
from services.runtime.publisher import Outgoing, Publisher
from tests.support.instance import eventually
from tests.support.queues import rabbitmqctl

SMALL = [Outgoing(f"event-{number}", str(number).encode()) for number in range(50)]
TOO_LARGE = Outgoing("too-large", bytes(MAX_MESSAGE_BYTES + 1))


@pytest.fixture
async def publisher(stack: Stack) -> AsyncIterator[Publisher]:
    made = Publisher(stack.rabbitmq_url("feeds"), "feeds", AUDIENCES, "text/plain")
    yield made
    await made.close()


@pytest.fixture
async def queue(channel: AbstractChannel) -> AsyncIterator[AbstractQueue]:
    """Yield a queue that hangs on the exchange of audiences by its own name."""
    declared = await channel.declare_queue(uuid4().hex, durable=True, arguments={"x-queue-type": "quorum"})
    await declared.bind(AUDIENCES, declared.name)
    yield declared
    await declared.delete(if_unused=False, if_empty=False)


async def bodies(queue: AbstractQueue) -> list[bytes]:
    taken = []
    while message := await queue.get(fail=False):
        taken.append(message.body)
        await message.ack()
    return taken


async def test_everything_lies_in_the_queue_in_its_order(publisher: Publisher, queue: AbstractQueue) -> None:
    assert await publisher.publish(queue.name, SMALL) == len(SMALL)

    assert await bodies(queue) == [message.body for message in SMALL]


async def test_of_what_is_not_confirmed_nothing_counts_from_there_on(
    publisher: Publisher, queue: AbstractQueue
) -> None:
    try:
        confirmed = await publisher.publish(queue.name, [*SMALL[:20], TOO_LARGE, *SMALL[20:]])
    except AMQPError:
        confirmed = 0

    assert confirmed <= 20
    assert len(await bodies(queue)) >= confirmed
    assert await publisher.publish(queue.name, SMALL) == len(SMALL)


async def test_what_hangs_on_no_queue_is_told_and_leaves_others_be(publisher: Publisher, queue: AbstractQueue) -> None:
    with pytest.raises(PublishError):
        await publisher.publish(uuid4().hex, SMALL)

    assert await publisher.publish(queue.name, SMALL) == len(SMALL)


async def test_a_connection_that_rabbitmq_closes_is_opened_again(
    stack: Stack, publisher: Publisher, queue: AbstractQueue
) -> None:
    await publisher.publish(queue.name, SMALL)
    connection = publisher._connection
    assert connection is not None
    command = [*rabbitmqctl(stack), "close_all_user_connections", "feeds", "a test"]
    await asyncio.to_thread(subprocess.run, command, check=True)

    async def is_closed() -> bool:
        return not connection.connected.is_set()

    await eventually(is_closed, within=30)
    assert await publisher.publish(queue.name, SMALL) == len(SMALL)


async def test_a_stream_drops_its_oldest_parts_beyond_its_size_and_is_read_on_from_what_is_left(
    publisher: Publisher, channel: AbstractChannel
) -> None:
    a_thousandth = {
        name: told // 1024 if isinstance(told, int) else told for name, told in INTEGRATOR_STREAM_ARGUMENTS.items()
    }
    stream = await channel.declare_queue(uuid4().hex, durable=True, arguments=a_thousandth)
    await stream.bind(AUDIENCES, stream.name)
    await channel.set_qos(10)
    for first in range(0, 300, 50):
        large = [Outgoing(f"event-{number}", f"{number:020000}".encode()) for number in range(first, first + 50)]
        assert await publisher.publish(stream.name, large) == len(large)

    async def read_from_the_beginning() -> list[int]:
        read: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        tag = await stream.consume(read.put, arguments={"x-stream-offset": 0})
        numbers = [-1]
        while numbers[-1] < 299:
            message = await asyncio.wait_for(read.get(), 30)
            numbers.append(int(message.body[-4:]))
            await message.ack()
        await stream.cancel(tag)
        return numbers[1:]

    async def is_shortened() -> list[int]:
        numbers = await read_from_the_beginning()
        return numbers if numbers[0] > 0 else []

    left = await eventually(is_shortened, within=30, every=1)
    await stream.delete(if_unused=False, if_empty=False)
    assert left == list(range(left[0], 300))
    assert len(left) * 20_000 <= a_thousandth["x-max-length-bytes"] + 50 * 20_000
