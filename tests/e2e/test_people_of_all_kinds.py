"""The story of families and odd papers: households, children without a document, approved numbers, duplicates."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio

from contracts.registration.stays import StayFact
from deploy.local.stack import Stack
from services.registration.intake.columns import COLUMNS
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival, office_at

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET = "320507001"
OTHER = "320812008"
REASON = "派出所证明号码有误"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run registration on one day for all the stories of this file."""

    def as_of() -> datetime:
        return datetime(2026, 11, 20, 4, tzinfo=UTC)

    async with running_instance(stack, ["registration"], clock=as_of) as instance:
        yield instance


async def post(houniao: Instance, body: dict[str, Any], role: str = "clerk", street: str = STREET) -> httpx.Response:
    async with houniao.client("registration", role, street, f"the {role}") as client:
        return await client.post("/arrivals", json={"street": street, **body})


async def stay_of(houniao: Instance, stay_id: str) -> Any:
    event = await houniao.apps["registration"].state.service.journal.load(f"stay/{stay_id}", StayFact)
    return event.data.stay


def child(name: str = "李小宝", **more: str) -> dict[str, str]:
    return {"name": name, "document_type": "监护人", "birth": "2026-03-01", "sex": "男", **more}


def false_number(arrival: dict[str, str]) -> dict[str, Any]:
    number = arrival["document_number"]
    return {**arrival, "document_number": number[:17] + ("0" if number[17] != "0" else "1")}


async def test_a_family_arrives_in_one_report_and_each_member_has_a_stay(houniao: Instance) -> None:
    spouse = {
        **make_arrival(902),
        "name": "王强",
        "arrived_on": "",
        "origin": "",
        "relationship": "配偶",
        "disabled": "是",
    }
    twins = (child(relationship="长子"), child("李二宝", birth_order="2", relationship="次子"))

    answer = await post(houniao, {**make_arrival(901), "members": [spouse, *twins]})

    told = answer.json()
    assert (answer.status_code, told["outcome"]) == (201, "accepted"), told
    stays = [await stay_of(houniao, one["stay_id"]) for one in (told, *told["members"])]
    assert len({stay.person_id for stay in stays}) == 4
    assert len({stay.household_id for stay in stays}) == 1
    assert [stay.relationship for stay in stays] == ["02", "10", "22", "23"]
    assert [stay.guardian_id for stay in stays] == [None, None, told["person_id"], told["person_id"]]
    assert {(stay.street, stay.started_on.isoformat(), stay.origin) for stay in stays} == {
        (STREET, "2026-03-01", "360981")
    }
    assert stays[1].categories == ("disabled",)
    again = await post(houniao, {**make_arrival(901), "members": [spouse, *twins]})
    assert (again.status_code, [one["outcome"] for one in again.json()["members"]]) == (200, ["duplicate"] * 3)


async def test_a_refused_member_refuses_the_whole_family_and_nothing_is_kept(houniao: Instance) -> None:
    before = await houniao.database("registration")["identities"].count_documents({})

    answer = await post(houniao, {**make_arrival(911), "members": [make_arrival(912), false_number(make_arrival(913))]})

    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        *(422, "id_checksum"),
        "members.1.document_number",
    )
    assert await houniao.database("registration")["identities"].count_documents({}) == before


async def test_a_family_arrives_over_rabbitmq_as_well(houniao: Instance, stack: Stack) -> None:
    async with office_at(stack, STREET) as office:
        answer = await office.report("arrival", {**make_arrival(921), "members": [child()]})
        alone = await office.report("arrival", make_arrival(922))

    assert answer["outcome"] == answer["members"][0]["outcome"] == "accepted"
    assert (await stay_of(houniao, answer["members"][0]["stay_id"])).guardian_id == answer["person_id"]
    assert "members" not in alone


