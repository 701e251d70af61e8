"""Store sealed identities, registers and refused rows, replace their seals, and delete them for an erasure."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from pymongo import UpdateOne

from services.registration.vault import Sealed, SealedIdentity
from services.runtime.imports import IMPORTS
from services.runtime.mongo import Database, Document, bulk_write, insert_new
from services.runtime.parked import PARKED

IDENTITIES = "identities"
NAME_DIFFERENCES = "name_differences"
IMPORT_FILES = "import_files"
REFUSED_ROWS = "refused_rows"


async def find_sealed(database: Database, person_ids: Iterable[str]) -> dict[str, bytes]:
    """Return the sealed identities by person; those unknown or erased are missing."""
    found = database[IDENTITIES].find({"_id": {"$in": list(person_ids)}})
    return {document["_id"]: bytes(document["sealed"]) async for document in found if "sealed" in document}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded identity, sealed; the newest day reported; the fields that the last reports updated, by cause."""

    sealed: bytes
    as_of: date
    updated: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Insertion:
    """What is to be recorded of a person unknown so far, and what each report updated if several are about them."""

    person_id: str
    sealed: SealedIdentity
    as_of: date
    likenesses: Iterable[str]
    updated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Replacement:
    """What is to be recorded of a person in place of the sealed bytes that were read, and what each report updated."""

    person_id: str
    before: bytes
    sealed: SealedIdentity
    as_of: date
    updated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


MOST_REMEMBERED = 50
"""How many of a person's reports that updated something are remembered, so that one sent again is answered alike."""


async def find_recorded(database: Database, person_ids: Iterable[str]) -> dict[str, Recorded]:
    """Return what is recorded of people; those unknown or erased are missing."""
    found = database[IDENTITIES].find({"_id": {"$in": list(person_ids)}, "sealed": {"$exists": True}})
    return {document["_id"]: _read_recorded(document) async for document in found}


def _read_recorded(document: Document) -> Recorded:
    updated = {report["cause"]: tuple(report["updated"]) for report in document.get("taken_in", ())}
    return Recorded(bytes(document["sealed"]), date.fromisoformat(document["as_of"]), updated)


async def insert_sealed(database: Database, inserts: Sequence[Insertion]) -> list[str]:
    """Insert identities; return the people of whom one was stored or erased before."""
    documents = [
        {
            "_id": one.person_id,
            **sealed_fields(one.sealed),
            "as_of": one.as_of.isoformat(),
            "likenesses": sorted(one.likenesses),
            **({"taken_in": _remember(one.updated)} if one.updated else {}),
        }
        for one in inserts
    ]
    return [inserts[index].person_id for index in await insert_new(database[IDENTITIES], documents)]


async def replace_sealed(database: Database, replacements: Sequence[Replacement]) -> list[str]:
    """Replace identities where what was read is still stored; return the people of whom something else is."""
    if not replacements:
        return []
    written = await database[IDENTITIES].bulk_write([_replace(one) for one in replacements], ordered=False)
    if written.matched_count == len(replacements):
        return []
    found = await find_recorded(database, [one.person_id for one in replacements])
    return [one.person_id for one in replacements if not _stands(one, found.get(one.person_id))]


def _replace(one: Replacement) -> UpdateOne:
    changes: Document = {"$set": {**sealed_fields(one.sealed), "as_of": one.as_of.isoformat()}}
    if one.updated:
        changes["$push"] = {"taken_in": {"$each": _remember(one.updated), "$slice": -MOST_REMEMBERED}}
    return UpdateOne({"_id": one.person_id, "sealed": one.before}, changes)


def _stands(one: Replacement, recorded: Recorded | None) -> bool:
    """Return whether a replacement was written, even if others wrote after it."""
    return recorded is not None and (
        recorded.sealed == one.sealed.content or not recorded.updated.keys().isdisjoint(one.updated)
    )


def _remember(updated: Mapping[str, tuple[str, ...]]) -> list[Document]:
    return [{"cause": cause, "updated": list(fields)} for cause, fields in updated.items()]


def sealed_fields(sealed: Sealed | SealedIdentity) -> Document:
    """Return the fields of a document that hold something sealed, its key's fingerprint and what it is found by."""
    return {"sealed": sealed.content, **_beside(sealed)}


