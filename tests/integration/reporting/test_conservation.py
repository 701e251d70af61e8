"""The conservation report on a real MongoDB, asked over HTTP: it balances, and names what was damaged, alone."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.envelope import Fact
from contracts.registration.stays import DestinationKind, Ending, StayContested, StayEnded, StayStarted, StayState
from services.reporting.commands import conservation
from tests.support.counting import BUILD
from tests.support.desk import DISTRICT, Desk
from tests.support.facts import FIRST_DAY, make_stay

STREET, OTHER, BESIDE = "320507001", "320507002", "320506001"
DAYS = {"from": "2026-01-01", "to": "2026-03-31"}


def stayed(number: int, street: str, day: int, until: int | None = None, **ending: Any) -> list[Fact]:
    """Return that somebody came some days after the first, and perhaps how it ended."""
    stay = make_stay(f"{number:032x}", street, day)
    told: list[Fact] = [StayStarted(stay=stay)]
    if until is not None:
        gone = {"state": StayState.ENDED, "ended_on": FIRST_DAY + timedelta(days=until), "ending": Ending.DEPARTED}
        told.append(StayEnded(stay=stay.model_copy(update={**gone, **ending})))
    return told


@pytest.fixture
async def moved(desk: Desk) -> Desk:
    """Let people come, go elsewhere, abroad, and nowhere, be lost, die, and one be contested."""
    contested = make_stay(f"{9:032x}", STREET, 3)
    apart = contested.model_copy(update={"state": StayState.CONTESTED, "contested_by": "f" * 32})
    await desk.hear(
        stayed(1, STREET, 1),
        stayed(2, STREET, 1, 10),
        stayed(2, OTHER, 10),
        stayed(3, STREET, 2, 12, destination_kind=DestinationKind.EXTERNAL),
        stayed(4, STREET, 2, 14, trace_lost_on=FIRST_DAY + timedelta(days=50)),
        stayed(5, OTHER, 2, 16, ending=Ending.DIED),
        stayed(6, OTHER, 2, 80),
        stayed(7, OTHER, 2, 18, ending=Ending.BY_DEFAULT),
        stayed(8, BESIDE, 2),
        [StayStarted(stay=contested), StayContested(stay=apart)],
    )
    return desk


async def balance(desk: Desk, **asked: Any) -> Any:
    return await desk.tell("/conservation", **{**DAYS, **asked})


async def people(desk: Desk, **asked: Any) -> Any:
    return await desk.tell("/conservation/people", **{**DAYS, **asked})


async def test_residents_and_departures_balance_in_a_district_and_in_its_streets(moved: Desk) -> None:
    found = await balance(moved)

    assert found["balanced"]
    assert found["residents"] == {
        "before": 0,
        "arrivals": 9,
        "departures": 5,
        "deaths": 1,
        "after": 3,
        "unexplained": 0,
    }
    assert found["unplaced"] == {
        "before": 0,
        "departures": 5,
        "found": 2,
        "abroad": 1,
        "in_transit": 1,
        "lost": 1,
        "unexplained": 0,
    }
    assert [part["division"] for part in found["parts"]] == [STREET, OTHER]
    assert [sum(part["residents"][name] for part in found["parts"]) for name in ("arrivals", "after")] == [9, 3]
    assert (found["breaks"], found["disagreements"]) == ([], [])
    assert await people(moved) == {"people": [], "next": None}
    later = await balance(moved, **{"from": "2026-02-01"})
    assert (later["residents"]["before"], later["unplaced"]["before"], later["balanced"]) == (4, 1, True)
    city = await balance(moved, scope="3205", division="320500")
    assert [part["division"] for part in city["parts"]] == ["320506", DISTRICT]
    assert (city["residents"]["arrivals"], city["balanced"]) == (10, True)


@pytest.mark.parametrize(
    ("counter", "path", "by_day", "by_month"),
    [
        (f"{STREET}:flow:202601", "d.flow:in.uu.3", 5, 4),
        (f"{STREET}:flow:2026", "d.flow:in.uu.1", 4, 5),
    ],
)
async def test_a_counter_that_was_damaged_is_named_and_nobody_is(
    moved: Desk, counter: str, path: str, by_day: int, by_month: int
) -> None:
    counters = moved.instance.database("reporting")[BUILD.counters]
    before = await balance(moved)
    arrivals = next(part["residents"]["arrivals"] for part in before["parts"] if part["division"] == STREET)
    changed = await counters.update_one({"_id": counter}, {"$inc": {path: 1}})

    found = await balance(moved)

    assert changed.modified_count == 1
    assert not found["balanced"]
    (named,) = found["disagreements"]
    assert (named["division"], named["measure"], named["month"]) == (STREET, "flow.in", "2026-01-01")
    assert named["by_day"] - named["by_month"] == by_day - by_month
    assert min(named["by_day"], named["by_month"]) == arrivals
    assert [(each["division"], each["day"]) for each in found["breaks"]] == (
        [(STREET, "2026-01-03")] if by_day > by_month else []
    )
    assert await people(moved) == {"people": [], "next": None}


async def test_whoever_contributes_what_does_not_balance_is_named_with_the_day_and_nobody_else(moved: Desk) -> None:
    database = moved.instance.database("reporting")
    who = f"{2:032x}"
    await database[BUILD.contributions].update_one({"_id": who}, {"$pull": {"c": {"k": f"flow.out@{STREET}"}}})

    found = await people(moved)

    told = [(one["person_id"], [(each["division"], each["day"]) for each in one["breaks"]]) for one in found["people"]]
    assert told == [(who, [(STREET, "2026-01-11")] * 2)], "of residents, and of those who left"
    assert (await balance(moved))["balanced"], "the counters were not touched"
    assert await people(moved, division=OTHER) == {"people": [], "next": None}


async def test_a_row_that_ends_before_it_begins_breaks_the_balance_and_is_named(moved: Desk) -> None:
    database = moved.instance.database("reporting")
    who = f"{6:032x}"
    await database["stays"].update_one({"person_id": who}, {"$set": {"ended_on": "2025-12-20"}})
    await database[BUILD.contributions].update_one({"_id": who}, {"$set": {"version": 0}})
    counting = moved.instance.apps["reporting"].state.counting
    await counting.note([who])
    await counting.count_all_waiting()

    found, named = await balance(moved, **{"from": "2025-12-01"}), await people(moved, **{"from": "2025-12-01"})

    assert not found["balanced"]
    assert {each["division"] for each in found["breaks"]} == {OTHER}
    assert [one["person_id"] for one in named["people"]] == [who]
    assert found["disagreements"] == []


async def test_people_are_looked_at_page_by_page_to_the_last(moved: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conservation, "AT_ONCE", 2)
    monkeypatch.setattr(conservation, "LOOKS", 2)
    broken = [f"{2:032x}", f"{6:032x}", f"{7:032x}"]
    contributions = moved.instance.database("reporting")[BUILD.contributions]
    for who in broken:
        await contributions.update_one({"_id": who}, {"$pull": {"c": {"k": {"$regex": "^flow[.]out@"}}}})

    found: list[str] = []
    pages, cursor = 0, ""
    while pages == 0 or cursor:
        page = await people(moved, cursor=cursor, limit=2)
        found += [one["person_id"] for one in page["people"]]
        pages, cursor = pages + 1, page["next"]

    assert found == broken
    assert pages > 1


@pytest.mark.parametrize("path", ["/conservation", "/conservation/people"])
@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"from": "2026-04-01"}, 422, "bad_period"),
        ({"from": "2020-01-01"}, 422, "bad_period"),
        ({"division": "320507999"}, 422, "unknown_division"),
        ({"division": "320506"}, 403, "outside_your_division"),
        ({"division": "3205"}, 403, "outside_your_division"),
        ({"role": "integrator"}, 403, "not_your_role"),
    ],
)
async def test_what_can_not_be_told_is_refused(
    desk: Desk, path: str, params: dict[str, str], status: int, code: str
) -> None:
    answer = await desk.ask(path, **{**DAYS, **params})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
