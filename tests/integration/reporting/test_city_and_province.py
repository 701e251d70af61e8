"""The numbers of a city and of a province are those of their districts together, on a real MongoDB, over HTTP."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.archives.archives import Archive, ArchiveOpened
from contracts.envelope import Fact
from contracts.registration.stays import Ending, StayEnded, StayStarted, StayState
from contracts.reporting.figures import Figure, FigureKind, FigureRecorded, figure_id
from contracts.reporting.groups import Group
from tests.support.desk import Desk
from tests.support.facts import FIRST_DAY, FIRST_MOMENT, make_stay

XIANGCHENG, WUZHONG, HUAIAN = "320507", "320506", "320812"
SUZHOU, JIANGSU = "3205", "32"
DAYS = {"from": "2026-01-01", "to": "2026-01-31"}
COUNTS = ("residents", "in_transit", "inflow", "outflow")


def stayed(number: int, street: str, day: int, until: int | None = None, **more: Any) -> list[Fact]:
    """Return that somebody came some days after the first, and perhaps left."""
    stay = make_stay(f"{number:032x}", street, day, **more)
    told: list[Fact] = [StayStarted(stay=stay)]
    if until:
        gone = {"state": StayState.ENDED, "ended_on": FIRST_DAY + timedelta(days=until), "ending": Ending.DEPARTED}
        told.append(StayEnded(stay=stay.model_copy(update=gone)))
    return told


@pytest.fixture
async def moved(desk: Desk) -> Desk:
    """Let two live in one district of the city, one in another and in another city; one goes from the one to the other.

    One leaves both for nowhere.
    """
    await desk.hear(
        stayed(1, f"{XIANGCHENG}001", 1),
        stayed(2, f"{XIANGCHENG}002", 1),
        stayed(3, f"{XIANGCHENG}001", 2, 5),
        stayed(3, f"{WUZHONG}001", 5),
        stayed(4, f"{WUZHONG}001", 3, 9),
        stayed(5, f"{HUAIAN}003", 4),
    )
    archive = Archive(person_id=f"{1:032x}", district=XIANGCHENG, street=f"{XIANGCHENG}001", opened_at=FIRST_MOMENT)
    await desk.hear(ArchiveOpened(archive=archive), service="archives")
    return desk


@pytest.mark.parametrize("code", [SUZHOU, f"{SUZHOU}00"])
async def test_a_citys_flows_are_those_of_its_districts_together(moved: Desk, code: str) -> None:
    city = await moved.tell("/flows", scope=SUZHOU, division=code, **DAYS)
    alone = {one: await moved.tell("/flows", scope=SUZHOU, division=one, **DAYS) for one in (XIANGCHENG, WUZHONG)}

    assert (city["division"], city["name"]) == (SUZHOU, "苏州市")
    assert {name: city[name] for name in COUNTS} == {"residents": 3, "in_transit": 1, "inflow": 5, "outflow": 2}
    assert [part["district"] for part in city["districts"]] == [WUZHONG, XIANGCHENG]
    for part in city["districts"]:
        assert {name: part[name] for name in COUNTS} == {name: alone[part["district"]][name] for name in COUNTS}
    assert (city["streets"], city["days"]) == ([], [])
    assert [part["districts"] for part in alone.values()] == [[], []]


async def test_a_province_has_the_districts_of_all_its_cities(moved: Desk) -> None:
    for code in (JIANGSU, f"{JIANGSU}0000"):
        province = await moved.tell("/flows", scope=JIANGSU, division=code, **DAYS)

        assert {part["district"]: part["residents"] for part in province["districts"]} == {
            WUZHONG: 1,
            XIANGCHENG: 2,
            HUAIAN: 1,
        }
        assert province["residents"] == 4


async def test_an_indicator_of_a_city_is_told_with_its_districts(moved: Desk) -> None:
    found = await moved.tell("/indicators/resident_archive_rate", scope=SUZHOU, division=SUZHOU, period="2026-01")
    everything = await moved.tell("/indicators/values", scope=SUZHOU, division=f"{SUZHOU}00", period="2026-01")

    assert (found["numerator"], found["denominator"], found["value"]) == (1, 3, 1 / 3)
    told = {part["district"]: (part["numerator"], part["denominator"]) for part in found["districts"]}
    assert told == {XIANGCHENG: (1, 2), WUZHONG: (0, 1)}
    assert found["streets"] == []
    values = {one["indicator"]: one["value"] for one in everything["indicators"]}
    assert (values["residents"], values["inflow"]) == (3, 5)
    series = await moved.tell("/indicators/residents/series", scope=SUZHOU, division=SUZHOU, by="month", **DAYS)
    assert [point["value"] for point in series["points"]] == [3]


async def test_a_citys_yearly_figure_is_the_sum_of_its_districts_if_each_has_one(moved: Desk) -> None:
    async def told() -> Any:
        code = "/indicators/archive_rate_by_population"
        return (await moved.tell(code, scope=SUZHOU, division=SUZHOU, period="2026-01"))["denominator"]

    await moved.hear(figure(XIANGCHENG, 900), service="reporting")
    assert await told() is None

    await moved.hear(figure(WUZHONG, 600), service="reporting")
    assert await told() == 1500


def figure(division: str, value: int) -> FigureRecorded:
    named = figure_id(division, 2026, FigureKind.POPULATION, Group.EVERYONE)
    kind = FigureKind.POPULATION
    return FigureRecorded(
        figure=Figure(figure_id=named, division=division, year=2026, kind=kind, value=value, origin="统计年鉴")
    )


async def test_whoever_is_behind_a_citys_number_is_told_and_moves_between_its_districts_stand_in_the_matrix(
    moved: Desk,
) -> None:
    asked = {"scope": SUZHOU, "division": f"{SUZHOU}00"}

    counted = await moved.tell("/numbers/counted", measure="resident", on=date(2026, 1, 31).isoformat(), **asked)
    matrix = await moved.tell("/flows/matrix", between="district", **asked, **DAYS)

    assert counted["number"] == len(counted["people"]) == 3
    assert (matrix["division"], matrix["arrivals"]["moves"], matrix["departures"]["moves"]) == (SUZHOU, 5, 2)


@pytest.mark.parametrize(
    ("scope", "division", "status", "code"),
    [
        (XIANGCHENG, SUZHOU, 403, "outside_your_division"),
        (XIANGCHENG, f"{SUZHOU}00", 403, "outside_your_division"),
        (f"{SUZHOU}00", f"{SUZHOU}00", 403, "outside_your_division"),
        (SUZHOU, JIANGSU, 403, "outside_your_division"),
        (SUZHOU, f"{JIANGSU}0000", 403, "outside_your_division"),
        (SUZHOU, HUAIAN, 403, "outside_your_division"),
        ("320811", "320811", 403, "outside_your_division"),
        (JIANGSU, "3299", 422, "unknown_division"),
    ],
)
@pytest.mark.parametrize("path", ["/flows/matrix", "/indicators/residents", "/indicators/residents/series"])
async def test_nobody_sees_a_wider_division_than_their_own(
    desk: Desk, path: str, scope: str, division: str, status: int, code: str
) -> None:
    answer = await desk.ask(path, scope=scope, division=division, **MORE[path])

    assert (answer.status_code, answer.json()["code"]) == (status, code)


MORE = {
    "/flows/matrix": {"between": "city", **DAYS},
    "/indicators/residents": {"period": "2026-01"},
    "/indicators/residents/series": {"by": "day", **DAYS},
}


@pytest.mark.parametrize("division", [SUZHOU, f"{SUZHOU}00", f"{JIANGSU}0000"])
async def test_flows_of_a_city_are_for_whoever_covers_all_of_it(desk: Desk, division: str) -> None:
    answer = await desk.ask("/flows", scope=XIANGCHENG, division=division, **DAYS)

    assert (answer.status_code, answer.json()["code"]) == (403, "outside_your_division")
