"""Facts in, rows out: archives writes what it hears, then opens archives, settles custody and works out summaries.

What outreach tells of somebody's health education becomes entries.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never, cast

from contracts.archives.archives import ArchiveFact, ArchiveOpened
from contracts.archives.custody import CustodyFact
from contracts.archives.enrolments import EnrolmentFact
from contracts.archives.entries import EntryFact, EntryForwarded
from contracts.envelope import Event
from contracts.outreach.prescriptions import PrescriptionFact
from contracts.outreach.sign_ins import SignInFact
from contracts.registration.people import PERSON_FACTS, PersonFact
from contracts.registration.stays import STAY_FACTS, StayFact, StayStarted
from services.archives.commands.archives import open_owed_archives
from services.archives.commands.custody import settle_custody
from services.archives.commands.education import record_owed_education
from services.archives.commands.summaries import summarise, waits_for_summary
from services.archives.views.concerns import Concerns, find_concerns
from services.archives.views.education import prescription_row, sign_in_row
from services.archives.views.findings import compare
from services.archives.views.people import Heard, find_linked
from services.archives.views.rows import (
    archive_row,
    copy_row,
    custody_row,
    enrolment_row,
    entry_row,
    opened_row,
    person_row,
    stay_row,
)
from services.runtime.changes import Topics
from services.runtime.mongo import Row, write_rows
from services.runtime.service import Service

KnownFact = StayFact | PersonFact | ArchiveFact | EntryFact | EntryForwarded | EnrolmentFact | CustodyFact
EducationFact = PrescriptionFact | SignInFact
HeardFact = KnownFact | EducationFact

TOPICS: Topics = {
    StayFact: (),
    PersonFact: (),
    ArchiveFact: ("archives",),
    EntryFact: ("entries", "archives", "findings"),
    EntryForwarded: ("entries", "archives"),
    EnrolmentFact: ("archives", "duties"),
    CustodyFact: ("custody", "archives"),
    PrescriptionFact: (),
    SignInFact: (),
}
"""What is read otherwise once a fact was heard; what follows of stays and people is told with their summaries.

Health education is told once it stands in the archive.
"""

EVERYWHERE = (*STAY_FACTS, *PERSON_FACTS)
"""What is heard of all districts, not only of those served: where people live now, who died, who was merged."""


def changes(event: Event[HeardFact]) -> Iterator[Row]:
    """Return the rows that a fact writes."""
    match event.data:
        case StayFact(stay=stay):
            yield stay_row(stay, event.sequence)
        case PersonFact(person=person):
            yield person_row(person, event.sequence)
        case ArchiveOpened(archive=archive):
            yield opened_row(archive, event.sequence, waits=waits_for_summary(archive))
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
        case PrescriptionFact() | SignInFact() as told:
            yield _taught_row(told, event.sequence)
        case never:
            assert_never(never)


def _taught_row(fact: EducationFact, sequence: int) -> Row:
    """Return the row of health education that outreach tells of."""
    if isinstance(fact, PrescriptionFact):
        return prescription_row(fact.prescription, sequence)
    return sign_in_row(fact.sign_in, sequence)


async def hear(service: Service, events: Sequence[Event[HeardFact]]) -> None:
    """Write what a batch changes, open the archives that are owed, settle custody, and summarise archives anew."""
    await write_rows(service.database, [row for event in events for row in changes(event)])
    known = [cast(Event[KnownFact], event) for event in events if isinstance(event.data, KnownFact)]
    await compare(service.database, [event.data.entry for event in known if isinstance(event.data, EntryFact)])
    started = [event.data.stay for event in known if isinstance(event.data, StayStarted)]
    if started:
        await open_owed_archives(service, started, cause=events[0].id)
    concerns = await _find_concerns(service, known)
    # what settling reads serves the summaries too: what it records changes no row before it is heard in turn
    heard = await _settle_custody(service, known, concerns)
    await _summarise(service, known, concerns, heard)
    await _record_education(service, events, concerns)


async def _find_concerns(service: Service, events: Sequence[Event[KnownFact]]) -> Concerns:
    """Find whom a batch concerns: an archive that was just opened asks for nothing by itself."""
    perhaps = {
        person
        for event in events
        if not isinstance(event.data, ArchiveOpened | CustodyFact | PersonFact)
        for person in _people_in(event)
    }
    stayed = [event.data.stay for event in events if isinstance(event.data, StayFact)]
    opened = [event.data.archive for event in events if isinstance(event.data, ArchiveOpened)]
    return await find_concerns(service.database, perhaps, stayed, opened)


async def _record_education(service: Service, events: Sequence[Event[HeardFact]], concerns: Concerns) -> None:
    """Record the entries of health education that was heard of, or whose archive was opened only now."""
    taught = {event.personid for event in events if isinstance(event.data, EducationFact)}
    people = {person for person in taught if person is not None} | concerns.educated
    if people:
        await record_owed_education(service, people, cause=events[0].id)


async def _settle_custody(service: Service, events: Sequence[Event[KnownFact]], concerns: Concerns) -> dict[str, Heard]:
    """Settle the custody of the people to whom a district may owe something now; return what was heard of them."""
    asking = [event for event in events if not isinstance(event.data, ArchiveOpened)]
    causes = {person: event.id for event in asking for person in _people_in(event)}
    surely = {
        person for event in asking if isinstance(event.data, CustodyFact | PersonFact) for person in _people_in(event)
    }
    perhaps_merged = surely | concerns.recorded
    concerned = surely | concerns.custody
    linked = await find_linked(service.database, concerned) if concerned & perhaps_merged else {}
    everybody = {alias: causes[person] for person in sorted(concerned) for alias in (person, *linked.get(person, ()))}
    return await settle_custody(service, {**everybody, **{person: causes[person] for person in concerned}})


def _people_in(event: Event[KnownFact]) -> set[str]:
    """Return whom a fact is about: the person, and all ids that it names as merged with the person's."""
    linked = event.data.person.linked if isinstance(event.data, PersonFact) else ()
    return {event.data.person_id, *linked}


async def _summarise(
    service: Service, events: Sequence[Event[KnownFact]], concerns: Concerns, heard: Mapping[str, Heard]
) -> None:
    """Summarise anew where something was heard that may change a summary; most newcomers need none.

    Those of whom no more is known than that an archive was opened wait for the Summariser.
    """
    others = [event for event in events if not isinstance(event.data, StayFact | ArchiveOpened)]
    people = {person for event in others for person in _people_in(event)} | concerns.summaries
    if people:
        await summarise(service, people, heard)
