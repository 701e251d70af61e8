"""Queries on people: everything that was heard of them under any of their ids, deaths, and who was merged."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from contracts.archives.archives import Archive
from contracts.archives.custody import Custody
from contracts.archives.enrolments import Enrolment
from contracts.archives.entries import Entry
from contracts.registration.people import Person, deaths, ever_linked, one_person, survivor_of
from contracts.registration.stays import Stay
from services.archives.domain.access import find_keeping_street
from services.archives.views.rows import ARCHIVES, COPIES, CUSTODIES, ENROLMENTS, ENTRIES, PEOPLE, STAYS, read_entry
from services.runtime.mongo import Database, Document, find_connected, find_together


@dataclass(slots=True)
class Heard:
    """Everything that was heard of one person, from whichever district.

    `archives` and `custodies` are by district, `versions` the sequence of each archive's newest fact, `copies` entries
    with the district that they were forwarded to. `aliases` are the archives of ids that were merged into this one;
    entries under those ids count here. `linked` are the other ids that this one was ever merged with, undone or not,
    `merged_into` the surviving id if it is another one, `died_on` the earliest day of death that a district knows of
    any of the ids. `weight` grows with everything heard, so that of two readings the heavier knew more; `entered` is
    the part of it that lies in archives.
    """

    archives: dict[str, Archive] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    custodies: dict[str, Custody] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    copies: list[tuple[str, Entry]] = field(default_factory=list)
    enrolments: list[Enrolment] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    died_on: date | None = None
    merged_into: str | None = None
    linked: frozenset[str] = frozenset()
    aliases: list[Archive] = field(default_factory=list)
    weight: int = 0
    entered: int = 0

    def entries_known_to(self, district: str) -> dict[str, Entry]:
        """Return the entries that a district recorded or was sent, by id, in the newest version of each."""
        known: dict[str, Entry] = {}
        sent = (entry for to, entry in self.copies if to == district)
        for entry in (*(entry for entry in self.entries if entry.district == district), *sent):
            if entry.entry_id not in known or known[entry.entry_id].version < entry.version:
                known[entry.entry_id] = entry
        return known


async def find_heard(database: Database, person_ids: Iterable[str]) -> dict[str, Heard]:
    """Return everything that was heard of people and of all ids ever linked to theirs, by id, also if it is nothing."""
    people = asked = set(person_ids)
    while True:  # whoever was never merged is found at the first look
        rows = await _read(database, people)
        records = [Person.model_validate(row) for row in rows[PEOPLE]]
        linked = ever_linked(records)
        read, people = people, asked.union(*(linked.get(person, ()) for person in asked))
        if people == read:
            break
    found = _sort(rows)
    _merge(found, records)
    sequences = Counter[str]()
    for row in rows[PEOPLE]:
        sequences[row["person_id"]] += row["sequence"]
    for person, ids in linked.items():
        found[person].linked = ids - {person}
        found[person].weight += sum(found[other].entered for other in found[person].linked)
        found[person].weight += sum(sequences[each] for each in ids)
    return {person: found[person] for person in people}


async def _read(database: Database, people: Collection[str]) -> dict[str, list[Document]]:
    """Read what was heard of people under each of their ids, and the records of them."""
    among, about = {"$in": list(people)}, (ENTRIES, COPIES, ENROLMENTS, CUSTODIES, STAYS, ARCHIVES)
    return await find_together(database, {PEOPLE: {"ids": among}, **{name: {"person_id": among} for name in about}})


def _sort(rows: Mapping[str, Sequence[Document]]) -> defaultdict[str, Heard]:
    """Return what rows say of people, by id."""
    found: defaultdict[str, Heard] = defaultdict(Heard)

    def of(row: Document, *, entered: bool = False) -> Heard:
        heard = found[row["person_id"]]
        heard.weight += row["sequence"]
        heard.entered += row["sequence"] if entered else 0
        return heard

    for row in rows[ENTRIES]:
        of(row, entered=True).entries.append(read_entry(row))
    for row in rows[COPIES]:
        of(row, entered=True).copies.append((row["to"], Entry.model_validate(row["entry"])))
    for row in rows[ENROLMENTS]:
        of(row).enrolments.append(Enrolment.model_validate(row))
    for row in rows[CUSTODIES]:
        of(row).custodies[row["district"]] = Custody.model_validate(row)
    for row in rows[STAYS]:
        of(row).stays.append(Stay.model_validate(row))
    for row in rows[ARCHIVES]:
        of(row, entered=True).archives[row["district"]] = Archive.model_validate(row)
        found[row["person_id"]].versions[row["district"]] = row["sequence"]
    return found


def _merge(found: Mapping[str, Heard], records: Sequence[Person]) -> None:
    """Count what was entered under the merged ids of one person for the surviving id too."""
    for person, died_on in deaths(records).items():
        found[person].died_on = died_on
    for ids in set(one_person(records).values()):
        survivor = survivor_of(ids, records)
        for alias in sorted(ids - {survivor}):
            found[alias].merged_into = survivor
            found[survivor].entries += found[alias].entries
            found[survivor].copies += found[alias].copies
            found[survivor].aliases += found[alias].archives.values()


async def find_linked(database: Database, person_ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return for each of the people who was ever merged all ids that they were ever linked to, undone or not."""
    return ever_linked(Person.model_validate(row) for row in await find_connected(database[PEOPLE], person_ids))


async def find_stays(database: Database, person_id: str) -> list[Stay]:
    """Return the stays that were heard of a person."""
    return [Stay.model_validate(row) async for row in rows_of(database, STAYS, [person_id])]


async def find_keeping_streets(database: Database, person_ids: Iterable[str], district: str) -> dict[str, str]:
    """Return the streets that keep a district's archives of people, by person; without those who have none there."""
    people = list(person_ids)
    stays: dict[str, list[Stay]] = defaultdict(list)
    async for row in rows_of(database, STAYS, people):
        stays[row["person_id"]].append(Stay.model_validate(row))
    archives = [Archive.model_validate(row) async for row in rows_of(database, ARCHIVES, people)]
    return {
        archive.person_id: find_keeping_street(archive, stays[archive.person_id])
        for archive in archives
        if archive.district == district
    }


def rows_of(database: Database, collection: str, people: Sequence[str]) -> AsyncIterator[Document]:
    """Return the rows of a collection that are about some people, in no particular order."""
    found: AsyncIterator[Document] = database[collection].find({"person_id": {"$in": people}})
    return found


async def find_deaths(database: Database, people: Iterable[str]) -> Mapping[str, date]:
    """Return the days of death of those who died, by person: the earliest that a district knows of any of their ids."""
    return deaths([Person.model_validate(row) for row in await find_connected(database[PEOPLE], people)])
