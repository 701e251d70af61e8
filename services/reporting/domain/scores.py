"""Two-way scores 双向考核: what each notice counts as, and the rates of those who answer and those who send.

Days are statutory days; a deadline is met on its last day.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pydantic import BaseModel

from contracts.registration.notices import AnswerState, NoticeKind, RejectionReason

FED_BACK = frozenset({AnswerState.CONFIRMED, AnswerState.REJECTED})
PAIRED = frozenset({AnswerState.PAIRED, AnswerState.VERIFIED, AnswerState.CONFIRMED})


@dataclass(frozen=True, slots=True)
class Exchange:
    """A notice and its answer, if there is one; the last two fields are about the sender's stay."""

    sender: str
    addressee: str
    kind: NoticeKind
    receipt_due: date
    answer_due: date
    completes_on: date | None = None
    withdrawn: bool = False
    received_on: date | None = None
    answered_on: date | None = None
    state: AnswerState | None = None
    reason: RejectionReason | None = None
    registration_due: date | None = None
    registered_on: date | None = None


class Mark(StrEnum):
    """What a notice counts as; it may count as several."""

    WITHDRAWN = "withdrawn"
    NOTICES = "notices"
    RECEIVED = "received"
    RECEIPT_OWED = "receipt_owed"
    RECEIVED_IN_TIME = "received_in_time"
    FED_BACK = "fed_back"
    FEEDBACK_OWED = "feedback_owed"
    FED_BACK_IN_TIME = "fed_back_in_time"
    PAIRED = "paired"
    REJECTED = "rejected"
    OVERDUE = "overdue"
    BY_DEFAULT = "by_default"
    ARRIVALS = "arrivals"
    SENT_IN_TIME = "sent_in_time"


def marks(exchange: Exchange, as_of: date) -> Iterator[Mark]:
    """Yield what a notice counts as at the end of a day; a withdrawn one counts in no rate."""
    if exchange.withdrawn:
        yield Mark.WITHDRAWN
        return
    yield Mark.NOTICES
    yield from _receipt(exchange, as_of)
    yield from _feedback(exchange, as_of)
    yield from _sending(exchange)


def _receipt(exchange: Exchange, as_of: date) -> Iterator[Mark]:
    if exchange.received_on is not None:
        yield Mark.RECEIVED
        yield Mark.RECEIPT_OWED
        if exchange.received_on <= exchange.receipt_due:
            yield Mark.RECEIVED_IN_TIME
        if exchange.state in PAIRED or exchange.reason is RejectionReason.STILL_HERE:
            yield Mark.PAIRED
    elif exchange.receipt_due < as_of:
        yield Mark.RECEIPT_OWED


def _feedback(exchange: Exchange, as_of: date) -> Iterator[Mark]:
    if exchange.state in FED_BACK:
        yield Mark.FED_BACK
        yield Mark.FEEDBACK_OWED
        if exchange.answered_on is not None and exchange.answered_on <= exchange.answer_due:
            yield Mark.FED_BACK_IN_TIME
        if exchange.state is AnswerState.REJECTED:
            yield Mark.REJECTED
        return
    if exchange.answer_due < as_of:
        yield Mark.FEEDBACK_OWED
    if (exchange.answer_due if exchange.received_on else exchange.receipt_due) < as_of:
        yield Mark.OVERDUE
    if exchange.completes_on is not None and exchange.completes_on < as_of:
        yield Mark.BY_DEFAULT


def _sending(exchange: Exchange) -> Iterator[Mark]:
    if exchange.kind is NoticeKind.ARRIVAL and exchange.registration_due and exchange.registered_on:
        yield Mark.ARRIVALS
        if exchange.registered_on <= exchange.registration_due:
            yield Mark.SENT_IN_TIME


class Score(BaseModel):
    """How notices went, each rate beside its numerator and denominator; a rate is from 0 to 1, None of nothing.

    `notices` were sent in the period and not withdrawn (`withdrawn` counts those and is in nothing else).
    接收率 `receipt_rate` = received / notices. 接收及时率 `receipt_in_time_rate` = received_in_time / receipt_owed,
    owed being what was received or is past its day. 反馈率 `feedback_rate` = fed_back / notices, be it confirmed or
    rejected. 反馈及时率 `feedback_in_time_rate` = fed_back_in_time / feedback_owed. 配对成功率 `paired_rate` = paired /
    received, paired being where the addressee found its record of the person. 通报及时率 `sent_in_time_rate` =
    sent_in_time / arrivals: of notices of an arrival whose stay is known here, those registered by the
    day that the stay names (`registration_due`); where it names none, a host registers.
    `overdue` 逾期 want their receipt or feedback after its day; `by_default` count as confirmed instead.
    """

    notices: int
    withdrawn: int
    received: int
    receipt_rate: float | None
    receipt_owed: int
    received_in_time: int
    receipt_in_time_rate: float | None
    fed_back: int
    feedback_rate: float | None
    feedback_owed: int
    fed_back_in_time: int
    feedback_in_time_rate: float | None
    paired: int
    paired_rate: float | None
    rejected: int
    overdue: int
    by_default: int
    arrivals: int
    sent_in_time: int
    sent_in_time_rate: float | None


RATES: Mapping[str, tuple[Mark, Mark]] = {
    "receipt_rate": (Mark.RECEIVED, Mark.NOTICES),
    "receipt_in_time_rate": (Mark.RECEIVED_IN_TIME, Mark.RECEIPT_OWED),
    "feedback_rate": (Mark.FED_BACK, Mark.NOTICES),
    "feedback_in_time_rate": (Mark.FED_BACK_IN_TIME, Mark.FEEDBACK_OWED),
    "paired_rate": (Mark.PAIRED, Mark.RECEIVED),
    "sent_in_time_rate": (Mark.SENT_IN_TIME, Mark.ARRIVALS),
}
"""Each rate's numerator and denominator; a notice in the numerator is in the denominator too."""


def score(counted: Counter[Mark]) -> Score:
    """Return the score of counted marks."""
    rates = {name: rate(counted[above], counted[below]) for name, (above, below) in RATES.items()}
    return Score.model_validate({mark.value: counted[mark] for mark in Mark} | rates)


def rate(numerator: int, denominator: int) -> float | None:
    """Return a rate from 0 to 1; None if the denominator is 0."""
    return numerator / denominator if denominator else None