def _beside(sealed: Sealed | SealedIdentity) -> Document:
    found_by = {"found_by": list(sealed.found_by)} if isinstance(sealed, SealedIdentity) else {}
    return {"sealed_with": sealed.sealed_with, **found_by}


async def keep_register(database: Database, import_id: str, sealed: Sealed, filename: str, now: datetime) -> None:
    """Store a sealed register, before its import is queued."""
    kept = {"_id": import_id, **sealed_fields(sealed), "filename": filename, "handed_in_at": now}
    await database[IMPORT_FILES].insert_one(kept)


async def open_register(database: Database, import_id: str) -> tuple[bytes, str]:
    """Return the sealed register of an import and its file name; raise KeyError if it is not kept."""
    document = await database[IMPORT_FILES].find_one({"_id": import_id})
    if document is None:
        raise KeyError(import_id)
    return bytes(document["sealed"]), document["filename"]


ORPHANED_AFTER = timedelta(minutes=10)
"""How old a stored register must be before it counts as never queued."""


@dataclass(frozen=True, slots=True)
class Place:
    """A collection with something sealed, its field, and how many documents fit into memory at once."""

    collection: str
    field: str
    batch_size: int


PLACES = (
    Place(IDENTITIES, "sealed", 500),
    Place(NAME_DIFFERENCES, "sealed", 500),
    Place(REFUSED_ROWS, "sealed", 500),
    Place(PARKED, "body", 4),
    Place(IMPORT_FILES, "sealed", 1),
)
"""All places of registration with sealed bytes; the key's fingerprint is beside them in `sealed_with`."""
[OF_IDENTITIES] = [place for place in PLACES if place.collection == IDENTITIES]


async def count_stale(database: Database, place: Place, sealing_key: str) -> dict[str, int]:
    """Return how many documents are sealed with other keys, by fingerprint of the key (`unknown` if none is stored)."""
    stages: list[Document] = [
        {"$match": _stale(place, sealing_key)},
        {"$group": {"_id": {"$ifNull": ["$sealed_with", "unknown"]}, "count": {"$sum": 1}}},
    ]
    return {found["_id"]: found["count"] async for found in database[place.collection].aggregate(stages)}


async def read_stale(database: Database, place: Place, sealing_key: str, after: str) -> list[tuple[str, bytes]]:
    """Return the next batch of what is sealed with other keys: id and bytes, ordered by id, from after an id."""
    query = {"_id": {"$gt": after}, **_stale(place, sealing_key)}
    found = database[place.collection].find(query, {place.field: 1}).sort("_id", 1).limit(place.batch_size)
    return [(document["_id"], bytes(document[place.field])) async for document in found]


async def replace_seals(
    database: Database, place: Place, changes: Sequence[tuple[str, bytes, Sealed | SealedIdentity]]
) -> int:
    """Replace sealed bytes (id, old, new) where the old ones are still stored; return how many were."""
    operations = [
        UpdateOne({"_id": name, place.field: old}, {"$set": {place.field: new.content, **_beside(new)}})
        for name, old, new in changes
    ]
    if not operations:
        return 0
    return (await database[place.collection].bulk_write(operations, ordered=False)).modified_count


def _stale(place: Place, sealing_key: str) -> Document:
    return {place.field: {"$exists": True}, "sealed_with": {"$ne": sealing_key}}


async def find_erasures(database: Database, person_ids: Iterable[str]) -> dict[str, datetime]:
    """Return when identities were erased, by person; people whose identity was not erased are missing."""
    found = database[IDENTITIES].find({"_id": {"$in": list(person_ids)}, "erased_at": {"$exists": True}})
    return {document["_id"]: document["erased_at"] async for document in found}


async def erase_identity(database: Database, person_id: str, erased_at: datetime) -> None:
    """Replace an identity by a tombstone, in one write."""
    told = ("sealed", "sealed_with", "found_by", "as_of", "likenesses", "taken_in")
    erased = {"$set": {"erased_at": erased_at}, "$unset": dict.fromkeys(told, 1)}
    await database[IDENTITIES].update_one({"_id": person_id}, erased, upsert=True)


async def lift_erasures(database: Database, reported: Sequence[tuple[str, SealedIdentity, str, datetime]]) -> None:
    """Replace tombstones by identities (person_id, identity, ISO day, when reported) reported after the erasure."""
    operations = [
        UpdateOne(
            {"_id": person, "erased_at": {"$lt": reported_at}},
            {"$set": {**sealed_fields(content), "as_of": as_of}, "$unset": {"erased_at": 1}},
        )
        for person, content, as_of, reported_at in reported
    ]
    await bulk_write(database[IDENTITIES], operations)


