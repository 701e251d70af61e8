"""Who came to live in areas, and which core messages were sent to them: questions to residents and messages."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from contracts.outreach.messages import MessageState, Topic
from contracts.reference.calendar import day_of
from contracts.reference.divisions import Area
from contracts.registration.stays import StayState
from services.outreach.domain.newcomers import Newcomer, Sent
from services.outreach.domain.templates import CORE_NUMBER
from services.outreach.views.messages import MESSAGES
from services.outreach.views.pages import in_period
from services.outreach.views.residents import find_arrivals
from services.runtime.mongo import Database, Document

TAKEN = (MessageState.SENT.value, MessageState.DELIVERED.value)
"""What a message is once a gateway took it and did not say that it could not be delivered."""


async def list_newcomers(
    database: Database, areas: Sequence[Area], period: tuple[date, date], after: str, limit: int
) -> list[Newcomer]:
    """Return who came in a period and lives there still, by street, day and stay, those after a cursor."""
    query: Document = {**in_period(areas, "started_on", period), "state": StayState.OPEN.value}
    found = await find_arrivals(database, query, "arrival", after, limit)
    return [
        Newcomer(row["street"], row["person_id"], date.fromisoformat(row["started_on"]), row["_id"]) for row in found
    ]


async def find_sent(database: Database, people: Collection[str]) -> dict[str, list[Sent]]:
    """Return the core messages that were sent to people, by person."""
    query = {"person_id": {"$in": list(people)}, "topic": Topic.CORE_MESSAGE.value, "state": {"$in": list(TAKEN)}}
    sent: dict[str, list[Sent]] = {}
    async for row in database[MESSAGES].find(query, {"person_id": 1, "values": 1, "asked_at": 1}, hint="person"):
        number = next((one["text"] for one in row["values"] if one["field"] == CORE_NUMBER), None)
        if number and row["asked_at"]:
            day = day_of(datetime.fromisoformat(row["asked_at"]))
            sent.setdefault(row["person_id"], []).append(Sent(int(number), day))
    return sent


def _newcomer(row: Document) -> Newcomer:
    return Newcomer(row["street"], row["person_id"], date.fromisoformat(row["started_on"]), row["_id"])
