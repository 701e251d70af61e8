"""Drawn schedules of counting: facts of people who move, die and are merged; kills; some who dawdle."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest

from contracts.archives.archives import Archive, ArchiveOpened
from contracts.registration.people import PersonDied, PersonsMerged, PersonsUnmerged
from contracts.registration.stays import Ending, Stay, StayEnded, StayRetracted, StayStarted, StayState
from services.reporting.views import contributions, rows
from services.runtime import mongo
from services.runtime.mongo import Database, Session
from tests.support.facts import FIRST_MOMENT, STREETS, EventList, envelop, make_person, make_stay

PEOPLE = [f"{number:032x}" for number in range(12)]


class KilledError(BaseException):
    """Somebody who counts is gone, in the middle of it; nobody handles that."""


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
    """Kill before and after a commit and let notes stay: the first time, then a third of times; return where it was."""
    kills: list[str] = []
    transact, forget = mongo.transact, contributions.forget_notes

    def kill(where: str) -> None:
        if where not in kills or chance.random() < 0.3:
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
