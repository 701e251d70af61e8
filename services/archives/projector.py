"""Facts in, rows out: archives keeps what is said, compares entries, then settles what it owes the people concerned."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from contracts.archives.archives import ArchiveFact, ArchiveOpened
from contracts.archives.custody import CustodyFact
from contracts.archives.enrolments import EnrolmentFact
from contracts.archives.entries import EntryFact, EntryForwarded
from contracts.envelope import Event
from contracts.registration.people import PERSON_FACTS, PersonFact
from contracts.registration.stays import STAY_FACTS, StayFact, StayStarted
from services.archives.commands.archives import settle
from services.archives.commands.custody import settle_custody
from services.archives.commands.summaries import chart, chart_told_archives, waits_for_chart
from services.archives.views.findings import compare
from services.archives.views.people import find_concerned, find_linked
from services.archives.views.rows import (
    archive_row,
    copy_row,
    custody_row,
    enrolment_row,
    entry_row,
    person_row,
    stay_row,
)
from services.archives.views.summaries import find_charted
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
        case ArchiveOpened(archive=archive):
            yield archive_row(archive, event.sequence, waits=waits_for_chart(archive))
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


async def hear(service: Service, events: Sequence[Event[Heard]]) -> None:
    """Write what a batch changes, open the archives it makes due, settle custody, and chart the archives anew."""
    await write_rows(service.database, [row for event in events for row in changes(event)])
    await compare(service.database, [event.data.entry for event in events if isinstance(event.data, EntryFact)])
    started = [event.data.stay for event in events if isinstance(event.data, StayStarted)]
    if started:
        await settle(service, started, cause=events[0].id)
    await _settle_custody(service, events)
    await _chart(service, events)


async def _settle_custody(service: Service, events: Sequence[Event[Heard]]) -> None:
    """Settle whom a district may owe something, now that this was heard; an archive just opened asks for nothing."""
    heard = [event for event in events if not isinstance(event.data, ArchiveOpened)]
    causes = {person: event.id for event in heard for person in _people_in(event)}
    told = [event for event in heard if isinstance(event.data, CustodyFact | PersonFact)]
    surely = {person for event in told for person in _people_in(event)}
    perhaps = causes.keys() - surely
    concerned = surely | (await find_concerned(service.database, perhaps) if perhaps else set())
    linked = await find_linked(service.database, concerned) if concerned else {}
    everybody = {one: causes[person] for person in sorted(concerned) for one in (person, *linked.get(person, ()))}
    await settle_custody(service, {**everybody, **{person: causes[person] for person in concerned}})


def _people_in(event: Event[Heard]) -> set[str]:
    """Name whom a fact is about: the person, and whom the person was merged into."""
    linked = event.data.person.linked if isinstance(event.data, PersonFact) else ()
    return {event.data.person_id, *linked}


async def _chart(service: Service, events: Sequence[Event[Heard]]) -> None:
    """Chart anew whom something was heard of that may change a chart; most newcomers need none."""
    archives = [event.data for event in events if isinstance(event.data, ArchiveFact)]
    stayed = {event.data.person_id for event in events if isinstance(event.data, StayFact)}
    told = [event for event in events if not isinstance(event.data, StayFact | ArchiveFact)]
    others = {person for event in told for person in _people_in(event)}
    if archives:
        await chart_told_archives(service, archives)
    if stayed:
        others |= await find_charted(service.database, stayed)
    if others:
        await chart(service, others)
