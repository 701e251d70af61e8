"""The origin-destination matrix and the age pyramid on a real MongoDB, asked over HTTP."""

from datetime import date
from typing import Any

import pytest

from contracts.envelope import Fact
from contracts.reference.identity import Sex
from contracts.registration.stays import Ending, StayEnded, StayStarted, StayState
from tests.support.desk import DISTRICT, Desk
from tests.support.facts import make_stay

STREET, TOWN = "320507001", "320507002"
DAYS = {"from": "2026-01-01", "to": "2026-06-30"}


def moved(
    number: int, street: str = STREET, origin: str | None = None, to: str | None = None, **more: Any
) -> list[Fact]:
    """Return that somebody came from somewhere on the first day, and left for somewhere in March if that is told."""
    stay = make_stay(f"{number:032x}", street, origin=origin, **more)
    told: list[Fact] = [StayStarted(stay=stay)]
    if to is not None:
        gone = {"state": StayState.ENDED, "ended_on": date(2026, 3, 1), "ending": Ending.DEPARTED}
        told.append(StayEnded(stay=stay.model_copy(update={**gone, "destination": to or None})))
    return told


async def test_the_most_frequent_moves_come_first_and_the_rest_is_summed_up(desk: Desk) -> None:
    origins = ["342221"] * 3 + ["341302", "410322", "34", None]
    await desk.hear(*(moved(number, origin=origin) for number, origin in enumerate(origins)))

    async def tell(between: str, limit: int = 100) -> Any:
        return (await desk.tell("/flows/matrix", between=between, limit=limit, **DAYS))["arrivals"]

    districts, provinces = await tell("district"), await tell("province", 1)

    assert [(cell["origin"], cell["destination"], cell["moves"]) for cell in districts["cells"]] == [
        ("342221", DISTRICT, 3),
        ("34", DISTRICT, 1),
        ("341302", DISTRICT, 1),
        ("410322", DISTRICT, 1),
    ]
    assert (districts["moves"], districts["others"], districts["unknown"]) == (7, 0, 1)
    (cell,) = provinces["cells"]
    assert (cell["origin"], cell["origin_name"], cell["moves"]) == ("34", "安徽省", 5)
    assert (provinces["others"], provinces["unknown"]) == (1, 1)


async def test_departures_are_told_by_where_for_and_an_abolished_district_by_its_successor(desk: Desk) -> None:
    await desk.hear(moved(1, to="320812"), moved(2, TOWN, to="320811"), moved(3, to=""), moved(4))

    found = (await desk.tell("/flows/matrix", between="district", **DAYS))["departures"]

    cells = {(cell["origin"], cell["destination"]): cell["moves"] for cell in found["cells"]}
    assert cells == {(DISTRICT, "320812"): 2}, "320811 went over to 320812"
    assert (found["moves"], found["unknown"]) == (3, 1)


async def test_a_street_and_a_group_have_moves_of_their_own(desk: Desk) -> None:
    one, two = ({"hukou_division": code} for code in (DISTRICT, "342221"))
    await desk.hear(moved(1, origin="342221", **one), moved(2, TOWN, origin="342221", **two))

    street = await desk.tell("/flows/matrix", between="city", division=TOWN, **DAYS)
    floating = await desk.tell("/flows/matrix", between="city", group="floating", **DAYS)

    assert [cell["destination"] for cell in street["arrivals"]["cells"]] == [TOWN]
    assert floating["arrivals"]["moves"] == 1


async def test_residents_are_told_by_age_sex_and_household(desk: Desk) -> None:
    await desk.hear(
        moved(1, birth=date(1961, 7, 1), sex=Sex.FEMALE, hukou_division="342221"),
        moved(2, birth=date(1990, 1, 1), sex=Sex.MALE, hukou_division=DISTRICT),
        moved(3, TOWN, birth=date(1930, 1, 1)),
        moved(4),
        moved(5, birth=date(1990, 1, 1), to="342221"),
    )

    found = await desk.tell("/residents/pyramid", on="2026-06-30")

    assert found["residents"] == 4
    told = {(band["low"], band["high"]): band for band in found["bands"]}
    assert told[60, 64]["floating"] == {"male": 0, "female": 1, "unknown": 0}
    assert told[35, 39]["registered"] == {"male": 1, "female": 0, "unknown": 0}
    assert told[85, None]["unknown"] == {"male": 0, "female": 0, "unknown": 1}
    assert found["ageless"]["unknown"] == {"male": 0, "female": 0, "unknown": 1}
    on_the_birthday = await desk.tell("/residents/pyramid", on="2026-07-01", division=STREET)
    assert on_the_birthday["bands"][13]["floating"]["female"] == 1


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("/residents/pyramid", {"on": "2026-07-02"}, 422, "future_date"),
        ("/residents/pyramid", {"division": "320507999"}, 422, "unknown_division"),
        ("/residents/pyramid", {"division": "320812"}, 403, "outside_your_division"),
        ("/residents/pyramid", {"role": "integrator"}, 403, "not_your_role"),
        ("/flows/matrix", {"from": "2026-07-02"}, 422, "bad_period"),
        ("/flows/matrix", {"between": "street"}, 422, "malformed"),
        ("/flows/matrix", {"limit": "501"}, 422, "malformed"),
        ("/flows/matrix", {"group": "pupils"}, 422, "not_of_group"),
        ("/flows/matrix", {"division": "320507999"}, 422, "unknown_division"),
        ("/flows/matrix", {"division": "320812"}, 403, "outside_your_division"),
        ("/flows/matrix", {"role": "integrator"}, 403, "not_your_role"),
    ],
)
async def test_what_can_not_be_told_is_refused(
    desk: Desk, path: str, params: dict[str, str], status: int, code: str
) -> None:
    asked = {"between": "city", **DAYS} if path == "/flows/matrix" else {"on": "2026-06-30"}

    answer = await desk.ask(path, **{**asked, **params})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
