"""The story of arrivals that are registered late: the office is told, and the district sees it in its scores."""

from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack
from services.registration import deadlines
from tests.support.clerks import A, B, Clerks, Somebody, clerks_at_work
from tests.support.instance import eventually

LIVED_SINCE, TODAY, THREE_DAYS_AGO, A_WEEK_AGO = "2026-03-01", "2026-09-01", "2026-08-29", "2026-08-25"


async def move(clerks: Clerks, arrived_on: str, **more: str) -> dict[str, Any]:
    """Let somebody arrive at B from A, and give what B was answered."""
    somebody = Somebody()
    await clerks.arrive(somebody, A, LIVED_SINCE)
    arrived: dict[str, Any] = await clerks.done(
        B, "/arrivals", {**somebody.typed, "arrived_on": arrived_on, "street": B, **more}
    )
    await clerks.whole()
    return arrived


async def is_scored(clerks: Clerks, in_time: int, arrivals: int) -> None:
    """Wait until so many of B's arrivals count as registered in time, of so many that had to be."""

    async def same() -> bool:
        return await told_in_time(clerks) == (in_time, arrivals)

    await eventually(same)


async def told_in_time(clerks: Clerks) -> tuple[int, int]:
    """Return what the district's scores say of that."""
    async with clerks.instance.client("reporting", "district", B[:6]) as district:
        asked = {"division": B[:6], "from": TODAY, "to": TODAY}
        scores = (await district.get("/scores", params=asked)).raise_for_status().json()["as_sender"]
    return scores["sent_in_time"], scores["arrivals"]


async def test_what_is_late_is_told_and_scored_and_a_corrected_first_day_is_scored_anew(stack: Stack) -> None:
    async with clerks_at_work(stack) as clerks:
        late, in_time = await move(clerks, A_WEEK_AGO), await move(clerks, THREE_DAYS_AGO)
        by_host = await move(clerks, A_WEEK_AGO, dwelling="旅馆")

        assert [answer["warnings"] for answer in (late, in_time, by_host)] == [["registered_late"], [], []]
        await is_scored(clerks, 1, 2)

        await clerks.say(B, f"/stays/{late['stay_id']}/correction", {"started_on": THREE_DAYS_AGO})
        await is_scored(clerks, 2, 2)

        await clerks.say(B, f"/stays/{in_time['stay_id']}/correction", {"started_on": A_WEEK_AGO})
        await is_scored(clerks, 1, 2)


async def test_the_days_are_those_of_the_deployments_own_table(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = Path(deadlines.__file__).with_name("deadlines.csv").read_text(encoding="utf-8")
    own = tmp_path / "deadlines.csv"
    own.write_text(packaged.replace("registration,,,,3,days", "registration,,,,7,days"), encoding="utf-8")
    monkeypatch.setenv("HOUNIAO_DEADLINES", str(own))
    async with clerks_at_work(stack) as clerks:
        assert (await move(clerks, A_WEEK_AGO))["warnings"] == []
        await is_scored(clerks, 1, 1)
