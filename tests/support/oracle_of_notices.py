"""What notices count as, walked through from the definitions of the two-way scores, for comparison; shares no code."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any


def count_notices(
    notices: Sequence[Any], answers: Sequence[Any], stays: Sequence[Any], day: date, today: date
) -> Iterator[tuple[str, str]]:
    """Yield measure and division of each notice sent by a day, on either side, with what had become of it by today."""
    for notice in notices:
        if _china(notice.sent_at) > day:
            continue
        answer = next((each for each in answers if each.notice_id == notice.notice_id), None)
        stay = next((each for each in stays if each.stay_id == notice.stay_id), None)
        for counted in _marks(notice, answer, stay, today):
            yield f"notice.sender.{counted}", notice.sender
            yield f"notice.addressee.{counted}", notice.addressee


def is_noticed_elsewhere(
    stay: Any, notices: Sequence[Any], answers: Sequence[Any], stays: Sequence[Any], day: date
) -> bool:
    """Return whether notices tell by a day that whoever left a stay arrived elsewhere."""
    for notice in notices:
        if notice.state == "withdrawn" or notice.stay_id is None:
            continue
        if notice.kind == "arrival" and notice.started_on is not None and notice.started_on <= day:
            further = all(own.stay_id != notice.stay_id for own in stays)
            told = notice.started_on, notice.sent_at, notice.stay_id
            if further and told > (stay.started_on, stay.recorded_at, stay.stay_id):
                return True
        if notice.kind == "departure" and notice.stay_id == stay.stay_id:
            confirmed = [a for a in answers if a.notice_id == notice.notice_id and a.state == "confirmed"]
            if any(_china(answer.answered_at) <= day for answer in confirmed):
                return True
    return False


def _marks(notice: Any, answer: Any, stay: Any, today: date) -> Iterator[str]:
    if notice.state == "withdrawn":
        yield "withdrawn"
        return
    yield "notices"
    yield from _received(notice, answer, today)
    yield from _fed_back(notice, answer, today)
    if notice.kind == "arrival" and stay is not None and stay.registration_due is not None:
        yield "arrivals"
        if _china(stay.recorded_at) <= stay.registration_due:
            yield "sent_in_time"


def _received(notice: Any, answer: Any, today: date) -> Iterator[str]:
    if answer is None:
        if today > notice.receipt_due:
            yield "receipt_owed"
        return
    yield from ("received", "receipt_owed")
    if _china(answer.received_at) <= notice.receipt_due:
        yield "received_in_time"
    knew_the_person = answer.state in ("paired", "verified", "confirmed") or answer.reason == "still_here"
    if knew_the_person:
        yield "paired"


def _fed_back(notice: Any, answer: Any, today: date) -> Iterator[str]:
    if answer is not None and answer.state in ("confirmed", "rejected"):
        yield from ("fed_back", "feedback_owed")
        if answer.answered_at is not None and _china(answer.answered_at) <= notice.answer_due:
            yield "fed_back_in_time"
        if answer.state == "rejected":
            yield "rejected"
        return
    if today > notice.answer_due:
        yield "feedback_owed"
    wanted_by = notice.receipt_due if answer is None else notice.answer_due
    if today > wanted_by:
        yield "overdue"
    if notice.completes_on is not None and today > notice.completes_on:
        yield "by_default"


def _china(moment: Any) -> date:
    found: date = (moment + timedelta(hours=8)).date()
    return found
