"""Facts in, rows out: reporting keeps one row per stream, with all its versions, and counts the people concerned.

What was sealed is published then.
"""

from collections.abc import Iterator, Sequence
from typing import assert_never, get_args

from contracts.archives.archives import ArchiveFact
from contracts.archives.custody import CustodyFact
from contracts.archives.enrolments import EnrolmentFact
from contracts.archives.entries import EntryFact, EntryForwarded
from contracts.envelope import Event, render_time
from contracts.outreach.activities import ActivityFact
from contracts.registration.conflicts import ConflictFact
from contracts.registration.notices import ANSWER_FACTS, NOTICE_FACTS, AnswerFact, NoticeFact
from contracts.registration.people import PERSON_FACTS, PersonFact
from contracts.registration.stays import StayFact
from contracts.reporting.figures import FigureFact
from contracts.reporting.reports import ReportFact, ReportSealed
from contracts.reporting.supervision import SupervisionFact
from contracts.reporting.targets import TargetFact
from services.reporting.commands.counting import Recounting
from services.reporting.commands.publishing import publish_sealed
from services.reporting.domain.things import THINGS, thing_id
from services.reporting.views.outreach import OutreachFact, outreach_row
from services.reporting.views.reports import report_row
from services.reporting.views.rows import (
    activity_row,
    answer_row,
    archive_row,
    conflict_row,
    enrolment_row,
    entry_row,
    notice_row,
    person_row,
    stay_row,
    write_versions,
)
from services.reporting.views.supervision import supervision_row
from services.reporting.views.targets import figure_row, target_row
from services.runtime.changes import Topics
from services.runtime.mongo import Row
from services.runtime.service import Service

EVERYWHERE = (*NOTICE_FACTS, *ANSWER_FACTS, *PERSON_FACTS)
"""The facts that are heard from all districts, not only from those served."""

HealthFact = ArchiveFact | EntryFact | EntryForwarded | EnrolmentFact | CustodyFact
Said = TargetFact | FigureFact | SupervisionFact | ReportFact
Counted = StayFact | NoticeFact | AnswerFact | PersonFact | ConflictFact | HealthFact | ActivityFact | OutreachFact
Heard = Counted | Said

TOPICS: Topics = {
    TargetFact: ("targets",),
    FigureFact: ("figures", "targets", "indicators"),
    SupervisionFact: ("supervisions", "scores", "assessments"),
    ReportFact: ("reports",),
    **dict.fromkeys(get_args(Counted), ()),
}
"""What is read otherwise once a fact was heard; numbers are told of once they are counted."""


def changes(event: Event[Heard]) -> Iterator[Row]:
    """Yield the rows that a fact writes, each with the moment at which that was said."""
    for row in _rows(event):
        row.fields.setdefault("said_at", render_time(event.time))
        yield row


def _rows(event: Event[Heard]) -> Iterator[Row]:
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
        case ActivityFact(activity=activity):
            yield activity_row(activity, event.sequence)
        case TargetFact() | FigureFact() | SupervisionFact() | ReportFact():
            yield _said_row(event.data, event.sequence)
        case ArchiveFact() | EntryFact() | EntryForwarded() | EnrolmentFact() | CustodyFact():
            yield from _health_rows(event.data, event.sequence)
        case outreach:
            yield outreach_row(outreach, event.sequence)


def _health_rows(fact: HealthFact, sequence: int) -> Iterator[Row]:
    match fact:
        case ArchiveFact(archive=archive):
            yield archive_row(archive, sequence)
        case EntryFact(entry=entry) | EntryForwarded(entry=entry):
            yield entry_row(entry, entry.version)
        case EnrolmentFact(enrolment=enrolment):
            yield enrolment_row(enrolment, sequence)
        case CustodyFact():
            return
        case never:
            assert_never(never)


def _said_row(fact: Said, sequence: int) -> Row:
    match fact:
        case TargetFact(target=target):
            return target_row(target, sequence)
        case FigureFact(figure=figure):
            return figure_row(figure, sequence)
        case SupervisionFact(supervision=supervision):
            return supervision_row(supervision, sequence)
        case ReportFact(report=report):
            return report_row(report, sequence)


async def hear(service: Service, counting: Recounting, events: Sequence[Event[Heard]]) -> None:
    """Write the rows of a batch of events, note whom or what they are about, to be counted; publish what was sealed."""
    rows = [row for event in events for row in changes(event)]
    await write_versions(service.database, rows, service.clock())
    things = {thing_id(row.collection, row.id) for row in rows if row.collection in THINGS}
    await counting.note(things.union(event.personid for event in events if event.personid is not None))
    sealed = {event.data.report.report_id: event.id for event in events if isinstance(event.data, ReportSealed)}
    await publish_sealed(service, sealed)
