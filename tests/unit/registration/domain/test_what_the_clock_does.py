"""What becomes owed by the day alone: a reminder, an escalation, an end by default, a lost trace; and when to look."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.registration.conflicts import ConflictKind
from contracts.registration.notices import (
    Answer,
    AnswerState,
    Notice,
    NoticeEscalated,
    NoticeKind,
    NoticeReminded,
    NoticeSent,
    NoticeState,
    NoticeWithdrawn,
    Urgency,
    notice_id,
)
from contracts.registration.stays import (
    Contest,
    DestinationKind,
    Ending,
    Stay,
    StayContested,
    StayEnded,
    StayReaffirmed,
    StayState,
    StayTraceFound,
    StayTraceLost,
)
from services.registration.domain.conflicts import find_conflicts
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.settling import Now, derive_owed_facts, find_contested, find_next_due
from tests.support.districts import POLICY, noon, rules_of
from tests.support.facts import FIRST_DAY, STREETS, make_answer, make_notice, make_person, make_stay

OLD, NEW = make_stay(), make_stay(street=STREETS[2], day=30)
CONTESTED = OLD.model_copy(
    update={"state": StayState.CONTESTED, "contest": Contest.NEWER_STAY, "contested_by": NEW.stay_id}
)
NOTICE = make_notice(NEW, OLD)
HOME, AWAY = "320507", "320812"
LEFT_ON = FIRST_DAY + timedelta(days=20)
LATER = timedelta(days=1)


def on(day: int) -> date:
    return FIRST_DAY + timedelta(days=day)


def owed(today: date, *stays: Stay, district: str = HOME, notices: tuple[Notice, ...] = (), **more: Any) -> list[Any]:
    known = Knowledge(stays, notices, **more)
    return list(derive_owed_facts(known, rules_of(district), Now(noon(today), today)))


def left(**more: Any) -> Stay:
    told = {"state": StayState.ENDED, "ended_on": LEFT_ON, "ending": Ending.DEPARTED}
    return OLD.model_copy(update={**told, "destination_kind": DestinationKind.UNKNOWN, **more})


def died(day: int) -> dict[str, Any]:
    return {"people": (make_person(died_on=on(day)),)}


# --- a departure without an arrival


@pytest.mark.parametrize(("days", "lost"), [(90, False), (91, True)])
def test_a_trace_is_lost_after_90_days(days: int, lost: bool) -> None:
    found = owed(LEFT_ON + timedelta(days=days), left())

    assert [type(fact) for fact in found] == ([StayTraceLost] if lost else [])
    assert all(fact.stay.trace_lost_on == LEFT_ON + timedelta(days=91) for fact in found)
    assert find_next_due(Knowledge((left(),)), rules_of(HOME)) == LEFT_ON + timedelta(days=91)


@pytest.mark.parametrize(
    "more",
    [
        {"destination_kind": DestinationKind.EXTERNAL},
        {"returning_on": LEFT_ON + timedelta(days=9)},
    ],
)
def test_no_trace_is_lost_of_whoever_left_for_abroad_or_is_not_to_be_back_yet(more: dict[str, Any]) -> None:
    assert owed(LEFT_ON + timedelta(days=95), left(**more)) == []


def test_who_means_to_return_is_lost_90_days_after_that_day_or_after_the_leaving_if_that_is_later() -> None:
    rules = rules_of(HOME)

    assert find_next_due(Knowledge((left(returning_on=on(50)),)), rules) == on(50 + 91)
    assert find_next_due(Knowledge((left(returning_on=on(5)),)), rules) == on(20 + 91)


def test_who_arrived_or_died_is_traced_no_more() -> None:
    lost = left(trace_lost_on=LEFT_ON + timedelta(days=91))
    today = LEFT_ON + timedelta(days=120)

    assert [type(fact) for fact in owed(today, lost, NEW)] == [StayTraceFound]
    assert [type(fact) for fact in owed(today, lost, **died(60))] == [StayTraceFound]
    assert owed(today, lost) == []


def test_another_district_traces_nobody() -> None:
    assert owed(on(200), left(), district=AWAY) == []
    assert find_next_due(Knowledge((left(),)), rules_of(AWAY)) is None


# --- a notice that waits


@pytest.mark.parametrize(
    ("day", "notice", "kinds"),
    [
        (NOTICE.remind_on - LATER, NOTICE, []),
        (NOTICE.remind_on, NOTICE, [NoticeReminded]),
        (NOTICE.answer_due, NOTICE, [NoticeReminded]),
        (NOTICE.answer_due + LATER, NOTICE, [NoticeEscalated]),
        (NOTICE.remind_on, NOTICE.model_copy(update={"reminded": True}), []),
        (NOTICE.answer_due, NOTICE.model_copy(update={"reminded": True}), []),
        (NOTICE.answer_due + LATER, NOTICE.model_copy(update={"reminded": True}), [NoticeEscalated]),
        (NOTICE.answer_due + LATER, NOTICE.model_copy(update={"reminded": True, "escalated": True}), []),
    ],
)
def test_its_sender_reminds_and_then_escalates_each_once(day: date, notice: Notice, kinds: list[type]) -> None:
    assert [type(fact) for fact in owed(day, CONTESTED, NEW, district=AWAY, notices=(notice,))] == kinds


def test_an_escalation_counts_as_a_reminder() -> None:
    [escalated] = owed(NOTICE.answer_due + LATER, CONTESTED, NEW, district=AWAY, notices=(NOTICE,))

    assert (escalated.notice.reminded, escalated.notice.escalated) == (True, True)


@pytest.mark.parametrize("state", [AnswerState.CONFIRMED, AnswerState.REJECTED])
def test_nobody_is_reminded_of_what_is_answered(state: AnswerState) -> None:
    answer = make_answer(NOTICE, state, left_on=on(20))
    found = owed(NOTICE.answer_due + LATER, OLD, NEW, district=AWAY, notices=(NOTICE,), answers=(answer,))

    assert not [fact for fact in found if isinstance(fact, NoticeReminded | NoticeEscalated)]


@pytest.mark.parametrize(
    ("notice", "days"),
    [
        (NOTICE, [NOTICE.remind_on]),
        (NOTICE.model_copy(update={"reminded": True}), [NOTICE.answer_due + LATER]),
        (NOTICE.model_copy(update={"reminded": True, "escalated": True}), []),
    ],
)
def test_the_sender_looks_again_when_something_becomes_due(notice: Notice, days: list[date]) -> None:
    known = Knowledge((CONTESTED, NEW), (notice,))

    assert find_next_due(known, rules_of(AWAY)) == (days[0] if days else None)


def test_the_addressee_looks_again_when_an_arrival_is_taken_as_confirmed() -> None:
    assert NOTICE.completes_on
    over = NOTICE.completes_on + LATER

    assert find_next_due(Knowledge((CONTESTED, NEW), (NOTICE,)), rules_of(HOME)) == over
    assert find_next_due(Knowledge((OLD, NEW), (NOTICE,)), rules_of(HOME)) is None
    assert find_next_due(Knowledge((CONTESTED, NEW)), rules_of(HOME)) is None


# --- what is taken as confirmed


@pytest.mark.parametrize(("days", "ends"), [(0, False), (1, True)])
def test_an_arrival_is_taken_as_confirmed_after_its_last_day(days: int, ends: bool) -> None:
    assert NOTICE.completes_on
    found = owed(NOTICE.completes_on + timedelta(days=days), CONTESTED, NEW, notices=(NOTICE,))

    assert [type(fact) for fact in found] == ([StayEnded] if ends else [])
    if ends:
        [ended] = found
        assert (ended.stay.ending, ended.stay.ended_on) == (Ending.BY_DEFAULT, NEW.started_on)
        assert (ended.stay.destination, ended.stay.contested_by) == (STREETS[2], None)


@pytest.mark.parametrize(
    "notices",
    [
        (),
        (NOTICE.model_copy(update={"state": NoticeState.WITHDRAWN}),),
        (NOTICE.model_copy(update={"completes_on": None}),),
    ],
)
def test_nothing_is_taken_as_confirmed_that_nobody_was_asked(notices: tuple[Notice, ...]) -> None:
    assert owed(on(300), CONTESTED, NEW, notices=notices) == []


@pytest.mark.parametrize(
    ("day", "ending", "ended_on"),
    [(20, Ending.DIED, 20), (0, Ending.DIED, 0), (30, Ending.DIED, 30), (31, Ending.BY_DEFAULT, 30)],
)
def test_a_death_ends_the_stay_unless_the_person_had_moved_on(day: int, ending: Ending, ended_on: int) -> None:
    [ended, *_] = owed(on(60), OLD, NEW, notices=(NOTICE,), **died(day))

    assert isinstance(ended, StayEnded)
    assert (ended.stay.ending, ended.stay.ended_on) == (ending, on(ended_on))


def test_a_stay_that_begins_after_the_death_is_contested_by_it() -> None:
    [contested] = [fact for fact in owed(on(60), NEW, district=AWAY, **died(29)) if isinstance(fact, StayContested)]

    assert (contested.stay.contest, contested.stay.contested_by) == (Contest.DIED, None)
    assert not [fact for fact in owed(on(60), NEW, district=AWAY, **died(30)) if isinstance(fact, StayContested)]


def test_a_contested_stay_whose_rival_is_gone_stands_again() -> None:
    gone = NEW.model_copy(update={"state": StayState.RETRACTED})

    [again] = owed(on(60), CONTESTED, gone)

    assert isinstance(again, StayReaffirmed)
    assert (again.stay.state, again.stay.contest, again.stay.contested_by) == (StayState.OPEN, None, None)


# --- which notices are owed


def test_an_arrival_owes_a_notice_to_the_street_that_was_left() -> None:
    [sent] = owed(on(31), CONTESTED, NEW, district=AWAY)

    assert isinstance(sent, NoticeSent)
    notice = sent.notice
    assert (notice.kind, notice.sender, notice.addressee) == (NoticeKind.ARRIVAL, STREETS[2], STREETS[0])
    assert (notice.stay_id, notice.about, notice.started_on) == (NEW.stay_id, OLD.stay_id, NEW.started_on)
    assert (notice.answer_due, notice.completes_on, notice.remind_on) == (on(61), on(76), on(54))
    assert notice.urgency is Urgency.ORDINARY


@pytest.mark.parametrize(("day", "urgency"), [(3, Urgency.URGENT), (4, Urgency.ORDINARY)])
def test_two_arrivals_within_three_days_are_urgent_and_a_conflict(day: int, urgency: Urgency) -> None:
    near = make_stay(street=STREETS[2], day=day)

    [sent] = [fact for fact in owed(on(5), OLD, near, district=AWAY) if isinstance(fact, NoticeSent)]
    kinds = [conflict.kind for conflict in find_conflicts(Knowledge((OLD, near)), POLICY)]

    assert sent.notice.urgency is urgency
    assert kinds == ([ConflictKind.DOUBLE_ARRIVAL] * 2 if urgency is Urgency.URGENT else [])


def test_within_a_district_there_are_three_working_days() -> None:
    near = make_stay(street=STREETS[1], day=30)

    [sent] = [fact for fact in owed(date(2026, 11, 16), OLD, near) if isinstance(fact, NoticeSent)]

    assert (sent.notice.receipt_due, sent.notice.answer_due) == (date(2026, 11, 19), date(2026, 11, 19))


@pytest.mark.parametrize(
    ("destination", "sent"), [(STREETS[2], True), (AWAY, True), (STREETS[0], False), (None, False)]
)
def test_a_departure_owes_a_notice_to_where_the_person_goes(destination: str | None, sent: bool) -> None:
    kind = DestinationKind.DIVISION if destination else DestinationKind.UNKNOWN
    found = owed(LEFT_ON, left(destination=destination, destination_kind=kind))

    notices = [(fact.notice.kind, fact.notice.addressee, fact.notice.started_on) for fact in found]
    assert notices == ([(NoticeKind.DEPARTURE, destination, LEFT_ON)] if sent else [])
    assert all(fact.notice.completes_on is None for fact in found)


def test_a_departure_of_whoever_died_or_arrived_owes_none() -> None:
    bound = left(destination=STREETS[2], destination_kind=DestinationKind.DIVISION)

    assert owed(LEFT_ON, bound, **died(25)) == []
    assert owed(on(31), bound, NEW) == []


def test_a_rejected_notice_owes_an_inquiry_from_the_office_that_rejected_it() -> None:
    rejected: Answer = make_answer(NOTICE, AnswerState.REJECTED)

    found = owed(on(40), OLD, NEW, notices=(NOTICE,), answers=(rejected,))

    [inquiry] = [fact.notice for fact in found if isinstance(fact, NoticeSent)]
    assert (inquiry.kind, inquiry.addressee, inquiry.about) == (NoticeKind.INQUIRY, STREETS[2], NEW.stay_id)
    assert inquiry.notice_id == notice_id(NoticeKind.INQUIRY, OLD.stay_id, NEW.stay_id)
    assert (inquiry.urgency, inquiry.completes_on) == (Urgency.URGENT, None)


def test_a_notice_of_an_arrival_that_was_taken_back_is_withdrawn_and_one_that_a_clerk_asked_stays() -> None:
    gone = NEW.model_copy(update={"state": StayState.RETRACTED})
    asked = NOTICE.model_copy(update={"asked": True})
    withdrawn = NOTICE.model_copy(update={"state": NoticeState.WITHDRAWN})

    assert [type(fact) for fact in owed(on(31), OLD, gone, district=AWAY, notices=(NOTICE,))] == [NoticeWithdrawn]
    assert owed(on(31), OLD, gone, district=AWAY, notices=(asked,)) == []
    assert owed(on(31), OLD, gone, district=AWAY, notices=(withdrawn,)) == []
    assert [type(fact) for fact in owed(on(31), CONTESTED, NEW, district=AWAY, notices=(withdrawn,))] == [NoticeSent]


def test_a_first_day_that_was_corrected_is_told_again() -> None:
    earlier = NOTICE.model_copy(update={"started_on": on(29)})

    [again] = owed(on(31), CONTESTED, NEW, district=AWAY, notices=(earlier,))

    assert isinstance(again, NoticeSent)
    assert again.notice == NOTICE


# --- what a new arrival would contest


def test_a_new_arrival_contests_the_stay_before_it_and_is_contested_by_the_one_after_it() -> None:
    middle = make_stay(street=STREETS[1], day=15)
    rules = rules_of(HOME, AWAY)

    assert find_contested(Knowledge((OLD,)), NEW, rules, on(31)) == [OLD]
    assert find_contested(Knowledge((NEW,)), middle, rules, on(31)) == [NEW]
    assert find_contested(Knowledge(()), NEW, rules, on(31)) == []
    assert find_contested(Knowledge((CONTESTED,)), NEW, rules, on(31)) == []
