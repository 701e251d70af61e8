"""Facts in, rows out: outreach keeps activities, and residents to count audiences."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from contracts.envelope import Event
from contracts.outreach.activities import ActivityFact
from contracts.registration.stays import StayFact
from services.outreach.views.activities import activity_row
from services.outreach.views.residents import resident_row
from services.runtime.mongo import Row, write_rows
from services.runtime.service import Service

Heard = StayFact | ActivityFact


def changes(event: Event[Heard]) -> Iterator[Row]:
    """Yield the rows that a fact writes."""
    match event.data:
        case StayFact(stay=stay):
            yield resident_row(stay, event.sequence)
        case ActivityFact(activity=activity):
            yield activity_row(activity, event.sequence)
        case never:
            assert_never(never)


async def hear(service: Service, events: Sequence[Event[Heard]]) -> None:
    """Write the rows of a batch of events."""
    await write_rows(service.database, [row for event in events for row in changes(event)])
