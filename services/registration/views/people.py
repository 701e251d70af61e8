"""Everything that is known of some people, and whom a day concerns."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.registration.conflicts import Conflict
from contracts.registration.notices import Answer, Notice
from contracts.registration.people import Person, ever_linked
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.listings import derive_standings, find_listed
from services.registration.domain.people import ids_of
from services.registration.domain.tasks import Task
from services.registration.domain.transfers import Transfer
from services.registration.views.rows import ANSWERS, CONFLICTS, MOVERS, NOTICES, PEOPLE, STAYS, read_stay
from services.runtime.mongo import Database, Document, Row, union_with


@dataclass(frozen=True)
class KnownPerson:
    """One person: the id that goes on, all ids, what is known, and how much that is."""

    person_id: str
    ids: tuple[str, ...]
    knowledge: Knowledge
    sequence: int


def mover_row(
    person_id: str,
    known: KnownPerson,
    transfers: Sequence[Transfer],
    tasks: Sequence[Task],
    due_on: date | None,
) -> Row:
    """Make the row of what follows from everything known about a person.

    Its sequence is the sum of those it was derived from: it grows with every fact, so that of two derivations the one
    that knew more stays, whichever is written last.
    """
    goes_on = person_id == known.person_id
    standings = derive_standings(known.knowledge)
    fields: Document = {
        "goes_on_as": known.person_id,
        "aliases": [one for one in known.ids if one != known.person_id] if goes_on else [],
        "transfers": [transfer.model_dump(mode="json") for transfer in transfers] if goes_on else [],
        "notices": [standing._asdict() for standing in standings] if goes_on else [],
        "tasks": [task.model_dump(mode="json") for task in tasks] if goes_on else [],
        "listed": [listed._asdict() for listed in find_listed(transfers, standings)] if goes_on else [],
        "due_on": due_on.isoformat() if due_on is not None and goes_on else None,
    }
    return Row(MOVERS, person_id, known.sequence, fields)


async def find_known(
    database: Database, person_ids: Iterable[str], standing: Callable[[str], str] = str
) -> list[KnownPerson]:
    """Find everything known about people, each once with everybody who was ever linked to them by a merge.

    `standing` gives the division that stands in a code's place today.
    """
    wanted = set(person_ids)
    people = await _find_linked(database, wanted)
    ids = {one for record in people for one in (record["person_id"], *record["linked"])} | wanted
    query = {"person_id": {"$in": list(ids)}}
    found = {
        collection: _by_person([document async for document in database[collection].find(query)])
        for collection in (STAYS, NOTICES, ANSWERS, CONFLICTS)
    }
    found[PEOPLE] = _by_person(people)
    records = [Person.model_validate(document) for document in people]
    linked = ever_linked(records)
    known: dict[str, KnownPerson] = {}
    for person_id in sorted(ids):
        own = records if person_id in linked else []
        goes_on, members = ids_of(person_id, own)
        if goes_on not in known:
            ever = linked.get(person_id, (person_id,))
            known[goes_on] = KnownPerson(
                goes_on, members, _knowledge(members, found, standing), _count_sequences(ever, found)
            )
    return list(known.values())


_Rows = Mapping[str, Mapping[str, Sequence[Document]]]
"""Rows by collection and person."""


def _by_person(rows: Iterable[Document]) -> Mapping[str, Sequence[Document]]:
    found: dict[str, list[Document]] = {}
    for row in rows:
        found.setdefault(row["person_id"], []).append(row)
    return found


async def _find_linked(database: Database, person_ids: Iterable[str]) -> list[Document]:
    """Find the records of people and of everybody they were ever merged with."""
    ids: set[str] = set(person_ids)
    asked: set[str] = set()
    people: dict[str, Document] = {}
    while ids - asked:
        fresh = list(ids - asked)
        asked |= ids
        linked = {"$or": [{"person_id": {"$in": fresh}}, {"linked": {"$in": fresh}}]}
        async for record in database[PEOPLE].find(linked):
            people[record["_id"]] = record
            ids |= {record["person_id"], *record["linked"]}
    return list(people.values())


def _count_sequences(people: Iterable[str], found: _Rows) -> int:
    return sum(row["sequence"] for rows in found.values() for person in people for row in rows.get(person, ()))


def _knowledge(people: Sequence[str], found: _Rows, standing: Callable[[str], str]) -> Knowledge:
    def rows_of(collection: str) -> Iterator[Document]:
        return (row for person in people for row in found[collection].get(person, ()))

    return Knowledge(
        stays=tuple(map(read_stay, rows_of(STAYS))),
        notices=tuple(Notice.model_validate({**row, "notice_id": row["_id"]}) for row in rows_of(NOTICES)),
        answers=tuple(Answer.model_validate({**row, "notice_id": row["_id"]}) for row in rows_of(ANSWERS)),
        people=tuple(map(Person.model_validate, rows_of(PEOPLE))),
        conflicts=tuple(map(Conflict.model_validate, rows_of(CONFLICTS))),
        standing=standing,
    )


async def find_movers(database: Database, person_ids: Iterable[str]) -> list[str]:
    """Find those of the people of whom more is known than one stay: a merge, a death, an inquiry, another stay."""
    ids = list(person_ids)
    among = {"person_id": {"$in": ids}}
    ever_one = {"$or": [among, {"linked": {"$in": ids}}]}
    stages: list[Document] = [
        {"$match": among},
        {"$group": {"_id": "$person_id", "stays": {"$sum": 1}}},
        {"$match": {"stays": {"$gt": 1}}},
        {"$project": {"people": ["$_id"]}},
        union_with(NOTICES, {"$match": among}, {"$project": {"_id": 0, "people": ["$person_id"]}}),
        union_with(
            PEOPLE,
            {"$match": ever_one},
            {"$project": {"_id": 0, "people": {"$concatArrays": [["$person_id"], "$linked"]}}},
        ),
    ]
    found = database[STAYS].aggregate(stages, hint="person")
    return sorted({one async for row in found for one in row["people"]}.intersection(ids))


async def find_due(database: Database, today: date, at_a_time: int = 500) -> AsyncIterator[list[str]]:
    """Find everybody about whom the clock alone makes something owed, so many at a time."""
    due = database[MOVERS].find({"due_on": {"$lte": today.isoformat()}}, {"_id": 1}, hint="due").sort("due_on", 1)
    while page := await due.to_list(at_a_time):
        yield [document["_id"] for document in page]
