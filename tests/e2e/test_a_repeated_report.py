"""The stories of reports that come again and say something else: nothing is lost, and no answer denies what it did."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from pydantic_core import from_json

from deploy.local.stack import Stack
from services.registration.commands.arrivals import CheckedArrival, record_requests
from services.registration.intake.checks import check_household
from services.registration.intake.columns import COLUMNS
from services.registration.intake.refusals import Refusal
from services.registration.intake.reports import HouseholdReport
from services.registration.views.sealed import find_recorded
from services.runtime.access_log.log import ACCESS_LOG
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival, office_at

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, ELSEWHERE = "320507001", "320507002"
ARRIVAL = make_arrival(address="采莲路1号")
OTHER_NAME = "王大暑"


@pytest_asyncio.fixture(loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run registration, for one test."""
    async with running_instance(stack, ["registration"]) as instance:
        yield instance


def clerk(houniao: Instance, division: str = STREET) -> httpx.AsyncClient:
    return houniao.client("registration", "clerk", division, f"clerk-{division}")


async def post(houniao: Instance, report: dict[str, Any], key: str | None = None) -> httpx.Response:
    street = report.get("street", STREET)
    async with clerk(houniao, street) as client:
        headers = {"Idempotency-Key": key} if key else {}
        return await client.post("/arrivals", json={"street": street, **report}, headers=headers)


async def look_up(houniao: Instance, report: dict[str, Any] = ARRIVAL) -> dict[str, Any]:
    """Look a person up as soon as the stay is heard of."""
    asked = {
        "document_type": report["document_type"],
        "document_number": report["document_number"],
        "reason": "入户核实",
    }
    async with clerk(houniao) as client:

        async def found() -> Any:
            answer = await client.post("/people/lookup", json=asked)
            return answer.json() if answer.status_code == 200 else None

        person: dict[str, Any] = await eventually(found)
        return person


def told(answer: dict[str, Any]) -> tuple[str, list[str], list[str]]:
    return answer["outcome"], answer["updated"], answer["differs"]


# At every door alike


async def in_a_sheet(houniao: Instance, report: dict[str, Any]) -> dict[str, Any]:
    lines = [",".join(COLUMNS.values()), ",".join(report.get(field, "") for field in COLUMNS)]
    files = {"file": ("register.csv", "\n".join(lines).encode())}
    async with clerk(houniao) as client:
        handed_in = await client.post("/imports", data={"street": STREET}, files=files)

        async def done() -> Any:
            progress = (await client.get(f"/imports/{handed_in.json()['import_id']}")).json()
            return progress if progress["state"] == "done" else None

        progress: dict[str, Any] = await eventually(done)
        return progress


async def at_the_command_line(houniao: Instance, folder: Path, report: dict[str, Any]) -> dict[str, Any]:
    register = folder / "register.csv"
    register.write_text("\n".join([",".join(COLUMNS.values()), ",".join(report.get(field, "") for field in COLUMNS)]))
    done = await houniao.command("registration", "import", str(register), "--street", STREET, "--json")
    assert done.returncode == 0, done.stderr
    progress: dict[str, Any] = from_json(done.stdout.splitlines()[-1])
    return progress


@pytest.mark.parametrize("door", ["http", "amqp", "sheet", "command"])
async def test_by_every_door_what_is_left_out_stays_what_is_new_is_taken_in_and_a_name_is_kept(
    houniao: Instance, stack: Stack, tmp_path: Path, door: str
) -> None:
    async with office_at(stack, STREET) as office:

        async def again(report: dict[str, Any]) -> dict[str, Any]:
            match door:
                case "http":
                    return dict((await post(houniao, report)).json())
                case "amqp":
                    return await office.report("arrival", report)
                case "sheet":
                    return await in_a_sheet(houniao, report)
                case _:
                    return await at_the_command_line(houniao, tmp_path, report)

        await again(ARRIVAL)
        less = await again({**ARRIVAL, "phone": "", "address": ""})
        kept = await look_up(houniao)
        other = await again({**ARRIVAL, "name": OTHER_NAME, "phone": "13900000001"})
        under_one_name = await look_up(houniao)
        more = await again({**ARRIVAL, "phone": "13900000000", "purpose": "经商", "community": "元和社区"})
        updated = await look_up(houniao)

    contact = ("name", "phone", "address")
    assert [kept[field] for field in contact] == [ARRIVAL[field] for field in contact]
    assert [under_one_name[field] for field in contact] == [ARRIVAL[field] for field in contact]
    assert [updated[field] for field in contact] == [ARRIVAL["name"], "13900000000", ARRIVAL["address"]]
    assert [stay["purpose"] for stay in updated["stays"]] == ["labour"]
    if door == "sheet":
        assert other["warnings"]["name_differs"] == 1
    if door in ("http", "amqp"):
        assert told(less) == ("duplicate", [], [])
        assert told(other) == ("duplicate", [], ["name", "phone"])
        assert "name_differs" in other["warnings"]
        assert told(more) == ("updated", ["phone"], ["purpose", "community"])
        assert "name_differs" not in more["warnings"]
    else:
        assert [one["accepted"] for one in (less, other, more)] == [0, 0, 0]


