"""Decisions of offices about notices: answer one step by step, withdraw an inquiry."""

from datetime import date, datetime

from contracts.registration.notices import (
    Answer,
    AnswerState,
    Notice,
    NoticeConfirmed,
    NoticeKind,
    NoticePaired,
    NoticeReceived,
    NoticeRejected,
    NoticeState,
    NoticeVerified,
    NoticeWithdrawn,
    RejectionReason,
)
from contracts.registration.stays import Stay
from services.registration.domain.errors import (
    AnsweredAlreadyError,
    LeftBeforeArrivingError,
    NotAskedError,
    WithdrawnError,
)

FINAL_ANSWERS = frozenset({AnswerState.CONFIRMED, AnswerState.REJECTED})
"""The states of an answer after which the notice is closed (反馈)."""

STEPS: dict[AnswerState, type[NoticeReceived | NoticePaired | NoticeVerified]] = {
    AnswerState.RECEIVED: NoticeReceived,
    AnswerState.PAIRED: NoticePaired,
    AnswerState.VERIFIED: NoticeVerified,
}
_ORDER = tuple(AnswerState)


def advance(
    notice: Notice, answer: Answer | None, step: AnswerState, at: datetime
) -> NoticeReceived | NoticePaired | NoticeVerified:
    """Return the answer one step further: received, paired or verified; steps may be skipped.

    Raise AnsweredAlreadyError if the answer has reached the step, WithdrawnError if the notice was withdrawn.
    """
    _must_be_open(notice, answer)
    if answer is not None and _ORDER.index(answer.state) >= _ORDER.index(step):
        raise AnsweredAlreadyError
    return STEPS[step](answer=_answer_so_far(notice, answer, at).model_copy(update={"state": step}))


def confirm(
    notice: Notice, answer: Answer | None, at: datetime, own: Stay | None, left_on: date | None
) -> NoticeConfirmed:
    """Return the confirmation of a notice; of an arrival: the own stay ended on `left_on`, or when the newer began.

    Raise AnsweredAlreadyError, WithdrawnError or LeftBeforeArrivingError.
    """
    _must_be_open(notice, answer)
    changes: dict[str, object] = {"state": AnswerState.CONFIRMED, "answered_at": at}
    if notice.kind is NoticeKind.ARRIVAL:
        left = left_on or notice.started_on
        if own is not None and left is not None and left < own.started_on:
            raise LeftBeforeArrivingError
        changes |= {"left_on": left, "destination": notice.sender}
    return NoticeConfirmed(answer=_answer_so_far(notice, answer, at).model_copy(update=changes))


def reject(notice: Notice, answer: Answer | None, at: datetime, reason: RejectionReason) -> NoticeRejected:
    """Return the rejection of a notice; raise AnsweredAlreadyError or WithdrawnError."""
    _must_be_open(notice, answer)
    changes = {"state": AnswerState.REJECTED, "answered_at": at, "reason": reason}
    return NoticeRejected(answer=_answer_so_far(notice, answer, at).model_copy(update=changes))


def withdraw(notice: Notice) -> NoticeWithdrawn:
    """Return the withdrawal of an inquiry; raise NotAskedError or WithdrawnError."""
    if not notice.asked:
        raise NotAskedError
    if notice.state is NoticeState.WITHDRAWN:
        raise WithdrawnError
    return NoticeWithdrawn(notice=notice.model_copy(update={"state": NoticeState.WITHDRAWN}))


def _answer_so_far(notice: Notice, answer: Answer | None, at: datetime) -> Answer:
    return answer or Answer(
        notice_id=notice.notice_id,
        person_id=notice.person_id,
        answerer=notice.addressee,
        sender=notice.sender,
        state=AnswerState.RECEIVED,
        about=notice.about,
        received_at=at,
    )


def _must_be_open(notice: Notice, answer: Answer | None) -> None:
    if answer is not None and answer.state in FINAL_ANSWERS:
        raise AnsweredAlreadyError
    if notice.state is NoticeState.WITHDRAWN:
        raise WithdrawnError
