"""Whoever is shown who is behind a number stands in reporting's access log; whoever is refused does not."""

from typing import Any

import pytest

from contracts.registration.stays import StayStarted
from tests.support.desk import Desk
from tests.support.facts import make_stay

DAY = "2026-03-01"


async def logged(desk: Desk) -> list[tuple[str, str, str]]:
    """Return who was shown what, the newest first, without readings of the log itself."""
    page = await desk.tell("/access-log")
    shown = [entry for entry in page["entries"] if entry["action"] != "access_log_read"]
    return [(entry["role"], entry["action"], entry["reason"]) for entry in shown]


@pytest.mark.parametrize(
    ("path", "asked", "action", "reason"),
    [
        ("/numbers/counted", {"measure": "resident", "on": DAY}, "number_explained", f"resident 320507 {DAY}"),
        (
            "/numbers/uncounted",
            {"measure": "resident.archived", "among": "resident", "on": DAY},
            "number_explained",
            f"resident.archived 320507 {DAY}",
        ),
        (
            "/numbers/changes",
            {"measure": "resident", "from": "2026-01-01", "to": DAY},
            "number_explained",
            f"resident 320507 {DAY}",
        ),
        ("/conservation/people", {"from": DAY, "to": DAY}, "imbalance_explained", f"320507 {DAY} {DAY}"),
    ],
)
async def test_each_door_that_names_people_logs_who_asked_and_no_person(
    desk: Desk, path: str, asked: dict[str, Any], action: str, reason: str
) -> None:
    await desk.hear(StayStarted(stay=make_stay()))

    await desk.tell(path, **asked)

    assert await logged(desk) == [("district", action, reason)]


async def test_who_may_not_see_them_or_reads_counts_alone_is_not_in_it(desk: Desk) -> None:
    await desk.hear(StayStarted(stay=make_stay()))

    refused = await desk.ask("/numbers/counted", role="clerk", measure="hypertension.managed", on=DAY)
    outside = await desk.ask("/numbers/counted", scope="320812", measure="resident", on=DAY)
    await desk.tell("/flows", **{"from": DAY, "to": DAY})

    assert (refused.status_code, outside.status_code) == (403, 403)
    assert await logged(desk) == []
