"""Finding people by what they say of themselves: in one's own division alone, masked, logged, limited."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from services.registration.commands.names import MOST_FOUND
from services.registration.views.sealed import IDENTITIES
from services.registration.views.searches import find_sought
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, ELSEWHERE = "320507001", "320812008"
REASON = "窗口登记"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def registration(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["registration"]) as instance:
        yield instance


async def arrive(registration: Instance, order: int, street: str = STREET, **report: str) -> dict[str, Any]:
    async with registration.client("registration", "clerk", street) as clerk:
        report = {**make_arrival(order), "street": street, **report}
        arrived = (await clerk.post("/arrivals", json=report)).raise_for_status().json()
    stays = registration.database("registration")["stays"]
    await eventually(lambda: stays.find_one({"_id": arrived["stay_id"]}))
    return {**arrived, **report}


async def search(registration: Instance, subject: str = "clerk", scope: str = STREET, **sought: str) -> httpx.Response:
    async with registration.client("registration", "clerk", scope, subject) as client:
        return await client.post("/people/search", json={"reason": REASON, **sought})


def found_in(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [person["person_id"] for person in answer.json()["people"]]


async def log_of(registration: Instance, subject: str) -> list[dict[str, Any]]:
    found = registration.database("registration")["access_log"].find({"by": subject}).sort("_id", 1)
    return [entry async for entry in found]


async def test_a_person_is_found_by_name_by_birth_and_phone_and_by_number(registration: Instance) -> None:
    person = await arrive(registration, 1, name="司徒候鸟", phone="13911112222")
    number = person["document_number"]
    birth = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"

    answers = [
        await search(registration, by="name", name="司徒 候鸟"),
        await search(registration, by="birth_and_phone", birth=birth, phone_ending="2222"),
        await search(registration, by="document", document_number=number.lower()),
        await search(registration, by="document", document_type="身份证", document_number=number),
    ]

    assert [found_in(answer) for answer in answers] == [[person["person_id"]]] * 4
    [shown] = answers[0].json()["people"]
    assert (shown["name"], shown["stay"]["stay_id"], shown["stay"]["street"]) == (
        "司**鸟",
        person["stay_id"],
        STREET,
    )
    assert not any(text in answer.text for answer in answers for text in ("司徒候鸟", number, "13911112222"))


async def test_nobody_is_found_who_never_stayed_in_the_division(registration: Instance) -> None:
    far = await arrive(registration, 2, ELSEWHERE, name="宇文候鸟")
    there = await search(registration, scope=ELSEWHERE, by="name", name="宇文候鸟")

    known = await search(registration, by="name", name="宇文候鸟")
    numbered = await search(registration, by="document", document_number=far["document_number"])
    unknown = await search(registration, by="name", name="宇文白鹭")

    assert found_in(there) == [far["person_id"]]
    assert known.content == numbered.content == unknown.content == b'{"people":[],"more":false}'


async def test_the_search_is_logged_first_and_what_was_sought_nowhere(registration: Instance) -> None:
    person = await arrive(registration, 3, name="长孙候鸟")

    await search(registration, "logged", by="name", name="长孙候鸟")
    await search(registration, "logged", by="name", name="长孙白鹭")

    entries = await log_of(registration, "logged")
    assert [(entry["action"], entry["reason"], entry["street"]) for entry in entries] == [
        ("people_sought", REASON, STREET),
        ("people_sought", REASON, None),
    ]
    assert entries[0]["people"] == [person["person_id"]]
    assert not any(name in str(entry) for entry in entries for name in ("长孙候鸟", "长孙白鹭"))


async def test_of_a_frequent_name_so_many_are_shown(registration: Instance) -> None:
    for order in range(100, 101 + MOST_FOUND):
        await arrive(registration, order, name="王伟")

    answer = await search(registration, by="name", name="王伟")

    assert len(set(found_in(answer))) == MOST_FOUND
    assert answer.json()["more"] is True


async def test_a_corrected_name_is_found_and_the_former_one_no_longer(registration: Instance) -> None:
    person = (await arrive(registration, 4, name="澹台候鸟"))["person_id"]
    async with registration.client("registration", "clerk", STREET) as clerk:
        await clerk.post(f"/people/{person}/name", json={"name": "澹台白鹭", "reason": "按证件更正"})

    assert found_in(await search(registration, by="name", name="澹台白鹭")) == [person]
    assert found_in(await search(registration, by="name", name="澹台候鸟")) == []


async def test_who_was_erased_is_not_found_and_nothing_is_left_to_find_them_by(registration: Instance) -> None:
    person = await arrive(registration, 5, name="公孙候鸟")
    async with registration.client("registration", "supervisor", STREET) as supervisor:
        erased = await supervisor.post(f"/people/{person['person_id']}/erasure", json={"reason": "本人申请"})

    answer = await search(registration, by="name", name="公孙候鸟")

    assert erased.status_code == 200
    assert found_in(answer) == []
    left = await registration.database("registration")[IDENTITIES].find_one({"_id": person["person_id"]})
    assert left is not None
    assert left.keys() == {"_id", "erased_at"}


async def test_a_digest_that_an_earlier_version_left_behind_finds_nobody(registration: Instance) -> None:
    person = (await arrive(registration, 6, name="令狐候鸟"))["person_id"]
    vault = registration.apps["registration"].state.registration.vault
    identities = registration.database("registration")[IDENTITIES]
    stale = vault.digests("name:令狐白鹭")
    await identities.update_one({"_id": person}, {"$push": {"found_by": stale[0]}})

    assert [person in batch async for batch in find_sought(registration.database("registration"), stale)] == [True]
    assert found_in(await search(registration, by="name", name="令狐白鹭")) == []


async def test_guesses_are_limited(registration: Instance) -> None:
    attempts = registration.apps["registration"].state.service.attempts
    await search(registration, "greedy", by="name", name="无此人")
    await attempts._documents.update_many({}, {"$set": {"at": [attempts._clock()] * 60}})

    answer = await search(registration, "greedy", by="name", name="王伟")
    await attempts._documents.delete_many({})

    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert [entry["action"] for entry in await log_of(registration, "greedy")] == ["people_sought", "search_refused"]


BIRTH = {"by": "birth_and_phone", "birth": "1980-01-01"}


@pytest.mark.parametrize(
    ("sought", "code"),
    [
        ({"by": "name"}, "malformed"),
        ({"by": "name", "name": ""}, "malformed"),
        ({"by": "phone", "phone": "13911112222"}, "malformed"),
        (BIRTH, "malformed"),
        ({**BIRTH, "phone_ending": "22"}, "malformed"),
        ({"by": "document", "document_type": "学生证", "document_number": "1"}, "bad_document_type"),
        ({"by": "name", "name": "王伟", "reason": "找王伟"}, "reason_names_person"),
        (
            {"by": "birth_and_phone", "birth": "1980-01-01", "phone_ending": "2222", "reason": "尾号2222"},
            "reason_names_person",
        ),
    ],
)
async def test_what_can_not_be_searched_for_is_refused(
    registration: Instance, sought: dict[str, str], code: str
) -> None:
    answer = await search(registration, **sought)

    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_reason_that_names_who_is_found_is_refused(registration: Instance) -> None:
    person = await arrive(registration, 7, name="钟离候鸟")

    answer = await search(registration, by="document", document_number=person["document_number"], reason="钟离候鸟来访")

    assert (answer.status_code, answer.json()["code"]) == (422, "reason_names_person")
