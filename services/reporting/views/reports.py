"""The rows of reports, and queries for them."""

from collections.abc import Sequence

from contracts.reference.divisions import Area
from contracts.reporting.reports import Report
from services.runtime.mongo import Database, Document, Row, in_areas, make_index

REPORTS = "reports"


async def prepare(database: Database) -> None:
    """Make the indexes of reports by division and period, and by the hashes of their sealed files."""
    keys = [("division", 1), ("until", -1), ("state", 1), ("template", 1), ("period", 1)]
    await make_index(database[REPORTS], keys, name="division")
    await make_index(database[REPORTS], "editions.files.sha256", name="files")


def report_row(report: Report, sequence: int) -> Row:
    """Return the row of a report."""
    return Row(REPORTS, report.report_id, sequence, report.model_dump(mode="json", exclude={"report_id"}))


async def list_reports(database: Database, areas: Sequence[Area], **asked: str | None) -> list[Report]:
    """Return the newest 500 reports of areas; of one period, in one state and of one template if they are named."""
    query: Document = {"division": in_areas(areas), **{name: value for name, value in asked.items() if value}}
    found = database[REPORTS].find(query, hint="division").sort([("until", -1), ("division", 1)]).limit(500)
    return [_read(row) async for row in found]


async def find_sealed(database: Database, digest: str) -> list[Report]:
    """Return the reports that have a sealed file with a hash."""
    found = database[REPORTS].find({"editions.files.sha256": digest}, hint="files")
    return [_read(row) async for row in found]


def _read(row: Document) -> Report:
    return Report.model_validate({**row, "report_id": row["_id"]})
