"""Facts in, rows out: reporting keeps one row per stream and links the rows that concern one another."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from contracts.archives.archives import ArchiveFact
from contracts.archives.custody import CustodyFact
from contracts.archives.enrolments import EnrolmentFact
from contracts.archives.entries import EntryFact, EntryForwarded
from contracts.envelope import Event
from contracts.outreach.activities import ActivityFact
from contracts.registration.conflicts import ConflictFact
from contracts.registration.notices import ANSWER_FACTS, NOTICE_FACTS, AnswerFact, NoticeFact
from contracts.registration.people import PERSON_FACTS, PersonFact
from contracts.registration.stays import StayFact
from services.reporting.commands.tracing import trace_people
from services.reporting.views.rows import (
    ARCHIVES,
    activity_row,
    answer_row,
    archive_row,
    conflict_row,
    entry_row,
    notice_row,
    person_row,
    stay_row,
)
from services.reporting.views.traces import link_archives
from services.runtime.mongo import Row, write_rows
from services.runtime.service import Service

EVERYWHERE = (*NOTICE_FACTS, *ANSWER_FACTS, *PERSON_FACTS)
"""The facts that are heard from all districts, not only from those served."""

HealthFact = ArchiveFact | EntryFact | EntryForwarded | EnrolmentFact | CustodyFact
Heard = StayFact | NoticeFact | AnswerFact | PersonFact | ConflictFact | HealthFact | ActivityFact
Tracing = StayFact | NoticeFact | AnswerFact | PersonFact


def changes(event: Event[Heard]) -> Iterator[Row]:
    """Yield the rows that a fact writes."""
    match event.data:
        case StayFact(stay=stay):
            yield stay_row(stay, event.sequence)
        case NoticeFact(notice=notice):
            yield notice_row(notice, event.sequence)
        case AnswerFact(answer=answer):
            yield answer_row(answer, event.sequence)
        case PersonFact(person=person):
            yield person_row(person, event.sequence)
        case ConflictFact(conflict=conflict):
            yield conflict_row(conflict, event.sequence)
        case ArchiveFact(archive=archive):
            yield archive_row(archive, event.sequence)
        case EntryFact(entry=entry) | EntryForwarded(entry=entry):
            yield entry_row(entry, entry.version)
        case EnrolmentFact() | CustodyFact():
            return
        case ActivityFact(activity=activity):
            yield activity_row(activity, event.sequence)
        case never:
            assert_never(never)


async def hear(service: Service, events: Sequence[Event[Heard]]) -> None:
    """Write the rows of a batch of events, then link archives to stays and derive traces."""
    rows = [row for event in events for row in changes(event)]
    await write_rows(service.database, rows)
    opened = [row for row in rows if row.collection == ARCHIVES]
    arrived = {(event.data.person_id, event.division[:6]) for event in events if isinstance(event.data, StayFact)}
    await link_archives(service.database, opened, arrived)
    moved = {event.data.person_id for event in events if isinstance(event.data, Tracing)}
    await trace_people(service.database, moved, {row.fields["person_id"] for row in opened})
