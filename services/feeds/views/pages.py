"""The feed of each district: append-only pages of entries, whose positions have no gaps."""

from collections.abc import Sequence

from pymongo.errors import DuplicateKeyError

from services.runtime.mongo import Database, Document, make_index

PAGES = "stay_pages"


async def prepare(database: Database) -> None:
    """Make the indexes: no event is appended twice, and no position is taken twice."""
    await make_index(database[PAGES], "entries.id", name="event", unique=True)
    await make_index(database[PAGES], [("district", 1), ("first", 1)], name="position", unique=True)


async def append(database: Database, district: str, entries: Sequence[Document]) -> int:
    """Append the entries that are not in the feed yet as one page; return how many were new.

    The page is one document, so it takes the next positions as a whole or not at all. If another process took a
    position first, or an event is in the feed already, try again with the entries that are missing.
    """
    missing = list({entry["id"]: entry for entry in entries}.values())
    while missing:
        page = {"district": district, "first": await find_end(database, district) + 1, "entries": missing}
        try:
            await database[PAGES].insert_one(page)
        except DuplicateKeyError:
            missing = await _find_missing(database, missing)
            continue
        return len(missing)
    return 0


async def find_end(database: Database, district: str) -> int:
    """Return the last position of a district's feed; 0 if it is empty."""
    newest = database[PAGES].aggregate(
        [
            {"$match": {"district": district}},
            {"$sort": {"first": -1}},
            {"$limit": 1},
            {"$project": {"end": {"$add": ["$first", {"$size": "$entries"}, -1]}}},
        ]
    )
    async for page in newest:
        end: int = page["end"]
        return end
    return 0


async def read(database: Database, district: str, after: int, limit: int) -> list[tuple[int, Document]]:
    """Return entries with their positions, in order, from the first one after a position; at most `limit`."""
    start = await database[PAGES].find_one(
        {"district": district, "first": {"$lte": after + 1}}, {"first": 1}, sort=[("first", -1)]
    )
    pages = database[PAGES].find({"district": district, "first": {"$gte": start["first"] if start else 1}})
    found: list[tuple[int, Document]] = []
    async for page in pages.sort("first", 1):
        numbered = enumerate(page["entries"], start=page["first"])
        found.extend((position, entry) for position, entry in numbered if position > after)
        if len(found) >= limit:
            break
    return found[:limit]


async def _find_missing(database: Database, entries: Sequence[Document]) -> list[Document]:
    ids = [entry["id"] for entry in entries]
    known: set[str] = set()
    async for page in database[PAGES].find({"entries.id": {"$in": ids}}, {"entries.id": 1}):
        known.update(entry["id"] for entry in page["entries"])
    return [entry for entry in entries if entry["id"] not in known]
