"""The feed of each audience: what was told it, release by release, with positions of its own that have no gaps.

A release is one document. With what is told it carries how far the district's entries were read and which of them
wait, so that the newest release is all that the next one needs.
"""

import math
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from services.runtime.mongo import Database, Document, make_index, union_with

RELEASES = "releases"
Told = tuple[int, str, dict[str, Any]]
"""The position, the time and the event that an audience was told."""


@dataclass(frozen=True)
class Progress:
    """Where an audience's feed is: what its newest release says; of one without any it is that of nothing.

    `number` counts releases and `end` positions; `read` is the position up to which the district's entries were read,
    `until` the one up to which they are read in the unit of time that began at `time`. Of those in `waiting` too few
    look alike. `closed_by` is the fact that took the feed back: nothing is told behind it unless it is given anew.
    """

    number: int = 0
    end: int = 0
    time: str = ""
    read: int = 0
    until: int = 0
    waiting: tuple[Document, ...] = ()
    totals: dict[str, dict[str, int]] = field(default_factory=dict)
    closed_by: str | None = None


class RemovedError(LookupError):
    """Something that an audience was told is not kept one by one any more."""


async def prepare(database: Database) -> None:
    """Make the indexes: an audience's releases are numbered by one writer, and are found by their positions."""
    await make_index(database[RELEASES], [("audience", 1), ("number", 1)], name="number", unique=True)
    await make_index(database[RELEASES], [("audience", 1), ("end", 1), ("number", 1)], name="position")
    await make_index(database[RELEASES], [("audience", 1), ("time", 1), ("number", 1)], name="age")


async def find_progress(database: Database, audience: str) -> Progress:
    """Return where an audience's feed is."""
    newest = await database[RELEASES].find_one(
        {"audience": audience}, {"entries": 0, "_id": 0, "audience": 0, "first": 0}, sort=[("number", -1)]
    )
    return Progress(**{**newest, "waiting": tuple(newest["waiting"])}) if newest else Progress()


async def find_last_before(database: Database, audience: str, time: str, position: float = math.inf) -> Progress | None:
    """Return the last release of before a time that told nothing beyond a position; None if there is none.

    The newest of all is left out: the next one goes on from it.
    """
    newest = await find_progress(database, audience)
    whole = {"audience": audience, "time": {"$lt": time}, "end": {"$lte": position}, "number": {"$lt": newest.number}}
    shown = {"number": 1, "end": 1, "_id": 0}
    found = await database[RELEASES].find_one(whole, shown, sort=[("time", -1), ("number", -1)])
    return Progress(**found) if found else None


async def remove(database: Database, audience: str, number: int) -> int:
    """Remove the releases of an audience up to a number, but for those that closed its feed; return how many."""
    told = {"audience": audience, "number": {"$lte": number}, "closed_by": None}
    removed = await database[RELEASES].delete_many(told)
    return int(removed.deleted_count)


async def add(database: Database, audience: str, made: Progress, entries: list[Document]) -> bool:
    """Add a release; return whether it was first at its number, else another process has released meanwhile."""
    told = {"audience": audience, "first": made.end - len(entries) + 1, "entries": entries}
    try:
        await database[RELEASES].insert_one({**told, **asdict(made)})
    except DuplicateKeyError:
        return False
    return True


async def close(database: Database, audience: str, fact: str) -> None:
    """Add the release behind which nothing is told any more, because of a fact, once for that fact.

    Whoever is about to release finds its number taken, looks again, and sees that the feed is closed.
    """
    while not await database[RELEASES].find_one({"audience": audience, "closed_by": fact}, {"_id": 1}):
        progress = await find_progress(database, audience)
        await add(database, audience, replace(progress, number=progress.number + 1, closed_by=fact), [])


async def read(database: Database, audience: str, after: int, limit: int) -> list[Told]:
    """Return positions, times and events of an audience, in order, from the first one after a position; one query.

    Raise RemovedError if one of them is not there any more.
    """
    last, in_order = after + limit, {"$sort": {"end": 1, "number": 1}}
    skipped = {"$max": [0, {"$subtract": [after + 1, "$first"]}]}
    # Those that end within what is asked for, and the one that goes on beyond it: none is fetched that is not needed.
    beyond: list[Document] = [{"$match": {"audience": audience, "end": {"$gt": last}}}, in_order, {"$limit": 1}]
    stages: list[Document] = [
        {"$match": {"audience": audience, "end": {"$gt": after, "$lte": last}}},
        in_order,
        union_with(RELEASES, *beyond),
        {"$project": {"_id": 0, "first": 1, "time": 1, "entries": {"$slice": ["$entries", skipped, limit]}}},
    ]
    found: list[Told] = []
    async for made in database[RELEASES].aggregate(stages, batchSize=limit + 1):
        if made["first"] > after + len(found) + 1:
            raise RemovedError
        told = made["entries"][: limit - len(found)]
        found.extend((position, made["time"], event) for position, event in enumerate(told, after + len(found) + 1))
    return found


async def find_fresh(database: Database, since: datetime) -> dict[Any, str]:
    """Return the audiences of the releases that were added since a moment, by the ids of these."""
    fresh = database[RELEASES].find({"_id": {"$gte": ObjectId.from_datetime(since)}}, {"audience": 1})
    return {made["_id"]: made["audience"] async for made in fresh}
