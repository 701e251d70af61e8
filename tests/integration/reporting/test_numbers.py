"""Flows and scores on a real MongoDB, asked over HTTP: corrections, defaults, deaths, merges, and both sides' rates."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.archives.archives import Archive, ArchiveOpened
from contracts.envelope import Fact
from contracts.registration.notices import (
    AnswerState,
    NoticeConfirmed,
    NoticeKind,
    NoticeReceived,
    NoticeRejected,
    NoticeSent,
    NoticeState,
    NoticeWithdrawn,
    RejectionReason,
    notice_id,
)
from contracts.registration.people import PersonDied, PersonsMerged, PersonsUnmerged
from contracts.registration.stays import (
    DestinationKind,
    Ending,
    Stay,
    StayContested,
    StayCorrected,
    StayEnded,
    StayReaffirmed,
    StayStarted,
    StayState,
    StayTraceFound,
    StayTraceLost,
)
from deploy.local.stack import Stack
from tests.support.counting import BUILD
from tests.support.desk import DISTRICT, Desk
from tests.support.facts import (
    FIRST_DAY,
    FIRST_MOMENT,
    PEOPLE,
    make_answer,
    make_notice,
    make_person,
    make_stay,
)
from tests.support.instance import Instance, forget_instance

HERE, NEAR, FAR = "320507001", "320507002", "320812001"
NOW = datetime(2026, 2, 20, 4, tzinfo=UTC)


@dataclass(frozen=True)
class Office(Desk):
    """A desk where periods are asked for that begin with the first day."""

    async def ask_until(self, path: str, day: int, division: str = DISTRICT, role: str = "district") -> httpx.Response:
        """Return the answer for the period from the first day to some days later."""
        period = {"from": FIRST_DAY.isoformat(), "to": (FIRST_DAY + timedelta(days=day)).isoformat()}
        return await self.ask(path, role=role, division=division, **period)

    async def count(self, day: int, *names: str, division: str = "320507") -> dict[str, Any]:
        """Return the flows of a period that are not 0."""
        found = (await self.ask_until("/flows", day, division)).raise_for_status().json()
        told = {name: found[name] for name in names or COUNTS}
        return {name: value for name, value in told.items() if value}


COUNTS = ("residents", "contested", "in_transit", "lost", "inflow", "outflow", "by_default", "deaths")


@pytest.fixture
async def office(stack: Stack) -> AsyncIterator[Office]:
    instance = Instance(stack, f"numbers-{uuid4().hex[:8]}", clock=lambda: NOW)
    instance.apps["reporting"] = instance.build("reporting")
    service = instance.apps["reporting"].state.service
    for step in service._prepare:
        await step(service.database)
    yield Office(instance)
    service.client.close()
    await forget_instance(stack, instance.name)


def after(days: int) -> date:
    return FIRST_DAY + timedelta(days=days)


def left(stay: Stay, day: int, **more: Any) -> Stay:
    gone = {"state": StayState.ENDED, "ended_on": after(day), "ending": Ending.DEPARTED, "contested_by": None}
    return stay.model_copy(update=gone | more)


STAY = make_stay(street=HERE, day=2)


async def test_who_left_is_in_transit_until_a_later_stay_begins(office: Office) -> None:
    await office.hear([StayStarted(stay=STAY), StayEnded(stay=left(STAY, 5))])
    assert await office.count(9) == {"inflow": 1, "outflow": 1, "in_transit": 1}

    await office.hear(StayStarted(stay=make_stay(street=NEAR, day=8)))

    assert await office.count(4) == {"inflow": 1, "residents": 1}
    assert await office.count(7) == {"inflow": 1, "outflow": 1, "in_transit": 1}
    assert await office.count(8) == {"inflow": 2, "outflow": 1, "residents": 1}


async def test_who_went_abroad_is_not_looked_for(office: Office) -> None:
    gone = left(STAY, 5, destination_kind=DestinationKind.EXTERNAL)

    await office.hear([StayStarted(stay=STAY), StayEnded(stay=gone)])

    assert await office.count(9) == {"inflow": 1, "outflow": 1}


async def test_a_lost_trace_counts_from_its_day_on_and_is_found_with_an_arrival(office: Office) -> None:
    gone = left(STAY, 5)
    lost = gone.model_copy(update={"trace_lost_on": after(20)})
    await office.hear([StayStarted(stay=STAY), StayEnded(stay=gone), StayTraceLost(stay=lost)])

    assert await office.count(19) == {"inflow": 1, "outflow": 1, "in_transit": 1}
    assert await office.count(20) == {"inflow": 1, "outflow": 1, "lost": 1}

    facts = [StayStarted(stay=STAY), StayEnded(stay=gone), StayTraceLost(stay=lost), StayTraceFound(stay=gone)]
    await office.hear(facts, StayStarted(stay=make_stay(street=FAR, day=25)))

    assert await office.count(24) == {"inflow": 1, "outflow": 1, "in_transit": 1}
    assert await office.count(25) == {"inflow": 1, "outflow": 1}


async def test_another_districts_notice_of_the_arrival_finds_who_left(office: Office) -> None:
    far = make_stay(street=FAR, day=8)
    await office.hear([StayStarted(stay=STAY), StayEnded(stay=left(STAY, 5))])

    await office.hear(NoticeSent(notice=make_notice(far, STAY)))

    assert await office.count(7, "in_transit") == {"in_transit": 1}
    assert await office.count(8, "in_transit") == {}


async def test_another_districts_confirmation_of_a_departure_finds_who_left(office: Office) -> None:
    notice = make_notice(
        STAY,
        make_stay(street=FAR, day=8),
        kind=NoticeKind.DEPARTURE,
        notice_id=notice_id(NoticeKind.DEPARTURE, STAY.stay_id, FAR),
        about=None,
    )
    answer = make_answer(notice, AnswerState.CONFIRMED, answered_at=FIRST_MOMENT + timedelta(days=12))
    await office.hear(NoticeConfirmed(answer=answer), NoticeSent(notice=notice))

    await office.hear([StayStarted(stay=STAY), StayEnded(stay=left(STAY, 5))])

    assert await office.count(11, "in_transit") == {"in_transit": 1}
    assert await office.count(12, "in_transit") == {}


async def test_a_death_is_no_departure_and_nobody_is_looked_for(office: Office) -> None:
    died = left(STAY, 5, ending=Ending.DIED)
    second = make_stay(PEOPLE[1], HERE, 2)

    await office.hear([StayStarted(stay=STAY), StayEnded(stay=died)])
    await office.hear([StayStarted(stay=second), StayEnded(stay=left(second, 5))])
    await office.hear(PersonDied(person=make_person(PEOPLE[1], died_on=after(9))))

    assert await office.count(8) == {"inflow": 2, "outflow": 1, "deaths": 1, "in_transit": 1}
    assert await office.count(9) == {"inflow": 2, "outflow": 1, "deaths": 1}


async def test_a_contested_stay_counts_apart_until_it_ends_by_default_or_is_reaffirmed(office: Office) -> None:
    contested = STAY.model_copy(update={"state": StayState.CONTESTED, "contested_by": "f" * 32})
    ended = left(STAY, 8, ending=Ending.BY_DEFAULT, destination=FAR)
    facts: list[Fact] = [StayStarted(stay=STAY), StayContested(stay=contested)]

    await office.hear(facts)
    assert await office.count(9) == {"inflow": 1, "contested": 1}
    assert await office.count(4) == {"inflow": 1, "contested": 1}, "at no day is it settled"

    await office.hear([*facts, StayEnded(stay=ended)])
    assert await office.count(9) == {"inflow": 1, "outflow": 1, "by_default": 1}
    assert await office.count(7) == {"inflow": 1, "residents": 1}

    await office.hear([*facts, StayEnded(stay=ended), StayReaffirmed(stay=STAY)])
    assert await office.count(9) == {"inflow": 1, "residents": 1}


async def test_a_correction_takes_its_place_by_the_day_it_says(office: Office) -> None:
    gone = left(STAY, 5)
    corrected = gone.model_copy(update={"started_on": after(4), "ended_on": after(9)})
    await office.hear([StayStarted(stay=STAY), StayEnded(stay=gone), StayCorrected(stay=corrected)])

    assert await office.count(3) == {}
    assert await office.count(8) == {"inflow": 1, "residents": 1}
    assert await office.count(9) == {"inflow": 1, "outflow": 1, "in_transit": 1}


async def test_streets_and_days_sum_up_to_the_division(office: Office) -> None:
    for number, street in enumerate((HERE, HERE, NEAR)):
        stay = make_stay(PEOPLE[number], street, number)
        await office.hear([StayStarted(stay=stay), StayEnded(stay=left(stay, 6 + number))])

    found = (await office.ask_until("/flows", 7)).json()

    for name in COUNTS:
        assert found[name] == sum(street[name] for street in found["streets"])
    for name in ("inflow", "outflow", "by_default", "deaths"):
        assert found[name] == sum(day[name] for day in found["days"])
    assert [(street["street"], street["residents"], street["in_transit"]) for street in found["streets"]] == [
        (HERE, 0, 2),
        (NEAR, 1, 0),
    ]


async def test_a_merged_persons_archive_counts_wherever_they_live_in_the_district_until_the_merge_is_undone(
    office: Office,
) -> None:
    alias, survivor = PEOPLE[0], PEOPLE[1]
    archive = Archive(person_id=alias, district="320507", street=HERE, opened_at=FIRST_MOMENT)
    merged = make_person(alias, "320812", merged_into=survivor, linked=(survivor,))
    merge = [PersonsMerged(person=merged)]
    await office.hear(StayStarted(stay=make_stay(survivor, NEAR, 1)))
    await office.hear(ArchiveOpened(archive=archive), service="archives")
    assert await office.count(9, "residents", "archived") == {"residents": 1}

    await office.hear(merge)
    assert await office.count(9, "residents", "archived") == {"residents": 1, "archived": 1}

    await office.hear([*merge, PersonsUnmerged(person=merged.model_copy(update={"merged_into": None}))])
    assert await office.count(9, "residents", "archived") == {"residents": 1}


async def test_an_archive_that_comes_after_the_merge_counts_too(office: Office) -> None:
    alias, survivor = PEOPLE[0], PEOPLE[1]
    archive = Archive(person_id=alias, district="320507", street=HERE, opened_at=FIRST_MOMENT)
    await office.hear(PersonsMerged(person=make_person(alias, merged_into=survivor, linked=(survivor,))))
    await office.hear(StayStarted(stay=make_stay(survivor, NEAR, 1)))

    await office.hear(ArchiveOpened(archive=archive), service="archives")

    assert await office.count(9, "residents", "archived") == {"residents": 1, "archived": 1}


async def test_who_left_under_one_id_is_found_under_the_other(office: Office) -> None:
    alias, survivor = PEOPLE[0], PEOPLE[1]
    await office.hear([StayStarted(stay=STAY), StayEnded(stay=left(STAY, 5))])
    await office.hear(StayStarted(stay=make_stay(survivor, NEAR, 7)))
    assert await office.count(9, "in_transit") == {"in_transit": 1}

    await office.hear(PersonsMerged(person=make_person(alias, merged_into=survivor, linked=(survivor,))))

    assert await office.count(9, "in_transit") == {}


def arrival_notice(person: str, day: int, registered: int, sent: int, addressee: str = HERE) -> tuple[Stay, Any]:
    """Make an arrival at FAR and its notice; days are counted from the first."""
    stay = make_stay(person, FAR, day, recorded=24 * registered, registration_due=after(day + 3))
    moment = FIRST_MOMENT + timedelta(days=sent)
    due = {"receipt_due": after(sent + 10), "answer_due": after(sent + 20), "completes_on": after(sent + 30)}
    return stay, make_notice(stay, make_stay(person, addressee), sent_at=moment, **due)


async def test_scores_of_both_sides_worked_by_hand(office: Office) -> None:
    answers: list[Fact] = []
    for number, (person, addressee) in enumerate(((PEOPLE[0], HERE), (PEOPLE[1], HERE), (PEOPLE[2], NEAR))):
        stay, notice = arrival_notice(person, day=5, registered=7 + 2 * number, sent=10, addressee=addressee)
        await office.hear(StayStarted(stay=stay), NoticeSent(notice=notice))
        answers.append(NoticeReceived(answer=make_answer(notice)))
    confirmed = {"state": AnswerState.CONFIRMED, "answered_at": FIRST_MOMENT + timedelta(days=30)}
    rejected = {"state": AnswerState.REJECTED, "answered_at": FIRST_MOMENT + timedelta(days=31)}
    first, second = answers[0].answer, answers[1].answer  # type: ignore[attr-defined]  # both are answers
    await office.hear([answers[0], NoticeConfirmed(answer=first.model_copy(update=confirmed))])
    reason = {**rejected, "reason": RejectionReason.NO_SUCH_PERSON}
    await office.hear([answers[1], NoticeRejected(answer=second.model_copy(update=reason))])
    _, unsent = arrival_notice("d" * 32, day=5, registered=5, sent=12)
    withdrawn = unsent.model_copy(update={"state": NoticeState.WITHDRAWN})
    await office.hear([NoticeSent(notice=unsent), NoticeWithdrawn(notice=withdrawn)])
    _, before = arrival_notice("e" * 32, day=5, registered=5, sent=-1)
    await office.hear(NoticeSent(notice=before))

    found = (await office.ask_until("/scores", 60)).raise_for_status().json()
    asked = {row["division"]: row["as_addressee"] for row in found["divisions"]}

    assert found["as_of"] == "2026-02-20", "the clock's day: 50 days after the first"
    total, here, near = found["as_addressee"], asked[HERE], asked[NEAR]
    assert (total["notices"], here["notices"], near["notices"], total["withdrawn"]) == (3, 2, 1, 1)
    assert (total["received"], total["receipt_rate"]) == (2, 2 / 3)
    assert (here["receipt_in_time_rate"], near["received"], near["receipt_rate"]) == (1.0, 0, 0.0)
    assert (near["receipt_owed"], near["receipt_in_time_rate"]) == (1, 0.0)
    assert (here["fed_back"], here["feedback_rate"], here["rejected"]) == (2, 1.0, 1)
    assert (here["fed_back_in_time"], here["feedback_owed"], here["feedback_in_time_rate"]) == (1, 2, 0.5)
    assert (here["paired"], here["paired_rate"], near["paired_rate"]) == (1, 0.5, None)
    assert (total["overdue"], total["by_default"], near["overdue"], near["by_default"]) == (1, 1, 1, 1)
    assert (total["sent_in_time"], total["arrivals"], total["sent_in_time_rate"]) == (1, 3, 1 / 3)
    assert found["as_sender"]["notices"] == 0
    assert found["as_sender"]["receipt_rate"] is None


async def test_a_notice_inside_a_division_counts_on_both_of_its_sides(office: Office) -> None:
    notice = make_notice(make_stay(street=NEAR, day=5), STAY)
    await office.hear(NoticeSent(notice=notice))

    whole = (await office.ask_until("/scores", 60)).json()
    street = (await office.ask_until("/scores", 60, division=NEAR)).json()

    assert (whole["as_addressee"]["notices"], whole["as_sender"]["notices"]) == (1, 1)
    assert (street["as_addressee"]["notices"], street["as_sender"]["notices"]) == (0, 1)
    assert [row["division"] for row in street["divisions"]] == [NEAR]


async def test_a_notice_is_of_the_day_on_which_it_was_sent_in_china(office: Office) -> None:
    evening = datetime(2026, 1, 10, 16, tzinfo=UTC)
    await office.hear(NoticeSent(notice=make_notice(make_stay(street=NEAR, day=5), STAY, sent_at=evening)))

    on_the_10th, on_the_11th = [(await office.ask_until("/scores", day)).json() for day in (9, 10)]

    assert (on_the_10th["as_sender"]["notices"], on_the_11th["as_sender"]["notices"]) == (0, 1)


@pytest.mark.parametrize(
    ("role", "division", "status"),
    [
        ("district", "320507", 200),
        ("supervisor", "320507001", 200),
        ("clerk", "320507", 403),
        ("health_worker", "320507", 403),
        ("integrator", "320507", 403),
        ("district", "320812", 403),
        ("district", "32", 403),
        ("district", "x", 422),
    ],
)
async def test_scores_are_for_who_assesses_the_division(office: Office, role: str, division: str, status: int) -> None:
    assert (await office.ask_until("/scores", 9, division, role)).status_code == status


async def test_a_period_that_ends_before_it_begins_is_refused(office: Office) -> None:
    answer = await office.ask_until("/scores", -1)

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_period")


@pytest.mark.parametrize("path", ["/flows", "/scores", "/conservation", "/flows/matrix"])
@pytest.mark.parametrize("days", [("0001-01-01", "0001-01-02"), ("9999-12-30", "9999-12-31")])
async def test_a_period_at_the_end_of_the_calendar_is_refused(office: Office, path: str, days: tuple[str, str]) -> None:
    params = {"division": "320507", "from": days[0], "to": days[1], "between": "city"}

    async with office.instance.client("reporting", "district", "320507") as client:
        answer = await client.get(path, params=params)

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_period")


async def explained(office: Office, path: str, params: dict[str, Any], role: str = "district") -> httpx.Response:
    async with office.instance.client("reporting", role, "320507") as client:
        return await client.get(f"/numbers/{path}", params={"division": "320507", **params})


async def test_a_number_is_explained_by_the_people_behind_it_page_by_page(office: Office) -> None:
    for number in range(3):
        await office.hear(StayStarted(stay=make_stay(f"{number:032x}", HERE, 2)))
    asked = {"measure": "resident", "on": after(9).isoformat(), "limit": 2}

    first = (await explained(office, "counted", asked)).json()
    second = (await explained(office, "counted", {**asked, "cursor": first["next"]})).json()

    assert first["number"] == 3
    assert [each["person_id"] for each in first["people"] + second["people"]] == [f"{n:032x}" for n in range(3)]
    assert second["next"] is None
    assert first["people"][0]["since"] == after(2).isoformat()
    assert [fact["sequence"] for fact in first["people"][0]["facts"]] == [1]


async def test_who_does_not_count_is_told_with_what_is_missing(office: Office) -> None:
    archive = Archive(person_id=PEOPLE[0], district="320507", street=HERE, opened_at=FIRST_MOMENT)
    for person in PEOPLE[:2]:
        await office.hear(StayStarted(stay=make_stay(person, HERE, 2)))
    await office.hear(ArchiveOpened(archive=archive), service="archives")
    asked = {"among": "resident", "on": after(9).isoformat()}

    unarchived = (await explained(office, "uncounted", {**asked, "measure": "resident.archived"})).json()

    assert [(each["person_id"], each["missing"]) for each in unarchived["people"]] == [(PEOPLE[1], "no_archive")]
    assert unarchived["number"] == 1


async def test_who_came_and_who_left_explains_the_difference_of_two_days(office: Office) -> None:
    await office.hear(StayStarted(stay=make_stay(PEOPLE[1], HERE, 6)))
    await office.hear([StayStarted(stay=STAY), StayEnded(stay=left(STAY, 5))])
    await office.hear(StayStarted(stay=make_stay(PEOPLE[2], HERE, 1)))
    days = {"from": after(3).isoformat(), "to": after(9).isoformat()}

    found = (await explained(office, "changes", {**days, "measure": "resident"})).json()

    assert {(each["person_id"], each["came"]) for each in found["people"]} == {(PEOPLE[0], False), (PEOPLE[1], True)}


@pytest.mark.parametrize(
    ("role", "measure", "code"),
    [
        ("clerk", "hypertension.managed", "counts_only"),
        ("district", "nonsense", "unknown_measure"),
        ("district", "activity.held", "not_about_people"),
    ],
)
async def test_what_must_not_or_can_t_be_explained_is_refused(
    office: Office, role: str, measure: str, code: str
) -> None:
    answer = await explained(office, "counted", {"measure": measure, "on": after(9).isoformat()}, role)

    assert answer.json()["code"] == code


async def test_rows_of_an_earlier_version_count_once_their_facts_are_sent_again(office: Office) -> None:
    database = office.instance.database("reporting")
    stays = database["stays"]
    told = [StayStarted(stay=STAY), StayEnded(stay=left(STAY, 5)), StayReaffirmed(stay=STAY)]
    await office.hear(told)
    await stays.update_one({}, {"$unset": {"said_at": "", "earlier": ""}})
    for counted in (BUILD.contributions, BUILD.counters, BUILD.places):
        await database[counted].delete_many({})
    await office.hear(StayStarted(stay=make_stay(PEOPLE[1], HERE, 2)))
    await office.hear(PersonDied(person=make_person(PEOPLE[0], died_on=after(30))))
    assert await office.count(9) == {"residents": 1, "inflow": 1}

    await office.hear(told)

    assert await office.count(9) == {"residents": 2, "inflow": 2}
    row = await stays.find_one({"_id": STAY.stay_id})
    assert row is not None
    assert sorted(row["earlier"]) == ["1", "2"]


async def test_who_can_not_be_counted_keeps_nobody_else_from_it(office: Office) -> None:
    database = office.instance.database("reporting")
    await office.hear(StayStarted(stay=make_stay(PEOPLE[0], HERE, 2)))
    await database["stays"].update_one({}, {"$set": {"started_on": "no day"}})

    await office.hear(*(StayStarted(stay=make_stay(person, NEAR, 3)) for person in PEOPLE[:2]))

    assert await office.count(9, "residents", division=NEAR) == {"residents": 1}
    assert [row["_id"] async for row in database["uncountable"].find()] == [PEOPLE[0]]
