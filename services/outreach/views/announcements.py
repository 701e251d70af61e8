"""The rows of what archives announced to be due, and whom to remind of it."""

from collections.abc import Sequence
from datetime import date

from contracts.archives.announcements import Announcement, DueKind
from contracts.reference.divisions import Area
from services.outreach.views.messages import REACHED
from services.runtime.mongo import Database, Document, Row, in_areas, make_index

ANNOUNCEMENTS = "announcements"
REMINDED = 200
"""People who are reminded between two looks at what else there is to do."""


async def prepare(database: Database) -> None:
    """Make the index of announcements by street and day."""
    await make_index(database[ANNOUNCEMENTS], [("street", 1), ("due_on", 1)], name="street")


def announcement_row(announcement: Announcement, sequence: int) -> Row:
    """Return the row of an announcement."""
    fields = announcement.model_dump(mode="json", exclude={"announcement_id"})
    return Row(ANNOUNCEMENTS, announcement.announcement_id, sequence, fields)


async def find_due(
    database: Database, areas: Sequence[Area], kind: DueKind, order_id: str, since: date
) -> list[Announcement]:
    """Return what is due in areas on a day or later and nobody was reminded of by an order, at most so much."""
    due: Document = {"street": in_areas(areas), "due_on": {"$gte": since.isoformat()}, "kind": kind.value}
    stages: list[Document] = [
        {"$match": due},
        {"$addFields": {"order": {"$concat": [f"{order_id}/", "$_id"]}}},
        {"$lookup": {"from": REACHED, "localField": "order", "foreignField": "_id", "as": "reached"}},
        {"$match": {"reached": []}},
        {"$limit": REMINDED},
    ]
    found = database[ANNOUNCEMENTS].aggregate(stages, hint="street")
    return [Announcement.model_validate({**row, "announcement_id": row["_id"]}) async for row in found]
