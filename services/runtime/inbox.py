"""The inbox: takes messages off a queue, applies them in bulk, parks bad ones, and waits while servers are away."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from aio_pika.abc import AbstractConnection, AbstractIncomingMessage
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, ChannelClosed, DeliveryError
from faststream import AckPolicy
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitMessage, RabbitQueue
from pydantic_core import to_json

from contracts.envelope import Event, Fact, NotAnEventError, split_batch, unwrap, unwrap_batch
from services.runtime.delivery import Delivery, delivery_of
from services.runtime.in_hand import InHand
from services.runtime.logs import get_log
from services.runtime.metrics import APPLIED
from services.runtime.mongo import Document, is_away, wait_while_away
from services.runtime.parked import Parked
from services.runtime.wire import read_any_properties

EVENTS = "events"
PREFETCH = 4
"""Messages that the broker sends ahead of acknowledgements, per queue."""
IN_HAND_BYTES = 8 * 1024 * 1024
"""Bytes of messages that are decoded and handled at once: decoded, a message is many times its size."""
REPLY_AGAIN_AFTER = 1.0
"""Seconds until a report is given back whose reply was not sent; the broker counts how often that happens."""
ANSWERS_WITHIN = 2.0
"""Seconds that the broker has to tell what waits in a queue."""
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
FORGED = "forged"
"""The reason to park what is said by another user than its speaker's."""

Apply = Callable[[Sequence[Event[Any]]], Awaitable[None]]
"""Writes the changes of a batch of events; idempotent and independent of their order."""


Handle = Callable[[Delivery], Awaitable[str | None]]
"""Handles a delivery; returns the reason if it must be parked, else None."""


class ReplyNotSentError(Exception):
    """The broker did not say that it has a reply: the connection was lost, or the queue is not back yet."""


