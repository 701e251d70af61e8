"""Keep the names under which people were reported otherwise than recorded, sealed, until their office settled them.

An open difference is a task of the office that reported it. A settled one stays, so that the same name in a register
that is handed in again asks nobody a second time; in the report of a later arrival it does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from pymongo import UpdateOne

from contracts.reference.divisions import Area
from services.registration.domain.tasks import TaskKind
from services.registration.vault import Sealed
from services.registration.views.sealed import NAME_DIFFERENCES, find_erasures, sealed_fields
from services.runtime.mongo import Database, Document, bulk_write, in_areas, insert_new, make_index

OPEN, SETTLED = "open", "settled"


@dataclass(frozen=True, slots=True)
class NameDifference:
    """Another name of a person (sealed, and its keyed digest), and the report that said it.

    `since` is the day of the report, `as_of` that of the arrival.
    """

    person_id: str
    digest: str
    sealed: Sealed
    street: str
    stay_id: str
    since: date
    as_of: date

    @property
    def id(self) -> str:
        """Return the id of the difference: a person is asked about once under one name."""
        return f"{self.person_id}/{self.digest}"


async def prepare(database: Database) -> None:
    """Create the indexes that the queries below need."""
    collection = database[NAME_DIFFERENCES]
    await make_index(collection, "person_id", name="person")
    await make_index(collection, "street", name="street", partialFilterExpression={"state": OPEN})


async def raise_differences(database: Database, differences: Sequence[NameDifference]) -> None:
    """Open differences that are new, and settled ones that a later arrival tells again; skip erased people."""
    if not differences:
        return
    documents = [{**_fields(one), "_id": one.id, "state": OPEN} for one in differences]
    known = [differences[index] for index in await insert_new(database[NAME_DIFFERENCES], documents)]
    again = [
        UpdateOne(
            {"_id": one.id, "state": SETTLED, "as_of": {"$lt": one.as_of.isoformat()}},
            {"$set": {**_fields(one), "state": OPEN}},
        )
        for one in known
    ]
    await bulk_write(database[NAME_DIFFERENCES], again)
    if erased := await find_erasures(database, {one.person_id for one in differences}):
        await forget_names(database, erased)


async def keep_settled(database: Database, former: NameDifference) -> None:
    """Keep a name as settled that was recorded of a person until it was corrected."""
    settled = {"state": SETTLED, "as_of": former.as_of.isoformat()}
    first = {name: value for name, value in _fields(former).items() if name not in settled}
    await bulk_write(
        database[NAME_DIFFERENCES],
        [UpdateOne({"_id": former.id}, {"$set": settled, "$setOnInsert": first}, upsert=True)],
    )


async def settle_differences(database: Database, person_id: str, today: date) -> None:
    """Settle the open differences of a person: what arrivals until today said asks nobody again."""
    settled = {"state": SETTLED, "as_of": today.isoformat()}
    await database[NAME_DIFFERENCES].update_many({"person_id": person_id, "state": OPEN}, {"$set": settled})


async def find_settled(database: Database, person_ids: Iterable[str]) -> set[tuple[str, str]]:
    """Return the people and digests of names that were settled."""
    query: Document = {"person_id": {"$in": list(person_ids)}, "state": SETTLED}
    ids = [document["_id"] async for document in database[NAME_DIFFERENCES].find(query, {"_id": 1})]
    return {(person, digest) for person, _, digest in (name.partition("/") for name in ids)}


async def find_other_names(database: Database, person_ids: Iterable[str]) -> list[bytes]:
    """Return the other names of people that nobody settled, sealed, in the order of their days."""
    query: Document = {"person_id": {"$in": list(person_ids)}, "state": OPEN}
    found = database[NAME_DIFFERENCES].find(query).sort([("since", 1), ("_id", 1)])
    return [bytes(document["sealed"]) async for document in found]


async def forget_names(database: Database, person_ids: Iterable[str]) -> None:
    """Delete the other names of people whose identity is erased."""
    await database[NAME_DIFFERENCES].delete_many({"person_id": {"$in": list(person_ids)}})


def tasks_about_names(areas: Sequence[Area]) -> list[Document]:
    """Return the stages that give the tasks of a division's streets: one for each person of whom names differ."""
    by_office: Document = {"person": "$person_id", "street": "$street"}
    task: Document = {
        "kind": {"$literal": TaskKind.NAME_DIFFERS.value},
        "division": "$_id.street",
        "person_id": "$_id.person",
        "stay_id": "$stay_id",
        "opens_on": "$since",
        "since": "$since",
    }
    return [
        {"$match": {"state": OPEN, "street": in_areas(areas)}},
        {"$group": {"_id": by_office, "stay_id": {"$min": "$stay_id"}, "since": {"$min": "$since"}}},
        {"$project": {"_id": "$_id.person", "tasks": task}},
    ]


def _fields(one: NameDifference) -> Document:
    return {
        "person_id": one.person_id,
        **sealed_fields(one.sealed),
        "street": one.street,
        "stay_id": one.stay_id,
        "since": one.since.isoformat(),
        "as_of": one.as_of.isoformat(),
    }
