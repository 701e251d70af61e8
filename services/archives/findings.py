"""Findings per street, read by an index: they stand in each archive's chart, worked out anew as duties are."""

from collections.abc import Sequence

from pydantic import BaseModel

from contracts.divisions import Area
from services.archives.quality import ADVICE, Finding, FindingKind
from services.archives.views import ARCHIVES
from services.runtime.mongo import Database, Document, in_areas, make_index


class ListedFinding(Finding):
    """A finding as the list shows it, with what to do."""

    advice: str


class PersonFindings(BaseModel):
    """What is questionable in one person's archive."""

    person_id: str
    district: str
    findings: list[ListedFinding]


class FindingPage(BaseModel):
    """A page of findings by person, and the cursor of the next."""

    people: list[PersonFindings]
    cursor: str | None = None


async def prepare(database: Database) -> None:
    """Make the index that the list is read by."""
    found: Document = {"chart.found.0": {"$exists": True}}
    keys = [("chart.found", 1), ("_id", 1)]
    await make_index(database[ARCHIVES], keys, name="findings", partialFilterExpression=found)


async def list_findings(
    database: Database, areas: Sequence[Area], kind: FindingKind | None, cursor: str, limit: int
) -> FindingPage:
    """List what is questionable in a street or district: of one kind, or all of it."""
    query: Document = {"chart.found": _asked(areas, kind), "chart.found.0": {"$exists": True}, "_id": {"$gt": cursor}}
    found = database[ARCHIVES].find(query, {"person_id": 1, "district": 1, "chart.findings": 1}, hint="findings")
    rows = await found.sort("_id", 1).limit(limit + 1).to_list(limit + 1)
    people = [_person(row, areas, kind) for row in rows[:limit]]
    return FindingPage(people=people, cursor=rows[limit - 1]["_id"] if len(rows) > limit else None)


def _asked(areas: Sequence[Area], kind: FindingKind | None) -> Document:
    """Ask for one place by its mark, so that the index gives the order too; for several by their beginnings."""
    whole = [area.prefix for area in areas if len(area.prefix) in {6, 9} and not area.without]
    if len(whole) == len(areas):
        return {"$in": [f"{place}|{kind or ''}" for place in whole]}
    return in_areas(areas)


def _person(row: Document, areas: Sequence[Area], kind: FindingKind | None) -> PersonFindings:
    findings = [Finding.model_validate(one) for one in row["chart"]["findings"]]
    listed = [
        ListedFinding(**one.model_dump(), advice=ADVICE[one.kind])
        for one in findings
        if any(one.street in area for area in areas) and kind in {None, one.kind}
    ]
    return PersonFindings(person_id=row["person_id"], district=row["district"], findings=listed)
