"""Everybody is counted anew beside the counters that answer: nobody is lost, whoever is noted or killed meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI

from contracts.outreach.articles import Article, ArticleSubmitted
from contracts.outreach.boards import Board, BoardInstalled, BoardSetting
from contracts.registration.stays import StayStarted
from deploy.local.stack import Stack
from services.reporting import projector
from services.reporting.commands import rebuilding
from services.reporting.commands.rebuilding import RebuildRunningError
from services.reporting.views import builds, contributions
from services.reporting.views.builds import FIRST, KEPT, LEASE, claim_rebuild
from services.reporting.views.contributions import Build
from services.runtime.mongo import Database
from tests.support.counting import counters, recount
from tests.support.facts import FIRST_DAY, STREETS, EventList, envelop, make_stay
from tests.support.instance import Instance, forget_instance
from tests.support.kills import KilledError, history, kill_here_and_there, let_some_dawdle

SECOND = Build("2")
BOARD = BoardInstalled(
    board=Board(
        board_id="b", street=STREETS[0], place="门口", setting=BoardSetting.OUTDOORS, area=2, edition="street_2021",
        installed_on=FIRST_DAY,
    )
)  # fmt: skip
ARTICLE = ArticleSubmitted(article=Article(article_id="a", street=STREETS[0], topic="高血压", submitted_on=FIRST_DAY))


@dataclass
class Office:
    """Two processes of one reporting service, prepared but not at work, and their clock."""

    instance: Instance
    apps: list[FastAPI] = field(default_factory=list)
    now: datetime = datetime(2026, 2, 20, 4, tzinfo=UTC)

    @property
    def service(self) -> Any:
        return self.apps[0].state.service

    @property
    def counting(self) -> Any:
        return self.apps[0].state.counting

    @property
    def database(self) -> Database:
        database: Database = self.service.database
        return database

    async def hear(self, message: EventList, process: int = 0) -> None:
        state = self.apps[process].state
        await projector.hear(state.service, state.counting, message)

    async def work(self, process: int = 0) -> None:
        """Go on with the rebuild that nobody holds, as a process does that has just started."""
        state = self.apps[process].state
        row = await claim_rebuild(state.service.database, self.now)
        if row is not None:
            async for _ in rebuilding.count_on(state.service, state.counting, row["_id"]):
                pass

    async def answering(self) -> Build:
        counting = await self.counting.now()
        found: Build = counting.build
        return found

    async def recount(self) -> dict[str, Any]:
        return await recount(self.database, lambda: self.now)


@pytest.fixture
async def office(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    instance = Instance(stack, f"rebuild-{uuid4().hex[:8]}", clock=lambda: made.now)
    made = Office(instance)
    made.apps = [instance.build("reporting") for _ in range(2)]
    instance.apps["reporting"] = made.apps[0]
    for step in made.service._prepare:
        await step(made.database)
    monkeypatch.setattr(rebuilding, "STEP", 3)
    yield made
    for app in made.apps:
        app.state.service.client.close()
    await forget_instance(stack, instance.name)


def arrival(number: int) -> EventList:
    return envelop([StayStarted(stay=make_stay(f"{number:032x}", STREETS[0], number % 90, number))])


async def test_what_was_rebuilt_is_what_follows_from_the_rows_and_answers(office: Office) -> None:
    for message in (*history(Random(1)), envelop([BOARD], "outreach"), envelop([ARTICLE], "outreach")):
        await office.hear(message)
    await office.counting.count_all_waiting()
    await office.database[FIRST.counters].update_many({}, {"$set": {"d": {"resident": {"fm": {"1": 99}}}}})
    await office.database[contributions.UNCOUNTABLE].insert_one({"_id": "1", "last_tried_at": office.now})
    office.now += timedelta(hours=1)

    begun = await rebuilding.begin(office.service, office.counting)
    assert await office.answering() == FIRST
    await office.work()

    assert await office.answering() == SECOND
    assert await counters(office.database, SECOND) == await office.recount()
    ended = await rebuilding.find(office.service, begun.rebuild_id)
    assert (ended.done, ended.ended_at) == (begun.expected, office.now)
    assert await office.database[contributions.UNCOUNTABLE].count_documents({}) == 0


async def test_one_who_is_heard_of_while_the_rebuild_begins_is_in_both(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.hear(arrival(1))
    await office.counting.count_all_waiting()
    find = contributions.find_uncounted
    others = [arrival(2)]

    async def find_when_others_are_faster(database: Database, most: int) -> Any:
        if others:
            await rebuilding.begin(office.service, office.counting)
            await office.work(1)
            await office.hear(others.pop(), 1)
        return await find(database, most)

    monkeypatch.setattr("services.reporting.commands.counting.find_uncounted", find_when_others_are_faster)
    await office.counting.count_all_waiting()

    assert await counters(office.database, FIRST) == await office.recount()
    assert await counters(office.database, SECOND) == await office.recount()


@pytest.mark.parametrize("seed", range(6))
async def test_a_rebuild_among_those_who_count_ends_right_wherever_it_is_killed(
    office: Office, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = Random(seed)
    messages = history(chance)
    for message in messages[: len(messages) // 2]:
        await office.hear(message)
    del messages[: len(messages) // 2]
    await office.counting.count_all_waiting()
    await rebuilding.begin(office.service, office.counting)
    with monkeypatch.context() as patch:
        kills = kill_here_and_there(chance, patch)
        kill_between_steps(chance, patch)
        let_some_dawdle(chance, patch)

        async def count(process: int) -> None:
            while messages:
                await office.hear(messages.pop(), process)
                try:
                    await office.apps[process].state.counting.count_waiting()
                except KilledError:
                    continue

        async def rebuild(process: int) -> None:
            while await office.answering() == FIRST:
                office.now += LEASE
                try:
                    await office.work(process)
                except KilledError:
                    kills.append("rebuilding")
                await asyncio.sleep(0.01)

        await asyncio.gather(*(work(process) for work in (count, rebuild) for process in range(2)))
    await office.counting.count_all_waiting()

    assert await office.answering() == SECOND
    expected = await office.recount()
    assert await counters(office.database, SECOND) == expected
    assert await counters(office.database, FIRST) == expected
    assert "rebuilding" in kills


def kill_between_steps(chance: Random, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let some die when they counted and did not save how far they are yet, or when they did."""
    save = builds.save_rebuild

    async def save_or_die(*told: Any) -> None:
        if chance.random() < 0.2:
            raise KilledError
        await save(*told)
        if chance.random() < 0.2:
            raise KilledError

    monkeypatch.setattr("services.reporting.commands.rebuilding.save_rebuild", save_or_die)


