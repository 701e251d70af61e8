"""What a district knows of a person beside stays: a death, other ids; and which ids are one person."""

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
        """Name the stream of a person in a district."""
        return person_stream(self.person.person_id, self.person.district)

    @property
    def division(self) -> str:
        """Name the district that says it."""
        return self.person.district

    @property
    def person_id(self) -> str:
        """Name the person."""
        return self.person.person_id


def person_stream(person_id: str, district: str) -> str:
    """Name the stream of what a district knows of a person."""
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


def join(pairs: Iterable[Collection[str]]) -> dict[str, frozenset[str]]:
    """Give for each id all ids that it hangs together with."""
    together: dict[str, set[str]] = {}
    for pair in pairs:
        joined = set(pair).union(*(together.get(one, ()) for one in pair))
        together.update(dict.fromkeys(joined, joined))
    return {one: frozenset(joined) for one, joined in together.items()}


def ever_linked(records: Iterable[Person]) -> dict[str, frozenset[str]]:
    """Give for each id all that it was ever merged with, undone or not: this only ever grows."""
    return join({record.person_id, *record.linked, *_merge(record)} for record in records)


def one_person(records: Iterable[Person]) -> dict[str, frozenset[str]]:
    """Give for each id that stands merged all ids of the one person."""
    return join({record.person_id, *_merge(record)} for record in records if record.merged_into)


def survivor_of(ids: Collection[str], records: Iterable[Person]) -> str:
    """Give the id that a person goes on as: the one merged into nobody; where merges contradict, the lowest."""
    aliases = {record.person_id for record in records if record.merged_into}
    return min(set(ids) - aliases or ids)


def deaths(records: Collection[Person]) -> Mapping[str, date]:
    """Give for each id of a person who died the day; where districts say different days, the first."""
    ids = one_person(records)
    died: dict[str, date] = {}
    for record in records:
        if record.died_on is not None:
            for one in ids.get(record.person_id, (record.person_id,)):
                died[one] = min(record.died_on, died.get(one, record.died_on))
    return died


def _merge(record: Person) -> tuple[str, ...]:
    return (record.merged_into,) if record.merged_into else ()
