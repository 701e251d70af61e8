"""What is read as of one moment is read as well while collections and their indexes are just being made."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from deploy.local.stack import Stack
from services.runtime.mongo import Database, connect, database_of, find_at_one_moment

COLLECTIONS, LOOKS = 60, 40


@pytest.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    client, name = connect(stack.mongodb_url()), f"moments_{uuid4().hex[:8]}"
    yield database_of(client, name)
    await client.drop_database(name)
    client.close()


async def test_a_collection_that_was_made_just_now_is_read(database: Database) -> None:
    async def make(name: str) -> None:
        await database[name].insert_one({"_id": 1, "x": 1})
        await database[name].create_index("x")

    async def look(name: str) -> None:
        for _ in range(LOOKS):
            await find_at_one_moment(database[name], {})

    for number in range(COLLECTIONS):
        name = f"made_{number}"
        await asyncio.gather(make(name), *(look(name) for _ in range(2)))

        assert await find_at_one_moment(database[name], {"x": 1}, {"x": 1}) == [{"_id": 1, "x": 1}]