async def test_another_process_goes_on_from_the_position_that_was_saved(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        await office.hear(arrival(number))
    await office.counting.count_all_waiting()
    await rebuilding.begin(office.service, office.counting)
    row = await claim_rebuild(office.database, office.now)
    assert row is not None
    async for reached in rebuilding.count_on(office.service, office.counting, row["_id"]):
        if reached.done == 6:
            break

    await office.work(1)
    assert await office.answering() == FIRST  # the lease of the first holds
    office.now += LEASE
    counted: list[str] = []
    other = office.apps[1].state.counting
    count = other.count_all

    async def count_and_tell(build: Build, ids: set[str]) -> Any:
        counted.extend(ids)
        return await count(build, ids)

    monkeypatch.setattr(other, "count_all", count_and_tell)
    await office.work(1)

    assert await office.answering() == SECOND
    assert sorted(counted) == [f"{number:032x}" for number in range(6, 9)]


async def test_a_second_rebuild_is_refused_while_one_runs(office: Office) -> None:
    first = await rebuilding.begin(office.service, office.counting)
    with pytest.raises(RebuildRunningError):
        await rebuilding.begin(office.apps[1].state.service, office.apps[1].state.counting)
    await office.work()

    second = await rebuilding.begin(office.service, office.counting)

    assert (first.rebuild_id, second.rebuild_id) == ("2", "3")


async def test_what_was_replaced_is_counted_until_nobody_reads_it_and_then_dropped(office: Office) -> None:
    await office.hear(arrival(1))
    await office.counting.count_all_waiting()
    await rebuilding.begin(office.service, office.counting)
    await office.work()

    await office.hear(arrival(2))
    await office.counting.count_all_waiting()
    await rebuilding.sweep(office.service)
    assert await counters(office.database, FIRST) == await office.recount()

    office.now += KEPT
    await office.hear(arrival(3))
    await office.counting.count_all_waiting()
    await rebuilding.sweep(office.service)
    left = set(await office.database.list_collection_names())
    assert left.isdisjoint({FIRST.contributions, FIRST.counters, FIRST.places})
    assert await counters(office.database, SECOND) == await office.recount()


async def test_who_could_not_be_counted_before_is_counted_and_who_still_cannot_is_kept(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        await office.hear(arrival(number))
    count = contributions.replace_contributions

    async def replace(database: Database, build: Build, groups: Any) -> set[str]:
        if any(f"{2:032x}" in group.people for group in groups):
            raise ValueError
        return await count(database, build, groups)

    with monkeypatch.context() as patch:
        patch.setattr("services.reporting.commands.counting.replace_contributions", replace)
        await office.counting.count_all_waiting()
    assert await counters(office.database, FIRST) != await office.recount()
    assert await office.database[contributions.UNCOUNTABLE].distinct("_id") == [f"{2:032x}"]

    office.now += timedelta(hours=1)
    await rebuilding.begin(office.service, office.counting)
    await office.work()

    assert await counters(office.database, SECOND) == await office.recount()
    assert await office.database[contributions.UNCOUNTABLE].count_documents({}) == 0


async def test_only_who_operates_it_rebuilds_and_sees_how_far_it_is(office: Office) -> None:
    async with office.instance.client("reporting", "admin", "") as client:
        begun = await client.post("/rebuilds")
        refused = await client.post("/rebuilds")
        await office.work()
        found = await client.get(f"/rebuilds/{begun.json()['rebuild_id']}")
        unknown = await client.get("/rebuilds/77")
        everything = await client.get("/rebuilds")
    async with office.instance.client("reporting", "district", "320507") as client:
        others = [await client.post("/rebuilds"), await client.get("/rebuilds"), await client.get("/rebuilds/2")]

    assert (begun.status_code, begun.json()["ended_at"]) == (202, None)
    assert (refused.status_code, refused.json()["code"]) == (409, "rebuild_running")
    assert found.json()["ended_at"] is not None
    assert everything.json() == [found.json()]
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    assert [each.status_code for each in others] == [403, 403, 403]
