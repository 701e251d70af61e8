"""What notices contribute: their marks on both sides, on the day on which they were sent 双向考核."""

from collections.abc import Iterator
from datetime import date, datetime

from contracts.reference.calendar import day_of
from contracts.registration.notices import AnswerState, NoticeKind, NoticeState, RejectionReason
from services.reporting.domain.days import day_from, number_of, read_day
from services.reporting.domain.person import Contribution, Person, RowDocument, slice_of
from services.reporting.domain.policy import Policy
from services.reporting.domain.scores import Exchange, Mark, marks

SIDES = ("addressee", "sender")


def exchanges(person: Person, policy: Policy, today: int) -> Iterator[Contribution]:
    """Yield what the notices about a person count as at the beginning of a day, or as of when they were known."""
    on = person.rows.known_on or day_from(today)
    for notice, exchange in _exchanges(person):
        sent, counted = read_day(notice["sent_on"]), tuple(marks(exchange, on))
        assert sent is not None  # every notice's row has it
        for side in SIDES:
            division = notice[side]
            told = slice_of(person.described, policy.home_of(division[:6]), policy.home_of)
            for mark in counted:
                yield Contribution(mark_measure(side, mark), division, told, sent)


def mark_measure(side: str, mark: Mark) -> str:
    """Return the measure of what notices count as on one side."""
    return f"notice.{side}.{mark}"


def next_deadline(person: Person, today: int) -> int | None:
    """Return the first day after which a notice counts as something else unless an answer comes; None if none does."""
    if person.rows.known_on is not None:
        return None
    days = (
        number_of(due) + 1
        for _, exchange in _exchanges(person)
        if not exchange.withdrawn
        for due in (exchange.receipt_due, exchange.answer_due, exchange.completes_on)
        if due is not None
    )
    return min((day for day in days if day > today), default=None)


def _exchanges(person: Person) -> Iterator[tuple[RowDocument, Exchange]]:
    rows = person.rows
    answers = {row["_id"]: row for row in rows.answers}
    stays = {row["_id"]: row for row in rows.stays}
    for notice in rows.notices:
        yield notice, _exchange(notice, answers.get(notice["_id"]), stays.get(notice["stay_id"]))


def _exchange(notice: RowDocument, answer: RowDocument | None, stay: RowDocument | None) -> Exchange:
    answered, stayed = answer or {}, stay or {}
    recorded = stayed.get("recorded_at")
    return Exchange(
        sender=notice["sender"],
        addressee=notice["addressee"],
        kind=NoticeKind(notice["kind"]),
        receipt_due=date.fromisoformat(notice["receipt_due"]),
        answer_due=date.fromisoformat(notice["answer_due"]),
        completes_on=_day(notice["completes_on"]),
        withdrawn=notice["state"] == NoticeState.WITHDRAWN,
        received_on=_day(answered.get("received_on")),
        answered_on=_day(answered.get("answered_on")),
        state=AnswerState(answered["state"]) if answered else None,
        reason=RejectionReason(answered["reason"]) if answered.get("reason") else None,
        registration_due=_day(stayed.get("registration_due")),
        registered_on=day_of(datetime.fromisoformat(recorded)) if recorded else None,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
