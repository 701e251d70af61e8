"""How far each audience's queue and stream on RabbitMQ are, and which process goes on with them.

A position is kept after the broker confirmed everything up to it, so a crash leads to repetitions and to no gap. That
one process at a time goes on keeps what is sent from being sent by each; two would repeat and leave out nothing.
"""

from datetime import datetime, timedelta

from pymongo import ReturnDocument

from services.runtime.mongo import Database, DuplicateKeyError

QUEUES = "queues"
CLAIMED_FOR = timedelta(seconds=20)
"""For so long a process that says nothing more is believed to go on: longer than the broker takes to confirm."""


async def claim(database: Database, audience: str, owner: str, now: datetime) -> int | None:
    """Let a process go on with an audience's queue; return the position that it is at, None if another one goes on."""
    free = {"_id": audience, "$or": [{"owner": owner}, {"until": {"$lte": now}}]}
    claimed = {"$set": {"owner": owner, "until": now + CLAIMED_FOR}, "$setOnInsert": {"position": 0}}
    try:
        found = await database[QUEUES].find_one_and_update(
            free, claimed, upsert=True, return_document=ReturnDocument.AFTER
        )
    except DuplicateKeyError:
        return None
    return int(found["position"])


async def find_position(database: Database, audience: str) -> int:
    """Return the position up to which everything was confirmed; 0 if nothing was sent yet."""
    found = await database[QUEUES].find_one({"_id": audience}, {"position": 1})
    return int(found["position"]) if found else 0


async def advance(database: Database, audience: str, owner: str, position: int, now: datetime) -> bool:
    """Keep the position up to which everything was confirmed; return whether the process still goes on."""
    further = {"$set": {"position": position, "until": now + CLAIMED_FOR}}
    kept = await database[QUEUES].update_one({"_id": audience, "owner": owner}, further)
    return bool(kept.matched_count)
