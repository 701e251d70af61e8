"""Publishing to other systems: messages in order, by a key, of which nobody waits for what hangs on another key."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import NamedTuple

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange

from services.runtime.relay import UNREACHABLE

MOST_AT_ONCE = 100
"""Messages on a channel that wait to be confirmed: RabbitMQ reads a connection no further when 400 on one of its
channels wait for a slow queue, and with fewer whoever publishes to it holds up nobody else."""
CONFIRM_WITHIN = 10.0
"""Seconds that the broker has to confirm what is published at once."""
CLOSES_WITHIN = 3.0


class Outgoing(NamedTuple):
    """A message to another system: its body, and the id by which a repetition is known."""

    message_id: str
    body: bytes


class Publisher:
    """Publishes on one exchange by one connection, with a channel for each call."""

    def __init__(self, url: str, service: str, exchange: str, content_type: str) -> None:
        self._url = url
        self._service = service
        self._exchange = exchange
        self._content_type = content_type
        self._connection: AbstractConnection | None = None
        self._connecting = asyncio.Lock()

    async def publish(self, key: str, messages: Sequence[Outgoing]) -> int:
        """Publish messages in order, at most MOST_AT_ONCE; return how many are confirmed, from the first on.

        Raise what kept the first from being confirmed: PublishError if no queue hangs on the key.
        """
        async with asyncio.timeout(CONFIRM_WITHIN):
            channel = await self._open_channel()
        try:
            exchange = await channel.get_exchange(self._exchange, ensure=False)
            sent = (self._send(exchange, key, message) for message in messages)
            answers = await asyncio.gather(*sent, return_exceptions=True)
        finally:
            await _close(channel)
        failures = {number: answer for number, answer in enumerate(answers) if isinstance(answer, BaseException)}
        if 0 in failures:
            raise failures[0]
        return min(failures, default=len(messages))

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()

    async def _open_channel(self) -> AbstractChannel:
        async with self._connecting:
            if self._connection is None or not self._connection.connected.is_set():
                self._connection = await aio_pika.connect(
                    self._url, client_properties={"connection_name": f"{self._service} {self._exchange}"}
                )
        return await self._connection.channel(publisher_confirms=True, on_return_raises=True)

    async def _send(self, exchange: AbstractExchange, key: str, message: Outgoing) -> None:
        told = aio_pika.Message(
            message.body,
            content_type=self._content_type,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=message.message_id,
            app_id=self._service,
            user_id=self._service,  # the broker verifies it
        )
        await exchange.publish(told, routing_key=key, mandatory=True, timeout=CONFIRM_WITHIN)


async def _close(channel: AbstractChannel) -> None:
    with contextlib.suppress(*UNREACHABLE):  # it goes with the connection at the latest
        async with asyncio.timeout(CLOSES_WITHIN):
            await channel.close()
