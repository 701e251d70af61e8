"""The rows of targets and yearly figures, their indexes, and queries for them."""

from collections.abc import Sequence

from contracts.reference.divisions import Area
from contracts.reporting.figures import Figure
from contracts.reporting.targets import Target
from services.reporting.domain.person import as_known
from services.runtime.mongo import Database, Document, Row, in_areas, make_index

TARGETS = "targets"
FIGURES = "figures"
MOST = 5000
"""Targets or figures of one division; a plan has some dozens."""


async def prepare(database: Database) -> None:
    """Make the indexes of targets and figures by division."""
    await make_index(database[TARGETS], [("division", 1), ("_id", 1)], name="division")
    await make_index(database[FIGURES], [("division", 1), ("year", 1)], name="division")


def target_row(target: Target, sequence: int) -> Row:
    """Return the row of a target."""
    return Row(TARGETS, target.target_id, sequence, target.model_dump(mode="json", exclude={"target_id"}))


def figure_row(figure: Figure, sequence: int) -> Row:
    """Return the row of a yearly figure."""
    return Row(FIGURES, figure.figure_id, sequence, figure.model_dump(mode="json", exclude={"figure_id"}))


async def list_targets(
    database: Database, areas: Sequence[Area], after: str, limit: int, **also: object
) -> list[Target]:
    """Return the targets of areas by division and id, those after a cursor (`<division>|<id>`)."""
    query: Document = {"division": in_areas(areas), **also}
    if after:
        division, _, known = after.partition("|")
        later = [{"division": {"$gt": division}}, {"division": division, "_id": {"$gt": known}}]
        query = {"$and": [query, {"$or": later}]}
    found = database[TARGETS].find(query, hint="division").sort([("division", 1), ("_id", 1)]).limit(limit)
    return [Target.model_validate({**row, "target_id": row["_id"]}) async for row in found]


async def find_figures(
    database: Database, areas: Sequence[Area], years: Sequence[int], until: str = "", moment: str = "heard_at"
) -> list[Figure]:
    """Return the yearly figures of areas for some years, withdrawn ones too; with `until` as they were known then."""
    query: Document = {"division": in_areas(areas), "year": {"$in": list(years)}}
    found = database[FIGURES].find(query, hint="division").sort([("division", 1), ("year", 1), ("_id", 1)]).limit(MOST)
    rows = [as_known(row, until, moment) if until else row async for row in found]
    return [Figure.model_validate({**row, "figure_id": row["_id"]}) for row in rows if row]
