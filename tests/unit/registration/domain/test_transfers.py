"""The states of a transfer: what the district that is left says, what the one that is reached says, and the clock."""

import re
from datetime import date, timedelta
from typing import Any

import pytest

from contracts.registration.notices import AnswerState, Notice, RejectionReason
from contracts.registration.stays import DestinationKind, Ending, Stay, StayState
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.listings import derive_listings
from services.registration.domain.transfers import TERMINAL, Transfer, TransferState, derive_transfers
from tests.support.facts import FIRST_DAY, PEOPLE, STREETS, make_answer, make_notice, make_person, make_stay

LEFT_ON, LOST_ON = FIRST_DAY + timedelta(days=20), FIRST_DAY + timedelta(days=110)
OLD, NEW = make_stay(), make_stay(street=STREETS[2], day=30)
NOTICE = make_notice(NEW, OLD)
REJECTED = make_answer(NOTICE, AnswerState.REJECTED, reason=RejectionReason.STILL_HERE)
CONFIRMED = make_answer(NOTICE, AnswerState.CONFIRMED, left_on=LEFT_ON, destination=STREETS[2])
RECEIVED = make_answer(NOTICE)


def ended(stay: Stay = OLD, ending: Ending = Ending.DEPARTED, **more: Any) -> Stay:
    told = {"destination_kind": DestinationKind.UNKNOWN, **more}
    return stay.model_copy(update={"state": StayState.ENDED, "ended_on": LEFT_ON, "ending": ending, **told})


def retracted(stay: Stay) -> Stay:
    return stay.model_copy(update={"state": StayState.RETRACTED})


def derive(
    *stays: Stay, notices: tuple[Notice, ...] = (NOTICE,), died: int | None = None, **more: Any
) -> list[Transfer]:
    people = () if died is None else (make_person(died_on=FIRST_DAY + timedelta(days=died)),)
    return derive_transfers(Knowledge(stays, notices, people=people, **more))


# --- who left and is not known to have arrived


@pytest.mark.parametrize(
    ("stay", "died", "state"),
    [
        (ended(), None, TransferState.DEPARTED_OPEN),
        (ended(trace_lost_on=LOST_ON), None, TransferState.LOST),
        (ended(destination_kind=DestinationKind.EXTERNAL), None, TransferState.EXTERNAL_CLOSED),
        (ended(destination_kind=DestinationKind.EXTERNAL, trace_lost_on=LOST_ON), None, TransferState.EXTERNAL_CLOSED),
        (ended(trace_lost_on=LOST_ON), 40, TransferState.VOID),
        (ended(destination_kind=DestinationKind.EXTERNAL), 40, TransferState.VOID),
    ],
    ids=["open", "lost", "abroad", "abroad for long", "dead", "dead abroad"],
)
def test_who_left_is_awaited_until_the_trace_is_lost_unless_bound_for_elsewhere(
    stay: Stay, died: int | None, state: TransferState
) -> None:
    [transfer] = derive(stay, notices=(), died=died)

    assert transfer.state is state
    assert (transfer.since, transfer.left_stay, transfer.left_street) == (LEFT_ON, OLD.stay_id, STREETS[0])
    assert (transfer.reached_stay, transfer.due) == (None, None)


def test_who_stays_has_no_transfer() -> None:
    assert derive(OLD, notices=()) == []


# --- who arrived: the office that is left says nothing, or says something


@pytest.mark.parametrize(
    ("old", "answers", "escalated", "state"),
    [
        (OLD, (), False, TransferState.ARRIVED_UNMATCHED),
        (OLD, (RECEIVED,), False, TransferState.ARRIVED_UNMATCHED),
        (OLD, (), True, TransferState.OVERDUE),
        (OLD, (CONFIRMED,), False, TransferState.COMPLETED),
        (OLD, (CONFIRMED,), True, TransferState.COMPLETED),
        (OLD, (REJECTED,), False, TransferState.DISPUTED),
        (ended(), (), False, TransferState.MATCHED),
        (ended(), (), True, TransferState.COMPLETED_BY_DEFAULT),
        (ended(), (RECEIVED,), False, TransferState.COMPLETED),
        (ended(), (RECEIVED,), True, TransferState.COMPLETED),
        (ended(ending=Ending.BY_DEFAULT), (), True, TransferState.COMPLETED_BY_DEFAULT),
        (ended(ending=Ending.BY_DEFAULT), (), False, TransferState.COMPLETED_BY_DEFAULT),
    ],
)
def test_what_the_office_that_is_left_says_decides_and_then_the_clock(
    old: Stay, answers: tuple[Any, ...], escalated: bool, state: TransferState
) -> None:
    notice = NOTICE.model_copy(update={"escalated": escalated})

    [transfer] = derive(old, NEW, notices=(notice,), answers=answers)

    assert transfer.state is state
    assert transfer.due == (None if state in TERMINAL else NOTICE.answer_due)
    assert (transfer.notice_id, transfer.reached_stay) == (NOTICE.notice_id, NEW.stay_id)


