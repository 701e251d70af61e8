"""How people are written to: told to a service for its own division alone, and every one is in the access log."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from services.runtime.attempts import CONTACTS
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, ELSEWHERE = "320507001", "320812008"
PHONE = "13812345678"
NOBODY = "9" * 32


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def registration(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["registration"]) as instance:
        yield instance


async def arrive(registration: Instance, order: int, street: str = STREET, phone: str = PHONE) -> str:
    async with registration.client("registration", "clerk", street) as clerk:
        report = {**make_arrival(order), "street": street, "phone": phone}
        arrived = (await clerk.post("/arrivals", json=report)).raise_for_status().json()
    stays = registration.database("registration")["stays"]
    await eventually(lambda: stays.find_one({"_id": arrived["stay_id"]}))
    return str(arrived["person_id"])


async def ask(registration: Instance, *people: str, subject: str = "outreach", **more: Any) -> httpx.Response:
    asked = {"division": "320507", "people": list(people), "kind": "phone", "purpose": "follow_up", **more}
    async with registration.client("registration", "service", "320507", subject) as client:
        return await client.post("/contacts", json=asked)


async def log_of(registration: Instance, person_id: str) -> list[tuple[str, str]]:
    found = registration.database("registration")["access_log"].find({"person_id": person_id}).sort("_id", 1)
    return [(entry["action"], entry["reason"]) async for entry in found]


async def test_a_service_is_told_of_its_own_people_alone_and_not_who_is_unknown(registration: Instance) -> None:
    here, far = await arrive(registration, 1), await arrive(registration, 2, ELSEWHERE)

    answer = await ask(registration, here, far, NOBODY, here)

    assert answer.json() == {"contacts": [{"person_id": here, "contact": PHONE}]}
    assert await log_of(registration, here) == [("contact_read", "message: follow_up")]
    assert await log_of(registration, far) == [("contact_sought", "message: follow_up")]
    assert await log_of(registration, NOBODY) == [("contact_sought", "message: follow_up")]


async def test_what_is_no_mobile_phone_is_not_told(registration: Instance) -> None:
    person = await arrive(registration, 3, phone="0512-66668888")

    assert (await ask(registration, person)).json() == {"contacts": []}


async def test_email_and_openid_are_kept_by_a_clerk_and_told_when_they_are_asked_for(registration: Instance) -> None:
    person = await arrive(registration, 4)
    async with registration.client("registration", "clerk", STREET) as clerk:
        kept = await clerk.post(f"/people/{person}/contact", json={"email": "a.b@example.cn", "openid": "oX_1-2"})
        assert kept.status_code == 204
        assert (await clerk.post(f"/people/{person}/contact", json={"openid": ""})).status_code == 204

    by_mail, by_wechat = await ask(registration, person, kind="email"), await ask(registration, person, kind="openid")

    assert by_mail.json()["contacts"] == [{"person_id": person, "contact": "a.b@example.cn"}]
    assert by_wechat.json()["contacts"] == []
    document = await registration.database("registration")["identities"].find_one({"_id": person})
    assert "example.cn" not in repr(document)


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"division": ELSEWHERE}, 403, "outside_your_division"),
        ({"people": [NOBODY] * 201}, 422, "malformed"),
        ({"purpose": "advertising"}, 422, "malformed"),
        ({"kind": "address"}, 422, "malformed"),
    ],
)
async def test_what_may_not_be_asked_is_refused(
    registration: Instance, wrong: dict[str, Any], status: int, code: str
) -> None:
    answer = await ask(registration, NOBODY, **wrong)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("role", ["clerk", "health_worker", "supervisor", "district", "integrator"])
async def test_nobody_but_a_service_asks(registration: Instance, role: str) -> None:
    asked = {"division": "320507", "people": [NOBODY], "kind": "phone", "purpose": "follow_up"}
    async with registration.client("registration", role, "320507") as client:
        answer = await client.post("/contacts", json=asked)

    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_role")


async def test_questions_are_limited_like_other_look_ups(registration: Instance) -> None:
    attempts = registration.apps["registration"].state.service.attempts
    limit = 60 * CONTACTS
    at = [attempts._clock()] * limit
    await attempts._documents.update_many({}, {"$set": {"at": at}})
    await ask(registration, NOBODY, subject="greedy")
    await attempts._documents.update_many({}, {"$set": {"at": at}})

    answer = await ask(registration, NOBODY, subject="greedy")

    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
