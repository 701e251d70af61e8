"""Somebody who moved within the district: the street of residence keeps the archive, the others state a reason."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from contracts.registration.stays import StayStarted
from deploy.local.stack import Stack
from services.archives import projector
from tests.support.facts import envelop, make_stay
from tests.support.instance import Instance, eventually, running_instance

FORMER, KEEPING, ELSEWHERE = "320507001", "320507002", "320812008"
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
PERSON, NEIGHBOUR = "d" * 32, "e" * 32
REASON = "路过门诊测血压"
READING = {"kind": "blood_pressure", "systolic": 131, "diastolic": 82}
ENTRY: dict[str, Any] = {"measured_at": "2026-11-01T02:00:00Z", "content": READING}
ARCHIVE = f"/archives/{PERSON}"


class Streets:
    """Health workers of several streets, about somebody whose archive was opened in one and is kept by the next."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.service = instance.apps["archives"].state.service

    async def arrive(self, person: str, street: str, day: int) -> None:
        stay = make_stay(person, street, day, recorded=day)
        await projector.hear(self.service, envelop([StayStarted(stay=stay)]))
        archives = self.service.database["archives"]
        await eventually(lambda: archives.find_one({"_id": f"{person}@{street[:6]}"}))

    async def post(self, street: str, path: str, role: str = "health_worker", **body: Any) -> httpx.Response:
        async with self.instance.client("archives", role, street, f"worker of {street}") as worker:
            of_an_entry = path.endswith(("/correction", "/voiding"))
            return await worker.post(path, json=body if of_an_entry else {"street": street, **body})

    async def get(self, street: str, path: str, role: str = "health_worker", **asked: Any) -> httpx.Response:
        async with self.instance.client("archives", role, street, f"worker of {street}") as worker:
            return await worker.get(path, params=asked)

    async def logged(self) -> list[tuple[str, str, str]]:
        """Return what the keeping street's supervisor finds in the log: the action, by whom, and why."""
        page = (await self.get(KEEPING, "/access-log", "supervisor", division=KEEPING)).json()
        entries = [entry for entry in reversed(page["entries"]) if entry["action"] != "access_log_read"]
        return [(entry["action"], entry["by"].removeprefix("worker of "), entry["reason"]) for entry in entries]

    async def recorded(self) -> int:
        return int(await self.service.database["journal"].count_documents({}))


@pytest.fixture
async def streets(stack: Stack) -> AsyncIterator[Streets]:
    async with running_instance(stack, ["archives"], clock=lambda: NOW) as instance:
        streets = Streets(instance)
        await streets.arrive(PERSON, FORMER, 4)
        await streets.arrive(NEIGHBOUR, FORMER, 4)
        await streets.arrive(PERSON, KEEPING, 9)
        yield streets


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


async def test_only_the_keeping_street_changes_an_archive(streets: Streets) -> None:
    changes: dict[str, dict[str, Any]] = {
        "completion": {"committee": "003", "basic": {}},
        "paper": {"reference": "柜3-12"},
        "enrolments": {"condition": "hypertension", "enrolled_on": "2026-10-01"},
        "enrolments/hypertension/ending": {"ended_on": "2026-11-01", "ending": "declined"},
        "closing": {"reason": "lost", "closed_on": "2026-11-01"},
        "reopening": {},
    }
    before = await streets.recorded()

    refused = [
        refusal(await streets.post(street, f"{ARCHIVE}/{path}", **body))
        for street in (FORMER, ELSEWHERE)
        for path, body in changes.items()
    ]
    of_an_offer = await streets.post(FORMER, f"/custody/{PERSON}/refusal", "supervisor", reason="不是本区居民")
    unchanged = await streets.recorded()
    done = [(await streets.post(KEEPING, f"{ARCHIVE}/{path}", **body)).status_code for path, body in changes.items()]

    assert set(refused) == {(404, "no_archive")}
    assert refusal(of_an_offer) == (404, "no_archive")
    assert unchanged == before
    assert done == [200, 200, 201, 200, 200, 200]


