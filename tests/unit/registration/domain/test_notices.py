"""Answering a notice: how far it has come, what may still be said, and whether it is listed as open or as settled."""

from datetime import timedelta

import pytest

from contracts.registration.notices import Answer, AnswerState, Notice, NoticeKind, NoticeState, RejectionReason
from contracts.registration.stays import DestinationKind, Ending, Stay, StayState
from services.registration.domain.errors import (
    AnsweredAlreadyError,
    LeftBeforeArrivingError,
    NotAskedError,
    WithdrawnError,
)
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.listings import NoticeStage, derive_statuses
from services.registration.domain.notices import advance, confirm, reject, withdraw
from tests.support.facts import FIRST_DAY, FIRST_MOMENT, STREETS, make_answer, make_notice, make_stay

OLD, NEW = make_stay(), make_stay(street=STREETS[2], day=30)
NOTICE = make_notice(NEW, OLD)
WITHDRAWN = NOTICE.model_copy(update={"state": NoticeState.WITHDRAWN})
NOW = FIRST_MOMENT + timedelta(days=12)
STEPS = (AnswerState.RECEIVED, AnswerState.PAIRED, AnswerState.VERIFIED)
FINAL = (AnswerState.CONFIRMED, AnswerState.REJECTED)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("so_far", [None, *STEPS])
def test_an_answer_goes_forward_alone(step: AnswerState, so_far: AnswerState | None) -> None:
    answer = make_answer(NOTICE, so_far) if so_far else None
    if so_far is not None and STEPS.index(so_far) >= STEPS.index(step):
        with pytest.raises(AnsweredAlreadyError):
            advance(NOTICE, answer, step, NOW)
        return

    said = advance(NOTICE, answer, step, NOW).answer

    assert said.state is step
    assert said.received_at == (answer.received_at if answer else NOW)
    assert (said.answerer, said.sender, said.about) == (NOTICE.addressee, NOTICE.sender, NOTICE.about)


@pytest.mark.parametrize("final", FINAL)
def test_what_was_answered_is_not_answered_again(final: AnswerState) -> None:
    answer = make_answer(NOTICE, final)

    with pytest.raises(AnsweredAlreadyError):
        advance(NOTICE, answer, AnswerState.VERIFIED, NOW)
    with pytest.raises(AnsweredAlreadyError):
        confirm(NOTICE, answer, NOW, OLD, None)
    with pytest.raises(AnsweredAlreadyError):
        reject(NOTICE, answer, NOW, RejectionReason.STILL_HERE)


def test_what_was_withdrawn_is_not_answered() -> None:
    with pytest.raises(WithdrawnError):
        advance(WITHDRAWN, None, AnswerState.RECEIVED, NOW)
    with pytest.raises(WithdrawnError):
        confirm(WITHDRAWN, None, NOW, OLD, None)
    with pytest.raises(WithdrawnError):
        reject(WITHDRAWN, None, NOW, RejectionReason.STILL_HERE)


def test_a_confirmed_arrival_tells_when_the_person_left_and_for_where() -> None:
    left_on = FIRST_DAY + timedelta(days=20)

    said, unsaid = confirm(NOTICE, None, NOW, OLD, left_on).answer, confirm(NOTICE, None, NOW, OLD, None).answer

    assert (said.state, said.left_on, said.destination) == (AnswerState.CONFIRMED, left_on, NOTICE.sender)
    assert (said.answered_at, unsaid.left_on) == (NOW, NEW.started_on)


@pytest.mark.parametrize(("days", "refused"), [(-1, True), (0, False)])
def test_nobody_left_before_arriving(days: int, refused: bool) -> None:
    left_on = OLD.started_on + timedelta(days=days)
    if refused:
        with pytest.raises(LeftBeforeArrivingError):
            confirm(NOTICE, None, NOW, OLD, left_on)
        return

    assert confirm(NOTICE, None, NOW, OLD, left_on).answer.left_on == left_on


def test_without_an_own_stay_any_day_is_taken() -> None:
    left_on = OLD.started_on - timedelta(days=9)

    assert confirm(NOTICE, None, NOW, None, left_on).answer.left_on == left_on


def test_a_confirmed_inquiry_tells_of_no_leaving() -> None:
    inquiry = NOTICE.model_copy(update={"kind": NoticeKind.INQUIRY})

    said = confirm(inquiry, None, NOW, OLD, FIRST_DAY).answer

    assert (said.state, said.left_on, said.destination) == (AnswerState.CONFIRMED, None, None)


def test_a_rejection_has_its_reason_and_moment() -> None:
    said = reject(NOTICE, make_answer(NOTICE), NOW, RejectionReason.NO_SUCH_PERSON).answer

    assert (said.state, said.reason, said.answered_at) == (AnswerState.REJECTED, RejectionReason.NO_SUCH_PERSON, NOW)


def test_an_inquiry_that_an_office_asked_may_be_withdrawn_once_and_no_notice_by_hand() -> None:
    asked = NOTICE.model_copy(update={"kind": NoticeKind.INQUIRY, "asked": True})

    withdrawn = withdraw(asked).notice

    assert withdrawn.state is NoticeState.WITHDRAWN
    with pytest.raises(WithdrawnError):
        withdraw(withdrawn)
    with pytest.raises(NotAskedError):
        withdraw(NOTICE)


# --- open or settled


LEFT = OLD.model_copy(
    update={
        "state": StayState.ENDED,
        "ending": Ending.DEPARTED,
        "ended_on": FIRST_DAY + timedelta(days=20),
        "destination_kind": DestinationKind.UNKNOWN,
    }
)


@pytest.mark.parametrize(
    ("notice", "old", "answer", "stage"),
    [
        (NOTICE, OLD, None, NoticeStage.OPEN),
        *((NOTICE, OLD, make_answer(NOTICE, step), NoticeStage.OPEN) for step in STEPS),
        *((NOTICE, OLD, make_answer(NOTICE, final), NoticeStage.ANSWERED) for final in FINAL),
        (NOTICE, LEFT, None, NoticeStage.OPEN),
        (NOTICE, LEFT, make_answer(NOTICE), NoticeStage.ANSWERED),
        (WITHDRAWN, OLD, None, NoticeStage.WITHDRAWN),
        (WITHDRAWN, OLD, make_answer(NOTICE), NoticeStage.WITHDRAWN),
    ],
)
def test_a_notice_is_open_until_its_answer_says_enough(
    notice: Notice, old: Stay, answer: Answer | None, stage: NoticeStage
) -> None:
    early = notice.model_copy(update={"receipt_due": notice.answer_due - timedelta(days=5)})
    known = Knowledge((old, NEW), (early,), (answer,) if answer else ())

    [status] = derive_statuses(known)

    due = early.receipt_due if old is LEFT else early.answer_due
    assert (status.state, status.due) == (stage.value, due.isoformat() if stage is NoticeStage.OPEN else None)


def test_a_departure_asks_for_a_receipt_alone() -> None:
    notice = NOTICE.model_copy(update={"kind": NoticeKind.DEPARTURE})

    [before], [after] = (derive_statuses(Knowledge((OLD,), (notice,), said)) for said in ((), (make_answer(notice),)))

    assert (before.state, before.due) == ("open", notice.receipt_due.isoformat())
    assert after.state == "answered"
