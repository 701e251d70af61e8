"""What registration reads: stays, notices, answers, deaths and merges of everywhere, and what follows from them."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pymongo import UpdateOne

from contracts.categories import CATEGORIES, NOT_EXPOSED, PersonCategory, born_between
from contracts.divisions import Area
from contracts.identity import Sex
from contracts.people import ever_linked
from contracts.registration import Stay, StayState
from contracts.transfers import Answer, Conflict, Notice, Person
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.listed import derive_standings, find_listed
from services.registration.domain.people import ids_of
from services.registration.domain.transfers import Task, Transfer
from services.registration.vault import Sealed
from services.runtime.mongo import Database, Document, Row, and_in, bulk_write, in_areas, insert_new, make_index

STAYS = "stays"
NOTICES = "notices"
ANSWERS = "answers"
PEOPLE = "people"
CONFLICTS = "conflicts"
MOVERS = "movers"
IDENTITIES = "identities"
IMPORT_FILES = "import_files"
REFUSED_ROWS = "refused_rows"


async def prepare(database: Database) -> None:
    """Make the indexes that the queries below need."""
    await make_index(database[STAYS], "person_id", name="person")
    by_street = [("street", 1), ("_id", 1)]
    told = [("state", 1), ("birth", 1), ("sex", 1), ("hazard", 1)]
    await make_index(database[STAYS], [*by_street, *told], name="street")
    reported = {"categories": {"$gt": ""}}
    await make_index(
        database[STAYS], [("categories", 1), *by_street], name="reported", partialFilterExpression=reported
    )
    for link in ("household_id", "guardian_id"):
        await make_index(database[STAYS], link, name=link, partialFilterExpression={link: {"$gt": ""}})
    for collection in (NOTICES, ANSWERS, PEOPLE, CONFLICTS):
        await make_index(database[collection], "person_id", name="person")
    await make_index(database[PEOPLE], "linked", name="linked")
    await make_index(
        database[CONFLICTS], [("streets", 1), ("conflict_id", 1)], name="open", partialFilterExpression={"open": True}
    )
    await make_index(database[MOVERS], "due_on", name="due", partialFilterExpression={"due_on": {"$type": "string"}})
    await make_index(database[MOVERS], [("tasks.division", 1), ("tasks.due", 1)], name="tasks")
    listed = [("listed.division", 1), ("listed.what", 1), ("listed.state", 1), ("_id", 1)]
    await make_index(database[MOVERS], listed, name="listed")


def stay_row(stay: Stay, sequence: int) -> Row:
    """Make the row of a stay."""
    return Row(STAYS, stay.stay_id, sequence, stay.model_dump(mode="json", exclude={"stay_id"}))


def notice_row(notice: Notice, sequence: int) -> Row:
    """Make the row of a notice."""
    return Row(NOTICES, notice.notice_id, sequence, notice.model_dump(mode="json", exclude={"notice_id"}))


def answer_row(answer: Answer, sequence: int) -> Row:
    """Make the row of an answer."""
    return Row(ANSWERS, answer.notice_id, sequence, answer.model_dump(mode="json", exclude={"notice_id"}))


def person_row(person: Person, sequence: int) -> Row:
    """Make the row of what a district knows of a person."""
    return Row(PEOPLE, f"{person.person_id}@{person.district}", sequence, person.model_dump(mode="json"))


def conflict_row(conflict: Conflict, sequence: int) -> Row:
    """Make the row of a conflict as a district keeps it."""
    return Row(CONFLICTS, f"{conflict.conflict_id}@{conflict.district}", sequence, conflict.model_dump(mode="json"))


def mover_row(
    person_id: str,
    known: "KnownPerson",
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


def read_stay(document: Mapping[str, Any]) -> Stay:
    """Read a stay back from its row."""
    return Stay.model_validate({**document, "stay_id": document["_id"]})


@dataclass(frozen=True)
class KnownPerson:
    """One person: the id that goes on, all ids, what is known, and how much that is."""

    person_id: str
    ids: tuple[str, ...]
    knowledge: Knowledge
    sequence: int


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


async def find_stay(database: Database, stay_id: str) -> Stay | None:
    """Find one stay, wherever it is."""
    document = await database[STAYS].find_one({"_id": stay_id})
    return read_stay(document) if document else None


async def find_notice(database: Database, notice_id: str) -> Notice | None:
    """Find one notice."""
    document = await database[NOTICES].find_one({"_id": notice_id})
    return Notice.model_validate({**document, "notice_id": document["_id"]}) if document else None


async def find_answer(database: Database, notice_id: str) -> tuple[Answer | None, int]:
    """Find the answer to a notice and its version, 0 where there is none."""
    return read_answer(await database[ANSWERS].find_one({"_id": notice_id}))


async def find_stays_of(database: Database, person_ids: Iterable[str]) -> dict[str, list[Stay]]:
    """Find all stays of people, by person."""
    found: dict[str, list[Stay]] = {}
    async for document in database[STAYS].find({"person_id": {"$in": list(person_ids)}}):
        found.setdefault(document["person_id"], []).append(read_stay(document))
    return found


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
        and_in(NOTICES, {"$match": among}, {"$project": {"_id": 0, "people": ["$person_id"]}}),
        and_in(
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


async def find_dependants(database: Database, stay: Stay, areas: Sequence[Area]) -> list[Stay]:
    """Find the stays around of whoever belongs to the household of a stay, or has one of these as guardian."""
    here = {"street": in_areas(areas)}
    home = {"household_id": stay.household_id, **here}
    members = [read_stay(row) async for row in database[STAYS].find(home)] if stay.household_id else []
    guardians = sorted({stay.person_id, *(member.person_id for member in members)})
    children = database[STAYS].find({"guardian_id": {"$in": guardians}, **here})
    found = {child.stay_id: child for child in [read_stay(row) async for row in children]}
    return list(({member.stay_id: member for member in members} | found).values())


def belonging_query(category: PersonCategory, today: date) -> Document:
    """Say what the stays of people who belong to a category on a day have."""
    wanted = CATEGORIES[category]
    query: Document = {}
    if not wanted.of_any_age:
        after, until = born_between(wanted, today)
        query["birth"] = {"$gt": after.isoformat(), "$lte": until.isoformat()}
    if wanted.women_only:
        query["sex"] = Sex.FEMALE.value
    if wanted.hazard_only:
        query["hazard"] = {"$nin": list(NOT_EXPOSED)}
    if wanted.reported is not None:
        query["categories"] = wanted.reported.value
    return query


async def list_stays(
    database: Database,
    areas: Sequence[Area],
    state: StayState | None,
    cursor: str,
    limit: int,
    belonging: Document | None = None,
) -> tuple[list[Stay], str | None]:
    """List the stays of a division, optionally of one state or category, and give the cursor of the next page."""
    query: Document = {"street": in_areas(areas), **(belonging or {})}
    if state is not None:
        query["state"] = state.value
    if cursor:
        street, _, stay_id = cursor.partition("|")
        query["$or"] = [{"street": {"$gt": street}}, {"street": street, "_id": {"$gt": stay_id}}]
    index = "reported" if "categories" in query else "street"
    found = database[STAYS].find(query, hint=index).sort([("street", 1), ("_id", 1)]).limit(limit + 1)
    documents = await found.to_list(limit + 1)
    last = documents[limit - 1] if len(documents) > limit else None
    following = f"{last['street']}|{last['_id']}" if last else None
    return [read_stay(document) for document in documents[:limit]], following


def read_answer(document: Document | None) -> tuple[Answer | None, int]:
    """Read an answer and its version back from its row, None and 0 where there is none."""
    if document is None:
        return None, 0
    return Answer.model_validate({**document, "notice_id": document["_id"]}), document["sequence"]


async def find_conflict(database: Database, conflict_id: str) -> list[Conflict]:
    """Find a conflict as each of the districts concerned keeps it."""
    rows = database[CONFLICTS].find({"_id": {"$gte": f"{conflict_id}@", "$lt": f"{conflict_id}A"}}).sort("_id", 1)
    return [Conflict.model_validate(row) async for row in rows]


async def count_residents(database: Database, areas: Sequence[Area]) -> dict[str, int]:
    """Count the open stays of each street of a division."""
    stages: list[Document] = [
        {"$match": {"street": in_areas(areas), "state": StayState.OPEN.value}},
        {"$group": {"_id": "$street", "residents": {"$sum": 1}}},
    ]
    found = database[STAYS].aggregate(stages, hint="street")
    return {document["_id"]: document["residents"] async for document in found}


async def count_communities(database: Database, areas: Sequence[Area]) -> dict[str | None, int]:
    """Count the open stays of each community of a street; None are those of whom the office did not say."""
    stages: list[Document] = [
        {"$match": {"street": in_areas(areas), "state": StayState.OPEN.value}},
        {"$group": {"_id": "$community", "residents": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    found = database[STAYS].aggregate(stages, hint="street")
    return {document["_id"]: document["residents"] async for document in found}


async def find_sealed(database: Database, person_ids: Iterable[str]) -> dict[str, bytes]:
    """Find the sealed identities of people."""
    found = database[IDENTITIES].find({"_id": {"$in": list(person_ids)}})
    return {document["_id"]: bytes(document["sealed"]) async for document in found if "sealed" in document}


async def insert_sealed(
    database: Database, sealed: Sequence[tuple[str, Sealed, str]], likenesses: Mapping[str, Iterable[str]]
) -> list[int]:
    """Insert sealed identities (person_id, as of which day); give the indexes of people known already, or erased."""
    documents = [
        {"_id": person, **sealed_fields(content), "as_of": as_of, "likenesses": sorted(likenesses[person])}
        for person, content, as_of in sealed
    ]
    return await insert_new(database[IDENTITIES], documents)


async def replace_sealed(database: Database, sealed: Sequence[tuple[str, Sealed, str]]) -> None:
    """Replace sealed identities that are not newer than these; those that were erased stay so."""
    await bulk_write(
        database[IDENTITIES],
        [
            UpdateOne({"_id": person, "as_of": {"$lte": as_of}}, {"$set": {**sealed_fields(content), "as_of": as_of}})
            for person, content, as_of in sealed
        ],
    )


def sealed_fields(sealed: Sealed) -> Document:
    """Give the fields of a document that is sealed as a whole."""
    return {"sealed": sealed.content, "sealed_with": sealed.sealed_with}


async def keep_register(database: Database, import_id: str, sealed: Sealed, filename: str, now: datetime) -> None:
    """Keep a register that was handed in, sealed, before anything is promised of it."""
    kept = {"_id": import_id, **sealed_fields(sealed), "filename": filename, "handed_in_at": now}
    await database[IMPORT_FILES].insert_one(kept)


async def open_register(database: Database, import_id: str) -> tuple[bytes, str]:
    """Give the sealed register of an import and its file name."""
    document = await database[IMPORT_FILES].find_one({"_id": import_id})
    if document is None:
        raise KeyError(import_id)
    return bytes(document["sealed"]), document["filename"]
