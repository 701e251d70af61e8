"""A check of an arrival says what registering it would say, and leaves nothing behind but who asked."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from contracts.reference.identity import birth_in
from deploy.local.stack import Stack
from services.runtime.attempts import CHECKS
from tests.support.instance import Instance, eventually, running_instance
from tests.support.ledger import find_losses
from tests.support.offices import make_arrival

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, NEXT, ELSEWHERE = "320507001", "320507002", "320812008"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def registration(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["registration"]) as instance:
        yield instance


async def ask(
    registration: Instance, path: str, report: dict[str, Any], street: str = STREET, **more: Any
) -> httpx.Response:
    async with registration.client("registration", more.pop("role", "clerk"), street) as clerk:
        return await clerk.post(path, json={**report, "street": street}, **more)


async def check(registration: Instance, report: dict[str, Any], street: str = STREET, **more: Any) -> dict[str, Any]:
    answer = await ask(registration, "/arrivals/check", report, street, **more)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def arrive(registration: Instance, report: dict[str, Any], street: str = STREET) -> dict[str, Any]:
    arrived: dict[str, Any] = (await ask(registration, "/arrivals", report, street)).raise_for_status().json()

    async def whole() -> bool:
        return not await find_losses([registration.databases])

    await eventually(whole)
    return arrived


async def kept(registration: Instance) -> dict[str, list[Any]]:
    """Return all documents but the access log and the counts of attempts."""
    database = registration.database("registration")
    names = set(await database.list_collection_names()) - {"access_log", "limits"}
    return {name: [each async for each in database[name].find().sort("_id", 1)] for name in sorted(names)}


async def test_what_a_check_says_is_what_the_arrival_says_and_nothing_is_recorded(registration: Instance) -> None:
    report = {**make_arrival(1), "phone": "12", "origin": "火星"}
    before = await kept(registration)

    foreseen = await check(registration, report)
    unchanged = await kept(registration) == before
    arrived = await arrive(registration, report)
    again = await check(registration, {**report, "phone": "13912345678", "origin": "320812"})
    repeated = await arrive(registration, {**report, "phone": "13912345678", "origin": "320812"})

    told = ("outcome", "person_id", "warnings", "updated", "differs")
    assert unchanged
    assert [foreseen[name] for name in told] == [arrived[name] for name in told]
    assert foreseen["outcome"] == "accepted"
    assert set(foreseen["warnings"]) >= {"bad_phone", "unknown_origin"}
    assert [again[name] for name in told] == [repeated[name] for name in told]
    assert (again["outcome"], again["updated"], again["differs"]) == ("updated", ["phone"], ["origin"])


async def test_a_key_is_not_used_up(registration: Instance) -> None:
    key = {"Idempotency-Key": "checked first"}

    await check(registration, make_arrival(2), headers=key)
    answer = await ask(registration, "/arrivals", {**make_arrival(2), "community": "东门"}, headers=key)

    assert answer.status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"document_number": "110105194912310021"},
        {"arrived_on": "2026-02-30"},
        {"name": "=1+1"},
        {"members": [{"name": ""}]},
        {"override": {"reason": "证件磨损"}},
    ],
)
async def test_what_the_arrival_refuses_the_check_refuses_alike(registration: Instance, wrong: dict[str, Any]) -> None:
    report = {**make_arrival(3), **wrong}

    checked, arrived = await ask(registration, "/arrivals/check", report), await ask(registration, "/arrivals", report)

    assert checked.status_code == 422
    assert checked.json() == arrived.json()
    assert "field" in checked.json()


async def test_another_child_under_the_number_of_its_guardian_is_refused_alike(registration: Instance) -> None:
    mother = make_arrival(4)
    child = {
        **{name: mother[name] for name in ("arrived_on", "address")},
        "document_type": "无证件",
        "guardian_document_number": mother["document_number"],
        "birth": "2025-05-01",
    }
    await arrive(registration, {**child, "name": "李一", "sex": "女"})

    other = {**child, "name": "李二", "sex": "女"}
    checked, arrived = await ask(registration, "/arrivals/check", other), await ask(registration, "/arrivals", other)

    assert (checked.status_code, checked.json()["code"]) == (422, "named_twice")
    assert checked.json() == arrived.json()


async def test_a_stay_elsewhere_that_would_be_contested_is_told_by_its_division_alone(registration: Instance) -> None:
    report = make_arrival(5, "2026-03-01")
    elsewhere = await arrive(registration, report, ELSEWHERE)

    later = await check(registration, {**report, "arrived_on": "2026-06-01"})
    earlier = await check(registration, {**report, "arrived_on": "2026-01-05"})
    await arrive(registration, {**report, "arrived_on": "2026-06-01"})
    contested = await registration.database("registration")["stays"].find_one({"_id": elsewhere["stay_id"]})

    assert later["contests"] == earlier["contests"] == [ELSEWHERE]
    assert elsewhere["stay_id"] not in str(later)
    assert contested is not None
    assert contested["state"] == "contested"
    assert (await check(registration, {**report, "arrived_on": "2026-06-01"}))["contests"] == []


async def test_who_left_already_is_not_contested(registration: Instance) -> None:
    report = make_arrival(6, "2026-03-01")
    await arrive(registration, report, ELSEWHERE)
    left = {name: report[name] for name in ("document_type", "document_number")}
    await ask(registration, "/departures", {**left, "left_on": "2026-05-01"}, ELSEWHERE)

    assert (await check(registration, {**report, "arrived_on": "2026-06-01"}))["contests"] == []


async def test_who_lives_in_the_household_is_told(registration: Instance) -> None:
    head, spouse = make_arrival(7), make_arrival(8)
    first = await arrive(registration, {**head, "relationship": "户主"})
    in_household = {"relationship": "妻", "household_document_number": head["document_number"]}

    told = await check(registration, {**spouse, **in_household})
    alone = await check(registration, make_arrival(9))

    assert told["household"] == [first["person_id"]]
    assert told["household_id"]
    assert (alone["household_id"], alone["household"]) == (None, [])


async def test_who_may_be_the_same_person_is_told_of_the_own_division_alone(registration: Instance) -> None:
    known = {**make_arrival(10), "name": "百里候鸟"}
    passport = {
        **known,
        "document_type": "护照",
        "document_number": "E12345678",
        "birth": str(birth_in(known["document_number"])),
    }
    first = await arrive(registration, known)

    here, there = await check(registration, passport), await check(registration, passport, ELSEWHERE)

    assert (here["resembles"], there["resembles"]) == ([first["person_id"]], [])


async def test_every_check_stands_in_the_access_log_with_all_its_people(registration: Instance) -> None:
    told = await check(registration, {**make_arrival(11), "members": [{**make_arrival(12), "relationship": "妻"}]})

    log = registration.database("registration")["access_log"]
    entry = await log.find_one({"people": told["person_id"]})
    assert entry is not None
    assert (entry["action"], entry["street"]) == ("arrival_checked", STREET)
    assert entry["people"] == [told["person_id"], told["members"][0]["person_id"]]


async def test_of_an_erased_person_a_check_says_nothing_and_restores_nothing(registration: Instance) -> None:
    report = {**make_arrival(13), "phone": "13912345678"}
    person = (await arrive(registration, report))["person_id"]
    async with registration.client("registration", "supervisor", STREET) as supervisor:
        await supervisor.post(f"/people/{person}/erasure", json={"reason": "本人申请"})

    told = await check(registration, {**report, "name": "别名", "phone": "13999999999"})

    assert (told["outcome"], told["updated"], told["differs"]) == ("duplicate", [], [])
    left = await registration.database("registration")["identities"].find_one({"_id": person})
    assert left is not None
    assert left.keys() == {"_id", "erased_at"}


async def test_checks_are_limited_and_of_the_own_street(registration: Instance) -> None:
    attempts = registration.apps["registration"].state.service.attempts
    await attempts._documents.update_many({}, {"$set": {"at": [attempts._clock()] * 60 * CHECKS}})

    limited = await ask(registration, "/arrivals/check", make_arrival(14))
    await attempts._documents.delete_many({})
    async with registration.client("registration", "clerk", NEXT) as clerk:
        outside = await clerk.post("/arrivals/check", json={**make_arrival(14), "street": STREET})

    assert (limited.status_code, limited.json()["code"]) == (429, "too_many_requests")
    assert (outside.status_code, outside.json()["code"]) == (403, "outside_your_division")
