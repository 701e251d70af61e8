"""HTTP in: who is new and did not get the core messages in time."""

from datetime import date, timedelta

from fastapi import APIRouter
from pydantic import BaseModel

from services.outreach.api.dependencies import ArrivalCursor, MessagingHere, Reader, next_cursor
from services.outreach.domain import core_messages
from services.outreach.domain.newcomers import missed
from services.outreach.views.newcomers import find_sent, list_newcomers
from services.runtime.bodies import Day
from services.runtime.parameters import Division, Limit
from services.runtime.problems import refuses

router = APIRouter(tags=["messages"])


class NewcomerShown(BaseModel):
    """Somebody who came to live in a street, and the numbers of the core messages that did not come in time."""

    street: str
    person_id: str
    arrived_on: date
    due_on: date
    missed: tuple[int, ...]


class NewcomerPage(BaseModel):
    """Newcomers without all core messages, and the cursor to go on from; a page may have few of them, or none."""

    people: list[NewcomerShown]
    looked_at: int
    within_days: int
    cursor: str | None


@router.get(
    "/newcomers/without-core-messages",
    summary="Who is new and did not get the core messages in time",
    responses=refuses(outside_your_division=403),
)
async def get_newcomers(
    messaging: MessagingHere,
    caller: Reader,
    division: Division,
    since: Day,
    until: Day,
    cursor: ArrivalCursor = "",
    limit: Limit = 100,
) -> NewcomerPage:
    """List who arrived in a period (both days included), lives there still, and whose first month is over.

    A message counts if a gateway took it within the month and did not report that it could not be delivered.
    """
    caller.must_cover(division)
    service, within = messaging.service, messaging.policy.core_within_days
    period = (since, min(until, service.today - timedelta(days=within + 1)))
    found = await list_newcomers(service.database, service.areas(division), period, cursor, limit)
    sent = await find_sent(service.database, {one.person_id for one in found})
    edition = core_messages.load()
    people = [
        NewcomerShown(
            street=one.street,
            person_id=one.person_id,
            arrived_on=one.arrived_on,
            due_on=one.arrived_on + timedelta(days=within),
            missed=missing,
        )
        for one in found
        if (missing := missed(edition, within, one.arrived_on, sent.get(one.person_id, ())))
    ]
    following = next_cursor(found, limit, "street", "arrived_on", "stay_id")
    return NewcomerPage(people=people, looked_at=len(found), within_days=within, cursor=following)
