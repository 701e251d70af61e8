"""What is questionable, listed per street: kept up to date as things are heard, in any order, and read by an index."""

from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.archives.entries import Entry, EntryRecorded, EntryVoided
from contracts.archives.follow_ups import HypertensionFollowUp
from contracts.archives.forms import Mode
from contracts.envelope import Fact
from contracts.registration.stays import StayStarted
from deploy.local.stack import Stack
from services.archives import projector
from services.archives.domain.entries import void_entry
from services.archives.views.rows import ARCHIVES
from tests.support.facts import envelop, make_stay
from tests.support.instance import Instance, eventually, running_instance

STREET, NEXT_DOOR = "320507001", "320507002"
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def make_entry(person: str, month: int, *, street: str = STREET, systolic: int = 132, late: int = 0) -> Entry:
    at = datetime(2026, month, 10, 2, tzinfo=UTC)
    return Entry(
        entry_id=f"{person[:4]}-{month}",
        person_id=person,
        street=street,
        measured_at=at,
        recorded_at=at + timedelta(days=late),
        recorded_by="nurse",
        content=HypertensionFollowUp(mode=Mode.FACE_TO_FACE, systolic=systolic, diastolic=80),
    )


async def arrive(instance: Instance, person: str) -> None:
    service = instance.apps["archives"].state.service
    await projector.hear(service, envelop([StayStarted(stay=make_stay(person, STREET, 4, recorded=4))]))
    key = {"_id": f"{person}@320507"}
    await eventually(lambda: instance.database("archives")[ARCHIVES].find_one(key))


async def hear(instance: Instance, *facts: Fact) -> None:
    for fact in facts:
        await projector.hear(instance.apps["archives"].state.service, envelop([fact]))


