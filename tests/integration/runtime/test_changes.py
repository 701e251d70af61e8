"""Changes on a real MongoDB: every process of a service tells its own listeners, whichever process noted what."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.reference.division_tables import Change as DivisionChange
from contracts.reference.divisions import Divisions
from contracts.registration.notices import NoticeSent
from contracts.registration.stays import StayStarted
from services.runtime import changes
from services.runtime.changes import KEPT, Change, Changes, Listener
from services.runtime.mongo import Database
from tests.support.facts import deliver, make_notice, make_stay

STREET, OTHER, ELSEWHERE, VILLAGE = "320507001", "320507002", "320812001", "320507001001"
TOPICS = {"stays", "notices"}
SOON = 20.0
"""Seconds that a busy machine may take for what takes one."""
OLD = "320507009"
NAMES = [("320507", "相城区"), (STREET, "元和街道"), (OTHER, "望亭镇"), ("320812", "清江浦区"), (ELSEWHERE, "长东街道")]
DIVISIONS = Divisions.of(NAMES, [DivisionChange(OLD, "陆慕镇", date(2020, 1, 1), (STREET,))])
"""In which a street went over to another."""


@asynccontextmanager
async def at_work(*processes: Changes) -> AsyncIterator[None]:
    """Let processes tell and look until the block ends."""

    async def keep_looking(process: Changes) -> None:
        while True:
            await process.look()
            await asyncio.sleep(0.05)

    tasks = [asyncio.create_task(work) for one in processes for work in (one.run(), keep_looking(one))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def make_process(database: Database) -> Changes:
    process = Changes(database, DIVISIONS.areas)
    await process.prepare(database)
    return process


async def make_two(database: Database) -> tuple[Changes, Changes]:
    """Make two processes of which it is long ago that they started."""
    processes = await make_process(database), await make_process(database)
    await processes[0]._kept.delete_many({})
    return processes


def listens(exits: AsyncExitStack, process: Changes, scope: str) -> Listener:
    listener = Listener(TOPICS, scope)
    exits.enter_context(process.listening(listener))
    return listener


def of(*divisions: str) -> tuple[bool, list[Change]]:
    """Return what a listener takes when the stays of divisions changed."""
    return False, [Change("stays", division) for division in divisions]


async def test_listeners_of_every_process_hear_what_is_within_their_scope_and_nothing_else(database: Database) -> None:
    here, there = await make_two(database)
    async with AsyncExitStack() as exits:
        scopes = (STREET, OTHER, ELSEWHERE, VILLAGE, "320507", "32", "")
        listeners = {(place, scope): listens(exits, place, scope) for place in (here, there) for scope in scopes}
        await exits.enter_async_context(at_work(here, there))

        here.note(("stays",), (STREET, OLD))
        heard = {at: await asyncio.create_task(one.take(SOON)) for at, one in listeners.items() if covers(at[1])}
        nothing = [await one.take(0.01) for at, one in listeners.items() if not covers(at[1])]

    assert heard == {at: of(STREET, OLD) for at in heard}
    assert len(heard) == 8
    assert nothing == [(False, [])] * 6


def covers(scope: str) -> bool:
    """Return whether the street lies in a scope."""
    return STREET.startswith(scope)


async def test_who_still_has_the_token_of_a_street_that_went_over_hears_of_its_old_code_alone(
    database: Database,
) -> None:
    process = await make_process(database)
    async with AsyncExitStack() as exits:
        listener = listens(exits, process, OLD)

        process.note(("stays",), (STREET, OLD))
        await process.tell()

        assert await listener.take(1) == of(OLD)


async def test_a_burst_is_one_change_for_each_topic_and_place(database: Database) -> None:
    process = await make_process(database)
    stays = [make_stay(street=STREET, person=f"{number:032x}") for number in range(10_000)]
    moved = make_notice(make_stay(street=ELSEWHERE), make_stay(street=STREET))
    async with AsyncExitStack() as exits:
        listener = listens(exits, process, "")

        facts = [*(StayStarted(stay=stay) for stay in stays), NoticeSent(notice=moved)]
        process.note_facts({StayStarted: ("stays",), NoticeSent: ("notices",)}, [deliver(fact, 1) for fact in facts])
        await process.tell()
        heard = await listener.take(1)

    told = [Change("notices", STREET), Change("notices", ELSEWHERE), Change("stays", STREET)]
    assert heard == (False, told)
    assert await process._kept.count_documents({"divisions": {"$exists": True}}) == 1


async def test_who_comes_back_hears_what_it_missed_of_every_process(database: Database) -> None:
    here, there = await make_two(database)
    left = datetime.now(UTC)
    for process, street in ((here, STREET), (there, OTHER), (there, ELSEWHERE)):
        process.note(("stays",), (street,))
        await process.tell()

    listener = Listener(TOPICS, "320507")
    await here.catch_up(listener, left)

    assert await listener.take(1) == of(STREET, OTHER)


@pytest.mark.parametrize("since", [-KEPT, timedelta(hours=1)])
async def test_who_was_away_for_longer_than_is_kept_looks_at_everything_again(
    database: Database, since: timedelta
) -> None:
    process, listener = await make_process(database), Listener(TOPICS, STREET)

    await process.catch_up(listener, datetime.now(UTC) + since)

    assert await listener.take(1) == (True, [])


async def test_a_process_that_starts_has_all_look_again_since_one_that_died_did_not_tell_all(
    database: Database,
) -> None:
    process = await make_process(database)
    async with AsyncExitStack() as exits:
        listener = listens(exits, process, STREET)
        await process.look()

        await make_process(database)
        await process.look()

        assert await listener.take(1) == (True, [])
        await process.look()
        assert await listener.take(0.01) == (False, []), "what was told is not told at the next look"


async def test_a_process_that_saw_nothing_for_longer_than_is_kept_has_its_listeners_look_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "KEPT", timedelta(seconds=10))
    monkeypatch.setattr(changes, "LATE", timedelta(0))
    process = await make_process(database)
    async with AsyncExitStack() as exits:
        listener = listens(exits, process, STREET)
        await process.look()
        assert process._looked_at is not None
        process._looked_at -= timedelta(seconds=11)

        await process.look()

        assert await listener.take(1) == (True, [])


async def test_what_could_not_be_kept_is_told_later_and_what_came_meanwhile_with_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = await make_process(database)

    async def away(_: object) -> None:
        process.note(("notices",), (STREET,))
        raise ConnectionError

    async with AsyncExitStack() as exits:
        listener = listens(exits, process, STREET)
        process.note(("stays",), (STREET,))
        with monkeypatch.context() as patch:
            patch.setattr(process, "_keep", away)
            with pytest.raises(ConnectionError):
                await process.tell()
        assert await listener.take(0.01) == (False, [])

        await process.tell()

        assert await listener.take(1) == (False, [Change("notices", STREET), Change("stays", STREET)])
