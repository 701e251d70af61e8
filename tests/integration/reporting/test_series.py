"""Series of indicators on a real MongoDB, asked over HTTP, as JSON and as CSV."""

from datetime import date
from typing import Any

import pytest

from contracts.envelope import Fact
from contracts.registration.stays import Ending, StayEnded, StayStarted, StayState
from services.reporting.domain.series import MOST
from tests.support.desk import DISTRICT, Desk
from tests.support.facts import PEOPLE, make_stay

STREET, TOWN = "320507001", "320507101"
FLOWS = {
    "residents": "residents",
    "archived": "resident_archive_rate",
    "contested": "contested_rate",
    "in_transit": "in_transit",
    "lost": "lost",
    "inflow": "inflow",
    "outflow": "outflow",
    "by_default": "by_default_rate",
    "deaths": "deaths",
}
"""The numbers of flows, and the indicator whose numerator each one is."""


def stayed(person: str, street: str, day: int, until: date | None = None, **more: Any) -> list[Fact]:
    """Return that somebody came some days after the first, and left."""
    stay = make_stay(person, street, day, **more)
    told: list[Fact] = [StayStarted(stay=stay)]
    if until:
        gone = {"state": StayState.ENDED, "ended_on": until, "ending": Ending.DEPARTED}
        told.append(StayEnded(stay=stay.model_copy(update=gone)))
    return told


async def three_people(desk: Desk) -> None:
    """Let one come on 3 January and leave on 2 March, one come on 31 January, one on 1 July, which is today."""
    await desk.hear(
        stayed(PEOPLE[0], STREET, 2, date(2026, 3, 2), hukou_division="510623"),
        stayed(PEOPLE[1], TOWN, 30, hukou_division=DISTRICT),
        stayed(PEOPLE[2], STREET, 181),
    )


async def test_months_are_told_one_by_one_and_that_which_is_not_over_is_marked(desk: Desk) -> None:
    await three_people(desk)

    found = await desk.tell("/indicators/residents/series", by="month", **{"from": "2026-01-31", "to": "2026-12-31"})

    told = [(point["name"], point["numerator"], point["over"]) for point in found["points"]]
    assert told == [
        *(("2026-01", 2, True), ("2026-02", 2, True), ("2026-03", 1, True), ("2026-04", 1, True)),
        *(("2026-05", 1, True), ("2026-06", 1, True), ("2026-07", 2, False)),
    ]
    assert (found["points"][-1]["until"], found["points"][-1]["on"]) == ("2026-07-31", "2026-07-01")
    assert found["about"]["code"] == "residents"


async def test_weeks_are_those_of_the_standard_from_monday_to_sunday(desk: Desk) -> None:
    await three_people(desk)

    found = await desk.tell("/indicators/inflow/series", by="week", **{"from": "2026-01-01", "to": "2026-02-01"})

    weeks = {point["name"]: (point["since"], point["until"], point["numerator"]) for point in found["points"]}
    assert weeks["2026-W01"] == ("2025-12-29", "2026-01-04", 1)
    assert weeks["2026-W05"] == ("2026-01-26", "2026-02-01", 1)
    assert list(weeks) == [f"2026-W0{number}" for number in range(1, 6)]


async def test_days_quarters_and_years_of_a_street_and_of_a_group(desk: Desk) -> None:
    await three_people(desk)
    days = {"from": "2026-03-01", "to": "2026-03-02"}

    async def count(indicator: str, **asked: str) -> list[int]:
        found = await desk.tell(f"/indicators/{indicator}/series", **asked)
        return [point["numerator"] for point in found["points"]]

    assert await count("residents", by="day", **days) == [2, 1]
    assert await count("residents", by="day", **days, division=STREET) == [1, 0]
    assert await count("residents", by="day", **days, group="floating") == [1, 0]
    assert await count("inflow", by="quarter", **{"from": "2025-12-31", "to": "2026-07-01"}) == [0, 2, 0, 1]
    assert await count("outflow", by="year", **{"from": "2025-06-01", "to": "2026-03-02"}) == [0, 1]


async def test_every_number_of_flows_is_the_numerator_of_an_indicator(desk: Desk) -> None:
    await three_people(desk)
    days = {"from": "2026-01-01", "to": "2026-03-31"}

    flows = await desk.tell("/flows", **days)

    for name, indicator in FLOWS.items():
        (point,) = (await desk.tell(f"/indicators/{indicator}/series", by="quarter", **days))["points"]
        assert point["numerator"] == flows[name]
    assert (flows["residents"], flows["inflow"], flows["outflow"], flows["in_transit"]) == (1, 2, 1, 1)


async def test_a_series_goes_out_as_comma_separated_values(desk: Desk) -> None:
    await three_people(desk)
    days = {"from": "2026-06-01", "to": "2026-07-01"}

    answer = await desk.ask("/indicators/residents/series", by="month", form="csv", **days)

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="residents-320507-month.csv"'
    assert answer.content.decode("utf-8-sig").splitlines() == [
        "在住人口,相城区",
        "时段,起,止,统计至,已结束,分子,分母,值,分母来源",
        "2026-06,2026-06-01,2026-06-30,2026-06-30,是,1,,1,",
        "2026-07,2026-07-01,2026-07-31,2026-07-01,否,2,,2,",
    ]


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("/indicators/happiness/series", {}, 404, "unknown_indicator"),
        ("/indicators/residents/series", {"from": "2026-02-02"}, 422, "bad_period"),
        ("/indicators/residents/series", {"from": "2026-07-02", "to": "2026-07-03"}, 422, "bad_period"),
        ("/indicators/residents/series", {"from": "1999-12-31"}, 422, "bad_period"),
        ("/indicators/residents/series", {"from": "0001-01-01", "to": "9999-12-31"}, 422, "bad_period"),
        ("/indicators/residents/series", {"from": "2025-01-01", "to": "9999-12-31"}, 422, "too_many_points"),
        ("/indicators/residents/series", {"by": "hour"}, 422, "malformed"),
        ("/indicators/residents/series", {"form": "xlsx"}, 422, "malformed"),
        ("/indicators/lectures/series", {"group": "floating"}, 422, "not_of_group"),
        ("/indicators/residents/series", {"division": "320507999"}, 422, "unknown_division"),
        ("/indicators/residents/series", {"division": "320812"}, 403, "outside_your_division"),
        ("/indicators/residents/series", {"role": "integrator"}, 403, "not_your_role"),
    ],
)
async def test_what_can_not_be_told_is_refused(
    desk: Desk, path: str, params: dict[str, str], status: int, code: str
) -> None:
    answer = await desk.ask(path, **{"by": "day", "from": "2026-01-01", "to": "2026-02-01", **params})

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_as_many_points_as_there_may_be_are_told(desk: Desk) -> None:
    days = {"from": "2025-05-28", "to": "2026-07-01"}

    found = await desk.tell("/indicators/archive_rate/series", by="day", **days)

    assert len(found["points"]) == MOST
    assert {point["value"] for point in found["points"]} == {None}, "nobody lives here"