async def test_an_empty_field_is_filled_and_what_the_stay_lacked_is_told(houniao: Instance) -> None:
    bare = {**ARRIVAL, "phone": "", "address": "", "origin": "某地"}
    await post(houniao, bare)

    filled = (await post(houniao, {**ARRIVAL, "dwelling": "租赁房屋", "disabled": "是"})).json()
    person = await look_up(houniao)

    assert told(filled) == ("updated", ["phone", "address"], ["origin", "dwelling", "disabled"])
    assert (person["phone"], person["stays"][0]["origin"]) == (ARRIVAL["phone"], None)


async def test_a_new_stay_of_a_known_person_tells_the_other_name_too(houniao: Instance) -> None:
    await post(houniao, ARRIVAL)

    moved = await post(houniao, {**ARRIVAL, "name": OTHER_NAME, "arrived_on": "2026-04-01", "street": ELSEWHERE})
    older = await post(houniao, {**ARRIVAL, "phone": "13900000000", "arrived_on": "2026-02-01"})
    newer = await post(houniao, {**ARRIVAL, "phone": "13900000001", "arrived_on": "2026-05-01"})

    assert (moved.status_code, told(moved.json())) == (201, ("accepted", [], ["name"]))
    assert "name_differs" in moved.json()["warnings"]
    assert (older.status_code, told(older.json())) == (201, ("accepted", [], ["phone"]))
    assert (newer.status_code, told(newer.json())) == (201, ("accepted", ["phone"], []))
    person = await look_up(houniao)
    assert (person["name"], person["phone"]) == (ARRIVAL["name"], "13900000001")


async def test_the_very_same_request_again_gets_the_first_answer_and_takes_nothing_back(
    houniao: Instance,
) -> None:
    await post(houniao, ARRIVAL)
    changes = {**ARRIVAL, "phone": "13900000000"}

    first = (await post(houniao, changes, "a-key")).json()
    arrived = (await post(houniao, {**changes, "arrived_on": "2026-05-01"}, "another-key")).json()
    later = (await post(houniao, {**ARRIVAL, "phone": "13900000009", "arrived_on": "2026-05-01"})).json()
    again = (await post(houniao, changes, "a-key")).json()
    arrived_again = (await post(houniao, {**changes, "arrived_on": "2026-05-01"}, "another-key")).json()

    assert told(first) == ("updated", ["phone"], [])
    assert told(later) == ("updated", ["phone"], [])
    assert (again["outcome"], again["updated"]) == ("updated", ["phone"])
    assert arrived_again == arrived
    assert (await look_up(houniao))["phone"] == "13900000009"


async def test_members_of_a_household_are_told_one_by_one(houniao: Instance) -> None:
    report = {**ARRIVAL, "members": [make_arrival(2), make_arrival(3)]}
    await post(houniao, report)
    members = [{**make_arrival(2), "phone": "13900000002"}, {**make_arrival(3), "name": OTHER_NAME}]

    again = (await post(houniao, {**ARRIVAL, "members": members})).json()

    assert told(again) == ("duplicate", [], [])
    assert [told(member) for member in again["members"]] == [("updated", ["phone"], []), ("duplicate", [], ["name"])]


