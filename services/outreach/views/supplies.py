"""The rows of supplies that were issued, and their totals."""

from collections.abc import Sequence
from datetime import date

from contracts.outreach.supplies import Supply
from contracts.reference.divisions import Area
from services.outreach.views.pages import in_period
from services.runtime.mongo import Database, Document, Row, make_index

SUPPLIES = "supplies"


async def prepare(database: Database) -> None:
    """Make the index of supplies by street and day."""
    await make_index(database[SUPPLIES], [("street", 1), ("issued_on", 1)], name="street")


def supply_row(supply: Supply, sequence: int) -> Row:
    """Return the row of supplies."""
    return Row(SUPPLIES, supply.supply_id, sequence, supply.model_dump(mode="json", exclude={"supply_id"}))


async def total_supplies(
    database: Database, areas: Sequence[Area], since: date, until: date
) -> list[tuple[str, str, int]]:
    """Return how much of each kind was issued in areas in a period (both days included): kind, unit, quantity."""
    stages: list[Document] = [
        {"$match": in_period(areas, "issued_on", (since, until))},
        {"$group": {"_id": {"kind": "$kind", "unit": "$unit"}, "quantity": {"$sum": "$quantity"}}},
        {"$sort": {"_id.kind": 1, "_id.unit": 1}},
    ]
    totals = database[SUPPLIES].aggregate(stages, hint="street")
    return [(row["_id"]["kind"], row["_id"]["unit"], row["quantity"]) async for row in totals]
