"""Attempts on guessing: so many attempts within any hour for each caller, whichever process they come to."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from services.runtime.access import Caller, Role
from services.runtime.access_log.log import ACCESS_LOG
from services.runtime.attempts import Attempts, TooManyRequestsError
from services.runtime.mongo import Database, connect
from tests.support.instance import running_instance
from tests.support.offices import make_arrival

STREET = "320507001"
CLERK, OTHER = (Caller(name, Role.CLERK, STREET) for name in ("clerk", "other"))


@pytest_asyncio.fixture
async def database(stack: Stack) -> AsyncIterator[Database]:
    """Give an empty database."""
    client = connect(stack.mongodb_url())
    name = f"limits_{uuid4().hex[:10]}"
    yield client[name]
    await client.drop_database(name)
    client.close()


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the moment that the test set."""
        return self.now


async def test_an_attempt_is_granted_again_when_the_oldest_is_an_hour_ago(database: Database) -> None:
    clock = Clock()
    limits = Attempts(database, clock, 3)
    await limits.prepare(database)
    for _ in range(3):
        await limits.spend("lookup", CLERK)
        clock.now += timedelta(minutes=10)

    with pytest.raises(TooManyRequestsError) as refused:
        await limits.spend("lookup", CLERK)
    clock.now += timedelta(minutes=30)
    await limits.spend("lookup", CLERK)
    with pytest.raises(TooManyRequestsError):
        await limits.spend("lookup", CLERK)

    assert refused.value.more == {"retry_after": 1800}


async def test_each_caller_and_each_kind_is_counted_apart(database: Database) -> None:
    limits = Attempts(database, Clock(), 1)

    await limits.spend("lookup", CLERK)
    await limits.spend("lookup", OTHER)
    await limits.spend("emergency", CLERK)

    with pytest.raises(TooManyRequestsError):
        await limits.spend("lookup", CLERK)


async def test_what_was_no_guess_is_given_back(database: Database) -> None:
    limits = Attempts(database, Clock(), 1)

    for _ in range(3):
        await limits.spend("replay", CLERK)
        await limits.give_back("replay", CLERK)


async def test_at_the_same_moment_no_more_are_granted_by_two_processes(database: Database) -> None:
    clock = Clock()
    processes = [Attempts(database, clock, 20), Attempts(database, clock, 20)]

    attempts = [processes[attempt % 2].spend("lookup", CLERK) for attempt in range(60)]
    refused = [found for found in await asyncio.gather(*attempts, return_exceptions=True) if found is not None]

    assert len(refused) == 40
    assert all(isinstance(found, TooManyRequestsError) for found in refused)


async def test_look_ups_emergencies_and_replays_are_refused_with_what_to_do_and_kept(stack: Stack) -> None:
    async with running_instance(stack, ["registration", "archives"]) as houniao:
        asked = {"document_type": "身份证", "document_number": make_arrival()["document_number"], "reason": "入户核实"}
        async with houniao.client("registration", "clerk", STREET) as clerk:
            looked_up = [await clerk.post("/people/lookup", json=asked) for _ in range(62)]
            elsewhere = await clerk.get("/people/" + "0" * 32)
        async with houniao.client("archives", "health_worker", STREET) as nurse:
            path, reason = "/archives/" + "0" * 32, {"emergency": "昏迷送医"}
            read = [await nurse.get(path, params=reason) for _ in range(61)]
            ordinary = await nurse.get(path)
        async with houniao.client("registration", "admin", "", "admin") as admin:
            replayed = [await admin.post(f"/parked/{number:032x}/replay") for number in range(61)]

        assert [answer.status_code for answer in looked_up] == [404] * 60 + [429] * 2
        assert [answer.status_code for answer in read] == [404] * 60 + [429]
        assert [answer.status_code for answer in replayed] == [404] * 60 + [429]
        assert looked_up[-1].json()["code"] == "too_many_requests"
        assert 0 < int(looked_up[-1].headers["Retry-After"]) <= 3600
        assert (elsewhere.status_code, ordinary.status_code) == (404, 404)
        kept = [entry["action"] async for entry in houniao.database("registration")[ACCESS_LOG].find()]
        assert (kept.count("lookup_refused"), kept.count("replay_refused")) == (2, 1)
        assert await houniao.database("archives")[ACCESS_LOG].count_documents({"action": "emergency_refused"}) == 1
