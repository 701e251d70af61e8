"""Refused rows of a register: read as they were typed, corrected in place once, counted like any other row."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from services.registration.commands import refused_rows
from services.registration.commands.imports import record_checked
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, NEXT = "320507001", "320507002"
HEADINGS = {
    "name": "姓名",
    "sex": "性别",
    "document_number": "身份证号码",
    "phone": "联系电话",
    "arrived_on": "来本地日期",
    "left_on": "离开日期",
}
COUNTS = ("rows", "done", "accepted", "duplicate", "refused", "corrected", "refused_by_reason")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def registration(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["registration"]) as instance:
        yield instance


def clerk(registration: Instance, role: str = "clerk", street: str = STREET) -> httpx.AsyncClient:
    return registration.client("registration", role, street, f"a {role}")


async def hand_in(registration: Instance, *people: dict[str, str], without: Sequence[str] = ()) -> str:
    """Hand a register in and wait until it is worked through; return its id."""
    headings = {name: heading for name, heading in HEADINGS.items() if name not in without}
    lines = [",".join(headings.values()), *(",".join(each.get(name, "") for name in headings) for each in people)]
    async with clerk(registration) as client:
        files = {"file": ("register.csv", "\n".join(lines).encode())}
        answer = await client.post("/imports", data={"street": STREET}, files=files)
        import_id: str = answer.json()["import_id"]

        async def done() -> bool:
            return bool((await client.get(f"/imports/{import_id}")).json()["state"] == "done")

        await eventually(done)
        files_kept = registration.database("registration")["import_files"]
        await eventually(lambda: _is_let_go(files_kept))
    return import_id


async def _is_let_go(files: Any) -> bool:
    return bool(await files.count_documents({}) == 0)


async def rows_of(registration: Instance, import_id: str, **query: int) -> dict[str, Any]:
    async with clerk(registration) as client:
        answer = await client.get(f"/imports/{import_id}/rows", params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def correct(
    registration: Instance, import_id: str, row: int, changes: dict[str, Any], key: str = "", role: str = "clerk"
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    async with clerk(registration, role) as client:
        return await client.post(f"/imports/{import_id}/rows/{row}", json=changes, headers=headers)


async def counts_of(registration: Instance, import_id: str) -> dict[str, Any]:
    async with clerk(registration) as client:
        progress = (await client.get(f"/imports/{import_id}")).json()
    return {name: progress[name] for name in COUNTS}


async def stays_of(registration: Instance, import_id: str) -> list[str]:
    """Return the stays that the rows of a register began or ended."""
    of_rows = {"causation_id": {"$regex": f"import/{import_id}/"}}
    commits = await registration.database("registration")["journal"].find(of_rows).to_list()
    return sorted({commit["_id"].removeprefix("stay/").partition("#")[0] for commit in commits})


def wrong(order: int, **typed: str) -> dict[str, str]:
    return {**make_arrival(order), "arrived_on": "2026-02-30", **typed}


async def test_refused_rows_are_shown_as_typed_with_reason_and_advice_and_logged(registration: Instance) -> None:
    import_id = await hand_in(registration, make_arrival(1), wrong(2, name="司空候鸟"), wrong(3, name="=1+1"))

    page = await rows_of(registration, import_id)

    first, second = page["rows"]
    assert page["cursor"] is None
    assert (first["row"], first["row_in_sheet"], first["code"], first["field"]) == (3, 3, "bad_date", "arrived_on")
    assert (second["row"], second["code"], second["field"]) == (4, "bad_name", "name")
    assert first["heading"] == "来本地日期"
    assert "2026-11-18" in first["advice"]
    assert {cell["field"]: cell["typed"] for cell in first["cells"]} == {
        name: wrong(2, name="司空候鸟").get(name, "") for name in HEADINGS
    }
    assert [cell["heading"] for cell in first["cells"]] == list(HEADINGS.values())
    log = registration.database("registration")["access_log"]
    read = {"action": "refused_rows_read", "reason": f"import {import_id}", "street": STREET}
    assert await log.count_documents(read) == 1


async def test_registers_are_listed_newest_first_and_a_correction_shows(registration: Instance) -> None:
    first, second = await hand_in(registration, make_arrival(5)), await hand_in(registration, wrong(6))
    await correct(registration, second, 2, {"arrived_on": "2026-02-28"})

    async with clerk(registration) as client:
        newest = (await client.get("/imports", params={"division": STREET, "limit": 1})).json()
        older = await client.get("/imports", params={"division": STREET, "limit": 1, "cursor": newest["cursor"]})
        outside = await client.get("/imports", params={"division": NEXT})

    [shown] = newest["imports"]
    assert (shown["import_id"], shown["by"], shown["accepted"], shown["refused"]) == (second, "a clerk", 1, 0)
    assert [one["import_id"] for one in older.json()["imports"]] == [first]
    assert (outside.status_code, outside.json()["code"]) == (403, "outside_your_division")


async def test_refused_rows_come_in_pages(registration: Instance) -> None:
    import_id = await hand_in(registration, *(wrong(order) for order in range(10, 15)))

    first = await rows_of(registration, import_id, limit=3)
    second = await rows_of(registration, import_id, limit=3, cursor=first["cursor"])

    assert [row["row"] for row in first["rows"] + second["rows"]] == [2, 3, 4, 5, 6]
    assert second["cursor"] is None


async def test_a_corrected_row_is_registered_and_the_counts_follow(registration: Instance) -> None:
    import_id = await hand_in(registration, make_arrival(20), wrong(21), wrong(22, name="=1+1"), wrong(23))

    answer = await correct(registration, import_id, 3, {"arrived_on": "2026-02-28"})

    assert answer.status_code == 200, answer.text
    assert answer.json()["outcome"] == "accepted"
    assert await counts_of(registration, import_id) == {
        "rows": 4,
        "done": 4,
        "accepted": 2,
        "duplicate": 0,
        "refused": 2,
        "corrected": 1,
        "refused_by_reason": {"bad_date": 1, "bad_name": 1},
    }
    assert [row["row"] for row in (await rows_of(registration, import_id))["rows"]] == [4, 5]
    stays = registration.database("registration")["stays"]
    stay = await eventually(lambda: stays.find_one({"_id": answer.json()["stay_id"]}))
    assert (stay["street"], stay["started_on"]) == (STREET, "2026-02-28")
    texts = registration.database("registration")["refused_rows"]
    assert await texts.count_documents({"import_id": import_id}) == 2


async def test_when_the_last_of_a_reason_is_corrected_the_reason_is_gone(registration: Instance) -> None:
    import_id = await hand_in(registration, wrong(25))

    await correct(registration, import_id, 2, {"arrived_on": "2026-02-28"})

    assert (await counts_of(registration, import_id))["refused_by_reason"] == {}
    async with clerk(registration) as client:
        assert (await client.get(f"/imports/{import_id}/refused")).status_code == 200


async def test_what_is_still_wrong_is_refused_and_stays_as_it_was_typed(registration: Instance) -> None:
    import_id = await hand_in(registration, wrong(30, name="=1+1"))
    before = await rows_of(registration, import_id), await counts_of(registration, import_id)

    answer = await correct(registration, import_id, 2, {"name": "司马候鸟"})

    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "bad_date", "arrived_on")
    assert (await rows_of(registration, import_id), await counts_of(registration, import_id)) == before


async def test_the_same_request_again_gets_the_same_answer_and_another_one_is_refused(registration: Instance) -> None:
    import_id = await hand_in(registration, wrong(35))
    changes = {"arrived_on": "2026-02-28"}

    first, again = [await correct(registration, import_id, 2, changes, key=f"{import_id} 2") for _ in range(2)]
    other = await correct(registration, import_id, 2, {"arrived_on": "2026-02-27"})

    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert (other.status_code, other.json()["code"]) == (409, "corrected_already")
    counts = await counts_of(registration, import_id)
    assert (counts["accepted"], counts["refused"], counts["corrected"]) == (1, 0, 1)


async def test_a_correction_that_was_cut_short_is_done_again_as_if_it_were_the_first(registration: Instance) -> None:
    """As if the process had died after the facts were recorded, and before the row was counted."""
    import_id = await hand_in(registration, wrong(36))
    imports = registration.database("registration")["imports"]
    before = await imports.find_one({"_id": import_id})
    texts = registration.database("registration")["refused_rows"]
    text = await texts.find_one({"import_id": import_id})
    first = await correct(registration, import_id, 2, {"arrived_on": "2026-02-28"})
    assert before is not None
    assert text is not None
    await imports.replace_one({"_id": import_id}, before)
    await texts.insert_one(text)

    again = await correct(registration, import_id, 2, {"arrived_on": "2026-02-28"})

    assert again.json() == first.json()
    assert (await counts_of(registration, import_id))["accepted"] == 1


async def test_many_clerks_correct_rows_of_one_register_at_once(registration: Instance) -> None:
    import_id = await hand_in(registration, *(wrong(order) for order in range(40, 52)))
    changes = {"arrived_on": "2026-02-28"}

    answers = await asyncio.gather(*(correct(registration, import_id, row, changes) for row in range(2, 14)))

    assert {answer.status_code for answer in answers} == {200}
    counts = await counts_of(registration, import_id)
    assert (counts["accepted"], counts["refused"], counts["corrected"], counts["refused_by_reason"]) == (12, 0, 12, {})


async def test_of_several_clerks_who_correct_one_row_at_once_one_is_heard(registration: Instance) -> None:
    people = [make_arrival(order) for order in range(90, 96)]
    import_id = await hand_in(registration, {**people[0], "document_number": "1"})
    others = ({name: each[name] for name in ("document_number", "name", "sex")} for each in people)

    answers = await asyncio.gather(*(correct(registration, import_id, 2, changes) for changes in others))

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"corrected_already"}
    [stay] = [answer.json()["stay_id"] for answer in answers if answer.status_code == 200]
    assert await stays_of(registration, import_id) == [stay]
    counts = await counts_of(registration, import_id)
    assert (counts["accepted"], counts["refused"], counts["corrected"]) == (1, 0, 1)


async def test_what_a_process_claimed_before_it_died_is_what_the_next_request_records(
    registration: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = await hand_in(registration, wrong(97, name="=1+1"), without=("left_on",))
    changes = {"arrived_on": "2026-02-01", "left_on": "2026-02-20", "name": "司空候鸟"}

    async def record_and_die(*told: Any) -> None:
        await record_checked(*told)
        raise SystemError("died before the row was counted")

    monkeypatch.setattr(refused_rows, "record_checked", record_and_die)
    with pytest.raises(SystemError):
        await correct(registration, import_id, 2, changes, key=f"{import_id} 2")
    monkeypatch.undo()
    other = await correct(registration, import_id, 2, {**make_arrival(99), "arrived_on": "2026-02-28"})
    again = await correct(registration, import_id, 2, changes, key=f"{import_id} 2")

    assert (other.status_code, other.json()["code"]) == (409, "corrected_already")
    assert (again.status_code, again.json()["outcome"]) == (200, "accepted")
    assert await stays_of(registration, import_id) == [again.json()["stay_id"]]
    counts = await counts_of(registration, import_id)
    assert (counts["accepted"], counts["refused"], counts["corrected"]) == (1, 0, 1)


async def test_a_claim_that_comes_to_nothing_leaves_the_row_as_it_was(registration: Instance) -> None:
    import_id = await hand_in(registration, wrong(98))
    before = await rows_of(registration, import_id)

    nobody_here = await correct(registration, import_id, 2, {"arrived_on": "", "left_on": "2026-03-01"})

    assert (nobody_here.status_code, nobody_here.json()["code"]) == (422, "not_registered_here")
    assert await rows_of(registration, import_id) == before
    assert (await correct(registration, import_id, 2, {"arrived_on": "2026-02-28"})).status_code == 200


async def test_a_row_that_is_registered_already_becomes_a_duplicate(registration: Instance) -> None:
    known = {**make_arrival(55), "phone": ""}
    import_id = await hand_in(registration, known, {**known, "arrived_on": "2026-13-01", "phone": "13912345678"})

    answer = await correct(registration, import_id, 3, {"arrived_on": known["arrived_on"]})

    assert (answer.json()["outcome"], answer.json()["updated"]) == ("updated", ["phone"])
    async with clerk(registration) as client:
        progress = (await client.get(f"/imports/{import_id}")).json()
    assert (progress["accepted"], progress["duplicate"], progress["updated"]) == (1, 1, 1)
    assert {note["row"]: note["updated"] for note in progress["noted"] if note["updated"]} == {3: ["phone"]}


async def test_what_has_no_column_in_the_register_can_be_typed_too(registration: Instance) -> None:
    import_id = await hand_in(registration, wrong(60), without=("left_on",))
    person = make_arrival(60)

    answer = await correct(
        registration, import_id, 2, {"arrived_on": "2026-02-01", "left_on": "2026-02-20", "community": "东门"}
    )

    assert answer.json()["outcome"] == "accepted", answer.text
    stays = registration.database("registration")["stays"]
    ended = {"_id": answer.json()["stay_id"], "state": "ended", "ended_on": "2026-02-20", "community": "东门"}
    await eventually(lambda: stays.find_one(ended))
    assert person["document_number"] not in answer.text


async def test_a_supervisor_approves_a_number_in_a_correction_and_a_clerk_does_not(registration: Instance) -> None:
    number = make_arrival(65)["document_number"]
    misprinted = number[:17] + ("0" if number[17] != "0" else "1")
    import_id = await hand_in(registration, {**make_arrival(65), "document_number": misprinted})
    approval = {"override": {"reason": "证件印错"}}

    by_clerk = await correct(registration, import_id, 2, approval)
    by_supervisor = await correct(registration, import_id, 2, approval, role="supervisor")

    assert (by_clerk.status_code, by_clerk.json()["code"]) == (422, "override_not_allowed")
    assert by_supervisor.status_code == 200, by_supervisor.text
    stays = registration.database("registration")["stays"]
    stay = await eventually(lambda: stays.find_one({"_id": by_supervisor.json()["stay_id"]}))
    assert stay["unverified"] is True


async def test_a_row_whose_text_was_erased_is_not_shown_and_not_corrected(registration: Instance) -> None:
    person = make_arrival(70)
    async with clerk(registration) as client:
        arrived = (await client.post("/arrivals", json={**person, "street": STREET})).json()
    import_id = await hand_in(registration, {**person, "arrived_on": "2026-02-30"}, wrong(71))
    async with clerk(registration, "supervisor") as supervisor:
        erased = await supervisor.post(f"/people/{arrived['person_id']}/erasure", json={"reason": "本人申请"})

    page = await rows_of(registration, import_id)
    answer = await correct(registration, import_id, 2, {"arrived_on": "2026-02-28"})

    assert erased.json()["refused_rows"] == 1
    assert [row["row"] for row in page["rows"]] == [3]
    assert (answer.status_code, answer.json()["code"]) == (410, "erased")


async def test_a_correction_does_not_bring_back_whom_the_register_named_before_the_erasure(
    registration: Instance,
) -> None:
    person = make_arrival(72)
    other = {**wrong(73), "name": "与他人同名"}
    import_id = await hand_in(registration, person, other)
    async with clerk(registration) as client:
        arrived = (await client.post("/arrivals", json={**person, "street": STREET})).json()
    async with clerk(registration, "supervisor") as supervisor:
        await supervisor.post(f"/people/{arrived['person_id']}/erasure", json={"reason": "本人申请"})

    changes = {"document_number": person["document_number"], "sex": "", "name": "", "arrived_on": "2026-04-01"}
    answer = await correct(registration, import_id, 3, {**changes, "name": "与他人同名"})

    assert answer.status_code == 200, answer.text
    identity = await registration.database("registration")["identities"].find_one({"_id": arrived["person_id"]})
    assert identity is not None
    assert identity.keys() == {"_id", "erased_at"}


async def test_what_can_not_be_corrected_is_refused(registration: Instance) -> None:
    import_id = await hand_in(registration, make_arrival(80), wrong(81))
    changes = {"arrived_on": "2026-02-28"}

    taken_in = await correct(registration, import_id, 2, changes)
    nowhere = await correct(registration, import_id, 999, changes)
    strange = await correct(registration, import_id, 3, {"birthday": "1980-01-01"})
    async with clerk(registration, street=NEXT) as neighbour:
        outside = [
            await neighbour.post(f"/imports/{import_id}/rows/3", json=changes),
            await neighbour.get(f"/imports/{import_id}/rows"),
        ]
    async with clerk(registration) as client:
        await client.post(f"/imports/{import_id}/dismissal")
    dismissed = await correct(registration, import_id, 3, changes)

    assert [answer.json()["code"] for answer in (taken_in, nowhere, *outside)] == ["not_found"] * 4
    assert (strange.status_code, strange.json()["code"]) == (422, "malformed")
    assert (dismissed.status_code, dismissed.json()["code"]) == (410, "dismissed")