@pytest.mark.parametrize(
    ("old", "new", "answers", "state"),
    [
        (OLD, retracted(NEW), (REJECTED,), TransferState.CANCELLED),
        (OLD, retracted(NEW), (), TransferState.VOID),
        (OLD, retracted(NEW), (RECEIVED,), TransferState.VOID),
        (retracted(OLD), NEW, (REJECTED,), TransferState.VOID),
        (retracted(OLD), NEW, (), TransferState.VOID),
        (retracted(OLD), retracted(NEW), (REJECTED,), TransferState.VOID),
    ],
    ids=[
        "rejected and taken back",
        "taken back",
        "taken back after a receipt",
        "ours by mistake",
        "ours, unanswered",
        "both",
    ],
)
def test_an_arrival_that_was_rejected_is_cancelled_when_taken_back_and_a_mistaken_stay_is_void(
    old: Stay, new: Stay, answers: tuple[Any, ...], state: TransferState
) -> None:
    [transfer] = derive(old, new, answers=answers)

    assert transfer.state is state
    assert transfer.due is None


@pytest.mark.parametrize(
    ("died", "state"), [(29, TransferState.VOID), (30, TransferState.VOID), (31, TransferState.VOID)]
)
def test_a_move_is_void_if_the_person_died_before_it_was_answered(died: int, state: TransferState) -> None:
    [transfer] = derive(OLD, NEW, died=died)

    assert transfer.state is state


@pytest.mark.parametrize(("died", "state"), [(30, TransferState.VOID), (31, TransferState.OVERDUE)])
def test_a_later_death_leaves_an_overdue_move_as_it_is(died: int, state: TransferState) -> None:
    [transfer] = derive(OLD, NEW, notices=(NOTICE.model_copy(update={"escalated": True}),), died=died)

    assert transfer.state is state


def test_a_move_inside_a_street_is_completed_by_itself() -> None:
    [transfer] = derive(OLD, make_stay(day=30), notices=())

    assert transfer.state is TransferState.COMPLETED


def test_a_notice_of_a_move_that_is_the_next_one_no_more_is_void() -> None:
    between = make_stay(street=STREETS[1], day=15)

    found = {transfer.reached_stay: transfer.state for transfer in derive(OLD, between, NEW)}

    assert found[NEW.stay_id] in {TransferState.VOID, TransferState.ARRIVED_UNMATCHED}
    assert found[between.stay_id] is TransferState.ARRIVED_UNMATCHED
    [void] = [
        one for one in derive(OLD, between, NEW) if one.left_stay == OLD.stay_id and one.reached_stay == NEW.stay_id
    ]
    assert void.state is TransferState.VOID


@pytest.mark.parametrize(
    ("destination", "redirected"), [(STREETS[2], False), (STREETS[2][:6], False), (STREETS[1], True), (None, False)]
)
def test_who_was_declared_for_one_place_and_reached_another_was_redirected(
    destination: str | None, redirected: bool
) -> None:
    kind = DestinationKind.DIVISION if destination else DestinationKind.UNKNOWN

    [transfer] = derive(ended(destination=destination, destination_kind=kind), NEW)

    assert transfer.redirected is redirected


def test_what_an_answer_named_redirects_nobody() -> None:
    elsewhere = CONFIRMED.model_copy(update={"destination": STREETS[1]})

    [transfer] = derive(OLD, NEW, answers=(elsewhere,))

    assert transfer.redirected is False


def test_who_lived_in_the_district_before_returns() -> None:
    back = make_stay(street=STREETS[1], day=60)

    found = {transfer.reached_stay: transfer.returning for transfer in derive(OLD, NEW, back, notices=())}

    assert found == {NEW.stay_id: False, back.stay_id: True}


@pytest.mark.parametrize(("day", "since"), [(30, LEFT_ON), (10, FIRST_DAY + timedelta(days=10))])
def test_a_move_is_dated_by_the_leaving_or_an_arrival_before_it(day: int, since: date) -> None:
    new = make_stay(street=STREETS[2], day=day)

    [transfer] = derive(ended(), new, notices=(make_notice(new, OLD),))

    assert transfer.since == since


def test_nobody_changes_what_is_terminal() -> None:
    assert {
        TransferState.ARRIVED_UNMATCHED,
        TransferState.OVERDUE,
        TransferState.MATCHED,
        TransferState.DISPUTED,
        TransferState.DEPARTED_OPEN,
        TransferState.LOST,
    } == set(TransferState) - TERMINAL


def test_a_transfer_is_a_persons_own() -> None:
    [transfer] = derive(OLD, NEW)

    assert (transfer.person_id, transfer.left_street, transfer.reached_street) == (PEOPLE[0], STREETS[0], STREETS[2])


def test_a_transfer_is_named_by_32_hexadecimal_digits_after_its_stays() -> None:
    [transfer], [left] = derive(OLD, NEW), derive(ended(), notices=())

    assert re.fullmatch("[0-9a-f]{32}", transfer.transfer_id)
    assert transfer.transfer_id != left.transfer_id


def test_a_transfer_is_listed_under_the_districts_and_streets_that_it_leaves_and_reaches() -> None:
    found = derive_listings(derive(OLD, NEW), [])

    assert [(one.division, one.what, one.state) for one in found] == [
        (STREETS[0][:6], "leaving", "arrived_unmatched"),
        (STREETS[0], "leaving", "arrived_unmatched"),
        (STREETS[2][:6], "reaching", "arrived_unmatched"),
        (STREETS[2], "reaching", "arrived_unmatched"),
    ]
    assert {one.what for one in derive_listings(derive(ended(), notices=()), [])} == {"leaving"}
