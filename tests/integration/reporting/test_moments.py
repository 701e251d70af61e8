"""Numbers as they were known at a moment, by what was recorded and by what was heard, on a real MongoDB."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contracts.envelope import Event, Fact, wrap
from contracts.registration.notices import NoticeSent
from contracts.registration.stays import StayCorrected, StayRetracted, StayStarted, StayState
from deploy.local.stack import Stack
from services.reporting import projector
from services.reporting.commands import moments, rebuilding
from services.reporting.commands.counting import Counting
from services.reporting.commands.moments import BeforeFirstFactError, KnownBy
from services.reporting.views.builds import BUILDS, claim_rebuild
from services.reporting.views.contributions import find_numbers, find_places, read_contributions
from services.runtime.mongo import Database
from tests.support.drawn_lives import FIRST, SOME_DAY, Told, lives, moment
from tests.support.facts import FIRST_DAY, FIRST_MOMENT, PEOPLE, STREETS, make_notice, make_stay
from tests.support.instance import Instance, forget_instance
from tests.support.oracle import Life, numbers

TODAY = date(2026, 11, 26)
HERE, NEAR, FAR, LATE = STREETS[0], "320507002", "320812001", "320507003"


@dataclass
class Office:
    """Reporting, prepared but not at work, and its clock."""

    instance: Instance
    app: FastAPI = field(init=False)
    now: datetime = datetime(2026, 11, 26, 4, tzinfo=UTC)

    @property
    def service(self) -> Any:
        return self.app.state.service

    @property
    def counting(self) -> Any:
        return self.app.state.counting

    @property
    def database(self) -> Database:
        database: Database = self.service.database
        return database

    async def hear(self, fact: Fact, sequence: int, said_at: datetime, service: str = "registration") -> None:
        """Hear a fact now that was said at a moment, and count whom it is about."""
        event: Event[Any] = wrap(
            fact, sequence=sequence, service=service, recorded_at=said_at, causation="test", correlation="test"
        )
        await projector.hear(self.service, self.counting, [event])
        await self.counting.count_all_waiting()

    async def work(self) -> None:
        while (row := await claim_rebuild(self.database, self.now)) is not None:
            async for _ in rebuilding.count_on(self.service, self.counting, row["_id"]):
                pass

    async def tell(self, path: str, role: str = "district", **asked: Any) -> Any:
        async with self.instance.client("reporting", role, "320507") as client:
            answer = await client.get(path, params={"division": "320507", **asked})
            return answer.json()

    async def ask(self, role: str = "district", **body: Any) -> Any:
        async with self.instance.client("reporting", role, "320507") as client:
            return await client.post("/moments", json=body)


@contextmanager
def build(stack: Stack) -> Iterator[Office]:
    instance = Instance(stack, f"moments-{uuid4().hex[:8]}", clock=lambda: made.now)
    made = Office(instance)
    made.app = instance.apps["reporting"] = instance.build("reporting")
    yield made
    made.service.client.close()


@pytest.fixture
async def office(stack: Stack) -> AsyncIterator[Office]:
    with build(stack) as made:
        for step in made.service._prepare:
            await step(made.database)
        yield made
    await forget_instance(stack, made.instance.name)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@settings(max_examples=6, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=lives(), delays=st.lists(st.integers(0, 300), min_size=40, max_size=40), days=st.tuples(*[SOME_DAY] * 4))
def test_as_of_any_moment_they_are_those_of_what_had_been_recorded_or_heard(
    stack: Stack,
    runner: asyncio.Runner,
    drawn: tuple[Life, list[Told], bool],
    delays: list[int],
    days: tuple[date, date, date, date],
) -> None:
    async def compare() -> None:
        with build(stack) as office:
            for step in office.service._prepare:
                await step(office.database)
            await _compare(office, drawn, delays, days)
        await forget_instance(stack, office.instance.name)

    runner.run(compare())


async def _compare(
    office: Office, drawn: tuple[Life, list[Told], bool], delays: list[int], days: Sequence[date]
) -> None:
    life, streams, _ = drawn
    later = iter(delays * 3)
    heard: list[list[list[Any]]] = [
        [[on + timedelta(days=next(later) * (on > FIRST)), on, fact] for on, fact in told] for told in streams
    ]
    in_turn = sorted(
        ((each, number, sequence) for number, told in enumerate(heard) for sequence, each in enumerate(told, 1)),
        key=lambda one: (*one[0][:2], *one[1:]),
    )
    begun = max(
        len(in_turn) // 2, sum(on == FIRST for (_, on, _), *_ in in_turn)
    )  # merges and deaths are heard at once
    for each, *_ in in_turn[begun:]:
        each[0] = TODAY  # heard of when the moments are counted already
    asked_on = [max(day, FIRST) for day in days[:2]]
    known = {}
    for place, ((heard_on, on, fact), _, sequence) in enumerate(in_turn):
        if place == begun:
            known = await _ask(office, asked_on, [each for each, *_ in in_turn[:place]])
        office.now = moment(heard_on, 5)
        await office.hear(fact, sequence, moment(on, 5))
    known |= await _ask(office, asked_on, [each for each, *_ in in_turn])

    for (on, by), counting in known.items():
        expected = life.until(on) if by is KnownBy.RECORDED else _heard_until(life, heard, on)
        for day in (*days, TODAY):
            assert await _counted_on(office, counting, day) == numbers(expected, day, on), (on, by, day)


async def _ask(
    office: Office, days: Sequence[date], heard: Sequence[Sequence[Any]]
) -> dict[tuple[date, KnownBy], Counting]:
    """Let numbers be counted as of the ends of some days; those before anything was known are refused."""
    office.now = moment(TODAY, 5)
    found: dict[tuple[date, KnownBy], Counting] = {}
    for day in days:
        for by in KnownBy:
            known = [each for each in heard if each[by is KnownBy.RECORDED] <= day]
            if known:
                await moments.ask(office.service, office.counting, moment(day, 6), by)
                await office.work()
                found[day, by] = await moments.find_counting_of(office.service, office.counting, moment(day, 6), by)
            else:
                with pytest.raises(BeforeFirstFactError):
                    await moments.ask(office.service, office.counting, moment(day, 6), by)
    return found


def _heard_until(life: Life, heard: Sequence[Sequence[Sequence[Any]]], day: date) -> Life:
    """Return what had been heard of a life by the end of a day."""
    left = iter(heard)
    kept = [
        [[said for said, (on, *_) in zip(stream, next(left), strict=True) if on <= day] for stream in streams]
        for streams in (life.stays, life.archives, life.enrolments, life.entries, life.notices, life.answers)
    ]
    return Life(*([stream for stream in streams if stream] for streams in kept), died_on=life.died_on)


async def _counted_on(office: Office, counting: Counting, day: date) -> dict[tuple[str, str], int]:
    """Return what counters tell at a day, of everything that anybody contributes."""
    rows = await office.database[counting.build.contributions].find().to_list(None)
    measures = {each.measure for row in rows for each in read_contributions(row)}
    places = await find_places(office.database, counting.build, office.service.areas(""))
    told = await find_numbers(office.database, counting.build, places, measures, [day])
    found = {(measure, place): told.at(measure, day, [place]) for measure in measures for place in places}
    return {key: number for key, number in found.items() if number}


DAY = FIRST_DAY.isoformat()
STAY = make_stay(PEOPLE[0], HERE)
T = [datetime(2026, 3, day, 4, tzinfo=UTC) for day in range(1, 9)]


async def _make_known(office: Office) -> None:
    """Let one be known and corrected to another street, one come, one go, and count as of the third day."""
    office.now = T[1]
    await office.hear(StayStarted(stay=STAY), 1, T[0])
    await office.hear(StayStarted(stay=make_stay(PEOPLE[1], HERE)), 1, T[0])
    office.now = T[4]
    await office.hear(StayCorrected(stay=STAY.model_copy(update={"street": NEAR})), 2, T[3])
    gone = make_stay(PEOPLE[1], HERE).model_copy(update={"state": StayState.RETRACTED})
    await office.hear(StayRetracted(stay=gone), 2, T[3])
    await office.hear(StayStarted(stay=make_stay(PEOPLE[2], HERE)), 1, T[0])
    office.now = T[6]


async def test_numbers_are_told_and_explained_as_of_a_moment_and_what_was_corrected_since(office: Office) -> None:
    await _make_known(office)
    then, day = {"as_of": T[2].isoformat()}, FIRST_DAY.isoformat()
    assert (await office.tell("/flows", **then, **{"from": day, "to": day}))["code"] == "as_of_not_counted"
    asked = await office.ask(**then)
    await office.work()
    again = (await office.ask(**then)).json()

    flows = await office.tell("/flows", **then, **{"from": day, "to": day})
    now = await office.tell("/flows", **{"from": day, "to": day})
    counted = await office.tell("/numbers/counted", **then, measure="resident", on=day)
    indicator = await office.tell("/indicators/residents", **then, **{"from": day, "to": day})
    corrected = await office.tell("/numbers/corrections", **then, measure="resident", on=day)
    by_street = await office.tell("/numbers/corrections", **then, measure="resident", on=day, limit=1)

    assert (asked.status_code, again["moment_id"], again["done"]) == (202, asked.json()["moment_id"], 3)
    assert (flows["residents"], flows["as_of"]) == (2, "2026-03-03T04:00:00Z")
    assert [street["street"] for street in flows["streets"]] == [HERE]
    assert (now["residents"], len(now["streets"])) == (2, 2)
    assert {one["person_id"]: one["facts"][0]["sequence"] for one in counted["people"]} == dict.fromkeys(PEOPLE[:2], 1)
    assert indicator["numerator"] == 2
    assert (corrected["before"], corrected["after"]) == (2, 2)
    assert {one["person_id"]: (one["came"], one["division"]) for one in corrected["people"]} == {
        PEOPLE[0]: (None, NEAR),
        PEOPLE[1]: (False, HERE),
        PEOPLE[2]: (True, HERE),
    }
    facts = {one["person_id"]: [fact["sequence"] for fact in one["facts"]] for one in corrected["people"]}
    assert facts == {PEOPLE[0]: [2], PEOPLE[1]: [2], PEOPLE[2]: [1]}
    assert (len(by_street["people"]), by_street["next"]) == (1, min(PEOPLE[:3]))


@pytest.mark.parametrize(
    ("path", "asked", "told"),
    [
        (
            "/indicators/residents/series",
            {"from": DAY, "to": DAY, "by": "day"},
            lambda found: found["points"][0]["value"],
        ),
        ("/flows/matrix", {"from": DAY, "to": DAY, "between": "district"}, lambda found: found["arrivals"]["moves"]),
        ("/residents/pyramid", {"on": DAY}, lambda found: found["residents"]),
        ("/conservation", {"from": DAY, "to": DAY}, lambda found: found["residents"]["after"]),
        ("/scores", {"from": DAY, "to": DAY}, lambda found: found["as_sender"]["notices"]),
        ("/assessments", {"period": "2026Q1"}, lambda found: sum(one["street"] == LATE for one in found["streets"])),
        ("/targets/standings", {}, lambda found: len(found["standings"])),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_every_route_of_numbers_tells_them_as_of_a_moment(
    office: Office, path: str, asked: dict[str, str], told: Callable[[Any], int]
) -> None:
    await _make_known(office)
    then = {"as_of": T[2].isoformat()}
    refused = await office.tell(path, **then, **asked)
    await office.ask(**then)
    await office.work()
    office.now = T[6] + timedelta(hours=1)
    fourth = make_stay("f" * 32, LATE, origin="342221")
    notice = make_notice(fourth, make_stay("f" * 32, FAR), sent_at=FIRST_MOMENT)
    await office.hear(StayStarted(stay=fourth), 1, T[6])
    await office.hear(NoticeSent(notice=notice), 1, T[6])

    found, now = await office.tell(path, **then, **asked), await office.tell(path, **asked)

    assert refused["code"] == "as_of_not_counted"
    assert found["as_of"][:10] == "2026-03-03"
    assert now["as_of"][:10] == "2026-03-07"
    if path != "/targets/standings":
        assert told(now) == told(found) + 1, "whoever came since is not known then"


async def test_a_moment_that_can_not_be_is_refused_and_a_few_are_kept_for_a_day(office: Office) -> None:
    await _make_known(office)

    async def code(as_of: str, **more: str) -> str:
        return str((await office.ask(as_of=as_of, **more)).json().get("code"))

    assert await code((T[6] + timedelta(seconds=1)).isoformat()) == "as_of_ahead"
    assert await code((T[0] + timedelta(hours=1)).isoformat()) == "before_first_fact"
    assert await code((T[0] + timedelta(hours=1)).isoformat(), known="recorded") == "None"
    assert await code("gestern") == "malformed"
    assert await code("2026-03-02T04:00:00") == "malformed"
    assert (await office.ask(role="clerk", as_of=T[2].isoformat())).status_code == 403
    for moment_of in T[2:5]:
        assert await code(moment_of.isoformat()) == "None"
    assert await code(T[5].isoformat()) == "too_many_moments"
    assert len(await office.tell("/moments")) == 4

    await office.work()
    office.now += moments.KEPT
    assert await office.tell("/moments") == []
    kept = {each["_id"] async for each in office.database[BUILDS].find()}
    await rebuilding.sweep(office.service)
    left = await office.database.list_collection_names()
    assert not [name for name in left if name.rpartition("_")[2] in kept]
