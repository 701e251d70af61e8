"""Masked names of the people of a list: of one's own division alone, and the access log has whose and why."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, NEXT, ELSEWHERE = "320507001", "320507002", "320812008"
NOBODY = "9" * 32
REASON = "待办列表"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def registration(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["registration"]) as instance:
        yield instance


async def arrive(registration: Instance, order: int, street: str = STREET, **report: str) -> str:
    async with registration.client("registration", "clerk", street) as clerk:
        report = {**make_arrival(order), "street": street, **report}
        arrived = (await clerk.post("/arrivals", json=report)).raise_for_status().json()
    stays = registration.database("registration")["stays"]
    await eventually(lambda: stays.find_one({"_id": arrived["stay_id"]}))
    return str(arrived["person_id"])


async def ask(
    registration: Instance, *people: str, scope: str = STREET, role: str = "clerk", reason: str = REASON
) -> httpx.Response:
    async with registration.client("registration", role, scope) as client:
        return await client.post("/identities", json={"people": list(people), "reason": reason})


async def log_of(registration: Instance, person_id: str) -> list[tuple[str, str, str | None, list[str]]]:
    found = registration.database("registration")["access_log"].find({"people": person_id}).sort("_id", 1)
    return [(entry["action"], entry["reason"], entry["street"], entry["people"]) async for entry in found]


async def test_names_are_masked_and_one_entry_has_all_whose_they_are(registration: Instance) -> None:
    first, second = await arrive(registration, 1, name="李小满"), await arrive(registration, 2, name="王伟")

    answer = await ask(registration, second, first, second)

    assert [(one["person_id"], one["name"]) for one in answer.json()["identities"]] == [
        (second, "王*"),
        (first, "李*满"),
    ]
    birth = make_arrival(1)["document_number"][6:10]
    assert answer.json()["identities"][1]["birth_year"] == int(birth)
    assert answer.json()["identities"][1].keys() == {"person_id", "name", "sex", "birth_year"}
    assert await log_of(registration, first) == [("names_read", REASON, STREET, [second, first])]


async def test_who_never_stayed_here_is_absent_like_who_is_unknown_and_the_search_is_logged(
    registration: Instance,
) -> None:
    here, far = await arrive(registration, 3), await arrive(registration, 4, ELSEWHERE, name="欧阳候鸟")

    told, alone, unknown = (
        await ask(registration, here, far, NOBODY),
        await ask(registration, far),
        await ask(registration, NOBODY),
    )

    assert [one["person_id"] for one in told.json()["identities"]] == [here]
    assert (alone.status_code, alone.content) == (unknown.status_code, unknown.content)
    assert await log_of(registration, far) == [("names_sought", REASON, ELSEWHERE, [far])] * 2


async def test_who_moved_on_is_still_named_where_they_stayed(registration: Instance) -> None:
    person = await arrive(registration, 5)
    await arrive(registration, 5, ELSEWHERE, arrived_on="2026-05-01")

    assert [one["person_id"] for one in (await ask(registration, person)).json()["identities"]] == [person]


async def test_a_list_of_several_streets_is_logged_in_each_of_them(registration: Instance) -> None:
    one, other = await arrive(registration, 6), await arrive(registration, 7, NEXT)

    await ask(registration, one, other, scope="320507", role="district")
    async with registration.client("registration", "supervisor", NEXT) as supervisor:
        seen = (await supervisor.get("/access-log", params={"person_id": other})).json()["entries"]
        hidden = (await supervisor.get("/access-log", params={"person_id": one})).json()["entries"]

    assert await log_of(registration, one) == [("names_read", REASON, STREET, [one])]
    assert [entry["people"] for entry in seen if entry["action"] == "names_read"] == [[other]]
    assert [entry["action"] for entry in hidden] == ["access_log_read"]


async def test_a_reason_that_names_one_of_them_is_refused_and_of_others_withheld(registration: Instance) -> None:
    person = await arrive(registration, 8, name="夏侯候鸟")
    far = await arrive(registration, 9, ELSEWHERE, name="诸葛候鸟")

    refused = await ask(registration, person, reason="找夏侯候鸟")
    withheld = await ask(registration, far, reason="找诸葛候鸟")

    assert (refused.status_code, refused.json()["code"]) == (422, "reason_names_person")
    assert await log_of(registration, person) == []
    assert withheld.json() == {"identities": []}
    assert [entry[1] for entry in await log_of(registration, far)] == ["withheld: the reason named the person"]


async def test_who_was_erased_is_absent(registration: Instance) -> None:
    person = await arrive(registration, 10)
    async with registration.client("registration", "supervisor", STREET) as supervisor:
        await supervisor.post(f"/people/{person}/erasure", json={"reason": "本人申请"})

    assert (await ask(registration, person)).json() == {"identities": []}


@pytest.mark.parametrize(
    "wrong", [{"people": []}, {"people": [NOBODY] * 101}, {"people": ["李小满"]}, {"reason": ""}, {"why": "x"}]
)
async def test_what_is_malformed_is_refused_and_not_logged(registration: Instance, wrong: dict[str, Any]) -> None:
    before = await registration.database("registration")["access_log"].count_documents({})
    async with registration.client("registration", "clerk", STREET) as client:
        answer = await client.post("/identities", json={"people": [NOBODY], "reason": REASON, **wrong})

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert await registration.database("registration")["access_log"].count_documents({}) == before


async def test_a_health_worker_is_told_at_whose_door_to_knock(registration: Instance) -> None:
    here, far = await arrive(registration, 31, name="李小满"), await arrive(registration, 32, ELSEWHERE)

    answer = await ask(registration, here, far, role="health_worker")

    assert [one["name"] for one in answer.json()["identities"]] == ["李*满"]
    assert await log_of(registration, here) == [("names_read", REASON, STREET, [here])]


@pytest.mark.parametrize("role", ["integrator", "service"])
async def test_only_those_who_work_with_lists_of_people_ask(registration: Instance, role: str) -> None:
    answer = await ask(registration, NOBODY, scope="320507", role=role)

    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_role")
