"""Notices between divisions with their answers, for the scores."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime

from contracts.reference.calendar import day_of
from contracts.reference.divisions import Area
from contracts.registration.notices import AnswerState, NoticeKind, NoticeState, RejectionReason
from services.reporting.domain.scores import Exchange
from services.reporting.views.flows import read_day
from services.reporting.views.rows import ANSWERS, NOTICES, STAYS
from services.runtime.mongo import Database, Document, in_areas


async def find_exchanges(
    database: Database, areas: Sequence[Area], since: date, until: date
) -> AsyncIterator[Exchange]:
    """Yield the notices sent or received in areas in a period, each with its answer and the sender's stay."""
    sent = {"$gte": since.isoformat(), "$lte": until.isoformat()}
    stages: list[Document] = [
        {"$match": {"$or": [{side: in_areas(areas), "sent_on": sent} for side in ("sender", "addressee")]}},
        {"$lookup": {"from": ANSWERS, "localField": "_id", "foreignField": "_id", "as": "answer"}},
        {"$lookup": {"from": STAYS, "localField": "stay_id", "foreignField": "_id", "as": "stay"}},
    ]
    async for row in database[NOTICES].aggregate(stages):
        yield _exchange(row)


def _exchange(row: Document) -> Exchange:
    answer = row["answer"][0] if row["answer"] else {}
    stay = row["stay"][0] if row["stay"] else {}
    return Exchange(
        sender=row["sender"],
        addressee=row["addressee"],
        kind=NoticeKind(row["kind"]),
        receipt_due=date.fromisoformat(row["receipt_due"]),
        answer_due=date.fromisoformat(row["answer_due"]),
        completes_on=read_day(row["completes_on"]),
        withdrawn=row["state"] == NoticeState.WITHDRAWN,
        received_on=read_day(answer.get("received_on")),
        answered_on=read_day(answer.get("answered_on")),
        state=AnswerState(answer["state"]) if answer else None,
        reason=RejectionReason(answer["reason"]) if answer.get("reason") else None,
        registration_due=read_day(stay.get("registration_due")),
        registered_on=day_of(datetime.fromisoformat(stay["recorded_at"])) if stay.get("recorded_at") else None,
    )