class Listener:
    """The consumer of a service: one connection, with a queue for each exchange that it listens to."""

    def __init__(self, url: str, parked: Parked) -> None:
        read_any_properties()
        self._parked = parked
        self._in_hand = InHand(IN_HAND_BYTES)
        self._handlers: dict[str, Handle] = {}
        self.attached = False
        """Whether the connection is open and its consumers are attached."""
        self._connection: AbstractConnection | None = None
        self._bindings: list[tuple[str, str, tuple[str, ...]]] = []
        self._broker = RabbitBroker(
            url,
            ack_policy=AckPolicy.MANUAL,
            decoder=_keep_raw,
            graceful_timeout=20.0,
            reconnect_interval=0.5,
            on_close=[self._detached],
            on_reconnected=[self._reattached],
            apply_types=False,
            logger=None,
        )

    def listen(self, queue: str, exchange: str, keys: Iterable[str], handle: Handle, prefetch: int = PREFETCH) -> None:
        """Handle every message of a queue that is bound to an exchange by the given keys."""
        self._handlers[queue] = handle
        self._bindings.append((queue, exchange, tuple(keys)))
        subscriber = self._broker.subscriber(
            RabbitQueue(queue, queue_type=QueueType.QUORUM, durable=True, declare=False),
            channel=Channel(prefetch_count=prefetch),
            no_reply=True,  # FastStream would answer anybody's `reply_to` with an empty message
        )

        async def deliver(message: AbstractIncomingMessage) -> None:
            await self._deliver(queue, message)

        subscriber(deliver)

    async def start(self) -> None:
        """Bind the queues, which an operator declared, and start to consume."""
        self._connection = connection = await self._broker.connect()
        # The limit of a consumer holds on its own channel alone: nothing else may get hold of its queue before.
        async with connection.channel() as channel:
            for queue, exchange, keys in self._bindings:
                declared = await channel.get_queue(queue, ensure=False)
                for key in keys:
                    await declared.bind(exchange, key)
        await self._broker.start()
        self.attached = True

    async def stop(self) -> None:
        """Stop consuming, finish and acknowledge the messages under way, and close the connection."""
        await self._broker.stop()

    async def count_waiting(self) -> dict[str, tuple[int, int] | None]:
        """Return of each queue, and of that of its dead letters, the messages and consumers; None if nobody tells."""
        queues = [name for queue, *_ in self._bindings for name in (queue, f"{queue}.dead")]
        return {queue: await self._count_in(queue) for queue in queues}

    async def _count_in(self, queue: str) -> tuple[int, int] | None:
        if self._connection is None or not self.attached:
            return None
        try:
            async with asyncio.timeout(ANSWERS_WITHIN), self._connection.channel() as channel:
                told = (await channel.declare_queue(queue, passive=True)).declaration_result
        except (*CONNECTION_EXCEPTIONS, ChannelClosed, TimeoutError):
            return None
        return told.message_count or 0, told.consumer_count or 0

    async def reply(self, queue: str, body: bytes, correlation_id: str | None) -> None:
        """Reply to an office on its own queue; log a reply that the queue does not take, since its report is recorded.

        Raise ReplyNotSentError if the broker did not confirm the reply: the report has to be delivered again.
        """
        try:
            await self._broker.publish(
                body,
                queue=queue,
                correlation_id=correlation_id,
                content_type="application/json",
                persist=True,
                timeout=10,
            )
        except DeliveryError as error:
            get_log().warning("reply not delivered", queue=queue, error=error)
        except CONNECTION_EXCEPTIONS as error:
            raise ReplyNotSentError(queue) from error

    async def take_again(self, parked: Document) -> str | None:
        """Handle a parked message once more, as if it came off its queue; return the reason if it must stay parked."""
        handle = self._handlers.get(parked["queue"])
        if handle is None:
            return f"no queue named {parked['queue']}"
        told = {name: parked[name] for name in ("routing_key", "user_id", "first_seen", "federated") if name in parked}
        return await handle(Delivery(parked["queue"], parked["body"], **told))

    def _detached(self, *_: Any) -> None:
        self.attached = False

    def _reattached(self, *_: Any) -> None:
        self.attached = True

    async def _deliver(self, queue: str, message: AbstractIncomingMessage) -> None:
        delivery = delivery_of(queue, message)
        try:
            async with self._in_hand.taking(len(delivery.body)):
                is_settled = await self._settle(delivery)
        except ReplyNotSentError as error:
            get_log().warning("reply not sent, its report will come again", queue=queue, error=error)
            await asyncio.sleep(REPLY_AGAIN_AFTER)
            settle = message.nack(requeue=True)
        else:
            # What is rejected the broker moves to the queue of dead letters, and keeps it until it is there.
            settle = message.ack() if is_settled else message.reject()
        try:
            await settle
        except CONNECTION_EXCEPTIONS as error:
            get_log().warning("not acknowledged, will come again", queue=queue, error=error)

    async def _settle(self, delivery: Delivery) -> bool:
        """Handle a message, or park it with the reason; return whether either was possible."""
        try:
            reason = await wait_while_away(lambda: self._handlers[delivery.queue](delivery))
        except ReplyNotSentError:
            raise
        except Exception as error:
            get_log().error("handler failed", queue=delivery.queue, error=error)
            reason = f"handler failed: {type(error).__name__}"
        try:
            if reason is not None:
                await wait_while_away(partial(self._parked.park, delivery, reason))
        except Exception as error:
            get_log().error("could not be parked, is a dead letter", queue=delivery.queue, error=error)
            return False
        return True


async def _keep_raw(message: RabbitMessage) -> AbstractIncomingMessage:
    """Return the message as it came: it is decoded where a failure parks it.

    Not FastStream's own: that one keeps what was decoded of it, would keep itself, and wait for the garbage collector.
    """
    return message.raw_message


