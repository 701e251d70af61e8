"""Facts in, rows out: reporting keeps one row per thing and links archives to stays."""

from collections.abc import Iterator, Sequence
from typing import Any, assert_never

from contracts.archives import ArchiveOpened, EntryRecorded
from contracts.envelope import Event
from contracts.outreach import ActivityFact
from contracts.registration import StayFact
from services.reporting.views import activity_row, archive_row, entry_row, link_archives, stay_row
from services.runtime.mongo import Row, write_rows
from services.runtime.service import Service

Heard = StayFact | ArchiveOpened | EntryRecorded | ActivityFact


def changes(event: Event[Heard]) -> Iterator[Row]:
    """Say which rows a fact writes."""
    match event.data:
        case StayFact(stay=stay):
            yield stay_row(stay, event.sequence)
        case ArchiveOpened(archive=archive):
            yield archive_row(archive, event.sequence)
        case EntryRecorded(entry=entry):
            yield entry_row(entry, event.sequence)
        case ActivityFact(activity=activity):
            yield activity_row(activity, event.sequence)
        case never:
            assert_never(never)


async def hear(service: Service, events: Sequence[Event[Any]]) -> None:
    """Write what a batch changes, then link what it brought together."""
    await write_rows(service.database, [row for event in events for row in changes(event)])
    opened = [(event.data.archive, event.sequence) for event in events if isinstance(event.data, ArchiveOpened)]
    arrived = {(event.data.person_id, event.division[:6]) for event in events if isinstance(event.data, StayFact)}
    await link_archives(service.database, opened, arrived)