async def keep_refused(database: Database, import_id: str, rows: Mapping[int, Sealed]) -> None:
    """Store the refused rows of an import by their number; rows stored already stay as they are."""
    documents = [
        {"_id": f"{import_id}/{number}", "import_id": import_id, "row": number, **sealed_fields(sealed)}
        for number, sealed in rows.items()
    ]
    await insert_new(database[REFUSED_ROWS], documents)


async def find_refused(database: Database, import_id: str) -> dict[int, bytes]:
    """Return the sealed refused rows of an import by their number."""
    found = database[REFUSED_ROWS].find(_rows_of(import_id))
    return {document["row"]: bytes(document["sealed"]) async for document in found}


async def dismiss_refused(database: Database, import_id: str, dismissed_at: datetime) -> None:
    """Delete the refused rows of an import and record when they were dismissed."""
    await database[REFUSED_ROWS].delete_many(_rows_of(import_id))
    await database[IMPORTS].update_one({"_id": import_id}, {"$set": {"dismissed_at": dismissed_at}})


async def read_refused(database: Database) -> AsyncIterator[tuple[str, str, bytes]]:
    """Yield all refused rows: id, import id and sealed bytes."""
    async for document in database[REFUSED_ROWS].find():
        yield document["_id"], document["import_id"], bytes(document["sealed"])


async def delete_refused(database: Database, rows: Mapping[str, str]) -> None:
    """Delete refused rows (import id by row id) for an erasure, and count them in their imports."""
    for row, import_id in rows.items():
        if (await database[REFUSED_ROWS].delete_one({"_id": row})).deleted_count:
            await database[IMPORTS].update_one({"_id": import_id}, {"$inc": {"erased": 1}})


async def read_parked(database: Database) -> AsyncIterator[tuple[str, bytes]]:
    """Yield all parked messages: id and sealed body."""
    async for document in database[PARKED].find({}, {"body": 1}).batch_size(4):
        yield document["_id"], bytes(document["body"])


async def delete_parked(database: Database, names: Sequence[str]) -> None:
    """Delete parked messages for an erasure."""
    await database[PARKED].delete_many({"_id": {"$in": list(names)}})


HIDDEN = "*"


async def hide_headings(database: Database, tells: Callable[[str], bool]) -> None:
    """Hide, for an erasure, titles of sheets and headings that tell who a person is, wherever an import keeps them."""
    async for document in database[IMPORTS].find({}, dict.fromkeys(_AS_TYPED, 1)):
        kept = {field: document[field] for field in _AS_TYPED if field in document}
        hidden = {field: _hide(value, tells) for field, value in kept.items()}
        if hidden != kept:
            await database[IMPORTS].update_one({"_id": document["_id"]}, {"$set": hidden})


_AS_TYPED = ("sheets", "ignored_rows", "notes")


def _hide(value: Any, tells: Callable[[str], bool]) -> Any:
    match value:
        case dict():
            return {name: _hide(one, tells) for name, one in value.items()}
        case list():
            return [_hide(one, tells) for one in value]
        case str() if tells(value):
            return HIDDEN
    return value


async def delete_orphans(database: Database, now: datetime) -> None:
    """Delete registers whose import was never queued, because a crash came between storing and queueing."""
    old = database[IMPORT_FILES].find({"handed_in_at": {"$not": {"$gt": now - ORPHANED_AFTER}}}, {"_id": 1})
    files = [document["_id"] async for document in old]
    promised = {document["_id"] async for document in database[IMPORTS].find({"_id": {"$in": files}}, {"_id": 1})}
    orphans = [name for name in files if name not in promised]
    await database[IMPORT_FILES].delete_many({"_id": {"$in": orphans}})


async def list_files(database: Database) -> list[str]:
    """Return the ids of imports whose register is stored: those under way."""
    return [document["_id"] async for document in database[IMPORT_FILES].find({}, {"_id": 1})]


async def drop_file(database: Database, import_id: str) -> None:
    """Delete an import's register."""
    await database[IMPORT_FILES].delete_one({"_id": import_id})


def _rows_of(import_id: str) -> Document:
    return {"_id": {"$gte": f"{import_id}/", "$lt": f"{import_id}0"}}
