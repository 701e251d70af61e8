"""The feed: append-only pages of entries, whose positions run without gaps within a district."""

from collections.abc import Sequence

from pymongo.errors import DuplicateKeyError

from services.runtime.mongo import Database, Document, make_index

PAGES = "stay_pages"


async def prepare(database: Database) -> None:
    """Make the index that keeps an event from being appended twice."""
    await make_index(database[PAGES], "entries.id", name="event", unique=True)
    await make_index(database[PAGES], [("district", 1), ("first", 1)], name="position", unique=True)


async def append(database: Database, district: str, entries: Sequence[Document]) -> int:
    """Append the entries that are not there yet as one page; give how many were new.

    The page is one document: it takes the next positions as a whole or not at all. Whoever comes second to a
    position, or with an event that is there already, looks what is missing and tries again.
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
    """Find the last position taken in a district's feed; 0 where nothing was said yet."""
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
    """Read entries with their positions, from the first one after a position."""
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
