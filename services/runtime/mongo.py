"""MongoDB: the only module that knows the driver, and bulk writes of rows that carry a sequence.

Motor is imported here alone and named by aliases elsewhere, so that PyMongo's own asyncio driver can replace it.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any, NamedTuple, TypeVar

from bson.codec_options import CodecOptions
from bson.regex import Regex
from gridfs.errors import NoFile
from motor.motor_asyncio import (
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
    AsyncIOMotorGridFSBucket,
)
from pymongo import InsertOne, UpdateOne
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from contracts.reference.divisions import Area
from services.runtime.logs import get_log

Document = dict[str, Any]
Client = AsyncIOMotorClient[Document]
Database = AsyncIOMotorDatabase[Document]
Collection = AsyncIOMotorCollection[Document]
Bucket = AsyncIOMotorGridFSBucket
Session = AsyncIOMotorClientSession

AWAY = (AutoReconnect, ConnectionFailure, NotPrimaryError, ExecutionTimeout, WTimeoutError)
"""Raised by the driver while MongoDB is away: wait and try again."""

DUPLICATE_KEY = 11000
_NOTHING_TO_CONFIRM = WriteConcern(1)
ALL_AT_ONCE = 100_000
"""Documents of a batch that is as large as MongoDB sends."""
_RETRYABLE_CODES = frozenset({6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436})
_INDEX_DIFFERS = frozenset({85, 86})

Result = TypeVar("Result")


def connect(url: str, appname: str = "houniao", **options: Any) -> Client:
    """Return a client whose writes are acknowledged once they are on the disks of a majority."""
    return AsyncIOMotorClient(
        url,
        w="majority",
        journal=True,
        retryWrites=True,
        serverSelectionTimeoutMS=3000,
        socketTimeoutMS=20000,
        tz_aware=True,
        uuidRepresentation="standard",
        appname=appname,
        **options,
    )


def database_of(client: Client, name: str) -> Database:
    """Return a database that reads majority-committed data, with times in UTC."""
    return client.get_database(
        name, codec_options=CodecOptions(tz_aware=True, tzinfo=UTC), read_concern=ReadConcern("majority")
    )


def bucket_of(database: Database, name: str) -> Bucket:
    """Return a bucket of files (GridFS): what does not fit into a document."""
    return AsyncIOMotorGridFSBucket(database, name)


def is_away(error: BaseException) -> bool:
    """Return whether an error means that MongoDB is away for a while, not that the request was wrong."""
    if isinstance(error, BulkWriteError):
        unwritten = [found for found in error.details.get("writeErrors", []) if found["code"] != DUPLICATE_KEY]
        unsure = error.details.get("writeConcernErrors")
        return bool(unwritten or unsure) and all(found["code"] in _RETRYABLE_CODES for found in unwritten)
    if isinstance(error, OperationFailure) and error.code in _RETRYABLE_CODES:
        return True
    return isinstance(error, AWAY)


async def wait_while_away(work: Callable[[], Awaitable[Result]]) -> Result:
    """Return the result of idempotent work, trying again with growing pauses for as long as MongoDB is away."""
    attempt = 0
    while True:
        try:
            return await work()
        except Exception as error:
            if not is_away(error):
                raise
            attempt += 1
            get_log().warning("mongodb away", attempt=attempt, error=error)
            await asyncio.sleep(min(0.1 * 2**attempt, 5.0))


async def find_at_one_moment(
    database: Database, collection: str, query: Document, fields: Document | None = None
) -> list[Document]:
    """Return documents of a collection, all of them as of one moment.

    A transaction holds its moment for as long as it reads. A read concern alone doesn't: MongoDB keeps no history here,
    so a thousand documents are too many while others write.
    """

    async def find(session: Session) -> list[Document]:
        return await database[collection].find(query, fields, session=session, batch_size=ALL_AT_ONCE).to_list(None)

    return await transact(database, find, _NOTHING_TO_CONFIRM)


async def transact(
    database: Database, work: Callable[[Session], Awaitable[Result]], confirmation: WriteConcern | None = None
) -> Result:
    """Return the result of work in a transaction, done again from its start whenever another one got in between.

    The work must be idempotent: a commit whose confirmation was lost is done again too.
    """
    while True:
        async with await database.client.start_session() as session:
            try:
                async with session.start_transaction(ReadConcern("snapshot"), confirmation):
                    return await work(session)
            except PyMongoError as error:
                if is_away(error) or not _collides(error):
                    raise
        await asyncio.sleep(random.uniform(0, 0.02))  # noqa: S311  # so that two that collide don't keep time


def _collides(error: PyMongoError) -> bool:
    labels = ("TransientTransactionError", "UnknownTransactionCommitResult")
    duplicate = isinstance(error, BulkWriteError) and any(
        found["code"] == DUPLICATE_KEY for found in error.details.get("writeErrors", [])
    )
    return duplicate or any(map(error.has_error_label, labels))


async def make_index(
    collection: Collection, keys: str | Sequence[tuple[str, int]], *, name: str, **options: Any
) -> None:
    """Make an index; replace one of the same name that an earlier version defined otherwise."""
    try:
        await collection.create_index(keys, name=name, **options)
    except OperationFailure as error:
        if error.code not in _INDEX_DIFFERS:
            raise
        await collection.drop_index(name)
        await collection.create_index(keys, name=name, **options)


class Row(NamedTuple):
    """A row of a view, from the newest fact of its stream; it only replaces a row with an older `sequence`."""

    collection: str
    id: str
    sequence: int
    fields: Document


async def write_rows(database: Database, rows: Iterable[Row]) -> None:
    """Write rows in bulk so that any order and any repetition results in the newest row of each id.

    New rows are inserted, which is the fast path; existing rows are then updated if they are older.
    """
    newest: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        known = newest[row.collection].get(row.id)
        if known is None or known.sequence < row.sequence:
            newest[row.collection][row.id] = row
    for collection, by_id in newest.items():
        await _write(database[collection], list(by_id.values()))


async def _write(collection: Collection, rows: Sequence[Row]) -> None:
    inserts = [InsertOne({"_id": row.id, "sequence": row.sequence, **row.fields}) for row in rows]
    failed = await bulk_write(collection, inserts)
    if failed:
        await bulk_write(collection, [_update_if_older(rows[index]) for index in failed])


def _update_if_older(row: Row) -> UpdateOne:
    older = {"_id": row.id, "sequence": {"$lt": row.sequence}}
    return UpdateOne(older, {"$set": {"sequence": row.sequence, **row.fields}})


def in_areas(areas: Sequence[Area]) -> Document:
    """Return a condition for codes that lie in one of some areas; each area is one range of an index."""
    if len(areas) == 1 and not areas[0].without:
        return {"$gte": areas[0].prefix, "$lt": areas[0].prefix + ":"}
    return {"$in": [Regex("^" + area.prefix + "".join(map(_excluding(area), area.without))) for area in areas]}


def _excluding(area: Area) -> Callable[[str], str]:
    return lambda code: f"(?!{code.removeprefix(area.prefix)})"


async def find_connected(collection: Collection, ids: Iterable[str]) -> list[Document]:
    """Return the rows whose `ids` contain one of the given ids, and all rows connected with them over shared ids."""
    known: dict[str, Document] = {}
    seen: set[str] = set()
    asked = set(ids)
    while asked:
        seen |= asked
        async for row in collection.find({"ids": {"$in": list(asked)}}):
            known[row["_id"]] = row
        asked = {row_id for row in known.values() for row_id in row["ids"]} - seen
    return list(known.values())


def union_with(collection: str, *stages: Document) -> Document:
    """Return a stage that adds the results of stages on another collection, which is cheaper than a second query."""
    return {"$unionWith": {"coll": collection, "pipeline": list(stages)}}


async def find_together(database: Database, queries: Mapping[str, Document]) -> dict[str, list[Document]]:
    """Return the documents of several collections that meet a query of each, by collection, all by one command."""
    (first, stages), *others = [(name, _named(name, query)) for name, query in queries.items()]
    found: dict[str, list[Document]] = {name: [] for name in queries}
    pipeline = [*stages, *(union_with(name, *those) for name, those in others)]
    async for one in database[first].aggregate(pipeline):
        found[one["of"]].append(one["row"])
    return found


def _named(collection: str, query: Document) -> list[Document]:
    return [{"$match": query}, {"$replaceWith": {"of": {"$literal": collection}, "row": "$$ROOT"}}]


async def bulk_write(collection: Collection, operations: Sequence[InsertOne[Document] | UpdateOne]) -> list[int]:
    """Write all operations in any order; return the indexes of those whose key already existed."""
    if not operations:
        return []
    try:
        await collection.bulk_write(list(operations), ordered=False)
    except BulkWriteError as error:
        return duplicates_in(error)
    return []


async def insert_new(collection: Collection, documents: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert the documents that are new; return the indexes of those whose key already existed."""
    return await bulk_write(collection, [InsertOne(dict(document)) for document in documents])


def duplicates_in(error: BulkWriteError) -> list[int]:
    """Return the indexes of duplicate keys; raise the error if anything else went wrong."""
    problems = error.details.get("writeErrors", [])
    if error.details.get("writeConcernErrors") or any(found["code"] != DUPLICATE_KEY for found in problems):
        raise error
    return [found["index"] for found in problems]


__all__ = [
    "Bucket",
    "Client",
    "Collection",
    "Database",
    "Document",
    "DuplicateKeyError",
    "NoFile",
    "PyMongoError",
    "Row",
    "Session",
    "UpdateOne",
    "bucket_of",
    "bulk_write",
    "connect",
    "database_of",
    "find_connected",
    "find_together",
    "insert_new",
    "is_away",
    "make_index",
    "transact",
    "wait_while_away",
    "write_rows",
]
