"""What a street sees of the archives that it keeps: who they are, what was entered, what is due, how values go."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.registration.stays import StayStarted
from deploy.local.stack import Stack
from services.archives import projector
from tests.support.facts import envelop, make_stay
from tests.support.instance import Instance, eventually, running_instance

STREET, OTHER, ELSEWHERE = "320507001", "320507002", "320812008"
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
STAYING, MOVED = "d" * 32, "e" * 32
PRESSURE = {"kind": "hypertension_follow_up", "mode": "face_to_face", "diastolic": 80}


@pytest.fixture
async def archives(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["archives"], clock=lambda: NOW) as instance:
        yield instance


async def arrive(archives: Instance, *arrivals: tuple[str, str, int]) -> None:
    """Tell archives of people who came to live in streets, each on a day, all at once; wait for their archives."""
    service = archives.apps["archives"].state.service
    stays = [make_stay(person, street, day, recorded=day) for person, street, day in arrivals]
    await projector.hear(service, envelop([StayStarted(stay=stay) for stay in stays]))
    for stay in stays:
        key = {"_id": f"{stay.person_id}@{stay.street[:6]}"}
        await eventually(lambda key=key: service.database["archives"].find_one(key))  # type: ignore[misc]  # a default of a lambda has no type


async def ask(archives: Instance, path: str, scope: str = STREET, **asked: Any) -> Any:
    async with archives.client("archives", "health_worker", scope) as worker:
        return (await worker.get(path, params={"division": scope, **asked})).json()


async def enter(archives: Instance, systolic: int, day: int) -> str:
    async with archives.client("archives", "health_worker", STREET) as worker:
        content = {**PRESSURE, "systolic": systolic}
        told = {"street": STREET, "measured_at": f"2026-11-{day:02}T02:00:00Z", "content": content}
        entered = await worker.post(f"/archives/{STAYING}/entries", json=told)
        entry_id: str = entered.json()["entry_id"]
        return entry_id


async def manage(archives: Instance) -> None:
    """Manage a person for hypertension."""
    async with archives.client("archives", "health_worker", STREET) as worker:
        told = {"street": STREET, "condition": "hypertension", "enrolled_on": "2026-02-01"}
        assert (await worker.post(f"/archives/{STAYING}/enrolments", json=told)).is_success


@pytest.mark.parametrize("at_once", [True, False], ids=["heard together", "one after the other"])
async def test_an_archive_is_listed_in_the_street_where_its_person_lives(archives: Instance, at_once: bool) -> None:
    moves = [(STAYING, STREET, 1), (MOVED, STREET, 1), (MOVED, OTHER, 9)]
    for arrivals in [moves] if at_once else [[move] for move in moves]:
        await arrive(archives, *arrivals)

    async def listed() -> bool:
        kept = [await ask(archives, "/archives/kept", street) for street in (STREET, OTHER, ELSEWHERE)]
        people = [[archive["person_id"] for archive in page["archives"]] for page in kept]
        return people == [[STAYING], [MOVED], []] and [page["total"] for page in kept] == [1, 1, 0]

    await eventually(listed)
    assert [row["person_id"] for row in (await ask(archives, "/archives/kept", STREET[:6]))["archives"]] == [
        STAYING,
        MOVED,
    ]


async def test_what_is_entered_is_listed_today_and_read_as_a_series_and_what_is_due_is_counted(
    archives: Instance,
) -> None:
    await arrive(archives, (STAYING, STREET, 1))
    await manage(archives)

    entered = [await enter(archives, 150, 3), await enter(archives, 138, 1)]

    async def kept() -> Any:
        page = await ask(archives, "/archives/kept", condition="hypertension", state="open")
        return page["archives"] if page["archives"] and page["archives"][0]["entries"] == 2 else None

    (listed,) = await eventually(kept)
    assert (listed["last_entry_on"], listed["conditions"], listed["next_due_on"]) == (
        *("2026-11-03", ["hypertension"]),
        (due_on := (await ask(archives, f"/archives/{STAYING}"))["duties"][0]["due_on"]),
    )
    assert (await ask(archives, "/archives/kept", quiet_since="2026-11-03"))["archives"] == []

    today = await ask(archives, "/entries")
    assert {entry["entry_id"] for entry in today["entries"]} == set(entered)
    assert (today["total"], today["entries"][0]["kind"]) == (2, "hypertension_follow_up")
    assert (await ask(archives, "/entries", on="2026-11-19"))["total"] == 0
    assert (await ask(archives, "/entries", OTHER))["total"] == 0
    for never in ("0001-01-01", "9999-12-31"):
        assert (await ask(archives, "/entries", on=never))["code"] == "malformed"

    series = (await ask(archives, f"/archives/{STAYING}/series", measure="systolic,urea"))["series"]
    assert [(one["unit"], one["loinc"], len(one["readings"])) for one in series] == [
        ("mm[Hg]", "8480-6", 2),
        ("mmol/L", "22664-7", 0),
    ]
    assert [reading["value"] for reading in series[0]["readings"]] == [138, 150]
    assert (await ask(archives, f"/archives/{STAYING}/series", measure="colour"))["code"] == "unknown_measure"
    assert (await ask(archives, f"/archives/{STAYING}/series", OTHER, measure="systolic"))["code"] == "not_found"

    counted = await ask(archives, "/duties/summary")
    assert counted["overdue"] + counted["this_week"] == sum(
        each["overdue"] + each["this_week"] for each in counted["by_kind"]
    )
    assert (due_on < "2026-11-20") == any(each["overdue"] for each in counted["by_kind"])


async def test_who_reads_a_series_stands_in_the_access_log(archives: Instance) -> None:
    await arrive(archives, (STAYING, STREET, 1))

    await ask(archives, f"/archives/{STAYING}/series", measure="systolic")

    async with archives.client("archives", "supervisor", STREET) as supervisor:
        logged = (await supervisor.get("/access-log")).json()["entries"]
    noted = {(entry["action"], entry["person_id"], entry["street"]) for entry in logged}
    assert ("archive_read_as_custodian", STAYING, STREET) in noted