async def test_a_supervisor_approves_a_number_that_fails_its_check(houniao: Instance, stack: Stack) -> None:
    report = {**false_number(make_arrival(931)), "override": {"reason": REASON}}

    by_clerk = await post(houniao, report)
    async with office_at(stack, STREET) as office:
        by_message = await office.report("arrival", report)
    bare = await post(houniao, {**report, "override": None}, "supervisor")
    approved = await post(houniao, report, "supervisor")

    assert (by_clerk.status_code, by_clerk.json()["code"]) == (422, "override_not_allowed")
    assert (by_message["outcome"], by_message["code"]) == ("refused", "override_not_allowed")
    assert (bare.status_code, bare.json()["code"]) == (422, "id_checksum")
    assert approved.status_code == 201, approved.text
    stay = await stay_of(houniao, approved.json()["stay_id"])
    assert stay.unverified
    database, vault = houniao.database("registration"), houniao.apps["registration"].state.registration.vault
    kept = await database["identities"].find_one({"_id": stay.person_id})
    assert kept is not None
    identity = vault.open(bytes(kept["sealed"]))
    assert (identity.override_reason, identity.approved_by) == (REASON, "the supervisor")
    journal = await database["journal"].find_one({"stream": f"stay/{stay.stay_id}"})
    assert "override/the supervisor/" in str(journal)
    assert REASON not in str(journal)


async def test_an_unverified_person_is_never_matched(houniao: Instance) -> None:
    arrival = make_arrival(941)
    report = {**arrival, "override": {"reason": "重号：另有一人使用此号码"}}
    holder = (await post(houniao, arrival)).json()

    here = (await post(houniao, report, "supervisor")).json()
    there = (await post(houniao, {**report, "arrived_on": "2026-05-01"}, "supervisor", OTHER)).json()

    assert len({holder["person_id"], here["person_id"], there["person_id"]}) == 3

    async def heard() -> bool:
        found = houniao.database("registration")["stays"].find({"_id": {"$in": [here["stay_id"], there["stay_id"]]}})
        return len(await found.to_list(3)) == 2

    await eventually(heard)
    for one in (holder, here, there):
        assert (await stay_of(houniao, one["stay_id"])).state == "open"


async def test_who_is_unverified_leaves_by_number_and_name(houniao: Instance) -> None:
    report = {**false_number(make_arrival(951)), "override": {"reason": REASON}}
    arrived = (await post(houniao, report, "supervisor")).json()
    departure = {
        **{field: report[field] for field in ("document_type", "document_number", "name")},
        "street": STREET,
        "left_on": "2026-05-10",
        "unverified": True,
    }

    async with houniao.client("registration", "clerk", STREET) as clerk:
        left = await clerk.post("/departures", json=departure)

    assert (left.status_code, left.json()["stay_id"], left.json()["state"]) == (200, arrived["stay_id"], "ended")


async def hand_in(houniao: Instance, role: str, register: bytes, street: str = STREET) -> dict[str, Any]:
    async with houniao.client("registration", role, street, f"the {role}") as client:
        handed = await client.post("/imports", data={"street": street}, files={"file": ("a.csv", register)})
        assert handed.status_code == 202, handed.text

        async def done() -> Any:
            progress = (await client.get(f"/imports/{handed.json()['import_id']}")).json()
            return progress if progress["state"] == "done" else None

        progress: dict[str, Any] = await eventually(done)
        return progress


def register_of(*people: dict[str, str]) -> bytes:
    rows = [",".join(person.get(field, "") for field in COLUMNS) for person in people]
    return "\n".join([",".join(COLUMNS.values()), *rows]).encode()


