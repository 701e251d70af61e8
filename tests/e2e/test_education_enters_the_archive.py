"""Prescriptions and attended activities become entries of the person's archive, once, wherever it is kept by then."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from tests.support.asking import post
from tests.support.instance import Instance, eventually, running_instance
from tests.support.ledger import find_losses
from tests.support.offices import make_arrival

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
STREET, NEXT, ELSEWHERE = "320507001", "320812008", "320812009"
GIVEN = {"street": STREET, "topic": "高血压患者合理膳食", "given_on": "2026-11-02", "setting": "outpatient"}
HOSPITAL = {"street": STREET, "kind": "hospital", "title": "第二人民医院", "opened_on": "2009-09-01"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ("registration", "archives", "outreach"), clock=lambda: NOW) as instance:
        yield instance


@pytest_asyncio.fixture(loop_scope="module")
async def worker(houniao: Instance) -> AsyncIterator[httpx.AsyncClient]:
    async with houniao.client("outreach", "health_worker", STREET, "nurse-3") as client:
        yield client


async def arrive(houniao: Instance, order: int, street: str = STREET, on: str = "2026-03-01") -> str:
    """Register somebody and return the id as soon as outreach and archives know of the stay."""
    async with houniao.client("registration", "clerk", street) as clerk:
        answer = await clerk.post("/arrivals", json={**make_arrival(order, on), "street": street})
    assert answer.is_success, answer.text
    stay, person = answer.json()["stay_id"], str(answer.json()["person_id"])
    await eventually(lambda: houniao.database("outreach")["residents"].find_one({"_id": stay}))
    await eventually(lambda: houniao.database("archives")["archives"].find_one({"_id": f"{person}@{street[:6]}"}))
    return person


async def entries(houniao: Instance, person: str) -> list[dict[str, Any]]:
    """Return what archives shows of somebody's education: the entries, and the copies that another district got."""
    found = houniao.database("archives")["entries"].find({"person_id": person, "source": "outreach"})
    return [entry async for entry in found]


async def entered(houniao: Instance, person: str, number: int) -> list[dict[str, Any]]:
    async def all_entered() -> Any:
        found = await entries(houniao, person)
        return found if len(found) == number else None

    found: list[dict[str, Any]] = await eventually(all_entered)
    return found


