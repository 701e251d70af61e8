"""An office's reply is sent however the connection fares: a report is only acknowledged once its reply is out."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import ChannelInvalidStateError

from deploy.local.stack import Stack
from deploy.rabbitmq.definitions import dead_letters_of
from deploy.rabbitmq.topology import declare_queues
from services.runtime import inbox
from services.runtime.clock import system_clock
from services.runtime.delivery import Delivery
from services.runtime.inbox import Listener
from services.runtime.mongo import Database
from services.runtime.parked import PARKED, Parked
from tests.support.instance import eventually


@pytest.fixture
async def queues(channel: AbstractChannel) -> AsyncIterator[tuple[str, str]]:
    """Yield the names of a queue of reports and one of replies, and remove them."""
    reports, replies = f"test.{uuid4().hex[:10]}", f"test.{uuid4().hex[:10]}"
    await declare_queues(channel, [reports])
    await channel.declare_queue(replies, durable=True)
    yield reports, replies
    for one in (reports, dead_letters_of(reports), replies):
        await channel.queue_delete(one)


@pytest.fixture
def publishing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Listener, list[Exception]], None]:
    """Let the next publications of a listener fail, as they do while a lost connection is being restored."""

    def fail(listener: Listener, failures: list[Exception]) -> None:
        publish: Callable[..., Awaitable[Any]] = listener._broker.publish  # nothing else is hurt

        async def fail_first(*arguments: Any, **named: Any) -> Any:
            if failures:
                raise failures.pop(0)
            return await publish(*arguments, **named)

        monkeypatch.setattr(listener._broker, "publish", fail_first)

    return fail


async def test_a_reply_that_was_not_sent_is_sent_when_its_report_comes_again(
    stack: Stack,
    database: Database,
    channel: AbstractChannel,
    queues: tuple[str, str],
    publishing: Callable[[Listener, list[Exception]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox, "REPLY_AGAIN_AFTER", 0.0)
    reports, replies = queues
    handled: list[bytes] = []
    listener = Listener(stack.rabbitmq_url(), Parked(database, system_clock))

    async def handle(delivery: Delivery) -> None:
        handled.append(delivery.body)
        await listener.reply(replies, b"accepted", delivery.correlation_id)

    listener.listen(reports, "events", [f"{reports}.fact"], handle)
    await listener.start()
    publishing(listener, [ChannelInvalidStateError("closed"), TimeoutError(), ConnectionResetError()])

    await channel.default_exchange.publish(aio_pika.Message(b"report"), routing_key=reports)

    answers = await channel.get_queue(replies)

    async def answered() -> bytes | None:
        message = await answers.get(fail=False, no_ack=True)
        return message.body if message else None

    assert await eventually(answered, 10.0) == b"accepted"
    await listener.stop()
    assert handled == [b"report"] * 4
    assert (await channel.declare_queue(reports, passive=True)).declaration_result.message_count == 0
    assert await database[PARKED].count_documents({}) == 0
