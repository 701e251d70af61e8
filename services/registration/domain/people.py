"""What a district says of a person beyond stays: death, and that two ids are one person."""

from collections.abc import Collection, Iterable
from datetime import date

from contracts.envelope import Fact
from contracts.registration.people import (
    DeathRetracted,
    Person,
    PersonDied,
    PersonFact,
    PersonsMerged,
    PersonsUnmerged,
    one_person,
    survivor_of,
)
from services.registration.domain.errors import (
    AlreadyDeadError,
    DiedBeforeBirthError,
    NotDeadError,
    NotMergedError,
    SamePersonError,
)


def die(person: Person, died_on: date, birth: date | None) -> PersonDied:
    """Record a death."""
    if person.died_on is not None:
        raise AlreadyDeadError
    if birth is not None and died_on < birth:
        raise DiedBeforeBirthError
    return PersonDied(person=person.model_copy(update={"died_on": died_on}))


def retract_death(person: Person) -> DeathRetracted:
    """Retract a death that was recorded by mistake."""
    if person.died_on is None:
        raise NotDeadError
    return DeathRetracted(person=person.model_copy(update={"died_on": None}))


def merge(alias: Person, survivor: str, one_person: Collection[str]) -> PersonsMerged:
    """Merge a person into another who goes on; `one_person` are the ids that are the survivor already."""
    if alias.person_id in one_person:
        raise SamePersonError
    linked = tuple(sorted({*alias.linked, survivor}))
    return PersonsMerged(person=alias.model_copy(update={"merged_into": survivor, "linked": linked}))


def unmerge(alias: Person) -> PersonsUnmerged:
    """Undo a merge."""
    if alias.merged_into is None:
        raise NotMergedError
    return PersonsUnmerged(person=alias.model_copy(update={"merged_into": None}))


def ids_of(person_id: str, people: Iterable[Person]) -> tuple[str, tuple[str, ...]]:
    """Give the id that goes on and all ids of the one person, whoever merged them and in whatever order.

    Who was merged into nobody goes on; where merges contradict each other, the lowest id does.
    """
    records = list(people)
    ids = one_person(records).get(person_id, frozenset({person_id}))
    return survivor_of(ids, records), tuple(sorted(ids))


def ids_concerned(fact: Fact) -> tuple[str, ...]:
    """Give the ids whose person has to be settled after a fact; an unmerged person leaves another behind."""
    linked = fact.person.linked if isinstance(fact, PersonFact) else ()
    return (fact.person_id or "", *linked)
