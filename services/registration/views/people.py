"""Load everything known about people, write what is derived from it, and find the people whom the clock makes due."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.registration.conflicts import Conflict
from contracts.registration.notices import Answer, Notice
from contracts.registration.people import Person, ever_linked
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.listings import derive_listings, derive_statuses
from services.registration.domain.people import ids_of
from services.registration.domain.tasks import Task
from services.registration.domain.transfers import Transfer
from services.registration.views.rows import ANSWERS, CONFLICTS, MOVERS, NOTICES, PEOPLE, STAYS, read_stay
from services.runtime.mongo import Database, Document, Row, find_together, union_with


@dataclass(frozen=True)
class KnownPerson:
    """One person: the survivor's id, all ids, everything known, and the sum of its rows' sequences."""

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
    """Return the row of what follows from everything known about a person, empty for an alias.

    Its sequence is the sum of those it was derived from: it grows with every fact, so that of two derivations the one
    that knew more stays, whichever is written last.
    """
    survives = person_id == known.person_id
    statuses = derive_statuses(known.knowledge)
    fields: Document = {
        "goes_on_as": known.person_id,
        "aliases": [one for one in known.ids if one != known.person_id] if survives else [],
        "transfers": [transfer.model_dump(mode="json") for transfer in transfers] if survives else [],
        "notices": [status._asdict() for status in statuses] if survives else [],
        "tasks": [task.model_dump(mode="json", exclude={"since"}) for task in tasks] if survives else [],
        "listed": [listed._asdict() for listed in derive_listings(transfers, statuses)] if survives else [],
        "due_on": due_on.isoformat() if due_on is not None and survives else None,
    }
    return Row(MOVERS, person_id, known.sequence, fields)


async def find_known_people(
    database: Database, person_ids: Iterable[str], current_division: Callable[[str], str] = str
) -> list[KnownPerson]:
    """Return everything known about people and everybody ever linked to them by a merge, each person once.

    `current_division` returns the division that a code stands for today.
    """
    wanted = set(person_ids)
    ids, rows = await _find_rows(database, wanted)
    people = rows[PEOPLE]
    found = {collection: _by_person(documents) for collection, documents in rows.items()}
    records = [Person.model_validate(document) for document in people]
    linked = ever_linked(records)
    known: dict[str, KnownPerson] = {}
    for person_id in sorted(ids):
        own = records if person_id in linked else []
        survivor, members = ids_of(person_id, own)
        if survivor not in known:
            ever = linked.get(person_id, (person_id,))
            known[survivor] = KnownPerson(
                survivor, members, _knowledge(members, found, current_division), _sum_sequences(ever, found)
            )
    return list(known.values())


async def find_survivors(database: Database, person_ids: Collection[str]) -> Mapping[str, str]:
    """Return the survivor's id by the id of each person."""
    _, rows = await _find_rows(database, set(person_ids), about=())
    records = list(map(Person.model_validate, rows[PEOPLE]))
    return {person_id: ids_of(person_id, records)[0] for person_id in person_ids}


_Rows = Mapping[str, Mapping[str, Sequence[Document]]]
"""Rows by collection and person."""


def _by_person(rows: Iterable[Document]) -> Mapping[str, Sequence[Document]]:
    found: dict[str, list[Document]] = {}
    for row in rows:
        found.setdefault(row["person_id"], []).append(row)
    return found


async def _find_rows(
    database: Database, person_ids: set[str], about: Sequence[str] = (STAYS, NOTICES, ANSWERS, CONFLICTS)
) -> tuple[set[str], dict[str, list[Document]]]:
    """Return the ids of people and of everybody they were ever merged with, and the rows about these, by collection.

    Whoever was never merged is found at the first look.
    """
    ids, rows = set(person_ids), await _read(database, person_ids, about)
    while asked := {one for row in rows[PEOPLE] for one in (row["person_id"], *row["linked"])} - ids:
        ids |= asked
        rows = await _read(database, ids, about)
    return ids, rows


async def _read(database: Database, person_ids: set[str], about: Sequence[str]) -> dict[str, list[Document]]:
    among: Document = {"$in": list(person_ids)}
    linked: Document = {"$or": [{"person_id": among}, {"linked": among}]}
    return await find_together(database, {PEOPLE: linked, **{name: {"person_id": among} for name in about}})


def _sum_sequences(people: Iterable[str], found: _Rows) -> int:
    return sum(row["sequence"] for rows in found.values() for person in people for row in rows.get(person, ()))


def _knowledge(people: Sequence[str], found: _Rows, current_division: Callable[[str], str]) -> Knowledge:
    def rows_of(collection: str) -> Iterator[Document]:
        return (row for person in people for row in found[collection].get(person, ()))

    return Knowledge(
        stays=tuple(map(read_stay, rows_of(STAYS))),
        notices=tuple(Notice.model_validate({**row, "notice_id": row["_id"]}) for row in rows_of(NOTICES)),
        answers=tuple(Answer.model_validate({**row, "notice_id": row["_id"]}) for row in rows_of(ANSWERS)),
        people=tuple(map(Person.model_validate, rows_of(PEOPLE))),
        conflicts=tuple(map(Conflict.model_validate, rows_of(CONFLICTS))),
        current_division=current_division,
    )


async def find_movers(database: Database, person_ids: Iterable[str]) -> list[str]:
    """Return the ids of whom more is known than one stay: another stay, a notice, a death or a merge; sorted."""
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
    return sorted({person_id async for row in found for person_id in row["people"]}.intersection(ids))


async def find_due(database: Database, today: date, at_a_time: int = 500) -> AsyncIterator[list[str]]:
    """Yield the ids of people whom the clock makes due by a day, the longest due first, so many at a time."""
    until = {"due_on": {"$lte": today.isoformat(), "$type": "string"}}  # by its type it is found in the index
    due = database[MOVERS].find(until, {"_id": 1}, hint="due").sort("due_on", 1)
    while page := await due.to_list(at_a_time):
        yield [document["_id"] for document in page]
