"""What integration tests may ask for: an empty database and a channel to the broker, each for one test."""

from collections.abc import AsyncIterator
from uuid import uuid4

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel

from deploy.local.stack import Stack
from services.runtime.mongo import Database, connect, database_of


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    """Yield an empty database and drop it afterwards."""
    client = connect(stack.mongodb_url())
    name = f"houniao_test_{uuid4().hex[:10]}"
    yield database_of(client, name)
    await client.drop_database(name)
    client.close()


@pytest.fixture
async def channel(stack: Stack) -> AsyncIterator[AbstractChannel]:
    """Yield a channel of the administrator, with publisher confirms."""
    connection = await aio_pika.connect(stack.rabbitmq_url())
    async with connection:
        yield await connection.channel(publisher_confirms=True, on_return_raises=True)
