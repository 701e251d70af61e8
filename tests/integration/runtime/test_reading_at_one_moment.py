"""What is read as of one moment is read as well while collections are just being made, and while others write."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from deploy.local.stack import Stack
from services.runtime.mongo import Database, connect, database_of, find_at_one_moment

COLLECTIONS, LOOKS = 60, 40
MANY = 5_000


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
            await find_at_one_moment(database, name, {})

    for number in range(COLLECTIONS):
        name = f"made_{number}"
        await asyncio.gather(make(name), *(look(name) for _ in range(2)))

        assert await find_at_one_moment(database, name, {"x": 1}, {"x": 1}) == [{"_id": 1, "x": 1}]


async def test_many_documents_are_of_one_moment_while_others_write(database: Database) -> None:
    await database.many.insert_many({"_id": number, "text": "x" * 400, "round": 0} for number in range(MANY))
    looked = asyncio.Event()

    async def write() -> None:
        counted = 0
        while not looked.is_set():
            counted += 1
            async with await database.client.start_session() as session, session.start_transaction():
                for half in ({"$lt": MANY // 2}, {"$gte": MANY // 2}):
                    await database.many.update_many({"_id": half}, {"$set": {"round": counted}}, session=session)

    async def write_elsewhere() -> None:
        while not looked.is_set():
            await database.others.insert_many({} for _ in range(50))

    rounds: list[int] = []

    async def look() -> None:
        for _ in range(LOOKS):
            found = await find_at_one_moment(database, "many", {}, {"round": 1})
            assert len(found) == MANY
            (counted,) = {each["round"] for each in found}
            rounds.append(counted)
        looked.set()

    await asyncio.gather(look(), write(), *(write_elsewhere() for _ in range(2)))
    assert rounds == sorted(rounds)
    assert rounds[0] < rounds[-1]
