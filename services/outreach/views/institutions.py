"""The rows of institutions, and queries for them."""

from collections.abc import Sequence

from contracts.outreach.institutions import Institution, InstitutionKind
from contracts.reference.divisions import Area
from services.outreach.views.pages import find_page
from services.runtime.mongo import Database, Document, Row, in_areas, make_index

INSTITUTIONS = "institutions"


async def prepare(database: Database) -> None:
    """Make the index of institutions by street."""
    await make_index(database[INSTITUTIONS], [("street", 1), ("_id", 1)], name="street")


def institution_row(institution: Institution, sequence: int) -> Row:
    """Return the row of an institution."""
    row = institution.model_dump(mode="json", exclude={"institution_id"})
    return Row(INSTITUTIONS, institution.institution_id, sequence, row)


async def list_institutions(
    database: Database, areas: Sequence[Area], kind: InstitutionKind | None, after: str, limit: int
) -> list[Institution]:
    """Return the institutions of areas by street and id, of one kind or all, those after a cursor."""
    wanted = {"kind": kind.value} if kind else {}
    found = await find_page(database, INSTITUTIONS, areas, after, limit, **wanted)
    return [Institution.model_validate({**row, "institution_id": row["_id"]}) for row in found]


async def count_institutions(database: Database, areas: Sequence[Area]) -> list[tuple[InstitutionKind, bool, int]]:
    """Return how many open institutions of areas there are, by kind and by whether they are in the network."""
    stages: list[Document] = [
        {"$match": {"street": in_areas(areas), "closed_on": None}},
        {"$group": {"_id": {"kind": "$kind", "joined": {"$ne": ["$joined_on", None]}}, "count": {"$sum": 1}}},
    ]
    found = database[INSTITUTIONS].aggregate(stages, hint="street")
    return [(InstitutionKind(row["_id"]["kind"]), row["_id"]["joined"], row["count"]) async for row in found]
