"""Counters stay right however several that count collide, and wherever in their writes they are killed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI

from contracts.archives.archives import Archive, ArchiveOpened
from contracts.registration.people import PersonDied, PersonsMerged, PersonsUnmerged
from contracts.registration.stays import Ending, Stay, StayEnded, StayRetracted, StayStarted, StayState
from deploy.local.stack import Stack
from services.reporting import projector
from services.reporting.views import contributions, rows
from services.runtime import mongo
from services.runtime.mongo import Database, Session
from tests.support.counting import BUILD, recount, without_zeros
from tests.support.facts import FIRST_MOMENT, STREETS, EventList, envelop, make_person, make_stay
from tests.support.instance import Instance, forget_instance

PEOPLE = [f"{number:032x}" for number in range(12)]
WORKERS = 3


class KilledError(Exception):
    """Somebody who counts is gone, in the middle of it."""


@pytest.fixture
async def reporting(stack: Stack) -> AsyncIterator[FastAPI]:
    instance = Instance(stack, f"kills-{uuid4().hex[:8]}")
    app = instance.apps["reporting"] = instance.build("reporting")
    for step in app.state.service._prepare:
        await step(app.state.service.database)
    yield app
    app.state.service.client.close()
    await forget_instance(stack, instance.name)


def history(chance: Random, at_a_time: int = 4) -> list[EventList]:
    """Make the facts of some people who move, die, are merged and told apart, in small messages and out of order."""
    events: EventList = []
    for person in PEOPLE:
        for number in range(chance.randint(1, 3)):
            events += envelop(_stay(chance, make_stay(person, chance.choice(STREETS), chance.randint(0, 90), number)))
        archive = Archive(person_id=person, district="320507", street="320507001", opened_at=FIRST_MOMENT)
        events += envelop([ArchiveOpened(archive=archive)], "archives")
        if chance.random() < 0.5:
            other = chance.choice([each for each in PEOPLE if each != person])
            merged = make_person(person, merged_into=other, linked=(other,))
            apart = [PersonsUnmerged(person=merged.model_copy(update={"merged_into": None}))]
            events += envelop([PersonsMerged(person=merged), *(apart if chance.random() < 0.3 else [])])
        elif chance.random() < 0.3:
            events += envelop([PersonDied(person=make_person(person, "320812", died_on=FIRST_MOMENT.date()))])
    events += chance.sample(events, len(events) // 3)
    chance.shuffle(events)
    return [events[at : at + at_a_time] for at in range(0, len(events), at_a_time)]


def _stay(chance: Random, stay: Stay) -> list[Any]:
    gone = {"state": StayState.ENDED, "ended_on": stay.started_on, "ending": Ending.DEPARTED}
    match chance.randint(0, 3):
        case 0:
            return [StayStarted(stay=stay), StayEnded(stay=stay.model_copy(update=gone))]
        case 1:
            return [StayStarted(stay=stay), StayRetracted(stay=stay.model_copy(update={"state": StayState.RETRACTED}))]
        case _:
            return [StayStarted(stay=stay)]


def let_some_dawdle(chance: Random, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let some who count wait when they have read the rows: meanwhile others count from more."""
    find = rows.find_rows

    async def find_and_dawdle(database: Database, ids: Any) -> Any:
        found = await find(database, ids)
        await asyncio.sleep(chance.choice((0, 0, 0.05)))
        return found

    monkeypatch.setattr("services.reporting.commands.counting.find_rows", find_and_dawdle)


def kill_here_and_there(chance: Random, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a third of all transactions be killed before or after their commit, and notes stay; return where it was."""
    kills: list[str] = []
    transact, forget = mongo.transact, contributions.forget_notes

    def kill(where: str) -> None:
        if chance.random() < 0.3:
            kills.append(where)
            raise KilledError

    async def transact_or_die(database: Database, work: Callable[[Session], Awaitable[Any]]) -> Any:
        async def work_or_die(session: Session) -> Any:
            done = await work(session)
            kill("before the commit")
            return done

        done = await transact(database, work_or_die)
        kill("after the commit")
        return done

    async def forget_or_die(database: Database, notes: Any) -> None:
        kill("before the notes are dropped")
        await forget(database, notes)

    monkeypatch.setattr("services.reporting.views.contributions.transact", transact_or_die)
    monkeypatch.setattr("services.reporting.commands.counting.forget_notes", forget_or_die)
    return kills


@pytest.mark.parametrize("seed", range(6))
async def test_counters_are_those_of_the_rows_after_collisions_and_kills(
    reporting: FastAPI, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = Random(seed)
    state = reporting.state
    messages = history(chance)
    with monkeypatch.context() as patch:
        kills = kill_here_and_there(chance, patch)
        let_some_dawdle(chance, patch)

        async def work() -> None:
            while messages:
                await projector.hear(state.service, state.counting, messages.pop())
                try:
                    await state.counting.count_waiting()
                except KilledError:
                    continue

        await asyncio.gather(*(work() for _ in range(WORKERS)))
    await asyncio.gather(*(state.counting.count_all_waiting() for _ in range(WORKERS)))

    assert await counters(state.service.database) == await recount(state.service.database)
    assert {"before the commit", "after the commit"} <= {*kills}


@pytest.mark.parametrize("seed", range(6))
async def test_who_counted_from_fewer_facts_never_has_the_last_word(
    reporting: FastAPI, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = Random(seed)
    state = reporting.state
    with monkeypatch.context() as patch:
        let_some_dawdle(chance, patch)
        for message in history(chance, at_a_time=2):
            people = {event.personid for event in message if event.personid}
            await projector.hear(state.service, state.counting, message)
            asyncio.get_running_loop().create_task(state.counting.count_waiting(), name=f"count {sorted(people)}")
        others = [task for task in asyncio.all_tasks() if task.get_name().startswith("count ")]
        await asyncio.gather(*others)
    await state.counting.count_all_waiting()

    assert await counters(state.service.database) == await recount(state.service.database)


async def counters(database: Database) -> dict[str, Any]:
    """Return the counters without what is 0."""
    found = {row["_id"]: without_zeros(row["d"]) async for row in database[BUILD.counters].find()}
    return {name: counts for name, counts in found.items() if counts}