async def test_two_rows_about_one_person_in_one_sheet_are_taken_in_order(houniao: Instance) -> None:
    rows = [ARRIVAL, {**ARRIVAL, "phone": "13900000000"}, {**ARRIVAL, "name": OTHER_NAME}]
    lines = [",".join(COLUMNS.values()), *(",".join(row.get(field, "") for field in COLUMNS) for row in rows)]
    async with clerk(houniao) as client:
        files = {"file": ("register.csv", "\n".join(lines).encode())}
        await client.post("/imports", data={"street": STREET}, files=files)
        person = await look_up(houniao)

    assert (person["name"], person["phone"]) == (ARRIVAL["name"], "13900000000")


# Newborns of one guardian

GUARDIAN = make_arrival(7)
GIRL = {
    "name": "婴一",
    "sex": "女",
    "document_type": "无证件",
    "guardian_document_number": GUARDIAN["document_number"],
    "birth": "2026-02-01",
    "arrived_on": "2026-03-01",
    "origin": "江西省宜春市丰城市",
}
BOY = {**GIRL, "name": "婴二", "sex": "男"}


async def children(houniao: Instance) -> int:
    return await houniao.database("registration")["identities"].count_documents({})


async def test_another_child_of_one_guardian_is_refused_until_it_says_which_of_twins_it_is(
    houniao: Instance, stack: Stack
) -> None:
    first = await post(houniao, GIRL)
    over_http = await post(houniao, BOY)
    async with office_at(stack, STREET) as office:
        over_amqp = await office.report("arrival", BOY)
        same_order = await office.report("arrival", {**BOY, "birth_order": "1"})
    of_another_sex = await post(houniao, {**GIRL, "sex": "男"})
    same = await post(houniao, {**GIRL, "sex": ""})
    second = await post(houniao, {**BOY, "birth_order": "2"})

    assert (first.status_code, same.status_code, second.status_code) == (201, 200, 201)
    assert (over_http.status_code, of_another_sex.status_code) == (422, 422)
    for refused in (over_http.json(), over_amqp, same_order, of_another_sex.json()):
        assert (refused["code"], refused["field"]) == ("named_twice", "birth_order")
    assert "同胎次序" in over_http.json()["detail"]
    assert "同胎次序" in over_amqp["advice"]
    assert second.json()["person_id"] != first.json()["person_id"]
    assert await houniao.database("registration")["journal"].count_documents({}) == 2


async def test_one_refused_child_refuses_its_household_and_nothing_of_it_is_taken_in(houniao: Instance) -> None:
    await post(houniao, GIRL)
    sister = {**GIRL, "name": "婴三", "birth": "2026-01-01"}
    household = {**GUARDIAN, "members": [make_arrival(8), sister, BOY]}

    refused = await post(houniao, household)
    known = await children(houniao)
    mended = await post(houniao, {**household, "members": [make_arrival(8), sister, {**BOY, "birth_order": "2"}]})

    assert (refused.status_code, refused.json()["code"]) == (422, "named_twice")
    assert refused.json()["field"] == "members.2.birth_order"
    assert known == 1
    assert (mended.status_code, len(mended.json()["members"])) == (201, 3)


async def test_a_child_whose_name_was_corrected_is_the_same_under_its_former_one(houniao: Instance) -> None:
    child = (await post(houniao, GIRL)).json()
    await heard(houniao, child["person_id"])
    assert (await correct(houniao, child["person_id"], "李新芽")).status_code == 204

    again = await post(houniao, GIRL)
    under_the_new = await post(houniao, {**GIRL, "name": "李新芽"})
    other = await post(houniao, BOY)
    other_sex = await post(houniao, {**GIRL, "sex": "男"})

    assert told(again.json()) == ("duplicate", [], ["name"])
    assert told(under_the_new.json()) == ("duplicate", [], [])
    assert (other.status_code, other_sex.status_code) == (422, 422)


# At the same moment


@pytest_asyncio.fixture(loop_scope="module")
async def both(stack: Stack) -> AsyncIterator[tuple[Instance, Instance]]:
    """Run two processes of registration, as two instances with the same database."""
    name = f"both{uuid4().hex[:6]}"
    async with (
        running_instance(stack, ["registration"], name=name) as one,
        running_instance(stack, ["registration"], name=name, keep=True) as other,
    ):
        yield one, other


