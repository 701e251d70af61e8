"""A street's year of health education, drafted, adopted and lived day by day under a clock that is put forward.

Its health centre leaves August without a lecture and changes its board late once; both are found, and nothing else.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time
from typing import Any

import httpx
import pytest
import pytest_asyncio

from contracts.reference.calendar import SHANGHAI
from deploy.local.stack import Stack
from tests.support.asking import get, post
from tests.support.instance import Instance, eventually, running_instance
from tests.support.pictures import pdf, photo

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, ELSEWHERE, YEAR = "320507001", "320507002", 2026
CENTRE = {"street": STREET, "kind": "health_centre", "title": "社区卫生服务中心", "opened_on": "2010-09-01"}
STANDS = {"street": STREET, "setting": "outdoors", "area": 2.4, "installed_on": "2025-12-20"}
CHANGED_ON = ("2026-02-10", "2026-04-25", "2026-06-20", "2026-08-15", "2026-10-10", "2026-12-05")
"""The second of them comes 15 days late."""
PARTS = ("notice", "sign_in", "materials", "summary", "evaluation")


class Clock:
    """A clock that is put forward by hand."""

    moment = datetime(2025, 12, 20, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def put_forward_to(self, day: str | date) -> None:
        """Make it ten in the morning of a day, which lies ahead."""
        ahead = date.fromisoformat(day) if isinstance(day, str) else day
        moment = datetime.combine(ahead, time(10), SHANGHAI).astimezone(UTC)
        assert moment >= self.moment, "a clock never goes back"
        self.moment = moment


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack, clock: Clock) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["outreach"], clock=clock) as instance:
        yield instance


@pytest_asyncio.fixture(loop_scope="module")
async def worker(houniao: Instance) -> AsyncIterator[httpx.AsyncClient]:
    async with houniao.client("outreach", "health_worker", STREET) as client:
        yield client


async def adopt_plans(worker: httpx.AsyncClient, centre: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draft the plans of the street and its health centre, drop the centre's lecture of August, adopt both."""
    ours = await post(worker, "/year-plans", street=STREET, year=YEAR)
    theirs = await post(worker, "/year-plans", street=STREET, year=YEAR, institution_id=centre)
    assert {item["state"] for item in ours["items"]} == {"drafted"}
    kept = [
        {name: value for name, value in item.items() if name != "state"}
        for item in theirs["items"]
        if not (item["kind"] == "lecture" and item["planned_on"].startswith("2026-08"))
    ]
    adjusted = await post(worker, f"/year-plans/{theirs['plan_id']}/adjustment", items=kept)
    assert len(adjusted["items"]) == len(theirs["items"]) - 1
    for plan in (ours, theirs):
        await post(worker, f"/year-plans/{plan['plan_id']}/adoption")
    refused = await worker.post(f"/year-plans/{theirs['plan_id']}/adjustment", json={"items": []})
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_adopted")
    return ours, adjusted


async def prove(worker: httpx.AsyncClient, at: str) -> None:
    """File the evidence of a lecture: refused without a photo, complete with it."""
    for part in PARTS:
        sent = {"file": (f"{part}.pdf", pdf(part.encode()))}
        assert (await worker.post(f"{at}/evidence", files=sent, data={"item": part})).is_success
    refused = await worker.post(f"{at}/evidence/complete")
    assert (refused.json()["code"], refused.json()["field"]) == ("evidence_missing", "photo")
    sent = {"file": ("photo.jpg", photo())}
    assert (await worker.post(f"{at}/evidence", files=sent, data={"item": "photo"})).is_success
    assert (await worker.post(f"{at}/evidence/complete")).is_success


async def test_a_street_s_year_is_drafted_lived_and_judged(
    houniao: Instance, worker: httpx.AsyncClient, clock: Clock
) -> None:
    centre = (await post(worker, "/institutions", **CENTRE))["institution_id"]
    boards = [
        (await post(worker, "/boards", **STANDS, place=place, institution_id=centre))["board_id"]
        for place in ("门口", "大厅")
    ]
    ours, theirs = await adopt_plans(worker, centre)
    items = sorted([*ours["items"], *theirs["items"]], key=lambda item: str(item["planned_on"]))
    diary = [
        *((item["planned_on"], "hold", item) for item in items),
        *((day, "change", number) for number, day in enumerate(CHANGED_ON, 1)),
        ("2026-07-10", "look", None),
    ]

    proven = ""
    for day, what, about in sorted(diary, key=lambda one: str(one[0])):
        clock.put_forward_to(day)
        if what == "hold":
            at = f"/activities/{about['item_id']}"
            await post(worker, f"{at}/hold", held_on=day, attendance=35)
            if not proven and about["kind"] == "lecture":
                proven = at
                await prove(worker, at)
        elif what == "change":
            for board in boards:
                await post(worker, f"/boards/{board}/issues", issue=about, theme="核心信息", changed_on=day)
        else:
            await look_in_july(worker, centre, ours["plan_id"])
    clock.put_forward_to("2027-01-05")

    await judge_the_year(houniao, worker, centre, (ours, theirs))


