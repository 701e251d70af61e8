"""A street office inside a test: signed in to RabbitMQ as itself, it publishes reports and reads its answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage, AbstractQueue
from pydantic_core import from_json, to_json

from deploy.local.stack import Stack
from tests.support.instance import eventually
from tests.support.registers import id_number


@dataclass
class Office:
    """What an office can do: report, and be answered on its own queue."""

    street: str
    channel: AbstractChannel
    exchange: AbstractExchange
    answers: AbstractQueue

    @property
    def user(self) -> str:
        """Return the name of the office's RabbitMQ user."""
        return f"office-{self.street}"

    async def send(self, kind: str, body: Any, **properties: Any) -> str:
        """Publish a report; return its message id."""
        told = {
            "user_id": self.user,
            "reply_to": self.answers.name,
            "message_id": uuid4().hex,
            "correlation_id": uuid4().hex,
            **properties,
        }
        key = told.pop("key", f"{self.street}.{kind}")
        content = body if isinstance(body, bytes) else to_json(body)
        message = aio_pika.Message(content, delivery_mode=aio_pika.DeliveryMode.PERSISTENT, **told)
        await self.exchange.publish(message, routing_key=key)
        return str(told["message_id"])

    async def report(self, kind: str, body: Any, **properties: Any) -> dict[str, Any]:
        """Publish a report and wait for the answer to it."""
        message_id = await self.send(kind, body, **properties)
        answer = await self.hear()
        assert answer["message_id"] == message_id
        return answer

    async def hear(self, within: float = 10.0) -> dict[str, Any]:
        """Wait for the next answer."""
        answer: dict[str, Any] = from_json((await self.hear_message(within)).body)
        return answer

    async def hear_message(self, within: float = 10.0) -> AbstractIncomingMessage:
        """Wait for the next answer as it came, with its properties."""

        async def next_one() -> AbstractIncomingMessage | None:
            return await self.answers.get(fail=False, no_ack=True)

        message: AbstractIncomingMessage = await eventually(next_one, within, every=0.02)
        return message

    async def hears_nothing(self, for_seconds: float = 0.5) -> bool:
        """Return whether no answer comes for a while."""
        await asyncio.sleep(for_seconds)
        return await self.answers.get(fail=False, no_ack=True) is None


@asynccontextmanager
async def office_at(stack: Stack, street: str) -> AsyncIterator[Office]:
    """Sign in as a street's office, with an empty queue for answers that is removed at the end."""
    async with await aio_pika.connect(stack.rabbitmq_url(f"office-{street}")) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await channel.get_exchange("offices", ensure=False)
        answers = await channel.declare_queue(f"office.{street}", durable=True)
        await answers.purge()
        yield Office(street, channel, exchange, answers)
        async with await connection.channel() as last:
            await last.queue_delete(answers.name)


def make_arrival(order: int = 1, arrived_on: str = "2026-03-01", **more: str) -> dict[str, str]:
    """Make the arrival of somebody; people of different `order` are different people."""
    born = date(1980, 1, 1 + order // 900)
    number = id_number("360981", born, 1 + order % 900)
    return {
        "name": "李小满",
        "sex": "男" if int(number[16]) % 2 else "女",
        "document_type": "居民身份证",
        "document_number": number,
        "birth": born.isoformat(),
        "phone": "13812345678",
        "address": "采莲路1号",
        "arrived_on": arrived_on,
        "origin": "江西省宜春市丰城市",
        "purpose": "务工",
        **more,
    }


def make_departure(arrival: dict[str, str], left_on: str, destination: str = "") -> dict[str, str]:
    """Make the departure of somebody who arrived."""
    return {
        "document_type": arrival["document_type"],
        "document_number": arrival["document_number"],
        "left_on": left_on,
        "destination": destination,
    }