def read_at_once(patch: pytest.MonkeyPatch, readers: int = 2) -> None:
    """Let so many read before any of them writes."""
    barrier, waiting = asyncio.Barrier(readers), readers

    async def wait(*arguments: Any) -> Any:
        nonlocal waiting
        found = await find_recorded(*arguments)
        if waiting:
            waiting -= 1
            await barrier.wait()
        return found

    patch.setattr("services.registration.commands.taking_in.find_recorded", wait)


async def test_two_twins_reported_at_the_same_moment_never_become_one_child(
    both: tuple[Instance, Instance], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_at_once(monkeypatch)

    answers = await asyncio.gather(post(both[0], GIRL), post(both[1], BOY))

    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert await both[0].database("registration")["journal"].count_documents({}) == 1


async def test_of_two_households_with_one_child_at_the_same_moment_one_is_refused_as_a_whole(
    both: tuple[Instance, Instance], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_at_once(monkeypatch)
    households = [{**make_arrival(8), "members": [GIRL]}, {**make_arrival(9), "members": [BOY]}]

    answers = await asyncio.gather(*(post(one, report) for one, report in zip(both, households, strict=True)))

    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert await children(both[0]) == 2, "nobody of the refused household is recorded"


async def test_of_two_updates_at_the_same_moment_none_is_lost(
    both: tuple[Instance, Instance], monkeypatch: pytest.MonkeyPatch
) -> None:
    await post(both[0], {**ARRIVAL, "phone": "", "address": ""})
    with monkeypatch.context() as patch:
        read_at_once(patch)
        answers = await asyncio.gather(
            post(both[0], {**ARRIVAL, "address": ""}), post(both[1], {**ARRIVAL, "phone": ""})
        )
    person = await look_up(both[0])

    assert [told(answer.json()) for answer in answers] == [("updated", ["phone"], []), ("updated", ["address"], [])]
    assert (person["phone"], person["address"]) == (ARRIVAL["phone"], ARRIVAL["address"])


async def test_a_key_used_twice_at_the_same_moment_takes_its_report_in_once(houniao: Instance) -> None:
    await post(houniao, ARRIVAL)
    changes = {**ARRIVAL, "phone": "13900000000"}

    answers = await asyncio.gather(*(post(houniao, changes, "one-key") for _ in range(8)))

    assert [told(answer.json()) for answer in answers] == [("updated", ["phone"], [])] * 8
    assert (await look_up(houniao))["phone"] == "13900000000"


async def test_a_request_that_comes_twice_in_one_batch_takes_its_report_in_once(houniao: Instance) -> None:
    await post(houniao, ARRIVAL)
    registration = houniao.apps["registration"].state.registration
    report = HouseholdReport(**{**ARRIVAL, "phone": "13900000000"})
    divisions, today = registration.service.divisions, registration.service.today
    checked = check_household(report, street=STREET, today=today, divisions=divisions)
    assert not isinstance(checked, Refusal)
    request = [CheckedArrival(arrival, "the-cause") for arrival in checked]

    outcomes = await record_requests(registration, [request, request])

    assert [(outcome.kind, outcome.updated) for [outcome] in outcomes] == [("updated", ("phone",))] * 2
    assert (await look_up(houniao))["phone"] == "13900000000"


async def test_two_dozen_at_once_are_one_stay_and_each_hears_what_became_of_its_report(
    both: tuple[Instance, Instance],
) -> None:
    reports = [
        {**ARRIVAL, "phone": f"139000000{number:02}", "name": OTHER_NAME if number % 4 == 3 else ARRIVAL["name"]}
        for number in range(24)
    ]

    answers = await asyncio.gather(*(post(both[number % 2], report) for number, report in enumerate(reports)))
    person = await look_up(both[0])

    heard = [told(answer.json())[0] for answer in answers]
    named = ["name_differs" in answer.json()["warnings"] for answer in answers]
    assert heard.count("accepted") == 1
    assert len({(answer.json()["stay_id"], answer.json()["person_id"]) for answer in answers}) == 1
    under = {report["name"] for report, differs in zip(reports, named, strict=True) if not differs}
    assert under == {person["name"]}
    last = {report["phone"] for report, answer in zip(reports, answers, strict=True) if answer.json()["updated"]}
    assert person["phone"] in last


# The task about a name


async def heard(houniao: Instance, person_id: str) -> None:
    async def has_stays() -> bool:
        return await houniao.database("registration")["stays"].count_documents({"person_id": person_id}) > 0

    await eventually(has_stays)


async def correct(houniao: Instance, person_id: str, name: str, division: str = STREET, **more: str) -> httpx.Response:
    async with clerk(houniao, division) as client:
        body = {"name": name, "reason": more.pop("reason", "已核对证件")}
        return await client.post(f"/people/{person_id}/name", json=body, headers=more)


async def confirm(houniao: Instance, person_id: str, reason: str = "已核对证件") -> httpx.Response:
    async with clerk(houniao) as client:
        return await client.post(f"/people/{person_id}/name/confirmation", json={"reason": reason})


async def tasks(houniao: Instance, division: str = STREET, **asked: Any) -> list[dict[str, Any]]:
    async with clerk(houniao, division) as client:
        listed = (await client.get("/tasks", params={"division": division, **asked})).json()["tasks"]
        counted = (await client.get("/tasks/summary", params={"division": division})).json()
        found = [task for task in listed if task["kind"] == "name_differs"]
        assert sum(one["tasks"] for one in counted if one["kind"] == "name_differs") == len(found)
        return found


async def read_identity(houniao: Instance, person_id: str) -> dict[str, Any]:
    async with clerk(houniao) as client:
        return dict((await client.get(f"/people/{person_id}/identity", params={"reason": "电话回访"})).json())


async def named_otherwise(houniao: Instance, name: str = OTHER_NAME, **report: str) -> dict[str, Any]:
    """Register the person, then report the stay under another name."""
    await post(houniao, ARRIVAL)
    answer = (await post(houniao, {**ARRIVAL, "name": name, **report})).json()
    await heard(houniao, answer["person_id"])
    return dict(answer)


async def test_another_name_is_a_task_of_the_office_that_reported_it_until_the_name_is_corrected(
    houniao: Instance,
) -> None:
    told_otherwise = await named_otherwise(houniao)
    person_id = told_otherwise["person_id"]
    await named_otherwise(houniao, "王小暑")

    [task] = await tasks(houniao)
    elsewhere = await tasks(houniao, ELSEWHERE)
    before = await read_identity(houniao, person_id)
    corrected = await correct(houniao, person_id, f" {OTHER_NAME} ")
    again = await correct(houniao, person_id, OTHER_NAME)
    after = await read_identity(houniao, person_id)

    assert (task["division"], task["person_id"], task["stay_id"]) == (STREET, person_id, told_otherwise["stay_id"])
    assert task["since"] is not None
    assert OTHER_NAME not in str(task)
    assert elsewhere == []
    assert (before["name"], sorted(before["other_names"])) == (ARRIVAL["name"], sorted([OTHER_NAME, "王小暑"]))
    assert (corrected.status_code, again.status_code) == (204, 204)
    assert (after["name"], "other_names" in after) == (OTHER_NAME, False)
    assert (after["phone"], after["address"]) == (ARRIVAL["phone"], ARRIVAL["address"])
    assert await tasks(houniao) == []
    log = houniao.database("registration")[ACCESS_LOG]
    entries = [
        (entry["action"], entry["person_id"], entry["street"])
        async for entry in log.find({"action": {"$ne": "identity_read"}})
    ]
    assert entries == [("name_corrected", person_id, STREET)] * 2


async def test_a_register_handed_in_again_asks_nobody_twice_but_a_later_arrival_does(houniao: Instance) -> None:
    person_id = (await named_otherwise(houniao))["person_id"]

    confirmed = await confirm(houniao, person_id)
    same_again = (await post(houniao, {**ARRIVAL, "name": OTHER_NAME})).json()
    settled = await tasks(houniao)
    await houniao.database("registration")["name_differences"].update_many({}, {"$set": {"as_of": "2026-03-01"}})
    await post(houniao, {**ARRIVAL, "name": OTHER_NAME, "arrived_on": "2026-04-01"})

    assert confirmed.status_code == 204
    assert "name_differs" in same_again["warnings"]
    assert settled == []
    assert len(await tasks(houniao)) == 1
    assert (await read_identity(houniao, person_id))["name"] == ARRIVAL["name"]


async def test_the_former_name_in_an_old_register_asks_nobody(houniao: Instance) -> None:
    person_id = (await named_otherwise(houniao))["person_id"]
    await correct(houniao, person_id, OTHER_NAME)

    old = (await post(houniao, ARRIVAL)).json()

    assert "name_differs" in old["warnings"]
    assert await tasks(houniao) == []


@pytest.mark.parametrize("name", ["", "=1+1", "李" * 51])
async def test_what_is_no_name_is_refused_and_changes_nothing(houniao: Instance, name: str) -> None:
    person_id = (await named_otherwise(houniao))["person_id"]

    refused = await correct(houniao, person_id, name)

    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (422, "bad_name", "name")
    assert (await read_identity(houniao, person_id))["name"] == ARRIVAL["name"]


async def test_a_name_is_corrected_by_an_office_of_the_person_with_a_reason_that_names_nobody(
    houniao: Instance,
) -> None:
    person_id = (await named_otherwise(houniao))["person_id"]

    naming = [
        await correct(houniao, person_id, "张立春", reason=reason)
        for reason in ("应为张立春", f"不是{ARRIVAL['name']}", f"不是{OTHER_NAME}")
    ]
    confirming = await confirm(houniao, person_id, f"不是{OTHER_NAME}")
    abroad = await correct(houniao, person_id, "张立春", ELSEWHERE)
    unknown = await correct(houniao, "0" * 32, "张立春")

    assert {answer.json()["code"] for answer in (*naming, confirming)} == {"reason_names_person"}
    assert [(answer.status_code, answer.json()["code"]) for answer in (abroad, unknown)] == [(404, "not_found")] * 2
    assert (await read_identity(houniao, person_id))["name"] == ARRIVAL["name"]


async def test_pairs_of_people_who_may_be_one_follow_a_corrected_name(houniao: Instance) -> None:
    alike = {"document_type": "护照", "birth": "1980-01-01", "sex": "男"}
    one = {**ARRIVAL, **alike, "document_number": "E12345678"}
    other = {**one, "document_number": "E87654321", "name": OTHER_NAME}
    first, second = [(await post(houniao, report)).json()["person_id"] for report in (one, other)]
    for person in (first, second):
        await heard(houniao, person)

    async def pairs() -> list[list[str]]:
        async with clerk(houniao) as client:
            listed = (await client.get("/duplicates", params={"division": STREET})).json()["duplicates"]
            return [sorted(one["person_id"] for one in pair["people"]) for pair in listed]

    before = await pairs()
    await correct(houniao, second, ARRIVAL["name"])
    alike_now = await pairs()
    await correct(houniao, second, OTHER_NAME)

    assert (before, alike_now) == ([], [sorted([first, second])])
    assert await pairs() == []


async def test_an_erasure_takes_the_other_names_along(houniao: Instance) -> None:
    person_id = (await named_otherwise(houniao))["person_id"]
    assert (await post(houniao, {**ARRIVAL, "phone": "13900000000"})).json()["outcome"] == "updated"
    async with houniao.client("registration", "supervisor", STREET) as supervisor:
        erased = await supervisor.post(f"/people/{person_id}/erasure", json={"reason": "本人申请删除"})

    corrected = await correct(houniao, person_id, OTHER_NAME)
    again = (await post(houniao, {**ARRIVAL, "name": OTHER_NAME})).json()

    assert erased.status_code == 200, erased.text
    assert (corrected.status_code, corrected.json()["code"]) == (410, "erased")
    assert (told(again), "name_differs" in again["warnings"]) == (("duplicate", [], []), False)
    assert await houniao.database("registration")["name_differences"].count_documents({}) == 0
    identity = await houniao.database("registration")["identities"].find_one({"_id": person_id})
    assert identity is not None
    assert set(identity) == {"_id", "erased_at"}


async def test_the_names_that_differ_are_sealed(houniao: Instance) -> None:
    await named_otherwise(houniao)
    database = houniao.database("registration")

    for collection in await database.list_collection_names():
        async for document in database[collection].find():
            texts = str(document)
            assert OTHER_NAME not in texts, collection
            assert repr(OTHER_NAME.encode()).strip("b'") not in texts, collection
    assert await database["name_differences"].count_documents({"sealed_with": {"$exists": True}}) == 1
