"""The page that the local channel writes to, and how many messages each person had on each day."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from contracts.reference.divisions import Area
from services.runtime.mongo import Database, Document, DuplicateKeyError, in_areas, make_index

LETTERS = "letters"
MESSAGE_DAYS = "message_days"
KEPT_SECONDS = 3 * 24 * 3600


async def prepare(database: Database) -> None:
    """Make the index of the page; let MongoDB forget the days that are over."""
    await make_index(database[LETTERS], [("street", 1), ("at", -1)], name="street")
    await make_index(database[MESSAGE_DAYS], "first_at", name="first_at", expireAfterSeconds=KEPT_SECONDS)


async def keep_letter(database: Database, letter: Document) -> None:
    """Write a letter to the page, once however often it is sent."""
    await database[LETTERS].update_one({"_id": letter["_id"]}, {"$setOnInsert": letter}, upsert=True)


async def find_letter(database: Database, message_id: str) -> bool:
    """Return whether a message is on the page."""
    return await database[LETTERS].find_one({"_id": message_id}, {"_id": 1}) is not None


async def list_letters(database: Database, areas: Sequence[Area], limit: int) -> list[dict[str, Any]]:
    """Return the newest letters to people who live in some areas."""
    found = database[LETTERS].find({"street": in_areas(areas)}).sort("at", -1).limit(limit)
    return [document async for document in found]


async def claim_day(database: Database, message_id: str, person_id: str, day: date, now: datetime, most: int) -> bool:
    """Count a message to a person on a day, once; return False if there were so many of others already."""
    room = [{"messages": message_id}, {f"messages.{most - 1}": {"$exists": False}}]
    for _ in range(2):  # whoever is second to make the day looks whether there is room in it
        try:
            await database[MESSAGE_DAYS].update_one(
                {"_id": f"{person_id}/{day.isoformat()}", "$or": room},
                {"$addToSet": {"messages": message_id}, "$setOnInsert": {"first_at": now}},
                upsert=True,
            )
        except DuplicateKeyError:
            continue
        return True
    return False