async def test_a_prescription_given_twice_is_one_entry_and_withdrawn_it_is_voided(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    person = await arrive(houniao, 1)
    given = await post(worker, "/prescriptions", **GIVEN, person_id=person)
    assert await post(worker, "/prescriptions", **GIVEN, person_id=person) == given

    (entry,) = await entered(houniao, person, 1)
    assert entry["content"] == {
        "kind": "education_received",
        "form": "prescription",
        "topic": GIVEN["topic"],
        "prescription_id": given["prescription_id"],
    }
    assert (entry["recorded_by"], entry["street"], entry["out_of_custody"]) == ("nurse-3", STREET, False)
    other = await worker.post("/prescriptions", json={**GIVEN, "person_id": person, "setting": "ward"})
    assert (other.status_code, other.json()["code"]) == (409, "prescription_known")

    await post(worker, f"/prescriptions/{given['prescription_id']}/withdrawal", reason="wrong_content")

    async def voided() -> bool:
        return [one["state"] for one in await entries(houniao, person)] == ["voided"]

    assert await eventually(voided)
    again = await post(worker, "/prescriptions", **{**GIVEN, "setting": "ward"}, person_id=person)
    assert (again["turn"], again["setting"]) == (1, "ward")
    states = {one["state"] for one in await entered(houniao, person, 2)}
    assert states == {"voided", "recorded"}


async def test_whoever_came_to_an_activity_has_it_in_the_archive_and_nobody_else(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    person = await arrive(houniao, 2)
    plan = {"street": STREET, "kind": "free_clinic", "topic": "20261110 义诊", "planned_on": "2026-11-10"}
    activity = await post(worker, "/activities", **plan)
    at = f"/activities/{activity['activity_id']}"
    await post(worker, f"{at}/sign-ins", person_id=person, signed_on="2026-11-10")
    await post(worker, f"{at}/sign-ins", person_id=person, signed_on="2026-11-10")

    (entry,) = await entered(houniao, person, 1)

    assert (entry["content"]["form"], entry["content"]["topic"]) == ("talk", "… 义诊")
    assert entry["measured_at"] == "2026-11-10T04:00:00.000000Z"


async def test_whoever_moved_meanwhile_has_it_where_the_archive_is_kept_now(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    person = await arrive(houniao, 3)
    await arrive(houniao, 3, NEXT, "2026-10-01")
    custodies = houniao.database("archives")["custodies"]
    await eventually(lambda: custodies.find_one({"_id": f"{person}@320507", "released": {"$gte": 0}}))

    await post(worker, "/prescriptions", **GIVEN, person_id=person)

    (entry,) = await entered(houniao, person, 1)
    assert (entry["street"], entry["out_of_custody"]) == (STREET, True)
    copies = houniao.database("archives")["copies"]
    copied = await eventually(lambda: copies.find_one({"person_id": person, "to": "320812"}))
    assert copied["entry"]["entry_id"] == entry["_id"]


async def test_whoever_lives_in_another_district_has_it_there(houniao: Instance, worker: httpx.AsyncClient) -> None:
    person = await arrive(houniao, 4, ELSEWHERE)
    told = {**GIVEN, "person_id": person}

    unknown = await worker.post("/prescriptions", json=told)
    async with houniao.client("outreach", "health_worker", "32", "nurse-3") as province:
        await post(province, "/prescriptions", **told)

    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_known_here")

    (entry,) = await entered(houniao, person, 1)
    assert (entry["street"], entry["recorded_by"]) == (ELSEWHERE, "nurse-3")


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"person_id": "9" * 32}, 404, "not_known_here"),
        ({"given_on": "2026-11-21"}, 409, "future_date"),
        ({"institution_id": "7" * 32}, 404, "unknown_institution"),
        ({"street": "320507999"}, 403, "outside_your_division"),
        ({"topic": "电话13812345678"}, 422, "malformed"),
    ],
)
async def test_what_can_not_be_a_prescription_is_refused(
    houniao: Instance, worker: httpx.AsyncClient, changed: dict[str, Any], status: int, code: str
) -> None:
    person = await arrive(houniao, 5)
    before = await houniao.database("outreach")["journal"].count_documents({})

    answer = await worker.post("/prescriptions", json={**GIVEN, "person_id": person, **changed})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await houniao.database("outreach")["journal"].count_documents({}) == before


async def test_use_is_counted_by_month_and_stands_beside_the_target(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    hospital = (await post(worker, "/institutions", **HOSPITAL))["institution_id"]
    counted = {"street": STREET, "institution_id": hospital, "setting": "ward"}
    await post(worker, "/prescriptions/use", **counted, month="2026-09", patients=50, given=10)
    await post(worker, "/prescriptions/use", **counted, month="2026-09", patients=50, given=40)
    await post(worker, "/prescriptions/use", **counted, month="2026-10", patients=50, given=45)
    late = await worker.post("/prescriptions/use", json={**counted, "month": "2026-12", "patients": 1, "given": 1})
    more = await worker.post("/prescriptions/use", json={**counted, "month": "2026-10", "patients": 1, "given": 2})

    async def rated() -> Any:
        asked = {"division": STREET, "from_month": "2026-09", "to_month": "2026-10"}
        found = (await worker.get("/prescriptions/use", params=asked)).json()
        return found if found and found[0]["given"] == 85 else None

    (rate,) = await eventually(rated)
    assert (rate["patients"], rate["rate"], rate["target"], rate["reached"]) == (100, 0.85, 0.8, True)
    assert (late.json()["code"], more.json()["code"]) == ("future_date", "more_given_than_patients")


async def test_nothing_is_lost_on_the_way(houniao: Instance) -> None:
    async def whole() -> bool:
        return not await find_losses([houniao.databases], clock=lambda: NOW)

    assert await eventually(whole)
