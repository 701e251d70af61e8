"""The residents of a street by community, on a real MongoDB, asked over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.registration.stays import StayRelocated, StayStarted
from tests.support.desk import Desk
from tests.support.facts import FIRST_DAY, FIRST_MOMENT, make_stay

STREET, BESIDE = "320507001", "320507002"
NAMED, CODED = "元和社区", "3.1-甲"


def living(number: int, community: str | None, street: str = STREET) -> StayStarted:
    return StayStarted(stay=make_stay(f"{number:032x}", street, community=community))


async def communities(desk: Desk, **asked: Any) -> Any:
    found = await desk.tell("/residents/communities", **{"street": STREET, "on": str(FIRST_DAY), **asked})
    told = {one["community"]: one["residents"] for one in found["communities"]}
    return (
        found["residents"],
        told,
        found["elsewhere"],
        {one["community"]: one["measure"] for one in found["communities"]},
    )


async def test_residents_count_in_the_community_they_live_in_and_who_is_there_is_explained(desk: Desk) -> None:
    await desk.hear(living(1, NAMED), living(2, NAMED), living(3, CODED), living(4, None), living(5, NAMED, BESIDE))

    residents, told, elsewhere, measures = await communities(desk)
    who = await desk.tell("/numbers/counted", measure=measures[CODED], division=STREET, on=str(FIRST_DAY))

    assert (residents, told, elsewhere) == (4, {NAMED: 2, CODED: 1}, 1)
    assert [one["person_id"] for one in who["people"]] == [f"{3:032x}"]
    assert (await communities(desk, street=BESIDE))[:3] == (1, {NAMED: 1}, 0)
    assert (await communities(desk, on=str(FIRST_DAY - timedelta(days=1))))[:3] == (0, {}, 0)


async def test_who_moves_within_the_street_counts_in_the_other_community_from_then_on(desk: Desk) -> None:
    stay = make_stay(f"{1:032x}", STREET, day=-9, community=NAMED)
    moved = StayRelocated(stay=stay.model_copy(update={"community": CODED}))
    await desk.hear([StayStarted(stay=stay), moved])
    said_on = FIRST_MOMENT.date()

    assert (await communities(desk, on=str(said_on)))[1] == {CODED: 1}
    assert (await communities(desk, on=str(said_on - timedelta(days=1))))[1] == {NAMED: 1}
    assert (await desk.tell("/flows", **{"from": str(FIRST_DAY), "to": str(said_on)}))["residents"] == 1


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"street": "320812001"}, 403, "outside_your_division"),
        ({"street": "320507999"}, 422, "unknown_division"),
        ({"street": "320507"}, 422, "malformed"),
        ({"on": "2031-01-01"}, 422, "future_date"),
        ({"as_of": "2026-03-01T00:00:00Z"}, 409, "as_of_not_counted"),
    ],
)
async def test_what_can_not_be_told_is_refused(desk: Desk, asked: dict[str, str], status: int, code: str) -> None:
    answer = await desk.ask("/residents/communities", **{"street": STREET, "on": str(FIRST_DAY), **asked})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
