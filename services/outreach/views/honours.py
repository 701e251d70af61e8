"""The rows of honours, and queries for them."""

from collections.abc import Sequence

from contracts.outreach.honours import Honour, HonourKind
from contracts.reference.divisions import Area
from services.outreach.views.pages import find_page
from services.runtime.mongo import Database, Document, Row, in_areas, make_index

HONOURS = "honours"


async def prepare(database: Database) -> None:
    """Make the index of honours by street."""
    await make_index(database[HONOURS], [("street", 1), ("_id", 1)], name="street")


def honour_row(honour: Honour, sequence: int) -> Row:
    """Return the row of an honour."""
    return Row(HONOURS, honour.honour_id, sequence, honour.model_dump(mode="json", exclude={"honour_id"}))


async def list_honours(
    database: Database, areas: Sequence[Area], kind: HonourKind | None, after: str, limit: int
) -> list[Honour]:
    """Return the honours of areas by street and id, of one kind or all, those after a cursor."""
    wanted = {"kind": kind.value} if kind else {}
    found = await find_page(database, HONOURS, areas, after, limit, **wanted)
    return [Honour.model_validate({**row, "honour_id": row["_id"]}) for row in found]


async def count_honours(database: Database, areas: Sequence[Area]) -> dict[HonourKind, int]:
    """Return how many honours of each kind stand in areas."""
    stages: list[Document] = [
        {"$match": {"street": in_areas(areas), "withdrawn_on": None}},
        {"$group": {"_id": "$kind", "count": {"$sum": 1}}},
    ]
    found = database[HONOURS].aggregate(stages, hint="street")
    counted = {HonourKind(row["_id"]): int(row["count"]) async for row in found}
    return {kind: counted.get(kind, 0) for kind in HonourKind}
