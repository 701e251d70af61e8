"""Declaring exchanges and queues on a running RabbitMQ, as an operator: no service may declare one."""

from collections.abc import Iterable

import aio_pika
from aio_pika.abc import AbstractChannel

from deploy.rabbitmq.definitions import (
    DEAD,
    DEAD_LETTERS_ARGUMENTS,
    EXCHANGES,
    dead_letters_of,
    queue_arguments,
    queues,
)


async def declare_instance(url: str, suffix: str) -> None:
    """Declare the exchanges, and the queues of an instance's services."""
    async with await aio_pika.connect(url, timeout=10) as connection:
        channel = await connection.channel()
        await declare_queues(channel, queues(suffix))


async def declare_queues(channel: AbstractChannel, names: Iterable[str]) -> None:
    """Declare the exchanges, and queues with a queue each for their dead letters."""
    exchanges = {
        name: await channel.declare_exchange(name, aio_pika.ExchangeType(kind), durable=True)
        for name, kind in EXCHANGES.items()
    }
    for name in names:
        dead = await channel.declare_queue(dead_letters_of(name), durable=True, arguments=DEAD_LETTERS_ARGUMENTS)
        await dead.bind(exchanges[DEAD], dead.name)
        await channel.declare_queue(name, durable=True, arguments=queue_arguments(name))
