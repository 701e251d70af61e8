"""What is asked of rows to export a division's registers: all of a period, up to a limit."""

from collections.abc import Sequence
from datetime import date

from contracts.reference.divisions import Area
from services.runtime.mongo import Database, Document, in_areas

MOST = 50_000
"""Rows of one export."""


async def find_in_period(
    database: Database, collection: str, areas: Sequence[Area], day: str, period: tuple[date, date]
) -> list[Document]:
    """Return the rows of areas whose day lies in a period (both days included), by street and day, at most MOST + 1."""
    since, until = period
    query: Document = {"street": in_areas(areas), day: {"$gte": since.isoformat(), "$lte": until.isoformat()}}
    found = database[collection].find(query, hint="street").sort([("street", 1), (day, 1)]).limit(MOST + 1)
    return [row async for row in found]


async def find_all(database: Database, collection: str, areas: Sequence[Area]) -> list[Document]:
    """Return the rows of areas by street, at most MOST + 1."""
    found = database[collection].find({"street": in_areas(areas)}, hint="street").sort([("street", 1), ("_id", 1)])
    return [row async for row in found.limit(MOST + 1)]


async def find_by_id(database: Database, collection: str, ids: Sequence[str]) -> dict[str, Document]:
    """Return rows by id."""
    return {row["_id"]: row async for row in database[collection].find({"_id": {"$in": list(set(ids))}})}
