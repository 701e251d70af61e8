"""What offices say of notices: how they are answered, asked and withdrawn."""

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

FED_BACK = frozenset({AnswerState.CONFIRMED, AnswerState.REJECTED})
"""The answers after which a notice wants nothing more."""

STEPS: dict[AnswerState, type[NoticeReceived | NoticePaired | NoticeVerified]] = {
    AnswerState.RECEIVED: NoticeReceived,
    AnswerState.PAIRED: NoticePaired,
    AnswerState.VERIFIED: NoticeVerified,
}
_ORDER = tuple(AnswerState)


def advance(
    notice: Notice, answer: Answer | None, step: AnswerState, at: datetime
) -> NoticeReceived | NoticePaired | NoticeVerified:
    """Take the answer a step further: received, paired, verified. A step may be left out, none is gone back."""
    _must_want(notice, answer)
    if answer is not None and _ORDER.index(answer.state) >= _ORDER.index(step):
        raise AnsweredAlreadyError
    return STEPS[step](answer=_begun(notice, answer, at).model_copy(update={"state": step}))


def confirm(
    notice: Notice, answer: Answer | None, at: datetime, own: Stay | None, left_on: date | None
) -> NoticeConfirmed:
    """Confirm what a notice says. Of an arrival: the own stay ended on `left_on`, by default when the newer began."""
    _must_want(notice, answer)
    said: dict[str, object] = {"state": AnswerState.CONFIRMED, "answered_at": at}
    if notice.kind is NoticeKind.ARRIVAL:
        left = left_on or notice.started_on
        if own is not None and left is not None and left < own.started_on:
            raise LeftBeforeArrivingError
        said |= {"left_on": left, "destination": notice.sender}
    return NoticeConfirmed(answer=_begun(notice, answer, at).model_copy(update=said))


def reject(notice: Notice, answer: Answer | None, at: datetime, reason: RejectionReason) -> NoticeRejected:
    """Reject what a notice says, with the reason."""
    _must_want(notice, answer)
    said = {"state": AnswerState.REJECTED, "answered_at": at, "reason": reason}
    return NoticeRejected(answer=_begun(notice, answer, at).model_copy(update=said))


def withdraw(notice: Notice) -> NoticeWithdrawn:
    """Withdraw an inquiry that an office asked."""
    if not notice.asked:
        raise NotAskedError
    if notice.state is NoticeState.WITHDRAWN:
        raise WithdrawnError
    return NoticeWithdrawn(notice=notice.model_copy(update={"state": NoticeState.WITHDRAWN}))


def _begun(notice: Notice, answer: Answer | None, at: datetime) -> Answer:
    return answer or Answer(
        notice_id=notice.notice_id,
        person_id=notice.person_id,
        answerer=notice.addressee,
        sender=notice.sender,
        state=AnswerState.RECEIVED,
        about=notice.about,
        received_at=at,
    )


def _must_want(notice: Notice, answer: Answer | None) -> None:
    if answer is not None and answer.state in FED_BACK:
        raise AnsweredAlreadyError
    if notice.state is NoticeState.WITHDRAWN:
        raise WithdrawnError
