"""The access log on a real MongoDB: gapless under many writers, cut off or altered only to be found out."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import PyMongoError

from deploy.local.stack import Stack
from services.runtime.access_log.command_line import HeadsError, describe, verify_access_log
from services.runtime.access_log.log import ACCESS_LOG, Access, AccessLog, Search, Verdict
from services.runtime.clock import Clock, system_clock
from services.runtime.mongo import Database, connect, database_of

KEY = secrets.token_hex(32)


def open_log(database: Database, clock: Clock = system_clock) -> AccessLog:
    return AccessLog(database, clock, KEY)


def access(by: str = "clerk", division: str = "320507001", **more: Any) -> Access:
    return Access(by=by, role="clerk", division=division, action="identity_read", reason="核实", **more)


async def verify(log: AccessLog, heads: Path | None = None) -> Verdict:
    return await verify_access_log(log, heads)


async def positions(database: Database) -> list[int]:
    return [entry["_id"] async for entry in database[ACCESS_LOG].find().sort("_id", 1)]


@pytest.fixture
async def log(database: Database) -> AccessLog:
    found = open_log(database)
    await found.prepare(database)
    return found


@pytest.fixture
async def elsewhere(stack: Stack, database: Database) -> AsyncIterator[AccessLog]:
    """Return the same log as another process has it, which shares only the database with this one."""
    client = connect(stack.mongodb_url())
    yield open_log(database_of(client, database.name))
    client.close()


async def test_twenty_writers_in_two_processes_leave_no_gap_and_a_whole_chain(
    database: Database, log: AccessLog, elsewhere: AccessLog
) -> None:
    async def write(number: int) -> None:
        mine = log if number % 2 else elsewhere
        for turn in range(15):
            await mine.record(access(by=f"clerk {number}", person_id=f"{turn:032x}"))

    async with asyncio.TaskGroup() as writers:
        for number in range(20):
            writers.create_task(write(number))

    assert await positions(database) == list(range(1, 301))
    assert await verify(log) == await verify(elsewhere)
    assert (await verify(log)).fault is None
    for number in range(20):
        own = await log.read(Search(by=f"clerk {number}"), 100)
        assert [entry.person_id for entry in reversed(own)] == [f"{turn:032x}" for turn in range(15)]


async def test_twenty_writers_that_never_gather_take_every_position_once(stack: Stack, database: Database) -> None:
    """Each its own process, as far as MongoDB can tell: every append races with nineteen others."""
    clients = [connect(stack.mongodb_url()) for _ in range(2)]
    logs = [open_log(database_of(clients[number % 2], database.name)) for number in range(20)]

    written = await asyncio.gather(*(log.record_all([access()] * 5) for log in logs))

    assert sorted(entry.position for entries in written for entry in entries) == list(range(1, 101))
    assert (await verify(logs[0])).fault is None
    assert (await verify(logs[0])).entries == 100
    for client in clients:
        client.close()


async def test_many_entries_appended_at_once_keep_their_order(database: Database, log: AccessLog) -> None:
    entries = await log.record_all([access(person_id=f"{number:032x}") for number in range(700)])

    assert [entry.person_id for entry in entries] == [f"{number:032x}" for number in range(700)]
    assert await positions(database) == list(range(1, 701))
    assert (await verify(log)).entries == 700


async def test_appending_reads_one_entry_however_long_the_log_is(database: Database, log: AccessLog) -> None:
    await log.record_all([access()] * 600)

    await database.command("profile", 2)
    await log.record(access())
    await database.command("profile", 0)

    read = database["system.profile"].find({"ns": f"{database.name}.{ACCESS_LOG}", "op": "query"})
    assert [done["docsExamined"] async for done in read] == [1]


async def test_a_changed_entry_is_told_by_its_position(database: Database, log: AccessLog) -> None:
    await log.record_all([access()] * 10)
    await database[ACCESS_LOG].update_one({"_id": 4}, {"$set": {"by": "somebody else"}})

    verdict = await verify(log)

    assert (verdict.entries, verdict.fault) == (3, "altered: it does not fit its hash")
    assert "first break: 4 altered" in describe(verdict)


async def test_an_entry_deleted_from_the_middle_is_missed(database: Database, log: AccessLog) -> None:
    await log.record_all([access()] * 10)
    await database[ACCESS_LOG].delete_one({"_id": 6})

    assert (await verify(log)).fault == "missing: after it comes 7"


async def test_something_strange_put_into_the_collection_is_found_and_does_not_stop_the_log(
    database: Database, log: AccessLog
) -> None:
    await log.record(access())
    await database[ACCESS_LOG].insert_one({"_id": "x"})

    entry = await log.record(access())

    assert entry.position == 2
    assert (await verify(log)).fault == "altered: it is no entry any more"


async def test_a_log_cut_off_at_the_end_looks_whole_but_for_a_head_noted_elsewhere(
    database: Database, log: AccessLog, tmp_path: Path
) -> None:
    heads = tmp_path / "heads"
    await log.record_all([access()] * 10)
    noted = await verify(log, heads)
    await database[ACCESS_LOG].delete_many({"_id": {"$gt": 7}})

    unaided = await verify(log)
    aided = await verify(log, heads)

    assert unaided.fault is None
    assert aided.fault == "cut off: a head was noted at 10"
    assert heads.read_text() == f"10 {noted.head}\n"


async def test_entries_written_over_cut_off_ones_are_not_the_ones_that_were_noted(
    database: Database, log: AccessLog, tmp_path: Path
) -> None:
    heads = tmp_path / "heads"
    await log.record_all([access()] * 10)
    await verify(log, heads)
    await database[ACCESS_LOG].delete_many({"_id": {"$gt": 7}})
    await log.record_all([access(by="other")] * 10)

    verdict = await verify(log, heads)

    assert (verdict.entries, verdict.fault) == (9, "rewritten: another head was noted for it")


async def test_an_emptied_log_is_told_by_the_noted_head(database: Database, log: AccessLog, tmp_path: Path) -> None:
    heads = tmp_path / "heads"
    await log.record(access())
    await verify(log, heads)
    await database[ACCESS_LOG].delete_many({})

    assert (await verify(log)).fault is None
    assert (await verify(log, heads)).fault == "cut off: a head was noted at 1"


async def test_a_file_of_heads_grows_with_the_log_and_must_be_one(log: AccessLog, tmp_path: Path) -> None:
    heads = tmp_path / "heads"
    for count in (2, 3):
        await log.record_all([access()] * count)
        assert (await verify(log, heads)).fault is None
    assert (await verify(log, heads)).fault is None

    assert [line.split()[0] for line in heads.read_text().splitlines()] == ["2", "5"]
    heads.write_text("nonsense\n")
    with pytest.raises(HeadsError):
        await verify(log, heads)


async def test_every_append_tells_the_new_head_to_the_services_own_log(
    log: AccessLog, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = await log.record_all([access()] * 3)

    told = capsys.readouterr().out
    assert entries[-1].hash in told
    assert "核实" not in told


async def test_what_can_not_be_written_raises(database: Database, log: AccessLog) -> None:
    await log.record(access())
    await database.command("collMod", ACCESS_LOG, validator={"never": {"$exists": True}})

    with pytest.raises(PyMongoError):
        await log.record(access())

    assert await positions(database) == [1]


async def test_entries_are_found_by_division_person_caller_and_day(database: Database) -> None:
    moments = (datetime(2026, 3, day, 12, tzinfo=UTC) for day in range(1, 100))
    log = open_log(database, moments.__next__)
    await log.prepare(database)
    await log.record(access(by="a", division="320507001", person_id="1" * 32, street="320507001"))
    await log.record(access(by="b", division="320812001", person_id="1" * 32, street="320507001"))
    await log.record(access(by="b", division="320812001", person_id="2" * 32))
    await log.record(access(by="c", division=""))
    await log.record(access(by="d", division="320812001", people=["1" * 32, "3" * 32], street="320507002"))

    async def found(**search: Any) -> list[int]:
        return [entry.position for entry in await log.read(Search(**search), 10)]

    assert await found() == [5, 4, 3, 2, 1]
    assert await found(division="320507001") == [2, 1]
    assert await found(division="3208") == [5, 3, 2]
    assert await found(division="32", before=3) == [2, 1]
    assert await found(division="320507002") == [5]
    assert await found(person_id="1" * 32) == [5, 2, 1]
    assert await found(person_id="3" * 32, division="320507002") == [5]
    assert await found(by="b", division="320507") == [2]
    day = timedelta(days=1)
    third = datetime(2026, 3, 3, tzinfo=UTC)
    assert await found(since=third) == [5, 4, 3]
    assert await found(until=third) == [2, 1]
    assert await found(since=third, until=third + day) == [3]
    assert await found(since=third + 30 * day) == []


def test_a_key_that_is_too_short_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        AccessLog(database, system_clock, "abcd")
