"""A key is for one request at every door: sent again it gets the first answer, and another under it is refused."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival, make_departure, office_at

pytestmark = pytest.mark.asyncio(loop_scope="module")

A = "320507001"
HEADER = "姓名,性别,证件类型,证件号码,出生日期,到达日期"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["registration", "archives", "outreach"]) as instance:
        yield instance


@dataclass(frozen=True)
class Subject:
    """Somebody who lives at A, with an archive."""

    person_id: str
    stay_id: str
    typed: dict[str, str]


async def resident(houniao: Instance, number: int) -> Subject:
    typed = make_arrival(number)
    async with houniao.client("registration", "clerk", A) as clerk:
        arrived = (await clerk.post("/arrivals", json={**typed, "street": A})).json()

    async def archived() -> Any:
        return await houniao.database("archives")["archives"].find_one({"person_id": arrived["person_id"]})

    await eventually(archived)
    return Subject(arrived["person_id"], arrived["stay_id"], typed)


Asking = Callable[[Subject], tuple[str, dict[str, Any], dict[str, Any]]]
"""Gives the path, a request, and another one that would be as good."""

FOLLOW_UP = {"kind": "hypertension_follow_up", "mode": "face_to_face", "systolic": 130, "diastolic": 80}
AT = "2026-11-01T02:00:00Z"
ASKED: dict[str, tuple[str, str, Asking]] = {
    "an arrival": (
        *("registration", "clerk"),
        lambda _: (
            "/arrivals",
            {**make_arrival(70), "street": A},
            {**make_arrival(71), "street": A},
        ),
    ),
    "a departure": (
        *("registration", "clerk"),
        lambda one: (
            "/departures",
            {**make_departure(one.typed, "2026-11-20", ""), "street": A},
            {**make_departure(one.typed, "2026-11-21", ""), "street": A},
        ),
    ),
    "a relocation": (
        *("registration", "clerk"),
        lambda one: (f"/stays/{one.stay_id}/relocation", {"community": "西村"}, {"community": "东村"}),
    ),
    "a death": (
        *("registration", "clerk"),
        lambda one: (f"/people/{one.person_id}/death", {"died_on": "2026-11-20"}, {"died_on": "2026-11-21"}),
    ),
    "an inquiry": (
        *("registration", "clerk"),
        lambda one: (
            "/inquiries",
            {"street": A, "addressee": "320812008", "person_id": one.person_id},
            {"street": A, "addressee": "320812009", "person_id": one.person_id},
        ),
    ),
    "an entry": (
        *("archives", "health_worker"),
        lambda one: (
            f"/archives/{one.person_id}/entries",
            {"street": A, "measured_at": AT, "content": FOLLOW_UP},
            {"street": A, "measured_at": AT, "content": {**FOLLOW_UP, "systolic": 150}},
        ),
    ),
    "a comparison with paper": (
        *("archives", "health_worker"),
        lambda one: (
            f"/archives/{one.person_id}/paper",
            {"street": A, "reference": "柜3-12", "entries": 2},
            {"street": A, "reference": "柜3-12", "entries": 3},
        ),
    ),
    "an enrolment": (
        *("archives", "health_worker"),
        lambda one: (
            f"/archives/{one.person_id}/enrolments",
            {"street": A, "condition": "hypertension", "enrolled_on": "2026-11-20"},
            {"street": A, "condition": "type_2_diabetes", "enrolled_on": "2026-11-20"},
        ),
    ),
    "an activity": (
        *("outreach", "health_worker"),
        lambda _: (
            "/activities",
            {"street": A, "kind": "lecture", "topic": "高血压防治", "planned_on": "2026-12-01"},
            {"street": A, "kind": "lecture", "topic": "糖尿病防治", "planned_on": "2026-12-01"},
        ),
    ),
}


@pytest.mark.parametrize(("number", "name"), list(enumerate(ASKED, start=1)))
async def test_the_same_again_gets_the_first_answer_and_another_under_the_key_is_refused(
    houniao: Instance, number: int, name: str
) -> None:
    service, role, asking = ASKED[name]
    path, asked, other = asking(await resident(houniao, number))
    headers = {"Idempotency-Key": f"{name} {uuid4().hex}"}
    journal = houniao.database(service)["journal"]

    async with houniao.client(service, role, A) as caller:
        first = await caller.post(path, json=asked, headers=headers)
        recorded = await journal.count_documents({"causation_id": await cause_of(houniao, service)})
        again = await caller.post(path, json=asked, headers=headers)
        mismatch = await caller.post(path, json=other, headers=headers)

    assert first.status_code in {200, 201}, first.text
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (mismatch.status_code, mismatch.json()["code"]) == (422, "idempotency_mismatch")
    assert recorded > 0
    assert await journal.count_documents({"causation_id": await cause_of(houniao, service)}) == recorded


async def cause_of(houniao: Instance, service: str) -> str:
    """Return the cause of the request that was named last."""
    (newest,) = await houniao.database(service)["requests"].find().sort("asked_at", -1).limit(1).to_list(1)
    return str(newest["cause"])


@pytest.mark.parametrize("name", ["an arrival", "an entry", "an activity"])
async def test_a_request_that_was_refused_may_be_corrected_under_its_key(houniao: Instance, name: str) -> None:
    service, role, asking = ASKED[name]
    path, asked, _ = asking(await resident(houniao, 20 + len(name)))
    headers = {"Idempotency-Key": uuid4().hex}

    async with houniao.client(service, role, A) as caller:
        malformed = await caller.post(path, json={**asked, "street": "32050"}, headers=headers)
        elsewhere = await caller.post(path, json={**asked, "street": "320812008"}, headers=headers)
        corrected = await caller.post(path, json=asked, headers=headers)

    assert (malformed.status_code, elsewhere.status_code) == (422, 403)
    assert corrected.status_code == 201 if name != "an arrival" else corrected.status_code in {200, 201}


async def test_a_register_under_its_key_is_one_import_however_its_form_is_wrapped(houniao: Instance) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    register = f"{HEADER}\n{','.join([*make_arrival(60).values()][:6])}\n".encode()

    async def hand_in(client: httpx.AsyncClient, content: bytes, boundary: str) -> httpx.Response:
        more = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        files = {"file": ("名单.csv", content)}
        return await client.post("/imports", data={"street": A}, files=files, headers={**headers, **more})

    async with houniao.client("registration", "clerk", A) as clerk:
        first = await hand_in(clerk, register, "one")
        again = await hand_in(clerk, register, "other")
        mismatch = await hand_in(clerk, register + b"\n", "one")

    assert first.status_code == again.status_code == 202
    assert first.json()["import_id"] == again.json()["import_id"]
    assert mismatch.json()["code"] == "idempotency_mismatch"


async def test_over_rabbitmq_a_message_id_is_for_one_report(houniao: Instance, stack: Stack) -> None:
    message_id = uuid4().hex
    async with office_at(stack, A) as office:
        first = await office.report("arrival", make_arrival(80), message_id=message_id)
        again = await office.report("arrival", make_arrival(80), message_id=message_id)
        mismatch = await office.report("arrival", make_arrival(81), message_id=message_id)

    assert first["outcome"] == "accepted"
    assert again == first
    assert (mismatch["outcome"], mismatch["code"]) == ("refused", "idempotency_mismatch")
