"""Append-only pages of entries, whose positions have no gaps: what is heard for each feed of a district, untold yet."""

from collections.abc import Mapping, Sequence

from pymongo.errors import DuplicateKeyError

from contracts.feeds.feeds import FeedName
from services.runtime.mongo import Collection, Database, Document, make_index

PAGES: Mapping[FeedName, str] = {
    FeedName.STAYS: "stay_pages",
    FeedName.TRANSFERS: "transfer_pages",
    FeedName.ARCHIVES: "archive_pages",
    FeedName.ACTIVITIES: "activity_pages",
    FeedName.REPORTS: "report_pages",
    FeedName.INDICATORS: "indicator_pages",
}
"""The collection of each feed's pages."""
Ends = dict[tuple[FeedName, str], int]
"""The last position of each feed's pages of a district."""
READ_AHEAD = 4
"""Pages that are fetched at once: no page is fetched whole of which a part is asked for."""


async def prepare(database: Database) -> None:
    """Make the indexes: no event is appended twice, and no position is taken twice."""
    for pages in map(database.__getitem__, PAGES.values()):
        await make_index(pages, "entries.id", name="event", unique=True)
        await make_index(pages, [("district", 1), ("first", 1)], name="position", unique=True)


async def append(
    database: Database, feed: FeedName, district: str, entries: Sequence[Document], ends: Ends | None = None
) -> int:
    """Append the entries that are not in a feed's pages yet as one page; return how many were new.

    The page is one document, so it takes the next positions as a whole or not at all. If another process took a
    position first, or an event is there already, try again with the entries that are missing. `ends` is where pages
    ended when this process looked last, and is kept up; since positions have no gaps, whoever appended since has taken
    the very next one.
    """
    pages, place = database[PAGES[feed]], (feed, district)
    ends = {} if ends is None else ends
    missing = list({entry["id"]: entry for entry in entries}.values())
    while missing:
        end = ends.pop(place, None)  # it is known again once the page is written
        if end is None:
            end = await find_end(database, feed, district)
        try:
            await pages.insert_one({"district": district, "first": end + 1, "entries": missing})
        except DuplicateKeyError:
            missing = await _find_missing(pages, missing)
            continue
        ends[place] = end + len(missing)
        return len(missing)
    return 0


async def find_end(database: Database, feed: FeedName, district: str) -> int:
    """Return the last position of a feed's pages of a district; 0 if there is none."""
    newest = database[PAGES[feed]].aggregate(
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


async def read(database: Database, feed: FeedName, district: str, after: int, limit: int) -> list[Document]:
    """Return a district's entries for a feed in order, from the first one after a position; at most `limit`."""
    pages, whose = database[PAGES[feed]], {"district": district}
    newest_before = [("first", -1)]
    start = await pages.find_one({**whose, "first": {"$lte": after + 1}}, {"first": 1}, sort=newest_before)
    # No more than there are: MongoDB skips no number above 2^31, and a position may be any.
    skipped = {"$max": [0, {"$min": [{"$size": "$entries"}, {"$subtract": [after + 1, "$first"]}]}]}
    stages: list[Document] = [
        {"$match": {**whose, "first": {"$gte": start["first"] if start else 1}}},
        {"$sort": {"first": 1}},
        {"$project": {"entries": {"$slice": ["$entries", skipped, limit]}}},
    ]
    found: list[Document] = []
    async for page in pages.aggregate(stages, batchSize=READ_AHEAD):
        found.extend(page["entries"])
        if len(found) >= limit:
            break
    return found[:limit]


async def _find_missing(pages: Collection, entries: Sequence[Document]) -> list[Document]:
    ids = [entry["id"] for entry in entries]
    known: set[str] = set()
    async for page in pages.find({"entries.id": {"$in": ids}}, {"entries.id": 1}):
        known.update(entry["id"] for entry in page["entries"])
    return [entry for entry in entries if entry["id"] not in known]
