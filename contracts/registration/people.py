"""Deaths and merged ids, which each district records for itself, and which ids belong to one person."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact, PersonId
from contracts.reference.divisions import DistrictCode


class Person(BaseModel):
    """What one district knows of a person beyond stays: death, and that two ids are one person.

    `merged_into` is the id that goes on; `linked` are all ids that this one was ever merged into, undone or not.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_id: PersonId
    district: DistrictCode
    died_on: date | None = None
    merged_into: PersonId | None = None
    linked: tuple[PersonId, ...] = ()


class PersonFact(Fact):
    """A fact of the stream `person/<person_id>@<district>`."""

    person: Person

    @property
    def stream(self) -> str:
        """Return the stream of the person in the district."""
        return person_stream(self.person.person_id, self.person.district)

    @property
    def division(self) -> str:
        """Return the district that recorded it."""
        return self.person.district

    @property
    def person_id(self) -> str:
        """Return the id of the person."""
        return self.person.person_id


def person_stream(person_id: str, district: str) -> str:
    """Return the stream of a district's facts about a person."""
    return f"person/{person_id}@{district}"


class PersonDied(PersonFact):
    """The person died on `died_on`; stays everywhere end that day."""

    TYPE: ClassVar[str] = "registration.person_died.v1"


class DeathRetracted(PersonFact):
    """The death was recorded by mistake."""

    TYPE: ClassVar[str] = "registration.death_retracted.v1"


class PersonsMerged(PersonFact):
    """Two ids are one person: this one goes on as an alias of `merged_into`."""

    TYPE: ClassVar[str] = "registration.persons_merged.v1"


class PersonsUnmerged(PersonFact):
    """The merge was a mistake: the two ids are two people."""

    TYPE: ClassVar[str] = "registration.persons_unmerged.v1"


PERSON_FACTS: tuple[type[PersonFact], ...] = (PersonDied, DeathRetracted, PersonsMerged, PersonsUnmerged)


def connect_ids(groups: Iterable[Collection[str]]) -> dict[str, frozenset[str]]:
    """Return for each id all ids that it is connected with, directly or over further groups, itself included."""
    connected: dict[str, set[str]] = {}
    for group in groups:
        joined = set(group).union(*(connected.get(person_id, ()) for person_id in group))
        connected.update(dict.fromkeys(joined, joined))
    return {person_id: frozenset(joined) for person_id, joined in connected.items()}


def ever_linked(records: Iterable[Person]) -> dict[str, frozenset[str]]:
    """Return for each id all ids that it was ever merged with, undone or not; these sets only grow."""
    return connect_ids({record.person_id, *record.linked, *_merged_into(record)} for record in records)


def one_person(records: Iterable[Person]) -> dict[str, frozenset[str]]:
    """Return for each id that is merged now all ids of the person."""
    return connect_ids({record.person_id, *_merged_into(record)} for record in records if record.merged_into)


def survivor_of(ids: Collection[str], records: Iterable[Person]) -> str:
    """Return which of a person's ids stays in use: the one not merged into another; the lowest if merges contradict."""
    aliases = {record.person_id for record in records if record.merged_into}
    return min(set(ids) - aliases or ids)


def deaths(records: Collection[Person]) -> Mapping[str, date]:
    """Return the day of death for each id of the people who died; the first day if districts disagree."""
    ids = one_person(records)
    died: dict[str, date] = {}
    for record in records:
        if record.died_on is not None:
            for one in ids.get(record.person_id, (record.person_id,)):
                died[one] = min(record.died_on, died.get(one, record.died_on))
    return died


def _merged_into(record: Person) -> tuple[str, ...]:
    return (record.merged_into,) if record.merged_into else ()
