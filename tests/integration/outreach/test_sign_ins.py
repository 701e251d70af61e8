"""Signing in over HTTP on real servers: as a person, by the code at the door, and heads no fewer than sign-ins."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from deploy.local.stack import Stack
from services.outreach.api import sign_ins
from services.outreach.views.residents import resident_row
from services.runtime.journal import JOURNAL
from services.runtime.mongo import write_rows
from tests.support.facts import PEOPLE, make_stay
from tests.support.instance import Instance, eventually, running_instance

STREET, DAY = "320507001", "2026-11-20"
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
PLAN = {"street": STREET, "kind": "lecture", "topic": "高血压", "planned_on": DAY}


@pytest.fixture
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["outreach"], clock=lambda: NOW) as instance:
        rows = [resident_row(make_stay(person, STREET), 1) for person in PEOPLE]
        await write_rows(instance.database("outreach"), rows)
        yield instance


async def test_people_sign_in_once_each_and_heads_are_no_fewer(houniao: Instance) -> None:
    async with houniao.client("outreach", "health_worker", STREET) as worker:
        at = f"/activities/{(await worker.post('/activities', json=PLAN)).json()['activity_id']}"
        code = (await worker.get(f"{at}/door")).json()["code"]
        bodies = [{"person_id": PEOPLE[0], "signed_on": DAY}] * 4
        persons = await asyncio.gather(*(worker.post(f"{at}/sign-ins", json=body) for body in bodies))
        stranger = await worker.post(f"{at}/sign-ins", json={"person_id": "9" * 32, "signed_on": DAY})
        doors = [await knock(houniao, at, code, phone) for phone in ("1", "2", "2")]
        wrong = await knock(houniao, at, "A" * 8, "3")
        elsewhere = await knock(houniao, f"/activities/{'7' * 32}", code, "3")
        few = await worker.post(f"{at}/hold", json={"held_on": DAY, "attendance": 2, "counted_by": "code"})
        held = await worker.post(f"{at}/hold", json={"held_on": DAY, "attendance": 3, "counted_by": "code"})
        late = await knock(houniao, at, code, "4")

        async def counted() -> bool:
            told = (await worker.get(f"{at}/sign-ins")).json()
            return bool((told["by_person"], told["by_code"]) == (1, 2))

        await eventually(counted)

    assert [answer.json()["new"] for answer in persons].count(True) == 1
    assert (stranger.status_code, stranger.json()["code"]) == (404, "not_known_here")
    assert [answer.json()["new"] for answer in doors] == [True, True, False]
    assert doors[-1].json()["sign_ins"] == 3
    assert [answer.json()["code"] for answer in (wrong, elsewhere)] == ["wrong_code"] * 2
    assert (few.status_code, few.json()["code"]) == (409, "more_sign_ins_than_people")
    assert (held.status_code, late.json()["code"]) == (200, "more_sign_ins_than_people")
    journal = houniao.database("outreach")[JOURNAL]
    assert await journal.count_documents({"facts.key": {"$regex": "^outreach.attendance_recorded"}}) == 3


async def test_so_many_phones_sign_in_within_an_hour_and_no_more(
    houniao: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins, "PHONES_AN_HOUR", 2)
    async with houniao.client("outreach", "health_worker", STREET) as worker:
        at = f"/activities/{(await worker.post('/activities', json=PLAN)).json()['activity_id']}"
        code = (await worker.get(f"{at}/door")).json()["code"]

    wrong = [await knock(houniao, at, "A" * 8, phone) for phone in "123"]
    answers = [await knock(houniao, at, code, phone) for phone in "123"]

    assert {answer.json()["code"] for answer in wrong} == {"wrong_code"}, "whoever guesses keeps nobody out"
    assert [answer.status_code for answer in answers] == [200, 200, 429]


async def knock(houniao: Instance, at: str, code: str, phone: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=houniao.apps["outreach"])
    async with httpx.AsyncClient(transport=transport, base_url="http://outreach") as visitor:
        return await visitor.post(f"{at}/door", json={"code": code, "phone_key": phone * 32})