async def test_a_register_links_families_and_approves_numbers_for_a_supervisor_alone(houniao: Instance) -> None:
    head = {**make_arrival(961), "relationship": "户主", "hardship": "低保"}
    spouse = {**make_arrival(962), "household_document_number": head["document_number"], "relationship": "妻"}
    baby = {
        **child(guardian_document_number=head["document_number"], household_document_number=head["document_number"]),
        "arrived_on": "2026-03-01",
    }
    approved = {**false_number(make_arrival(963)), "override": REASON}
    register = register_of(head, spouse, baby, approved)

    by_clerk = await hand_in(houniao, "clerk", register)
    by_supervisor = await hand_in(houniao, "supervisor", register)

    assert (by_clerk["accepted"], by_clerk["refused_by_reason"]) == (3, {"override_not_allowed": 1})
    assert (by_supervisor["accepted"], by_supervisor["duplicate"], by_supervisor["refused"]) == (1, 3, 0)
    stays = houniao.database("registration")["stays"]

    async def family() -> Any:
        rows = await stays.find({"household_id": {"$gt": ""}, "categories": "hardship"}).to_list(2)
        return rows and await stays.find({"household_id": rows[0]["household_id"]}).to_list(9)

    async def whole_family() -> Any:
        rows = await family()
        return rows if rows and len(rows) == 3 else None

    rows = await eventually(whole_family)
    assert sorted(row["relationship"] or "" for row in rows) == ["", "02", "12"]


async def test_a_person_is_shown_with_categories_and_listed_by_them(houniao: Instance) -> None:
    street = "320507005"
    told = (await post(houniao, {**make_arrival(972), "hazard": "粉尘", "members": [child()]}, street=street)).json()
    async with houniao.client("registration", "clerk", street) as clerk:

        async def listed() -> Any:
            found = (await clerk.get("/stays", params={"division": street, "category": "children_0_6"})).json()
            return found["stays"]

        [baby] = await eventually(listed)
        person = (await clerk.get(f"/people/{told['person_id']}")).json()
        exposed = (await clerk.get("/stays", params={"division": street, "category": "occupational_hazard"})).json()

    assert baby["person_id"] == told["members"][0]["person_id"]
    assert person["categories"] == ["occupational_hazard"]
    assert [stay["person_id"] for stay in exposed["stays"]] == [told["person_id"]]


async def test_two_documents_of_one_person_are_found_shown_and_dismissed(houniao: Instance) -> None:
    street = "320507006"
    card = {**make_arrival(981), "name": "阿依·买买提", "hukou_division": "360981"}
    passport = {**card, "name": "阿依•买买提", "document_type": "护照", "document_number": "E98100001"}
    one = (await post(houniao, card, street=street)).json()
    other = (await post(houniao, passport, street=OTHER)).json()
    async with houniao.client("registration", "clerk", street, "looker") as clerk:

        async def found() -> Any:
            return (await clerk.get("/duplicates", params={"division": street})).json()["duplicates"]

        async def whole() -> Any:
            pairs = await found()
            return pairs if pairs and all(alike["streets"] for alike in pairs[0]["people"]) else None

        [pair] = await eventually(whole)
        named = (await clerk.get("/duplicates", params={"division": street, "reason": "核对重复"})).json()
        looked = houniao.database("registration")["access_log"].find({"by": "looker", "action": "identity_read"})
        lookups = [(row["person_id"], row["reason"]) async for row in looked]
        people = [one["person_id"], other["person_id"]]
        stranger = await clerk.post("/duplicates/dismissal", json={"people": ["0" * 32, "1" * 32], "reason": "不是"})
        dismissed = await clerk.post("/duplicates/dismissal", json={"people": people, "reason": "两人同时在场"})
        left = await found()
    async with houniao.client("registration", "clerk", "320507001") as neighbour:
        outside = await neighbour.get("/duplicates", params={"division": street})
        not_theirs = await neighbour.post("/duplicates/dismissal", json={"people": people, "reason": "不是同一人"})

    assert {alike["person_id"]: alike["streets"] for alike in pair["people"]} == {
        one["person_id"]: [street],
        other["person_id"]: [OTHER],
    }
    assert (pair["agrees"], pair["name"]) == (["name", "birth", "sex", "hukou"], None)
    assert named["duplicates"][0]["name"] in {"阿依·买买提", "阿依•买买提"}
    assert sorted(lookups) == sorted((person, "核对重复") for person in people)
    assert (stranger.status_code, dismissed.status_code, left) == (404, 204, [])
    assert (outside.status_code, not_theirs.status_code) == (403, 404)
