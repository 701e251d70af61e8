"""What lists and exports ask of rows: a page by street and id, the rows of a period, rows by id."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from contracts.reference.divisions import Area
from services.runtime.mongo import Database, Document, in_areas


async def find_page(
    database: Database, collection: str, areas: Sequence[Area], after: str, limit: int, **also: Any
) -> list[Document]:
    """Return rows of areas by street and id, those after a cursor (`<street>|<id>`), that meet more conditions."""
    query: Document = {"street": in_areas(areas), **also}
    if after:
        street, _, known = after.partition("|")
        query = {"$and": [query, {"$or": [{"street": {"$gt": street}}, {"street": street, "_id": {"$gt": known}}]}]}
    found = database[collection].find(query, hint="street").sort([("street", 1), ("_id", 1)]).limit(limit)
    return [row async for row in found]


async def find_in_period(
    database: Database, collection: str, areas: Sequence[Area], day: str, period: tuple[date, date], limit: int
) -> list[Document]:
    """Return the rows of areas whose day lies in a period (both days included), by street and day."""
    query = in_period(areas, day, period)
    found = database[collection].find(query, hint="street").sort([("street", 1), (day, 1)]).limit(limit)
    return [row async for row in found]


async def find_by_id(database: Database, collection: str, ids: Sequence[str]) -> dict[str, Document]:
    """Return rows by id."""
    return {row["_id"]: row async for row in database[collection].find({"_id": {"$in": list(set(ids))}})}


def in_period(areas: Sequence[Area], day: str, period: tuple[date, date]) -> Document:
    """Return the query for the rows of areas whose day lies in a period, both days included."""
    since, until = period
    return {"street": in_areas(areas), day: {"$gte": since.isoformat(), "$lte": until.isoformat()}}


async def find_at_institutions(
    database: Database, collection: str, institutions: Sequence[str], day: str, period: tuple[date, date]
) -> list[Document]:
    """Return the rows of institutions whose day lies in a period (both days included)."""
    since, until = period
    query: Document = {
        "institution_id": {"$in": list(institutions)},
        day: {"$gte": since.isoformat(), "$lte": until.isoformat()},
    }
    return [row async for row in database[collection].find(query, hint="institution")]
