"""Facts in, rows out: archives keeps what it said, and opens an archive for everyone who stays."""

from collections.abc import Iterator, Sequence
from typing import Any, assert_never

from contracts.archives import ArchiveOpened, EntryRecorded
from contracts.envelope import Event
from contracts.registration import StayFact, StayStarted
from contracts.transfers import PERSON_FACTS, PersonFact
from services.archives.commands import settle
from services.archives.views import archive_row, entry_row
from services.runtime.mongo import Row, write_rows
from services.runtime.service import Service

Heard = StayFact | PersonFact | ArchiveOpened | EntryRecorded

EVERYWHERE = PERSON_FACTS
"""What is heard of all districts, not only of those served."""


def changes(event: Event[Heard]) -> Iterator[Row]:
    """Say which rows a fact writes."""
    match event.data:
        case ArchiveOpened(archive=archive):
            yield archive_row(archive, event.sequence)
        case EntryRecorded(entry=entry):
            yield entry_row(entry, event.sequence)
        case StayFact() | PersonFact():
            return
        case never:
            assert_never(never)


async def hear(service: Service, events: Sequence[Event[Any]]) -> None:
    """Write what a batch changes, then open the archives it makes due."""
    await write_rows(service.database, [row for event in events for row in changes(event)])
    started = [event.data.stay for event in events if isinstance(event.data, StayStarted)]
    if started:
        await settle(service, started, cause=events[0].id)
