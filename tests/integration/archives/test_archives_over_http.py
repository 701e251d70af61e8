"""Archives as health workers use them over HTTP: what is entered, mended, listed, and who may read it."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from contracts.registration.people import Person, PersonDied, PersonsMerged, PersonsUnmerged
from contracts.registration.stays import Stay, StayStarted
from deploy.local.stack import Stack
from services.archives import projector
from services.archives.views.people import find_heard
from tests.support.facts import envelop, make_stay
from tests.support.instance import Instance, eventually, running_instance

A_STREET, A_OTHER, B_STREET = "320507001", "320507002", "320812008"
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
PERSON = "d" * 32
APART = {"merged_into": None}


class Office:
    """Archives running alone, told of stays and deaths as registration would tell it."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.service = instance.apps["archives"].state.service
        self.now = NOW

    async def arrive(self, street: str = A_STREET, day: int = 4, person: str = PERSON, **more: Any) -> Stay:
        """Let a person arrive, and wait until the archive is there."""
        stay = make_stay(person, street, day, recorded=day, **more)
        await projector.hear(self.service, envelop([StayStarted(stay=stay)]))
        await eventually(lambda: self.row(person, street[:6]))
        return stay

    async def row(self, person: str, district: str) -> Any:
        return await self.service.database["archives"].find_one({"_id": f"{person}@{district}"})

    def worker(self, division: str = A_STREET, role: str = "health_worker", name: str = "nurse") -> httpx.AsyncClient:
        return self.instance.client("archives", role, division, name)

    async def post(self, path: str, body: dict[str, Any], street: str = A_STREET, **more: Any) -> httpx.Response:
        async with self.worker(street, **more) as worker:
            of_an_entry = path.endswith(("/correction", "/voiding"))  # the entry knows its street
            return await worker.post(path, json=body if of_an_entry else {"street": street, **body})

    async def get(self, path: str, scope: str = A_STREET, role: str = "health_worker", **params: Any) -> Any:
        async with self.worker(scope, role) as worker:
            return await worker.get(path, params=params)

    async def enter(self, content: dict[str, Any], day: str = "2026-11-01", key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        body = {"street": A_STREET, "measured_at": f"{day}T02:00:00Z", "content": content}
        async with self.worker() as worker:
            return await worker.post(f"/archives/{PERSON}/entries", json=body, headers=headers)

    async def entered(self, count: int, person: str = PERSON, district: str = "320507") -> None:
        """Wait until the summary has counted so many entries."""

        async def counted() -> bool:
            row = await self.row(person, district)
            return bool(row and row.get("chart", {}).get("entries") == count)

        await eventually(counted)


def follow_up(systolic: int = 130, mode: str = "face_to_face") -> dict[str, Any]:
    return {"kind": "hypertension_follow_up", "mode": mode, "systolic": systolic, "diastolic": 80}


@pytest.fixture
async def office(stack: Stack) -> AsyncIterator[Office]:
    async with running_instance(stack, ["archives"], clock=lambda: NOW) as instance:
        yield Office(instance)


async def test_an_entry_is_recorded_once_corrected_and_voided_and_keeps_its_history(office: Office) -> None:
    await office.arrive()

    first, again = [await office.enter(follow_up(146), key="round-1/7") for _ in range(2)]
    entry = first.json()
    path = f"/archives/{PERSON}/entries/{entry['entry_id']}"
    correction = {"measured_at": "2026-11-01T02:00:00Z", "content": follow_up(164), "reason": "数字录反", "version": 1}
    corrected = await office.post(f"{path}/correction", correction)
    stale = await office.post(f"{path}/correction", correction)
    other_kind = await office.post(
        f"{path}/correction",
        {**correction, "version": 2, "content": {"kind": "counselling", "topic": "nutrition"}},
    )
    elsewhere = await office.post(f"{path}/voiding", {"reason": "录错人"}, A_OTHER)
    voided = await office.post(f"{path}/voiding", {"reason": "录错人", "version": 2})
    twice = await office.post(f"{path}/voiding", {"reason": "录错人"})

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["entry_id"] == again.json()["entry_id"]
    assert corrected.json()["content"]["systolic"] == 164
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    assert other_kind.json()["code"] == "other_kind"
    assert elsewhere.status_code == 403
    assert [earlier["content"]["systolic"] for earlier in voided.json()["earlier"]] == [146, 164]
    assert twice.json()["code"] == "entry_voided"


async def test_what_can_not_be_is_refused_with_its_field_or_code(office: Office) -> None:
    await office.arrive(birth=date(1960, 5, 5))

    range_ = await office.enter(follow_up(999))
    named = await office.enter({"kind": "counselling", "topic": "other", "advice": "请拨打13912345678"})
    future = await office.enter(follow_up(), "2027-01-01")
    unborn = await office.enter(follow_up(), "1950-01-01")
    stranger = await office.post(
        f"/archives/{'9' * 32}/entries", {"measured_at": "2026-11-01T02:00:00Z", "content": follow_up()}
    )

    assert [answer.status_code for answer in (range_, named, future, unborn, stranger)] == [422, 422, 409, 409, 409]
    assert range_.json()["errors"][0]["field"].endswith("systolic")
    assert [answer.json()["code"] for answer in (future, unborn, stranger)] == [
        *("future_date", "before_birth", "no_archive"),
    ]


async def test_an_archive_is_completed_with_a_code_that_stays(office: Office) -> None:
    await office.arrive()
    await office.arrive(person="e" * 32)
    body = {"committee": "003", "basic": {"blood_type": "O", "allergies": ["penicillin"]}}

    first = await office.post(f"/archives/{PERSON}/completion", body)
    anew = await office.post(f"/archives/{PERSON}/completion", {**body, "basic": {"blood_type": "A"}})
    other = await office.post(f"/archives/{'e' * 32}/completion", body)
    bad = await office.post(f"/archives/{PERSON}/completion", {**body, "committee": "250"})
    stale = await office.post(f"/archives/{PERSON}/completion", {**body, "version": 1})
    await eventually(lambda: office.service.database["archives"].find_one({"code": first.json()["code"]}))
    found = await office.get(f"/archives/by-code/{first.json()['code']}")
    hidden = await office.get(f"/archives/by-code/{first.json()['code']}", B_STREET)

    assert (first.json()["code"], other.json()["code"]) == ("32050700100300001", "32050700100300002")
    assert (anew.json()["code"], anew.json()["basic"]["blood_type"]) == (first.json()["code"], "A")
    assert bad.status_code == 422
    assert stale.json()["code"] == "stale_version"
    assert [archive["person_id"] for archive in found.json()] == [PERSON]
    assert hidden.json() == []


async def test_the_duty_list_of_a_street_shows_the_longest_overdue_first_page_by_page(office: Office) -> None:
    people = [f"{number:032x}" for number in range(3)]
    for number, person in enumerate(people):
        await office.arrive(A_STREET if number < 2 else A_OTHER, person=person)
        enrolment = {"condition": "hypertension", "enrolled_on": f"2026-0{5 - number}-01"}
        told = await office.post(f"/archives/{person}/enrolments", enrolment, A_STREET if number < 2 else A_OTHER)
        assert told.status_code == 201, told.text
    again = await office.post(
        f"/archives/{people[0]}/enrolments", {"condition": "hypertension", "enrolled_on": "2026-05-01"}
    )

    async def listed() -> Any:
        page = (await office.get("/duties", "320507", division="320507")).json()
        return page["people"] if len(page["people"]) == 3 else None

    whole = await eventually(listed)
    street = (await office.get("/duties", division=A_STREET)).json()["people"]
    first = (await office.get("/duties", division=A_STREET, limit=1)).json()
    second = (await office.get("/duties", division=A_STREET, limit=1, cursor=first["cursor"])).json()
    early = (await office.get("/duties", division=A_STREET, until="2026-05-01")).json()["people"]
    outside = await office.get("/duties", division=B_STREET)
    plan = (
        await office.service.database["archives"]
        .find(
            {"chart.street": A_STREET, "chart.next_due_on": {"$lte": "2026-11-20", "$type": "string"}},
            hint="due by street",
        )
        .sort([("chart.next_due_on", 1), ("_id", 1)])
        .limit(1)
        .explain()
    )

    assert again.json()["code"] == "already_enrolled"
    assert [found["person_id"] for found in whole] == [people[2], people[1], people[0]]
    assert [found["person_id"] for found in street] == [people[1], people[0]]
    assert [page["people"][0]["person_id"] for page in (first, second)] == [people[1], people[0]]
    assert [found["person_id"] for found in early] == [people[1]]
    assert street[0]["duties"][0] == {
        "kind": "hypertension_follow_up",
        "due_on": "2026-04-15",
        "reason": "first",
        "item": "",
        "face_to_face": True,
        "opens_on": None,
        "catch_up_on": None,
        "lapses_on": None,
    }
    assert outside.status_code == 403
    assert plan["executionStats"]["totalKeysExamined"] <= 2


async def test_children_who_missed_a_vaccination_are_listed_until_they_had_it(office: Office) -> None:
    await office.arrive(birth=date(2025, 11, 1))

    async def missed() -> Any:
        people = (await office.get("/duties/catch-up", division=A_STREET)).json()["people"]
        return [duty["item"] for duty in people[0]["duties"]] if people else None

    before = await eventually(missed)
    await office.enter({"kind": "vaccination", "vaccine": "BCG", "dose": 1, "from_card": True}, "2025-11-02")
    await office.entered(1)
    after = await missed()

    assert "BCG-1" in before
    assert set(before) - set(after) == {"BCG-1"}


async def test_archives_that_nobody_used_for_a_year_are_dead_until_something_is_entered(office: Office) -> None:
    await office.arrive()
    await office.service.database["archives"].update_many({}, {"$set": {"opened_at": "2025-01-01T00:00:00.000000Z"}})
    await office.arrive(person="e" * 32)

    dead = (await office.get("/archives/dead", street=A_STREET)).json()["archives"]
    await office.enter(follow_up(), "2025-06-01")
    await office.entered(1)
    still = (await office.get("/archives/dead", street=A_STREET)).json()["archives"]
    await office.enter(follow_up(), "2026-06-01")
    await office.entered(2)
    alive = (await office.get("/archives/dead", street=A_STREET)).json()["archives"]

    assert [archive["person_id"] for archive in dead] == [PERSON], "a new archive is not dead yet"
    assert [archive["last_dynamic_on"] for archive in still] == ["2025-06-01"]
    assert alive == []


async def test_paper_and_electronic_archives_that_differ_are_listed(office: Office) -> None:
    await office.arrive()
    await office.post(f"/archives/{PERSON}/completion", {"committee": "003", "basic": {}})

    async def differs(how: str | None, entries: int) -> Any:
        chart = (await office.row(PERSON, "320507")).get("chart") or {}
        return (chart.get("paper"), chart.get("entries")) == (how, entries)

    await office.enter(follow_up())
    await eventually(lambda: differs("no_paper", 1))
    listed = (await office.get("/archives/paper", street=A_STREET)).json()["archives"]
    await office.post(f"/archives/{PERSON}/paper", {"reference": "东柜-3", "entries": 2})
    await eventually(lambda: differs("more_on_paper", 1))
    await office.enter(follow_up(), "2026-11-02")
    await eventually(lambda: differs(None, 2))
    settled = (await office.get("/archives/paper", street=A_STREET)).json()["archives"]

    assert [(archive["paper"], archive["entries"]) for archive in listed] == [("no_paper", 1)]
    assert settled == []


async def test_a_lost_person_archive_is_closed_and_reopened_by_hand_or_by_coming_back(office: Office) -> None:
    await office.arrive()
    lost = {"reason": "lost", "closed_on": "2026-11-01"}

    closed = await office.post(f"/archives/{PERSON}/closing", lost)
    refused = await office.enter(follow_up())
    reopened = await office.post(f"/archives/{PERSON}/reopening", {})
    nothing = await office.post(f"/archives/{PERSON}/reopening", {})
    died = await office.post(f"/archives/{PERSON}/closing", {**lost, "reason": "died"})

    assert closed.json()["closing"]["reason"] == "lost"
    assert refused.json()["code"] == "archive_closed"
    assert reopened.json()["state"] == "open"
    assert nothing.json()["code"] == "archive_open"
    assert died.status_code == 422, "deaths are registered, not typed in here"


async def test_a_death_closes_the_archive_and_refuses_what_is_dated_after_it(office: Office) -> None:
    await office.arrive()
    died = Person(person_id=PERSON, district="320507", died_on=date(2026, 10, 1))
    await projector.hear(office.service, envelop([PersonDied(person=died)]))

    async def closed() -> bool:
        row = await office.row(PERSON, "320507")
        return bool(row["state"] == "closed")

    await eventually(closed)
    after = await office.enter(follow_up(), "2026-11-01")
    late = await office.enter(follow_up(), "2026-09-01")

    assert after.json()["code"] == "after_death"
    assert late.status_code == 201, "what was done before is taken though it is typed in late"


async def test_who_keeps_an_archive_reads_it_others_read_a_copy_or_in_an_emergency_and_every_read_is_kept(
    office: Office,
) -> None:
    await office.arrive()
    await office.enter(follow_up())
    await office.arrive(B_STREET, day=9)

    async def handed_over() -> bool:
        heard = (await find_heard(office.service.database, [PERSON]))[PERSON]
        custody = heard.custodies.get("320507")
        closing = heard.archives["320507"].closing
        return bool(custody and not custody.holds and closing) and "320812" in heard.custodies

    await eventually(handed_over)
    await office.entered(1, district="320812")
    keeper = await office.get(f"/archives/{PERSON}", B_STREET)
    copy = await office.get(f"/archives/{PERSON}")
    stranger = await office.get(f"/archives/{PERSON}", "310110001")
    emergency = await office.get(f"/archives/{PERSON}", "310110001", emergency="昏迷送医,需知过敏史")
    clerk = await office.get(f"/archives/{PERSON}", B_STREET, "clerk")
    numbers = await office.get(f"/archives/{PERSON}", "320812", "district")
    extract = await office.get(f"/archives/{PERSON}/extract", B_STREET, reason="本人持身份证申请")
    completed = await office.post(f"/archives/{PERSON}/completion", {"committee": "003", "basic": {}})
    late = await office.enter(follow_up(150), "2026-10-01")
    await office.entered(2, district="320812")
    log = await office.get("/access-log", "", "admin", person_id=PERSON)
    reads = [read for read in reversed(log.json()["entries"]) if read["action"] != "access_log_read"]

    assert (keeper.json()["access"], keeper.json()["kept_by"]) == ("custodian", "320812")
    assert (copy.json()["access"], copy.json()["kept_by"]) == ("copy", "320812")
    assert stranger.status_code == 404
    assert emergency.json()["access"] == "emergency"
    assert len(emergency.json()["entries"]) == 1
    assert (clerk.status_code, numbers.status_code) == (403, 403)
    assert "recorded_by" not in extract.text.replace('"recorded_by":null', "")
    assert completed.json()["code"] == "not_in_custody"
    assert late.json()["out_of_custody"] is True
    assert [read["action"] for read in reads] == [
        *("archive_read_as_custodian", "archive_read_as_copy", "archive_read_as_emergency", "archive_extract"),
    ]
    assert reads[2]["reason"] == "昏迷送医,需知过敏史"


async def test_who_was_registered_twice_has_one_archive_with_both_codes_and_all_entries(office: Office) -> None:
    twin = "e" * 32
    await office.arrive()
    await office.arrive(person=twin)
    body = {"committee": "003", "basic": {}}
    code = (await office.post(f"/archives/{twin}/completion", body)).json()["code"]
    own = (await office.post(f"/archives/{PERSON}/completion", body)).json()["code"]
    entry = {"measured_at": "2026-11-01T02:00:00Z", "content": follow_up()}
    await office.post(f"/archives/{twin}/entries", entry)
    await office.entered(1, twin)

    merged = Person(person_id=twin, district="320507", merged_into=PERSON, linked=(PERSON,))
    await projector.hear(office.service, envelop([PersonsMerged(person=merged)]))
    await office.entered(1)

    async def coded() -> Any:
        archive = (await office.get(f"/archives/{PERSON}")).json()["archives"][0]
        return archive if archive["aliases"] else None

    archive = await eventually(coded)
    assert {archive["code"], archive["aliases"][0]["code"]} == {own, code}


async def test_what_was_entered_under_an_alias_counts_at_any_remove_until_the_merge_is_undone(office: Office) -> None:
    twin, triplet = "e" * 32, "f" * 32
    for person in (PERSON, twin, triplet):
        await office.arrive(person=person)
    entry = {"measured_at": "2026-11-01T02:00:00Z", "content": follow_up()}
    await office.post(f"/archives/{triplet}/entries", entry)
    await office.entered(1, triplet)
    middle = Person(person_id=twin, district="320507", merged_into=PERSON, linked=(PERSON,))
    far = Person(person_id=triplet, district="320507", merged_into=twin, linked=(twin,))

    await projector.hear(office.service, envelop([PersonsMerged(person=middle)]))
    await projector.hear(office.service, envelop([PersonsMerged(person=far)]))
    await office.entered(1)
    merged = envelop([PersonsMerged(person=middle), PersonsUnmerged(person=middle.model_copy(update=APART))])
    await projector.hear(office.service, merged)

    await office.entered(0)
    await office.entered(1, twin)
