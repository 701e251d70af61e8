"""The rows of supervision visits, and queries for them."""

from collections.abc import Sequence
from datetime import date

from contracts.reference.divisions import Area
from contracts.reporting.supervision import Supervision
from services.reporting.domain.supervision import still_open
from services.runtime.mongo import Database, Document, Row, in_areas, make_index

SUPERVISIONS = "supervisions"


async def prepare(database: Database) -> None:
    """Make the indexes of visits by day, and of those with findings that are not put right."""
    await make_index(database[SUPERVISIONS], [("street", 1), ("visited_on", 1)], name="street")
    unfinished: Document = {"open": {"$gt": 0}}
    await make_index(
        database[SUPERVISIONS], [("street", 1), ("_id", 1)], name="open", partialFilterExpression=unfinished
    )


def supervision_row(visit: Supervision, sequence: int) -> Row:
    """Return the row of a visit, with how many of its findings are not put right."""
    fields = visit.model_dump(mode="json", exclude={"supervision_id"})
    return Row(SUPERVISIONS, visit.supervision_id, sequence, {**fields, "open": len(still_open(visit))})


async def list_visits(
    database: Database, areas: Sequence[Area], period: tuple[date, date], limit: int
) -> list[Supervision]:
    """Return the visits to areas in a period (both days included) by street and day."""
    since, until = period
    query = {"street": in_areas(areas), "visited_on": {"$gte": since.isoformat(), "$lte": until.isoformat()}}
    found = database[SUPERVISIONS].find(query, hint="street").sort([("street", 1), ("visited_on", 1), ("_id", 1)])
    return [_visit(row) async for row in found.limit(limit)]


async def list_unfinished(database: Database, areas: Sequence[Area], limit: int) -> list[Supervision]:
    """Return the visits to areas with findings that are not put right, by street."""
    query: Document = {"street": in_areas(areas), "open": {"$gt": 0}}
    found = database[SUPERVISIONS].find(query, hint="open").sort([("street", 1), ("_id", 1)]).limit(limit)
    return [_visit(row) async for row in found]


def _visit(row: Document) -> Supervision:
    return Supervision.model_validate({**row, "supervision_id": row["_id"]})
