"""The builds of counters: which one answers, which are counted besides, and how far a rebuild is."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from services.reporting.views.contributions import UNCOUNTABLE, Build
from services.runtime.mongo import Database, Document, DuplicateKeyError, make_index

BUILDS = "builds"
FIRST = Build("first")
"""The build that answers before anything was rebuilt."""
LEASE = timedelta(seconds=60)
KEPT = timedelta(minutes=5)
"""So long a build that was replaced is counted on, since requests may be answered from it still."""


class Builds(NamedTuple):
    """The build that answers, all that are counted, and those that are done with."""

    answering: Build
    counted: tuple[Build, ...]
    dropped: tuple[Build, ...]


async def prepare_builds(database: Database) -> None:
    """Make the index that lets one rebuild run at a time."""
    running = {"running": True}
    await make_index(database[BUILDS], "running", name="one", unique=True, partialFilterExpression=running)


async def find_builds(database: Database, now: datetime) -> Builds:
    """Return the builds as they stand."""
    rows = await database[BUILDS].find().sort("number", 1).to_list(None)
    moments = [row for row in rows if "until" in row]
    rows = [row for row in rows if "until" not in row]
    done = [(FIRST, None), *((Build(row["_id"]), row["ended_at"]) for row in rows if row["ended_at"])]
    replaced = [(build, after) for (build, _), (_, after) in pairwise(done)]
    kept = [build for build, at in replaced if now < at + KEPT]
    running = [Build(row["_id"]) for row in rows if not row["ended_at"]]
    dropped = [build for build, at in replaced if now >= at + KEPT]
    answering = done[-1][0]
    asked = [build_of(row) for row in moments if now < row["drop_at"]]
    over = [build_of(row) for row in moments if now >= row["drop_at"]]
    return Builds(answering, (answering, *running, *kept, *asked), (*dropped, *over))


def build_of(row: Document) -> Build:
    """Return the build that a document of them tells of."""
    return Build(row["_id"], row["until"], row["moment"]) if "until" in row else Build(row["_id"])


async def list_rebuilds(database: Database) -> list[Document]:
    """Return all rebuilds, in the order in which they were begun."""
    return await database[BUILDS].find({"until": {"$exists": False}}).sort("number", 1).to_list(None)


async def list_moments(database: Database, now: datetime, **those: str) -> list[Document]:
    """Return the moments as of which is counted, the earliest first."""
    return (
        await database[BUILDS]
        .find({"until": {"$exists": True}, "drop_at": {"$gt": now}, **those})
        .sort("until", 1)
        .to_list(None)
    )


async def add_moment(database: Database, row: Mapping[str, Any]) -> None:
    """Record that everybody is to be counted as of a moment."""
    await database[BUILDS].insert_one(dict(row))


async def find_rebuild(database: Database, rebuild_id: str) -> Document | None:
    """Return how far a rebuild is; None if there is none."""
    return await database[BUILDS].find_one({"_id": rebuild_id})


async def begin_rebuild(database: Database, row: Mapping[str, Any]) -> bool:
    """Record that a rebuild begins; return whether it does, that is, whether no other one runs."""
    try:
        await database[BUILDS].insert_one({**row, "running": True})
    except DuplicateKeyError:
        return False
    return True


async def claim_rebuild(database: Database, now: datetime) -> Document | None:
    """Lease the rebuild, or the moment, that no worker holds, and return it; None if there is none."""
    free = {"ended_at": None, "leased_until": {"$lte": now}}
    return await database[BUILDS].find_one_and_update(free, {"$set": {"leased_until": now + LEASE}})


async def save_rebuild(database: Database, rebuild_id: str, after: str, done: int, now: datetime) -> None:
    """Save how far a rebuild is and extend the lease on it, unless another worker got as far."""
    behind = {"_id": rebuild_id, "ended_at": None, "after": {"$lt": after}}
    reached = {"after": after, "done": done, "leased_until": now + LEASE}
    await database[BUILDS].update_one(behind, {"$set": reached})


async def end_rebuild(database: Database, rebuild_id: str, now: datetime) -> None:
    """Let a build answer from now on: one write, so that every process sees either the old one or the new."""
    running = {"_id": rebuild_id, "ended_at": None}
    await database[BUILDS].update_one(
        running, {"$set": {"ended_at": now}, "$unset": {"running": "", "leased_until": ""}}
    )


async def drop_builds(database: Database, builds: Sequence[Build]) -> None:
    """Drop the collections of builds, and what a straggler wrote into them since the last time."""
    for build in builds:
        for name in (build.contributions, build.counters, build.places):
            await database.drop_collection(name)


async def forget_uncountable(database: Database, before: datetime) -> None:
    """Forget who could not be counted and was not tried in vain since a moment."""
    await database[UNCOUNTABLE].delete_many({"last_tried_at": {"$lt": before}})
