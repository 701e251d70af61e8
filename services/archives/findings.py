"""Findings per street, read by an index: those of one person stand in the archive's chart, those across people here.

A repetition's row is worked out anew, from every entry that has its mark or ever had it, whenever one of them is heard.
The sum of their sequences, which only grows, says which of two workings-out knew more. So any order ends in one list.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from contracts.divisions import Area
from contracts.entries import Entry
from services.archives.quality import ADVICE, Finding, FindingKind
from services.archives.repetition import find_repetition, marks_of, repeats
from services.archives.views import ARCHIVES, ENTRIES, in_places, place_of, read_entry
from services.runtime.mongo import Database, Document, Row, in_areas, make_index, write_rows

REPETITIONS = "repetitions"


class ListedFinding(Finding):
    """A finding as the list shows it, with what to do."""

    advice: str


class PersonFindings(BaseModel):
    """What is questionable in one person's archive."""

    person_id: str
    district: str
    findings: list[ListedFinding]


class Repetition(ListedFinding):
    """The same readings for many people: the finding, and whose entries they are, person by person."""

    finding_id: str
    people: list[str]


class RepetitionPage(BaseModel):
    """A page of repetitions, the newest day first, and the cursor of the next."""

    repetitions: list[Repetition]
    cursor: str | None = None


class FindingPage(BaseModel):
    """A page of findings by person, and the cursor of the next."""

    people: list[PersonFindings]
    cursor: str | None = None


async def prepare(database: Database) -> None:
    """Make the indexes that the lists are read by."""
    found: Document = {"chart.found.0": {"$exists": True}}
    keys = [("chart.found", 1), ("_id", 1)]
    await make_index(database[ARCHIVES], keys, name="findings", partialFilterExpression=found)
    for place in ("street", "district"):
        keys = [(place, 1), ("_id", -1)]
        await make_index(database[REPETITIONS], keys, name=f"by {place}", partialFilterExpression={"found": True})


async def compare(database: Database, heard: Iterable[Entry]) -> None:
    """Work out anew which readings many people have alike, wherever entries that were heard have or had a mark."""
    marks = {mark for entry in heard for mark in marks_of(entry).ever}
    if not marks:
        return
    rows: defaultdict[str, list[Document]] = defaultdict(list)
    async for row in database[ENTRIES].find({"ever_alike": {"$in": list(marks)}}, hint="alike"):
        for mark in marks.intersection(row["ever_alike"]):
            rows[mark].append(row)
    suspected = {mark: alike for mark, alike in rows.items() if repeats(len({row["person_id"] for row in alike}))}
    await write_rows(database, [_repetition_row(mark, alike) for mark, alike in suspected.items()])


def _repetition_row(mark: str, rows: Sequence[Document]) -> Row:
    """Make the row of a repetition; it stays, as not found, once enough entries were corrected or voided."""
    entries = [read_entry(row) for row in rows if row["alike"] == mark]
    finding = find_repetition(entries)
    street = rows[0]["street"]
    fields = {
        "street": street,
        "district": street[:6],
        "found": finding is not None,
        "finding": finding.model_dump(mode="json") if finding else None,
        "people": sorted({entry.person_id for entry in entries}),
    }
    return Row(REPETITIONS, mark, sum(row["sequence"] for row in rows), fields)


async def list_repetitions(database: Database, areas: Sequence[Area], cursor: str, limit: int) -> RepetitionPage:
    """List which readings one worker typed for many people on one day in a street or district, the newest first."""
    place = place_of(areas)
    query: Document = {place: in_places(areas), "found": True, **({"_id": {"$lt": cursor}} if cursor else {})}
    found = database[REPETITIONS].find(query, hint=f"by {place}").sort("_id", -1)
    rows = await found.limit(limit + 1).to_list(limit + 1)
    told = [Repetition(**row["finding"], **_across(row)) for row in rows[:limit]]
    return RepetitionPage(repetitions=told, cursor=rows[limit - 1]["_id"] if len(rows) > limit else None)


def _across(row: Document) -> Document:
    return {"finding_id": row["_id"], "people": row["people"], "advice": ADVICE[FindingKind.SAME_FOR_MANY]}


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