async def test_another_street_opens_an_archive_with_a_reason_that_the_keeping_street_finds(streets: Streets) -> None:
    code = (await streets.post(KEEPING, f"{ARCHIVE}/completion", committee="003", basic={})).json()["code"]
    await eventually(lambda: streets.service.database["archives"].find_one({"code": code}))

    without = [await streets.get(FORMER, path) for path in (ARCHIVE, f"/archives/by-code/{code}")]
    found = await streets.get(FORMER, f"/archives/by-code/{code}", emergency=REASON)
    opened = await streets.get(FORMER, ARCHIVE, emergency=REASON)
    never = [await streets.get(FORMER, f"{ARCHIVE}/{what}", reason=REASON) for what in ("extract", "fhir")]
    own = await streets.get(KEEPING, ARCHIVE)

    assert refusal(without[0]) == (404, "not_found")
    assert without[1].json() == []
    assert [archive["person_id"] for archive in found.json()] == [PERSON]
    assert (opened.json()["access"], own.json()["access"]) == ("emergency", "custodian")
    assert {refusal(answer) for answer in never} == {(404, "not_found")}
    assert await streets.logged() == [
        ("archive_found_by_code", FORMER, REASON),
        ("archive_read_as_emergency", FORMER, REASON),
        ("archive_read_as_custodian", KEEPING, "care"),
    ]


async def test_another_street_enters_what_it_did_with_a_reason_and_changes_that_alone(streets: Streets) -> None:
    entries = f"{ARCHIVE}/entries"

    without = await streets.post(FORMER, entries, **ENTRY)
    of_nobody = await streets.post(FORMER, f"/archives/{'0' * 32}/entries", **ENTRY)
    elsewhere = await streets.post(ELSEWHERE, entries, **ENTRY, reason=REASON)
    entered = (await streets.post(FORMER, entries, **ENTRY, reason=REASON)).json()
    other = (await streets.post(KEEPING, entries, **ENTRY)).json()
    ids = {entered["entry_id"], other["entry_id"]}
    held = streets.service.database["entries"]
    await eventually(lambda: _all_of(held, ids))
    own, others = [await streets.get(FORMER, f"{entries}/{one['entry_id']}") for one in (entered, other)]
    kept = await streets.get(KEEPING, f"{entries}/{entered['entry_id']}")
    changed = [
        refusal(await streets.post(street, f"{entries}/{entry_id}/voiding", reason="录错人"))
        for street, entry_id in (
            (FORMER, other["entry_id"]),
            (FORMER, "nothing"),
            (KEEPING, entered["entry_id"]),
            (KEEPING, "nothing"),
            (FORMER, entered["entry_id"]),
        )
    ]

    assert refusal(without) == refusal(of_nobody) == refusal(elsewhere) == (409, "no_archive")
    assert without.text == of_nobody.text
    assert (entered["street"], entered["reason"]) == (FORMER, None)
    assert (own.status_code, kept.status_code, refusal(others)) == (200, 200, (404, "not_found"))
    assert changed == [
        (403, "outside_your_division"),
        (403, "outside_your_division"),
        (403, "outside_your_division"),
        (404, "not_found"),
        (200, ""),
    ]
    assert ("entry_recorded_for_other_street", FORMER, REASON) in await streets.logged()


async def _all_of(entries: Any, ids: set[str]) -> bool:
    return bool(await entries.count_documents({"_id": {"$in": list(ids)}}) == len(ids))


async def test_an_export_has_what_a_street_keeps_wherever_it_was_opened(streets: Streets) -> None:
    exported = {}
    for division in (FORMER, KEEPING, "320507"):
        answer = await streets.get(division, "/archives/export", "supervisor", division=division)
        bundles = [json.loads(line) for line in answer.content.splitlines()]
        exported[division] = {person for person in (PERSON, NEIGHBOUR) for one in bundles if person in json.dumps(one)}

    assert exported == {FORMER: {NEIGHBOUR}, KEEPING: {PERSON}, "320507": {PERSON, NEIGHBOUR}}


async def test_a_round_is_about_people_that_the_street_keeps(streets: Streets) -> None:
    sheet = f"人员编号,随访日期,随访方式,血压\n{PERSON},2026-11-01,门诊,130/80\n{NEIGHBOUR},2026-11-01,门诊,130/80\n"
    async with streets.instance.client("archives", "health_worker", FORMER) as worker:
        files = {"file": ("a.csv", sheet.encode())}
        handed_in = (await worker.post("/imports", files=files, data={"street": FORMER})).json()

        async def done() -> Any:
            progress = (await worker.get(f"/imports/{handed_in['import_id']}")).json()
            return progress if progress["state"] == "done" else None

        progress = await eventually(done)

    assert (progress["accepted"], progress["refused_by_reason"]) == (1, {"unknown_person": 1})