class Inbox:
    """Receives events: decodes a message, applies the valid ones in bulk and parks the others one by one.

    A fact is believed of its speaker alone: the broker verified `user_id` as the service that the type belongs to. What
    comes from another broker says nothing of the own districts (none given: all are), whoever it says is speaking.
    """

    def __init__(self, known: Mapping[str, type[Fact]], apply: Apply, parked: Parked, own: Iterable[str] = ()) -> None:
        self._known = known
        self._apply = apply
        self._parked = parked
        self._own = frozenset(own)

    async def handle(self, delivery: Delivery) -> str | None:
        """Apply one message of events; return the reason if the whole message must be parked, else None."""
        if len(delivery.body) > MAX_MESSAGE_BYTES:
            return "larger than 16 MiB"
        kind = self._known.get(delivery.routing_key.rpartition(".")[0])
        if kind is not None and _speaker_of(kind.TYPE) != delivery.user_id:
            return FORGED
        whole = unwrap_batch(delivery.body, kind) if kind and not delivery.federated else None
        return await (self._take_one_by_one(delivery) if whole is None else self._take_whole(delivery, whole))

    async def _take_whole(self, delivery: Delivery, events: Sequence[Event[Fact]]) -> str | None:
        """Apply a message of valid events of one kind, as the relay sends them."""
        if len(events) == 1:
            return await self._try(events)
        await self._apply_all(delivery, events)
        return None

    async def _take_one_by_one(self, delivery: Delivery) -> str | None:
        """Park the invalid events of a message and apply the rest."""
        try:
            raw_events = split_batch(delivery.body)
        except NotAnEventError as error:
            return str(error)
        if len(raw_events) == 1:
            return await self._take_one(delivery, raw_events[0])
        events: list[Event[Fact]] = []
        for raw in raw_events:
            try:
                events.append(self._believe(delivery, raw))
            except NotAnEventError as error:
                await self._park(delivery, raw, str(error))
        await self._apply_all(delivery, events)
        return None

    async def _take_one(self, delivery: Delivery, raw: Any) -> str | None:
        try:
            event = self._believe(delivery, raw)
        except NotAnEventError as error:
            return str(error)
        return await self._try([event])

    def _believe(self, delivery: Delivery, raw: Any) -> Event[Fact]:
        """Return an event that its speaker said; raise NotAnEventError if it is invalid or forged."""
        event = unwrap(raw, self._known)
        if _speaker_of(event.type) != delivery.user_id or (delivery.federated and self._is_own(event)):
            raise NotAnEventError(FORGED)
        return event

    def _is_own(self, event: Event[Fact]) -> bool:
        return not self._own or event.data.division[:6] in self._own

    async def _apply_all(self, delivery: Delivery, events: Sequence[Event[Fact]]) -> None:
        if not events or await self._try(events) is None:
            return
        for event in events:
            reason = await self._try([event])
            if reason is not None:
                await self._park(delivery, event.model_dump(mode="json", exclude_none=True), reason)

    async def _try(self, events: Sequence[Event[Fact]]) -> str | None:
        try:
            await self._apply(events)
            APPLIED.inc(len(events))
        except Exception as error:
            if is_away(error):
                raise
            get_log().error("could not apply", count=len(events), error=error)
            return f"could not be applied: {type(error).__name__}"
        return None

    async def _park(self, delivery: Delivery, raw: Any, reason: str) -> None:
        await self._parked.park(replace(delivery, body=to_json(raw)), reason)


def _speaker_of(fact_type: str) -> str:
    """Return the service that a type of facts belongs to, which is the name of its RabbitMQ user."""
    return fact_type.partition(".")[0]


def binding_keys(
    facts: Iterable[type[Fact]], districts: Sequence[str], everywhere: Collection[type[Fact]] = ()
) -> list[str]:
    """Return the keys that bind a queue to facts: some from all districts, the rest from the districts served."""
    return [
        f"{fact.TYPE}.{place}"
        for fact in facts
        for place in (districts if districts and fact not in everywhere else ("*",))
    ]
