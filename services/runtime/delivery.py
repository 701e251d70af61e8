"""A message as it came off a queue, with what the broker vouches for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aio_pika.abc import AbstractIncomingMessage

FROM_ANOTHER_BROKER = "x-received-from"
"""The header that RabbitMQ's federation puts in front of what it brings; the sender can't leave it out."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message off a queue, or one that was parked at `first_seen`; the broker verified `user_id`.

    What is `federated` came from another broker, which verified its `user_id` or did not.
    """

    queue: str
    body: bytes
    routing_key: str = ""
    user_id: str | None = None
    reply_to: str | None = None
    correlation_id: str | None = None
    message_id: str | None = None
    first_seen: datetime | None = None
    federated: bool = False
    headers: Mapping[str, Any] = field(default_factory=dict)


def delivery_of(queue: str, message: AbstractIncomingMessage) -> Delivery:
    """Return what a message off a queue tells."""
    return Delivery(
        queue,
        message.body,
        message.routing_key or "",
        message.user_id,
        message.reply_to,
        message.correlation_id,
        message.message_id,
        federated=FROM_ANOTHER_BROKER in message.headers,
        headers=message.headers,
    )
