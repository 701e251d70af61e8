"""The story of an archive that leaves as FHIR and comes back: to where it was, and to an instance that lost it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import httpx

from deploy.local.stack import Stack
from services.archives.fhir.reading import read_bundle, validate_bundle
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival

STREET = "320507001"
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
FHIR = {"Content-Type": "application/fhir+json"}
READING = {"kind": "hypertension_follow_up", "mode": "face_to_face", "systolic": 152, "diastolic": 84}


@asynccontextmanager
async def office(stack: Stack) -> AsyncIterator[tuple[Instance, httpx.AsyncClient]]:
    """Run registration and archives, with a supervisor of the whole district at the desk."""
    async with (
        running_instance(stack, ["registration", "archives"], clock=lambda: NOW) as instance,
        instance.client("archives", "supervisor", STREET[:6]) as desk,
    ):
        yield instance, desk


async def arrive(instance: Instance, number: int = 1) -> str:
    async with instance.client("registration", "clerk", STREET) as clerk:
        answer = await clerk.post("/arrivals", json={**make_arrival(number, "2026-01-05"), "street": STREET})
    assert answer.status_code == 201, answer.text
    person: str = answer.json()["person_id"]
    await eventually(lambda: instance.database("archives")["archives"].find_one({"_id": f"{person}@{STREET[:6]}"}))
    return person


async def post(desk: httpx.AsyncClient, path: str, **body: Any) -> Any:
    answer = await desk.post(path, json={"street": STREET, **body})
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def fill(desk: httpx.AsyncClient, person: str) -> None:
    """Complete an archive, enrol its person, enter two follow-ups, correct one and void the other."""
    archive = f"/archives/{person}"
    await post(desk, f"{archive}/completion", committee="003", basic={"blood_type": "A", "allergies": ["penicillin"]})
    await post(desk, f"{archive}/enrolments", condition="hypertension", enrolled_on="2026-02-01")
    one = await post(desk, f"{archive}/entries", measured_at="2026-03-01T01:00:00Z", content=READING)
    other = await post(desk, f"{archive}/entries", measured_at="2026-05-01T01:00:00Z", content=READING)
    mended = {"measured_at": "2026-03-01T01:00:00Z", "content": {**READING, "systolic": 132}, "reason": "typing error"}
    await desk.post(f"{archive}/entries/{one['entry_id']}/correction", json=mended)
    await desk.post(f"{archive}/entries/{other['entry_id']}/voiding", json={"reason": "other person"})


async def bundle_of(desk: httpx.AsyncClient, person: str, entries: int = 2) -> bytes:
    """Wait until the archive's view has everything, and give it as FHIR."""

    async def whole() -> bytes | None:
        answer = await desk.get(f"/archives/{person}/fhir")
        assert answer.headers["content-type"] == "application/fhir+json"
        told = read_bundle(validate_bundle(answer.content))
        versions = sorted(entry.version for entry in told.entries)
        return answer.content if versions == [2] * entries and told.enrolments and told.archive.basic else None

    body: bytes = await eventually(whole)
    return body


async def test_a_bundle_is_recognised_where_it_came_from_and_restores_an_archive_that_was_lost(stack: Stack) -> None:
    async with office(stack) as (instance, desk):
        person = await arrive(instance)
        await fill(desk, person)
        body = await bundle_of(desk, person)

        again = await desk.post(f"/archives/{person}/fhir", content=body, headers=FHIR)

        assert again.json() == {
            "person_id": person, "recorded": 0, "continued": 0, "duplicate": 2, "elsewhere": 0,
            "archive": "duplicate", "enrolments": {"duplicate": 1},
        }  # fmt: skip

    async with office(stack) as (instance, desk):
        assert await arrive(instance) == person

        restored = await desk.post(f"/archives/{person}/fhir", content=body, headers=FHIR)
        repeated = await desk.post(f"/archives/{person}/fhir", content=body, headers=FHIR)

        assert (restored.json()["recorded"], restored.json()["archive"]) == (2, "completed")
        assert repeated.json()["duplicate"] == 2
        before, after = (read_bundle(json.loads(one)) for one in (body, await bundle_of(desk, person)))
        assert after.entries == before.entries
        assert after.enrolments == before.enrolments
        assert after.duties == before.duties
        assert (after.archive.code, after.archive.basic) == (before.archive.code, before.archive.basic)
        other = await arrive(instance, 2)
        minted = await post(desk, f"/archives/{other}/completion", committee="003", basic={})
        assert minted["code"] == "32050700100300002"


async def test_what_was_changed_on_the_way_or_contradicts_what_stands_is_refused(stack: Stack) -> None:
    async with office(stack) as (instance, desk):
        person = await arrive(instance)
        await fill(desk, person)
        body = await bundle_of(desk, person)

        invalid = await desk.post(f"/archives/{person}/fhir", content=b'{"resourceType": "Bundle"}', headers=FHIR)
        altered = await desk.post(f"/archives/{person}/fhir", content=body.replace(b'"mm[Hg]"', b'"kPa"'), headers=FHIR)
        differing = await desk.post(
            f"/archives/{person}/fhir", content=body.replace(b'"value":132', b'"value":131'), headers=FHIR
        )
        stranger = await desk.post(f"/archives/{await arrive(instance, 2)}/fhir", content=body, headers=FHIR)
        nobody = await desk.post(f"/archives/{'0' * 32}/fhir", content=body, headers=FHIR)
        async with instance.client("archives", "supervisor", STREET) as street:
            outside = await street.post(f"/archives/{person}/fhir", content=body, headers=FHIR)

        assert (invalid.status_code, invalid.json()["code"]) == (422, "not_fhir")
        assert (altered.json()["code"], altered.json()["field"][-5:]) == ("altered", ".code")
        assert (differing.status_code, differing.json()["code"]) == (409, "entry_differs")
        assert (stranger.json()["code"], stranger.json()["field"]) == ("not_ours", "Bundle.entry.1.resource.id")
        assert (nobody.status_code, nobody.json()["code"]) == (403, "outside_your_division")
        assert outside.status_code == 403


async def test_an_export_has_one_bundle_a_line_and_a_manifest_that_proves_it_whole(stack: Stack) -> None:
    async with office(stack) as (instance, desk):
        people = {await arrive(instance, number) for number in range(3)}
        await fill(desk, min(people))
        await bundle_of(desk, min(people))

        exported = await desk.get("/archives/export", params={"division": STREET})
        manifest = (await desk.get(f"/archives/exports/{exported.headers['houniao-export']}")).json()

        lines = exported.content.splitlines()
        assert {read_bundle(validate_bundle(line)).archive.person_id for line in lines} == people
        assert (manifest["state"], manifest["count"]) == ("complete", 3)
        assert manifest["sha256"] == sha256(exported.content).hexdigest()
        notes = instance.database("archives")["access_log"].find({"action": "archive_exported"})
        assert {note["person_id"] async for note in notes} == people


async def test_of_a_bundle_for_an_archive_of_other_districts_nothing_is_read(stack: Stack) -> None:
    async with office(stack) as (instance, _):
        person = await arrive(instance)
        async with instance.client("archives", "supervisor", "320508") as other:
            answer = await other.post(f"/archives/{person}/fhir", content=b"no bundle", headers=FHIR)

    assert (answer.status_code, answer.json()["code"]) == (403, "outside_your_division")
