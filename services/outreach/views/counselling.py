"""The rows of counselling rooms, and queries for them."""

from collections.abc import Sequence

from contracts.outreach.counselling import CounsellingRoom
from contracts.reference.divisions import Area
from services.outreach.views.pages import find_page
from services.runtime.mongo import Database, Document, Row, in_areas, make_index

COUNSELLING_ROOMS = "counselling_rooms"


async def prepare(database: Database) -> None:
    """Make the index of counselling rooms by street."""
    await make_index(database[COUNSELLING_ROOMS], [("street", 1), ("_id", 1)], name="street")


def counselling_room_row(room: CounsellingRoom, sequence: int) -> Row:
    """Return the row of a counselling room."""
    return Row(COUNSELLING_ROOMS, room.room_id, sequence, room.model_dump(mode="json", exclude={"room_id"}))


async def list_rooms(database: Database, areas: Sequence[Area], after: str, limit: int) -> list[CounsellingRoom]:
    """Return the counselling rooms of areas by street and id, those after a cursor."""
    found = await find_page(database, COUNSELLING_ROOMS, areas, after, limit)
    return [CounsellingRoom.model_validate({**row, "room_id": row["_id"]}) for row in found]


async def count_open(database: Database, areas: Sequence[Area]) -> int:
    """Return how many counselling rooms of areas are open."""
    query: Document = {"street": in_areas(areas), "closed_on": None}
    return await database[COUNSELLING_ROOMS].count_documents(query, hint="street")


async def sum_sessions(database: Database, areas: Sequence[Area], since: str, until: str) -> int:
    """Return how many sessions the rooms of areas had in the months since one until another."""
    stages: list[Document] = [
        {"$match": {"street": in_areas(areas)}},
        {"$unwind": "$months"},
        {"$match": {"months.month": {"$gte": since, "$lte": until}}},
        {"$group": {"_id": None, "sessions": {"$sum": "$months.sessions"}}},
    ]
    found = database[COUNSELLING_ROOMS].aggregate(stages, hint="street")
    return sum([row["sessions"] async for row in found])
