"""Answer notices, which only their addressee may do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from contracts.envelope import Event, narrow
from contracts.registration.notices import Answer, AnswerFact, AnswerState, Notice, RejectionReason
from contracts.registration.stays import StayFact
from services.registration.commands.recording import (
    ATTEMPTS,
    must_be_current,
    must_not_be_future,
    naming_version,
    record_next,
    recorded_by,
)
from services.registration.commands.settling import settle
from services.registration.domain import notices
from services.registration.service import Registration
from services.runtime.journal import StreamConflictError


@dataclass(frozen=True, slots=True)
class Reply:
    """An office's reply to a notice; `left_on` belongs to a confirmed arrival, `reason` to a rejection."""

    state: AnswerState
    left_on: date | None = None
    reason: RejectionReason | None = None


async def answer_notice(
    registration: Registration, notice: Notice, reply: Reply, causation: str, version: int | None = None
) -> Event[AnswerFact]:
    """Record a reply to a notice, settle what follows, and return the recorded answer."""
    must_not_be_future(registration, left_on=reply.left_on)
    own = await registration.service.journal.load(f"stay/{notice.about}", StayFact) if notice.about else None

    def decide(answer: Answer | None, at: datetime) -> AnswerFact:
        match reply.state:
            case AnswerState.CONFIRMED:
                return notices.confirm(notice, answer, at, own.data.stay if own else None, reply.left_on)
            case AnswerState.REJECTED:
                return notices.reject(notice, answer, at, reply.reason or RejectionReason.NOT_OURS)
            case step:
                return notices.advance(notice, answer, step, at)

    answered = await record_answer(registration, notice, decide, causation, version)
    await settle(registration, {notice.person_id: causation})
    return answered


async def record_answer(
    registration: Registration,
    notice: Notice,
    decide: Callable[[Answer | None, datetime], AnswerFact],
    causation: str,
    version: int | None = None,
) -> Event[AnswerFact]:
    """Record the next step of the answer to a notice, once for a request, and return it; `decide` makes the fact."""
    journal, stream = registration.service.journal, f"answer/{notice.notice_id}"
    for _ in range(ATTEMPTS):
        event = await journal.load(stream, AnswerFact)
        recorded = (await recorded_by(registration, notice.person_id, causation)).get(stream)
        if recorded is not None:
            return narrow(recorded, AnswerFact)
        must_be_current(event, version)
        with naming_version(event):
            fact = decide(event.data.answer if event else None, registration.service.clock())
        answered = await record_next(registration, event, fact, causation)
        if answered is not None:
            return answered
    raise StreamConflictError(notice.notice_id)