async def look_in_july(worker: httpx.AsyncClient, centre: str, plan: str) -> None:
    """See in the middle of the year what was done, and what must still happen when."""

    async def up_to_date() -> Any:
        found = await get(worker, f"/institutions/{centre}/compliance", year=YEAR)
        rules = {one["rule"]["rule"]: one for one in found["rules"]}
        return rules if len(rules["centre_lectures"]["counted"]) == 6 else None

    rules = await eventually(up_to_date)
    assert (rules["centre_lectures"]["state"], rules["centre_lecture_gap"]["state"]) == ("open", "open")
    assert [due["by"] for due in rules["centre_lecture_gap"]["due"]][:2] == ["2026-07-31", "2026-08-31"]
    ahead = [one for one in rules["centre_lectures"]["not_counted"] if one["reason"] == "ahead"]
    assert len(ahead) == 5
    states = [item["state"] for item in (await get(worker, f"/year-plans/{plan}"))["items"]]
    assert {"held", "ahead"} == set(states)


async def judge_the_year(
    houniao: Instance, worker: httpx.AsyncClient, centre: str, plans: tuple[dict[str, Any], ...]
) -> None:
    """See after the year that the calendar was kept, and that the two faults and nothing else were found."""

    async def all_held() -> bool:
        found = [await get(worker, f"/year-plans/{plan['plan_id']}") for plan in plans]
        return {item["state"] for plan in found for item in plan["items"]} == {"held"}

    assert await eventually(all_held)
    progress = {one["code"]: one["progress"] for one in await get(worker, "/calendar", division=STREET, year=YEAR)}
    assert set(progress.values()) == {"held", "optional"}
    page = await get(worker, "/compliance", division=STREET, year=YEAR)
    (institution,) = page["institutions"]
    states = {one["rule"]: one["state"] for one in institution["standings"]}
    assert states == {
        "centre_printed": "missed",
        "centre_audiovisual": "missed",
        "centre_articles": "missed",
        "centre_boards": "met",
        "centre_board_changes": "missed",
        "centre_consultations": "met",
        "centre_lectures": "missed",
        "centre_lecture_gap": "missed",
    }
    explained = await get(worker, f"/institutions/{centre}/compliance", year=YEAR)
    gaps = {one["rule"]["rule"]: one["gaps"] for one in explained["rules"] if one["gaps"]}
    late = {"since": "2026-02-10", "due_on": "2026-04-10", "until": "2026-04-25"}
    assert gaps.pop("centre_board_changes") == [late, late]
    (gap,) = gaps.pop("centre_lecture_gap")
    assert (gap["since"], gap["due_on"]) == ("2026-08-01", "2026-08-31")
    assert not gaps
    assert not institution["due"], "a year that is over asks for nothing any more"
    async with houniao.client("outreach", "health_worker", ELSEWHERE) as neighbour:
        assert (await neighbour.get(f"/institutions/{centre}/compliance", params={"year": YEAR})).status_code == 404
        assert (await neighbour.get(f"/year-plans/{plans[0]['plan_id']}")).status_code == 404


async def test_an_activity_is_put_off_and_the_plan_shows_it(worker: httpx.AsyncClient, clock: Clock) -> None:
    clock.put_forward_to("2027-01-06")
    plan = await post(worker, "/year-plans", street=STREET, year=2027)
    added = {"kind": "training", "topic": "讲师团培训", "planned_on": "2027-02-03", "item_id": "7" * 32}
    adjusted = await post(worker, f"/year-plans/{plan['plan_id']}/adjustment", items=[added])
    assert adjusted["items"][0]["item_id"] != "7" * 32, "the id of something else is not taken"
    outside = await worker.post(
        f"/year-plans/{plan['plan_id']}/adjustment", json={"items": [{**added, "planned_on": "2028-02-03"}]}
    )
    await post(worker, f"/year-plans/{plan['plan_id']}/adoption")
    at = f"/activities/{adjusted['items'][0]['item_id']}"
    past = await worker.post(f"{at}/replan", json={"planned_on": "2027-01-05"})
    await post(worker, f"{at}/replan", planned_on="2027-03-03", topic="讲师团与志愿者培训")

    async def put_off() -> Any:
        (item,) = (await get(worker, f"/year-plans/{plan['plan_id']}"))["items"]
        return (item["planned_on"], item["topic"], item["state"]) == ("2027-03-03", "讲师团与志愿者培训", "ahead")

    assert await eventually(put_off)
    assert (outside.json()["code"], past.json()["code"]) == ("outside_the_year", "replanned_into_past")
    clock.put_forward_to("2027-03-04")
    assert (await get(worker, f"/year-plans/{plan['plan_id']}"))["late"] == 1
