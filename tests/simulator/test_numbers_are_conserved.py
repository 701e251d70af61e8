"""The conservation report balances over lives in five districts, whatever happened and however it was heard."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from contracts.registration.stays import Ending, Stay, StayFact, StayState
from deploy.local.stack import Stack
from services.reporting import projector
from tests.simulator.lives import DISTRICTS, live, make_place
from tests.simulator.run import Run, Weather
from tests.support.desk import Desk
from tests.support.districts import Said, noon
from tests.support.facts import deliver
from tests.support.instance import Instance, forget_instance

PEOPLE, MONTHS, SEED = 60, 9, 31
AT_ONCE = 40


@pytest.fixture(scope="module")
def run() -> Run:
    """Live through late and doubled messages and districts that are cut off, until nothing is left to do."""
    return Run(live(SEED, PEOPLE, make_place(len(DISTRICTS), MONTHS)), Weather(SEED)).go()


@pytest.fixture
async def desk(stack: Stack, run: Run) -> AsyncIterator[Desk]:
    """Tell reporting all that was said, in any order and some of it twice."""
    instance = Instance(stack, f"lives-{uuid4().hex[:8]}", clock=lambda: noon(run.today))
    instance.apps["reporting"] = instance.build("reporting")
    state = instance.apps["reporting"].state
    for step in state.service._prepare:
        await step(state.service.database)
    for said in _shuffled(run):
        await projector.hear(state.service, state.counting, [deliver(fact, sequence) for sequence, fact in said])
        await state.counting.count_all_waiting()
    yield Desk(instance)
    state.service.client.close()
    await forget_instance(stack, instance.name)


def _shuffled(run: Run) -> Iterator[list[Said]]:
    rng = Random(SEED)
    said = run.said + rng.sample(run.said, len(run.said) // 5)
    rng.shuffle(said)
    for first in range(0, len(said), AT_ONCE):
        yield said[first : first + AT_ONCE]


async def test_every_district_balances_in_every_quarter_and_counts_what_its_stays_say(desk: Desk, run: Run) -> None:
    stays = [stay for stay in _stays(run) if stay.state is not StayState.RETRACTED]
    found: Counter[str] = Counter()
    for district in DISTRICTS:
        here = [stay for stay in stays if stay.street.startswith(district)]
        for since, until in _quarters(run):
            told = await _balance(desk, district, since, until)

            assert told["residents"] == _residents(here, since, until), (district, since, until)
            assert (told["balanced"], told["breaks"], told["disagreements"]) == (True, [], [])
            assert all(part["residents"]["unexplained"] == 0 for part in told["parts"])
            assert told["unplaced"]["departures"] == told["residents"]["departures"]
            found.update({**told["unplaced"], "before": 0})
            named = await desk.tell("/conservation/people", scope=district, **_asked(district, since, until))
            assert named["people"] == []

    assert min(found["found"], found["abroad"], found["in_transit"], found["lost"]) > 0, "lives went through all of it"


async def test_what_left_one_district_for_another_is_found_there(desk: Desk, run: Run) -> None:
    """I4: over the whole time, whoever was found again arrived again, or died where nobody heard of an arrival."""
    first, last = run.lives.place.first - timedelta(days=60), run.today
    told = [await _balance(desk, district, first, last) for district in DISTRICTS]
    arrivals = sum(each["residents"]["arrivals"] for each in told)
    ended = sum(each["residents"]["departures"] + each["residents"]["deaths"] for each in told)
    out = sum(each["unplaced"][name] for each in told for name in ("abroad", "in_transit", "lost"))
    deaths = sum(each["residents"]["deaths"] for each in told)
    found = sum(each["unplaced"]["found"] for each in told)

    assert ended == found + out + deaths
    assert arrivals == ended + sum(each["residents"]["after"] for each in told)
    province = await desk.tell("/conservation", scope="32", **_asked("32", first, last))
    assert [part["division"] for part in province["parts"]] == ["320507", "320812"]
    assert province["balanced"]
    assert province["residents"]["arrivals"] == sum(each["residents"]["arrivals"] for each in told[:2])


def _stays(run: Run) -> list[Stay]:
    newest = next(iter(run.districts.values())).heard.newest
    facts = (fact for stream, (_, fact) in newest.items() if stream.startswith("stay/"))
    return [fact.stay for fact in facts if isinstance(fact, StayFact)]


def _quarters(run: Run) -> Iterator[tuple[date, date]]:
    first = run.lives.place.first - timedelta(days=60)
    while first <= run.today:
        yield first, first + timedelta(days=90)
        first += timedelta(days=91)


def _residents(stays: list[Stay], since: date, until: date) -> dict[str, int]:
    def living(day: date) -> int:
        return sum(stay.started_on <= day and (stay.ended_on is None or day < stay.ended_on) for stay in stays)

    over = [stay for stay in stays if stay.ended_on is not None and since <= stay.ended_on <= until]
    deaths = sum(stay.ending is Ending.DIED for stay in over)
    return {
        "before": living(since - timedelta(days=1)),
        "arrivals": sum(since <= stay.started_on <= until for stay in stays),
        "departures": len(over) - deaths,
        "deaths": deaths,
        "after": living(until),
        "unexplained": 0,
    }


def _asked(division: str, since: date, until: date) -> dict[str, Any]:
    return {"division": division, "from": str(since), "to": str(until)}


async def _balance(desk: Desk, district: str, since: date, until: date) -> Any:
    return await desk.tell("/conservation", scope=district, **_asked(district, since, until))
