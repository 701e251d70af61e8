"""Decisions about a person beyond stays: record a death, merge two ids into one person; which ids are one person."""

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
    """Return the fact of a death; raise AlreadyDeadError or DiedBeforeBirthError."""
    if person.died_on is not None:
        raise AlreadyDeadError
    if birth is not None and died_on < birth:
        raise DiedBeforeBirthError
    return PersonDied(person=person.model_copy(update={"died_on": died_on}))


def retract_death(person: Person) -> DeathRetracted:
    """Return the retraction of a death recorded by mistake; raise NotDeadError if none is recorded."""
    if person.died_on is None:
        raise NotDeadError
    return DeathRetracted(person=person.model_copy(update={"died_on": None}))


def merge(alias: Person, survivor: str, same_person: Collection[str]) -> PersonsMerged:
    """Return the merge of a person into a survivor; raise SamePersonError if both are one person already.

    `same_person` are the ids that belong to the survivor already.
    """
    if alias.person_id in same_person:
        raise SamePersonError
    linked = tuple(sorted({*alias.linked, survivor}))
    return PersonsMerged(person=alias.model_copy(update={"merged_into": survivor, "linked": linked}))


def unmerge(alias: Person) -> PersonsUnmerged:
    """Return the undoing of a merge; raise NotMergedError if there is none."""
    if alias.merged_into is None:
        raise NotMergedError
    return PersonsUnmerged(person=alias.model_copy(update={"merged_into": None}))


def ids_of(person_id: str, people: Iterable[Person]) -> tuple[str, tuple[str, ...]]:
    """Return the survivor's id and all ids of the person, sorted, whichever district merged them in whichever order.

    The survivor is the id that was merged into no other; if merges contradict each other, the lowest id.
    """
    records = list(people)
    ids = one_person(records).get(person_id, frozenset({person_id}))
    return survivor_of(ids, records), tuple(sorted(ids))


def ids_concerned(fact: Fact) -> tuple[str, ...]:
    """Return the ids whose person must be settled after a fact; undoing a merge concerns both people."""
    linked = fact.person.linked if isinstance(fact, PersonFact) else ()
    return (fact.person_id or "", *linked)
