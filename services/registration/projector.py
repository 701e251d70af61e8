"""Write the rows that heard facts change, then settle what the own districts owe about the people concerned."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from contracts.envelope import Event
from contracts.registration.conflicts import ConflictFact
from contracts.registration.notices import AnswerFact, NoticeFact
from contracts.registration.people import PersonFact
from contracts.registration.stays import StayFact, StayStarted
from services.registration.commands.settling import settle_known
from services.registration.domain.people import ids_concerned
from services.registration.domain.settling import Rules, find_next_due
from services.registration.domain.tasks import derive_tasks
from services.registration.domain.transfers import derive_transfers
from services.registration.service import Registration
from services.registration.views.people import KnownPerson, find_movers, mover_row
from services.registration.views.rows import answer_row, conflict_row, notice_row, person_row, stay_row
from services.runtime.changes import Topics
from services.runtime.mongo import Row, write_rows

Heard = StayFact | NoticeFact | AnswerFact | PersonFact | ConflictFact

TOPICS: Topics = {
    StayFact: ("stays", "streets", "communities", "people", "households", "duplicates"),
    NoticeFact: ("notices", "transfers", "people"),
    AnswerFact: ("notices", "transfers", "people"),
    PersonFact: ("people", "duplicates"),
    ConflictFact: ("conflicts", "people"),
}
"""What is read otherwise once a fact was heard."""
FOLLOWING = ("tasks", "transfers", "notices", "people")
"""What is read otherwise wherever somebody is known, once more is known of the person."""


def changes(event: Event[Heard]) -> Iterator[Row]:
    """Return the row that a fact writes."""
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
        case never:
            assert_never(never)


def derive(known: KnownPerson, rules: Rules) -> Iterator[Row]:
    """Return the rows that follow from everything known about a person, one for each id."""
    transfers, tasks = derive_transfers(known.knowledge), derive_tasks(known.knowledge)
    due_on = find_next_due(known.knowledge, rules)
    for person_id in known.ids:
        yield mover_row(person_id, known, transfers, tasks, due_on)


async def hear(registration: Registration, events: Sequence[Event[Heard]]) -> None:
    """Write the rows that a batch changes and the rows that follow, then settle the people it concerns."""
    database = registration.service.database
    await write_rows(database, [row for event in events for row in changes(event)])
    causes = {person_id: event.id for event in events for person_id in ids_concerned(event.data)}
    movers = await _find_movers(registration, events)
    if movers:
        known = await registration.find_known_people(movers)
        await write_rows(database, [row for person in known for row in derive(person, registration.rules)])
        registration.service.changes.note(FOLLOWING, {place for person in known for place in person.knowledge.places})
        await settle_known(registration, known, causes)


async def _find_movers(registration: Registration, events: Sequence[Event[Heard]]) -> list[str]:
    """Return the ids to derive and settle; a person's only stay leaves nothing to derive and nothing owed."""
    others = {event.data.person_id for event in events if not _is_first(event)}
    started = {event.data.person_id for event in events} - others
    moved = await find_movers(registration.service.database, started) if started else []
    return sorted({*moved, *others})


def _is_first(event: Event[Heard]) -> bool:
    """Return whether a stay started for the first time, not again after it was retracted."""
    return isinstance(event.data, StayStarted) and event.sequence == 1
