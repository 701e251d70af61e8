"""A street registers its institutions, and sees of the year's health days what is planned, late, held and missed."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import httpx
import pytest
import pytest_asyncio
from icalendar import Calendar

from deploy.local.stack import Stack
from tests.support.asking import post
from tests.support.instance import Instance, eventually, running_instance

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 9, 20, 2, 0, tzinfo=UTC)
STREET, ELSEWHERE = "320507001", "320507002"
SCHOOL = {"street": STREET, "kind": "school", "title": "采莲小学", "opened_on": "2019-09-01"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ("outreach",), clock=lambda: NOW) as instance:
        yield instance


@pytest_asyncio.fixture(loop_scope="module")
async def worker(houniao: Instance) -> AsyncIterator[httpx.AsyncClient]:
    async with houniao.client("outreach", "health_worker", STREET) as client:
        yield client


async def test_institutions_join_the_network_and_close(houniao: Instance, worker: httpx.AsyncClient) -> None:
    school = await post(worker, "/institutions", **SCHOOL)
    assert await post(worker, "/institutions", **SCHOOL) == school
    market = await post(worker, "/institutions", **{**SCHOOL, "kind": "market", "title": "东门市场"})
    closed = await post(worker, "/institutions", **{**SCHOOL, "title": "旧小学"})
    at = f"/institutions/{school['institution_id']}"
    joined = {"responsible": "edu-014", "joined_on": "2026-03-01", "opened_on": "2019-09-01"}
    assert (await post(worker, f"{at}/correction", **joined))["responsible"] == "edu-014"
    await post(worker, f"/institutions/{closed['institution_id']}/closing", closed_on="2026-08-31")

    async def covered() -> bool:
        found = (await worker.get("/institutions/coverage", params={"division": STREET})).json()
        return bool(
            found
            == [
                {"kind": "school", "institutions": 1, "joined": 1, "rate": 1.0},
                {"kind": "market", "institutions": 1, "joined": 0, "rate": 0.0},
            ]
        )

    assert await eventually(covered)
    listed = (await worker.get("/institutions", params={"division": STREET, "kind": "market"})).json()
    assert [one["institution_id"] for one in listed["institutions"]] == [market["institution_id"]]
    first = (await worker.get("/institutions", params={"division": STREET, "limit": 2})).json()
    rest = (await worker.get("/institutions", params={"division": STREET, "cursor": first["cursor"]})).json()
    assert len(first["institutions"]) + len(rest["institutions"]) == 3
    async with houniao.client("outreach", "health_worker", ELSEWHERE) as neighbour:
        assert (await neighbour.get(at)).status_code == 404
        assert (await neighbour.post(f"{at}/closing", json={"closed_on": "2026-09-01"})).status_code == 404


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"opened_on": "2026-09-21", "title": "新小学"}, 409, "future_date"),
        ({"joined_on": "2019-08-31", "title": "新小学"}, 409, "no_institution_then"),
        ({"street": "320507999"}, 403, "outside_your_division"),
        ({"title": ""}, 422, "malformed"),
        ({"kind": "castle"}, 422, "malformed"),
        ({"responsible": "王芳"}, 422, "malformed"),
        ({"title": "小学13812345678"}, 422, "malformed"),
    ],
)
async def test_what_cant_be_an_institution_is_refused(
    worker: httpx.AsyncClient, changed: dict[str, str], status: int, code: str
) -> None:
    answer = await worker.post("/institutions", json={**SCHOOL, **changed})

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_calendar_shows_what_is_late_and_what_was_held(worker: httpx.AsyncClient) -> None:
    for code, planned_on, held_on in (
        ("tuberculosis_day", "2026-03-24", "2026-03-24"),
        ("hypertension_day", "2026-10-08", None),
        ("aids_day", "2026-12-01", None),
    ):
        plan = {"street": STREET, "kind": "lecture", "topic": code, "planned_on": planned_on, "occasion": code}
        activity = await post(worker, "/activities", **plan)
        if held_on:
            await post(worker, f"/activities/{activity['activity_id']}/hold", held_on=held_on, attendance=40)

    expected = {
        "tuberculosis_day": "held",
        "hypertension_day": "planned",
        "aids_day": "planned",
        "no_tobacco_day": "missed",
        "seniors_day": "optional",
    }

    async def shown() -> bool:
        found = (await worker.get("/calendar", params={"division": STREET, "year": 2026})).json()
        return {one["code"]: one["progress"] for one in found if one["code"] in expected} == expected

    assert await eventually(shown)


async def test_the_calendar_goes_into_anybodys_calendar(worker: httpx.AsyncClient) -> None:
    answer = await worker.get("/calendar.ics", params={"year": 2026})

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    events = {str(event["uid"]): event for event in Calendar.from_ical(answer.content).walk("VEVENT")}
    care = events["new_year_care-2026@houniao"]
    assert (care.decoded("dtstart"), care.decoded("dtend")) == (date(2026, 1, 1), date(2026, 2, 18))
    assert "元旦春节" in str(care["summary"])


async def test_a_lunar_date_is_told_or_refused(worker: httpx.AsyncClient) -> None:
    festival = await worker.get("/calendar/lunar", params={"year": 2026, "lunar_month": 1, "lunar_day": 1})
    missing = await worker.get("/calendar/lunar", params={"year": 2025, "lunar_month": 12, "lunar_day": 30})

    assert festival.json() == {"day": "2026-02-17"}
    assert (missing.status_code, missing.json()["code"]) == (422, "no_such_lunar_date")
