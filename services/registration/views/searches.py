"""Find sealed identities by keyed digests of what people are searched for, and those that have no such digests yet."""

from collections.abc import AsyncIterator, Collection

from services.registration.views.sealed import IDENTITIES
from services.runtime.mongo import Database, Document, make_index

BATCH_SIZE = 200
"""People who are looked at together."""
_INDEXED: Document = {"found_by": {"$exists": True}}


async def prepare(database: Database) -> None:
    """Create the index by which people are found."""
    await make_index(
        database[IDENTITIES], [("found_by", 1), ("_id", 1)], name="found_by", partialFilterExpression=_INDEXED
    )


async def find_sought(database: Database, digests: Collection[str]) -> AsyncIterator[dict[str, bytes]]:
    """Yield the sealed identities by person that have one of the digests, so many at a time."""
    found = database[IDENTITIES].find({"found_by": {"$in": list(digests)}}, {"sealed": 1}).batch_size(BATCH_SIZE)
    while batch := await found.to_list(BATCH_SIZE):
        yield {document["_id"]: bytes(document["sealed"]) for document in batch}


async def read_unindexed(database: Database, after: str) -> list[tuple[str, bytes]]:
    """Return the next batch of people whom nobody finds yet: id and sealed identity, ordered by id, after an id."""
    query: Document = {"_id": {"$gt": after}, "sealed": {"$exists": True}, "found_by": {"$exists": False}}
    found = database[IDENTITIES].find(query, {"sealed": 1}).sort("_id", 1).limit(BATCH_SIZE)
    return [(document["_id"], bytes(document["sealed"])) async for document in found]
