"""What registration reads: stays of everywhere, the sealed identities, imports, and who looked at whom."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from contracts.registration import Stay, StayState
from services.runtime.mongo import Database, Document, Row, bulk_write, insert_new, make_index

STAYS = "stays"
IDENTITIES = "identities"
IMPORTS = "imports"
IMPORT_FILES = "import_files"
LOOKUPS = "lookups"


async def prepare(database: Database) -> None:
    """Make the indexes that the queries below need."""
    await make_index(database[STAYS], "person_id", name="person")
    await make_index(database[STAYS], [("street", 1), ("_id", 1), ("state", 1)], name="street")
    await make_index(database[IMPORTS], "state", name="unfinished", partialFilterExpression={"state": "waiting"})


def stay_row(stay: Stay, sequence: int) -> Row:
    """Make the row of a stay."""
    return Row(STAYS, stay.stay_id, sequence, stay.model_dump(mode="json", exclude={"stay_id"}))


def read_stay(document: Mapping[str, Any]) -> Stay:
    """Read a stay back from its row."""
    return Stay.model_validate({**document, "stay_id": document["_id"]})


async def find_stay(database: Database, stay_id: str) -> Stay | None:
    """Find one stay, wherever it is."""
    document = await database[STAYS].find_one({"_id": stay_id})
    return read_stay(document) if document else None


async def find_stays_of(database: Database, person_ids: Iterable[str]) -> dict[str, list[Stay]]:
    """Find all stays of people, by person."""
    found: dict[str, list[Stay]] = {}
    async for document in database[STAYS].find({"person_id": {"$in": list(person_ids)}}):
        found.setdefault(document["person_id"], []).append(read_stay(document))
    return found


async def find_movers(database: Database, person_ids: Iterable[str]) -> list[str]:
    """Find those of the people of whom more than one stay is known: only they can owe anything."""
    stages: list[Document] = [
        {"$match": {"person_id": {"$in": list(person_ids)}}},
        {"$group": {"_id": "$person_id", "stays": {"$sum": 1}}},
        {"$match": {"stays": {"$gt": 1}}},
    ]
    return [document["_id"] async for document in database[STAYS].aggregate(stages, hint="person")]


async def list_stays(
    database: Database, division: str, state: StayState | None, cursor: str, limit: int
) -> tuple[list[Stay], str | None]:
    """List the stays of a division, optionally of one state, and give the cursor of the next page."""
    query: Document = {"street": _within(division)}
    if state is not None:
        query["state"] = state.value
    if cursor:
        street, _, stay_id = cursor.partition("|")
        query["$or"] = [{"street": {"$gt": street}}, {"street": street, "_id": {"$gt": stay_id}}]
    found = database[STAYS].find(query, hint="street").sort([("street", 1), ("_id", 1)]).limit(limit + 1)
    documents = await found.to_list(limit + 1)
    last = documents[limit - 1] if len(documents) > limit else None
    following = f"{last['street']}|{last['_id']}" if last else None
    return [read_stay(document) for document in documents[:limit]], following


async def count_residents(database: Database, division: str) -> dict[str, int]:
    """Count the open stays of each street of a division."""
    stages: list[Document] = [
        {"$match": {"street": _within(division), "state": StayState.OPEN.value}},
        {"$group": {"_id": "$street", "residents": {"$sum": 1}}},
    ]
    found = database[STAYS].aggregate(stages, hint="street")
    return {document["_id"]: document["residents"] async for document in found}


def _within(division: str) -> Document:
    return {"$gte": division, "$lt": division + ":"}


async def find_sealed(database: Database, person_ids: Iterable[str]) -> dict[str, bytes]:
    """Find the sealed identities of people."""
    found = database[IDENTITIES].find({"_id": {"$in": list(person_ids)}})
    return {document["_id"]: bytes(document["sealed"]) async for document in found}


async def insert_sealed(database: Database, sealed: Sequence[tuple[str, bytes, str]]) -> list[int]:
    """Insert sealed identities (person_id, bytes, as of which day); give the indexes of people already known."""
    documents = [{"_id": person, "sealed": content, "as_of": as_of} for person, content, as_of in sealed]
    return await insert_new(database[IDENTITIES], documents)


async def replace_sealed(database: Database, sealed: Sequence[tuple[str, bytes, str]]) -> None:
    """Replace sealed identities that are not newer than these."""
    await bulk_write(
        database[IDENTITIES],
        [
            UpdateOne({"_id": person, "as_of": {"$lte": as_of}}, {"$set": {"sealed": content, "as_of": as_of}})
            for person, content, as_of in sealed
        ],
    )


async def record_lookup(database: Database, caller: str, person_id: str, reason: str, moment: datetime) -> None:
    """Record who looked at whose identity, and why."""
    await database[LOOKUPS].insert_one({"by": caller, "person_id": person_id, "reason": reason, "at": moment})


async def keep_import(database: Database, progress: Document, sealed: bytes, filename: str, caller: str) -> None:
    """Keep a register that was handed in: the sealed file first, then the promise to work on it."""
    await database[IMPORT_FILES].insert_one({"_id": progress["_id"], "sealed": sealed, "filename": filename})
    await database[IMPORTS].insert_one({**progress, "by": caller, "leased_until": progress["handed_in_at"]})


async def find_import(database: Database, import_id: str) -> Document | None:
    """Find an import's progress."""
    return await database[IMPORTS].find_one({"_id": import_id})


async def open_import(database: Database, import_id: str) -> tuple[bytes, str]:
    """Give the sealed register of an import and its file name."""
    document = await database[IMPORT_FILES].find_one({"_id": import_id})
    if document is None:
        raise KeyError(import_id)
    return bytes(document["sealed"]), document["filename"]


async def claim_import(database: Database, now: datetime, until: datetime) -> str | None:
    """Claim the oldest import that waits and that nobody works on; give its id."""
    document = await database[IMPORTS].find_one_and_update(
        {"state": "waiting", "leased_until": {"$lte": now}},
        {"$set": {"leased_until": until}},
        projection={"_id": 1},
        sort=[("handed_in_at", 1)],
    )
    return document["_id"] if document else None


async def save_import(database: Database, import_id: str, progress: Document, until: datetime) -> None:
    """Save how far an import is and keep the claim on it."""
    await database[IMPORTS].update_one({"_id": import_id}, {"$set": {**progress, "leased_until": until}})
