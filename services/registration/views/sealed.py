"""What is kept sealed: identities, registers handed in, refused rows; and what is left after an erasure."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import UpdateOne

from services.registration.vault import Sealed
from services.runtime.imports import IMPORTS
from services.runtime.mongo import Database, Document, bulk_write, insert_new
from services.runtime.parked import PARKED

IDENTITIES = "identities"
IMPORT_FILES = "import_files"
REFUSED_ROWS = "refused_rows"


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


ORPHANED_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Place:
    """A collection whose documents carry something sealed, in which field, and how many fit into memory at once."""

    collection: str
    field: str
    helping: int


PLACES = (
    Place(IDENTITIES, "sealed", 500),
    Place(REFUSED_ROWS, "sealed", 500),
    Place(PARKED, "body", 4),
    Place(IMPORT_FILES, "sealed", 1),
)
"""Everywhere in registration where sealed bytes lie, with the key's fingerprint beside them in `sealed_with`."""


async def count_stale(database: Database, place: Place, sealing_key: str) -> dict[str, int]:
    """Count what is sealed with another key than this one, by that key's fingerprint (`unknown` if nobody noted it)."""
    stages: list[Document] = [
        {"$match": _stale(place, sealing_key)},
        {"$group": {"_id": {"$ifNull": ["$sealed_with", "unknown"]}, "count": {"$sum": 1}}},
    ]
    return {found["_id"]: found["count"] async for found in database[place.collection].aggregate(stages)}


async def read_stale(database: Database, place: Place, sealing_key: str, after: str) -> list[tuple[str, bytes]]:
    """Read the next helping of what is sealed with another key than this one, in the order of the ids."""
    query = {"_id": {"$gt": after}, **_stale(place, sealing_key)}
    found = database[place.collection].find(query, {place.field: 1}).sort("_id", 1).limit(place.helping)
    return [(document["_id"], bytes(document[place.field])) async for document in found]


async def replace_seals(database: Database, place: Place, changes: Sequence[tuple[str, bytes, Sealed]]) -> int:
    """Put sealed bytes in place of others, but only where those still are; give how many were."""
    operations = [
        UpdateOne({"_id": name, place.field: old}, {"$set": {place.field: new.content, "sealed_with": new.sealed_with}})
        for name, old, new in changes
    ]
    if not operations:
        return 0
    return (await database[place.collection].bulk_write(operations, ordered=False)).modified_count


def _stale(place: Place, sealing_key: str) -> Document:
    return {place.field: {"$exists": True}, "sealed_with": {"$ne": sealing_key}}


async def find_erasures(database: Database, person_ids: Iterable[str]) -> dict[str, datetime]:
    """Find when the identities of people were erased, of those for whom that is so."""
    found = database[IDENTITIES].find({"_id": {"$in": list(person_ids)}, "erased_at": {"$exists": True}})
    return {document["_id"]: document["erased_at"] async for document in found}


async def erase_identity(database: Database, person_id: str, erased_at: datetime) -> None:
    """Leave a tombstone in place of an identity, in one step."""
    erased = {"$set": {"erased_at": erased_at}, "$unset": {"sealed": 1, "sealed_with": 1, "as_of": 1, "likenesses": 1}}
    await database[IDENTITIES].update_one({"_id": person_id}, erased, upsert=True)


async def lift_erasures(database: Database, reported: Sequence[tuple[str, Sealed, str, datetime]]) -> None:
    """Keep identities (person_id, as of which day, when reported) that were reported after the person's erasure."""
    operations = [
        UpdateOne(
            {"_id": person, "erased_at": {"$lt": reported_at}},
            {"$set": {**sealed_fields(content), "as_of": as_of}, "$unset": {"erased_at": 1}},
        )
        for person, content, as_of, reported_at in reported
    ]
    await bulk_write(database[IDENTITIES], operations)


async def keep_refused(database: Database, import_id: str, rows: Mapping[int, Sealed]) -> None:
    """Keep the refused rows of an import by their number; those that are kept already stay as they are."""
    documents = [
        {"_id": f"{import_id}/{number}", "import_id": import_id, "row": number, **sealed_fields(sealed)}
        for number, sealed in rows.items()
    ]
    await insert_new(database[REFUSED_ROWS], documents)


async def find_refused(database: Database, import_id: str) -> dict[int, bytes]:
    """Find the sealed refused rows of an import by their number."""
    found = database[REFUSED_ROWS].find(_rows_of(import_id))
    return {document["row"]: bytes(document["sealed"]) async for document in found}


async def dismiss_refused(database: Database, import_id: str, dismissed_at: datetime) -> None:
    """Delete the refused rows of an import."""
    await database[REFUSED_ROWS].delete_many(_rows_of(import_id))
    await database[IMPORTS].update_one({"_id": import_id}, {"$set": {"dismissed_at": dismissed_at}})


async def read_refused(database: Database) -> AsyncIterator[tuple[str, str, bytes]]:
    """Read all refused rows: id, import and what is sealed."""
    async for document in database[REFUSED_ROWS].find():
        yield document["_id"], document["import_id"], bytes(document["sealed"])


async def delete_refused(database: Database, rows: Mapping[str, str]) -> None:
    """Delete refused rows (id, import) for an erasure, and count them in their imports."""
    for row, import_id in rows.items():
        if (await database[REFUSED_ROWS].delete_one({"_id": row})).deleted_count:
            await database[IMPORTS].update_one({"_id": import_id}, {"$inc": {"erased": 1}})


async def read_parked(database: Database) -> AsyncIterator[tuple[str, bytes]]:
    """Read all parked messages: id and sealed body."""
    async for document in database[PARKED].find({}, {"body": 1}).batch_size(4):
        yield document["_id"], bytes(document["body"])


async def delete_parked(database: Database, names: Sequence[str]) -> None:
    """Delete parked messages for an erasure."""
    await database[PARKED].delete_many({"_id": {"$in": list(names)}})


async def delete_orphans(database: Database, now: datetime) -> None:
    """Delete registers kept long ago and never promised to anybody: a crash between the two leaves them."""
    old = database[IMPORT_FILES].find({"handed_in_at": {"$not": {"$gt": now - ORPHANED_AFTER}}}, {"_id": 1})
    files = [document["_id"] async for document in old]
    promised = {document["_id"] async for document in database[IMPORTS].find({"_id": {"$in": files}}, {"_id": 1})}
    orphans = [name for name in files if name not in promised]
    await database[IMPORT_FILES].delete_many({"_id": {"$in": orphans}})


async def list_files(database: Database) -> list[str]:
    """List the imports whose register is kept: those under way."""
    return [document["_id"] async for document in database[IMPORT_FILES].find({}, {"_id": 1})]


async def drop_file(database: Database, import_id: str) -> None:
    """Delete an import's register."""
    await database[IMPORT_FILES].delete_one({"_id": import_id})


def _rows_of(import_id: str) -> Document:
    return {"_id": {"$gte": f"{import_id}/", "$lt": f"{import_id}0"}}
