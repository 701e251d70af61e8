"""Record a death, or that two ids are one person, for a district; then settle what follows."""

from collections.abc import Callable, Collection
from datetime import date

from contracts.envelope import narrow
from contracts.registration.people import Person, PersonFact, person_stream
from services.registration.commands.recording import ATTEMPTS, must_not_be_future, record_next, recorded_by
from services.registration.commands.settling import settle
from services.registration.domain import people
from services.registration.service import Registration
from services.runtime.journal import StreamConflictError


async def record_death(
    registration: Registration, person_id: str, district: str, died_on: date, birth: date | None, causation: str
) -> Person:
    """Record a death, by which the stays everywhere end; return the district's record of the person."""
    must_not_be_future(registration, died_on=died_on)
    return await _record(
        registration, person_id, district, lambda person: people.die(person, died_on, birth), causation
    )


async def retract_death(registration: Registration, person_id: str, district: str, causation: str) -> Person:
    """Retract a death that this district recorded by mistake; return its record of the person."""
    return await _record(registration, person_id, district, people.retract_death, causation)


async def merge_people(registration: Registration, alias: str, survivor: str, district: str, causation: str) -> Person:
    """Merge a person into a survivor, whose id is used from now on; return the record of the merged one."""
    same_person = await _ids_of(registration, survivor, alias)

    def decide(person: Person) -> PersonFact:
        return people.merge(person, survivor, same_person)

    return await _record(registration, alias, district, decide, causation)


async def unmerge_people(registration: Registration, alias: str, district: str, causation: str) -> Person:
    """Undo a merge that this district recorded; return the record of the person unmerged."""
    return await _record(registration, alias, district, people.unmerge, causation)


async def _record(
    registration: Registration,
    person_id: str,
    district: str,
    decide: Callable[[Person], PersonFact],
    causation: str,
) -> Person:
    stream = person_stream(person_id, district)
    for _ in range(ATTEMPTS):
        event = await registration.service.journal.load(stream, PersonFact)
        already = (await recorded_by(registration, person_id, causation)).get(stream)
        if already is None:
            fact = decide(event.data.person if event else Person(person_id=person_id, district=district))
            recorded = await record_next(registration, event, fact, causation)
        else:
            recorded = narrow(already, PersonFact)
        if recorded is not None:
            await settle(registration, {person_id: causation})
            return recorded.data.person
    raise StreamConflictError(person_id)


async def _ids_of(registration: Registration, person_id: str, other: str) -> Collection[str]:
    """Return the ids of a person, by the merges that were heard and by those in the own journal with the other id."""
    found = await registration.find_known_people([person_id, other])
    records = {(record.person_id, record.district): record for known in found for record in known.knowledge.people}
    for event in await registration.service.journal.load_streams_of([person_id, other]):
        if isinstance(event.data, PersonFact):
            records[event.data.person_id, event.data.person.district] = event.data.person
    return people.ids_of(person_id, records.values())[1]