async def listed(instance: Instance, division: str = STREET, at: str = "/findings", **asked: Any) -> Any:
    async with instance.client("archives", "health_worker", division) as worker:
        answer = await worker.get(at, params={"division": division, **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()


def kinds(page: Any) -> list[tuple[str, list[str]]]:
    return [(one["person_id"][0], [found["kind"] for found in one["findings"]]) for one in page["people"]]


async def test_findings_follow_what_is_heard_in_any_order_and_go_when_it_is_mended(stack: Stack) -> None:
    people = ["a" * 32, "b" * 32]
    async with running_instance(stack, ["archives"], clock=lambda: NOW) as instance:
        for person in people:
            await arrive(instance, person)
        first, second = ([make_entry(person, month, late=9 * (month == 3)) for month in (1, 2, 3)] for person in people)

        await hear(instance, *(EntryRecorded(entry=entry) for entry in first))
        await hear(instance, *(EntryRecorded(entry=entry) for entry in reversed(second)))

        everything = await listed(instance)
        assert kinds(everything) == [(letter, ["copied_values", "late_entry"]) for letter in "ab"]
        copied = everything["people"][0]["findings"][0]
        assert copied["entry_ids"] == ["aaaa-1", "aaaa-2", "aaaa-3"]
        assert copied["values"] == {"systolic": 132, "diastolic": 80, "times": 3}
        assert "原始记录" in copied["advice"]
        assert kinds(await listed(instance, kind="late_entry")) == [("a", ["late_entry"]), ("b", ["late_entry"])]
        assert kinds(await listed(instance, "320507", kind="copied_values"))[0] == ("a", ["copied_values"])
        assert kinds(await listed(instance, NEXT_DOOR)) == []

        voided = void_entry(first[2], "nurse", "of another person", NOW).entry
        service = instance.apps["archives"].state.service
        await projector.hear(service, envelop([EntryRecorded(entry=first[2]), EntryVoided(entry=voided)])[::-1])

        assert kinds(await listed(instance)) == [("b", ["copied_values", "late_entry"])]


async def test_the_list_is_paged_and_read_by_its_index(stack: Stack) -> None:
    people = [f"{number:032x}" for number in range(5)]
    async with running_instance(stack, ["archives"], clock=lambda: NOW) as instance:
        for person in people:
            await arrive(instance, person)
            strange = make_entry(person, 1, systolic=260).model_copy(update={"entry_id": f"e{person[-4:]}"})
            await hear(instance, EntryRecorded(entry=strange))

        one = await listed(instance, limit=2)
        two = await listed(instance, limit=2, cursor=one["cursor"])
        three = await listed(instance, limit=2, cursor=two["cursor"])

        assert [page["people"][0]["person_id"] for page in (one, two, three)] == people[::2]
        assert three["cursor"] is None
        asked = {"chart.found": {"$in": [f"{STREET}|"]}, "chart.found.0": {"$exists": True}}
        found = instance.database("archives")[ARCHIVES].find(asked, hint="findings").sort("_id", 1).limit(2)
        explained = await found.explain()
        assert explained["executionStats"]["totalDocsExamined"] <= 3
        assert "SORT'" not in str(explained["queryPlanner"]["winningPlan"])


async def test_the_same_readings_for_many_people_are_listed_by_street_until_they_are_mended(stack: Stack) -> None:
    people = [f"{number:032x}" for number in range(6)]
    typed = [make_entry(person, 1).model_copy(update={"entry_id": f"r{person[-4:]}"}) for person in people]
    async with running_instance(stack, ["archives"], clock=lambda: NOW) as instance:
        await hear(instance, *(EntryRecorded(entry=entry) for entry in typed[:4]))
        too_few = await listed(instance, at="/findings/repetitions")
        await hear(instance, *(EntryRecorded(entry=entry) for entry in typed[4:]))
        found = await listed(instance, at="/findings/repetitions")
        async with instance.client("archives", "district", "320507") as district:
            why = {"street": STREET, "reason": "集中体检"}
            explained = await district.post(f"/findings/{found['repetitions'][0]['id']}/explanation", json=why)
        of_district = await listed(instance, "320507", at="/findings/repetitions", limit=1)
        next_door = await listed(instance, NEXT_DOOR, at="/findings/repetitions")
        for entry in typed[:2]:
            voided = EntryVoided(entry=void_entry(entry, "nurse", "nobody came", NOW).entry)
            mending = envelop([EntryRecorded(entry=entry), voided])
            await projector.hear(instance.apps["archives"].state.service, mending[1:])
        mended = await listed(instance, at="/findings/repetitions")
        async with instance.client("archives", "health_worker", NEXT_DOOR) as other:
            outside = await other.get("/findings/repetitions", params={"division": STREET})

    (one,) = found["repetitions"]
    assert (one["kind"], one["severity"], one["on"], one["street"]) == ("same_for_many", "notice", "2026-01-10", STREET)
    assert one["entry_ids"] == [entry.entry_id for entry in typed]
    assert one["people"] == people
    assert explained.status_code == 201, explained.text
    assert of_district["repetitions"][0]["explained"]["reason"] == "集中体检"
    assert one["values"] == {"systolic": 132, "diastolic": 80, "people": 6, "by": "nurse"}
    assert "逐人核对" in one["advice"]
    assert of_district["repetitions"][0]["entry_ids"] == one["entry_ids"]
    assert too_few["repetitions"] == next_door["repetitions"] == mended["repetitions"] == []
    assert outside.status_code == 403


async def test_repetitions_are_paged_newest_first_and_read_by_their_index(stack: Stack) -> None:
    async with running_instance(stack, ["archives"], clock=lambda: NOW) as instance:
        for month in (1, 2, 3):
            people = [f"{number:032x}" for number in range(5)]
            named = [make_entry(person, month) for person in people]
            typed = [entry.model_copy(update={"entry_id": f"m{month}{entry.person_id[-4:]}"}) for entry in named]
            await hear(instance, *(EntryRecorded(entry=entry) for entry in typed))

        one = await listed(instance, at="/findings/repetitions", limit=2)
        two = await listed(instance, at="/findings/repetitions", limit=2, cursor=one["cursor"])

        assert [found["on"][:7] for page in (one, two) for found in page["repetitions"]] == [
            "2026-03",
            "2026-02",
            "2026-01",
        ]
        assert two["cursor"] is None
        asked = {"street": {"$in": [STREET]}, "found": True}
        found = instance.database("archives")["repetitions"].find(asked, hint="by street").sort("_id", -1).limit(2)
        explained = await found.explain()
        assert explained["executionStats"]["totalDocsExamined"] == 2
        assert "SORT'" not in str(explained["queryPlanner"]["winningPlan"])


async def test_a_finding_is_explained_by_who_is_in_charge_and_stays_visible_until_there_is_more_of_it(
    stack: Stack,
) -> None:
    person = "a" * 32
    async with running_instance(stack, ["archives"], clock=lambda: NOW) as instance:
        await arrive(instance, person)
        await hear(instance, *(EntryRecorded(entry=make_entry(person, month)) for month in (1, 2, 3)))
        (found,) = (await listed(instance))["people"][0]["findings"]

        async def explain(role: str, division: str = STREET, **more: Any) -> tuple[int, str | None]:
            body = {"street": division, "person_id": person, "reason": "血压计固定在同一读数,已送修", **more}
            async with instance.client("archives", role, division, "chief") as caller:
                answer = await caller.post(f"/findings/{found['id']}/explanation", json=body)
            return answer.status_code, answer.json().get("code")

        refused = [
            await explain("health_worker"),
            await explain("supervisor", NEXT_DOOR),
            await explain("supervisor", person_id="b" * 32),
            await explain("supervisor", person_id=None),
            await explain("supervisor", reason="电话13912345678"),
        ]
        done = [
            await explain("supervisor"),
            await explain("supervisor"),
            await explain("supervisor", reason="别的原因"),
        ]
        (explained,) = (await listed(instance))["people"][0]["findings"]
        await hear(instance, EntryRecorded(entry=make_entry(person, 4)))
        (grown,) = (await listed(instance))["people"][0]["findings"]

    assert [code for code, _ in refused] == [403, 404, 404, 404, 422]
    assert done == [(201, None), (201, None), (409, "explained_already")]
    assert found["explained"] is None
    assert explained["explained"]["reason"] == "血压计固定在同一读数,已送修"
    assert (explained["explained"]["by"], explained["entry_ids"]) == ("chief", found["entry_ids"])
    assert (grown["explained"], len(grown["entry_ids"])) == (None, 4)
