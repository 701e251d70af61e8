"""Facts in, rows out: archives keeps what it said, and opens an archive for everyone who stays."""

from collections.abc import Iterator, Sequence
from typing import Any, assert_never

from contracts.archives import ArchiveFact
from contracts.custody import CustodyFact
from contracts.enrolments import EnrolmentFact
from contracts.entries import EntryFact, EntryForwarded
from contracts.envelope import Event
from contracts.registration import STAY_FACTS, StayFact, StayStarted
from contracts.transfers import PERSON_FACTS, PersonFact
from services.archives.commands import settle
from services.archives.views import archive_row, entry_row
from services.runtime.mongo import Row, write_rows
from services.runtime.service import Service

Heard = StayFact | PersonFact | ArchiveFact | EntryFact | EntryForwarded | EnrolmentFact | CustodyFact

EVERYWHERE = (*STAY_FACTS, *PERSON_FACTS)
"""What is heard of all districts, not only of those served: where people live now, and who died."""


def changes(event: Event[Heard]) -> Iterator[Row]:
    """Say which rows a fact writes."""
    match event.data:
        case ArchiveFact(archive=archive):
            yield archive_row(archive, event.sequence)
        case EntryFact(entry=entry) | EntryForwarded(entry=entry):
            yield entry_row(entry, entry.version)
        case StayFact() | PersonFact() | EnrolmentFact() | CustodyFact():
            return
        case never:
            assert_never(never)


async def hear(service: Service, events: Sequence[Event[Any]]) -> None:
    """Write what a batch changes, then open the archives it makes due."""
    await write_rows(service.database, [row for event in events for row in changes(event)])
    started = [event.data.stay for event in events if isinstance(event.data, StayStarted)]
    if started:
        await settle(service, started, cause=events[0].id)
