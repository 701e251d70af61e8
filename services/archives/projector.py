"""Facts in, rows out: archives keeps what is said, then settles what it owes the people it is about."""

from collections.abc import Iterator, Sequence
from typing import Any, assert_never

from contracts.archives import ArchiveFact
from contracts.custody import CustodyFact
from contracts.enrolments import EnrolmentFact
from contracts.entries import EntryFact, EntryForwarded
from contracts.envelope import Event
from contracts.registration import STAY_FACTS, StayFact, StayStarted
from contracts.transfers import PERSON_FACTS, PersonFact
from services.archives.commands import chart, chart_new_archives, settle, settle_custody
from services.archives.views import (
    archive_row,
    copy_row,
    custody_row,
    enrolment_row,
    entry_row,
    find_charted,
    person_row,
    stay_row,
)
from services.runtime.mongo import Row, write_rows
from services.runtime.service import Service

Heard = StayFact | PersonFact | ArchiveFact | EntryFact | EntryForwarded | EnrolmentFact | CustodyFact

EVERYWHERE = (*STAY_FACTS, *PERSON_FACTS)
"""What is heard of all districts, not only of those served: where people live now, and who died."""


def changes(event: Event[Heard]) -> Iterator[Row]:
    """Say which rows a fact writes."""
    match event.data:
        case StayFact(stay=stay):
            yield stay_row(stay, event.sequence)
        case PersonFact(person=person):
            yield person_row(person, event.sequence)
        case ArchiveFact(archive=archive):
            yield archive_row(archive, event.sequence)
        case EntryFact(entry=entry):
            yield entry_row(entry, event.sequence)
        case EntryForwarded(entry=entry, by=by, to=to):
            yield copy_row(entry, by, to, event.sequence)
        case EnrolmentFact(enrolment=enrolment):
            yield enrolment_row(enrolment, event.sequence)
        case CustodyFact(custody=custody):
            yield custody_row(custody, event.sequence)
        case never:
            assert_never(never)


async def hear(service: Service, events: Sequence[Event[Any]]) -> None:
    """Write what a batch changes, open the archives it makes due, settle custody, and chart the archives anew."""
    await write_rows(service.database, [row for event in events for row in changes(event)])
    started = [event.data.stay for event in events if isinstance(event.data, StayStarted)]
    if started:
        await settle(service, started, cause=events[0].id)
    await settle_custody(service, {event.data.person_id: event.id for event in events})
    await _chart(service, events)


async def _chart(service: Service, events: Sequence[Event[Any]]) -> None:
    """Chart anew whom something was heard of that may change a chart; most newcomers need none."""
    opened = [event.data.archive for event in events if isinstance(event.data, ArchiveFact)]
    stayed = {event.data.person_id for event in events if isinstance(event.data, StayFact)}
    others = {event.data.person_id for event in events if not isinstance(event.data, StayFact | ArchiveFact)}
    if opened:
        await chart_new_archives(service, opened)
    if stayed:
        others |= await find_charted(service.database, stayed)
    if others:
        await chart(service, others)
