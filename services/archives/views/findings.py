"""Findings per street, read by an index: those about one person lie in the archive's summary, repetitions here.

A repetition's row is worked out anew, from every entry that has its mark or ever had it, whenever one of them is heard.
Its sequence is the sum of theirs, which only grows: the row that knew more replaces the other, in whichever order.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel

from contracts.archives.entries import Entry
from contracts.reference.divisions import Area
from services.archives.domain.quality import ADVICE, FindingKind, QualityFinding
from services.archives.domain.repetition import find_repetition, marks_of, repeats
from services.archives.views.duties import in_places, place_of
from services.archives.views.rows import ARCHIVES, ENTRIES, SUMMARY, archive_key, read_entry
from services.runtime.mongo import Database, Document, Row, in_areas, insert_new, make_index, write_rows

REPETITIONS = "repetitions"
EXPLANATIONS = "explanations"


class Explanation(BaseModel):
    """Why what was found is as it is: by whom, when."""

    finding_id: str
    street: str
    reason: str
    by: str
    at: datetime


class ListedFinding(QualityFinding):
    """A finding as the list shows it, with what to do, or how it was explained."""

    id: str
    advice: str
    explained: Explanation | None = None


class PersonFindings(BaseModel):
    """What is questionable in one person's archive."""

    person_id: str
    district: str
    findings: list[ListedFinding]


class Repetition(ListedFinding):
    """The same readings for many people: the finding, and whose entries they are, person by person."""

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
    """Make the indexes by which the lists are read."""
    found: Document = {f"{SUMMARY}.found.0": {"$exists": True}}
    keys = [(f"{SUMMARY}.found", 1), ("_id", 1)]
    await make_index(database[ARCHIVES], keys, name="findings", partialFilterExpression=found)
    for place in ("street", "district"):
        keys = [(place, 1), ("_id", -1)]
        await make_index(database[REPETITIONS], keys, name=f"by {place}", partialFilterExpression={"found": True})


async def compare(database: Database, heard: Iterable[Entry]) -> None:
    """Work out and write the repetitions anew whose marks the entries that were heard have or ever had."""
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
    """Return the row of a repetition; it is marked as not found once enough entries were corrected or voided."""
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
    """Return a page of readings that one worker typed for many people on one day, the newest first."""
    place = place_of(areas)
    query: Document = {place: in_places(areas), "found": True, **({"_id": {"$lt": cursor}} if cursor else {})}
    found = database[REPETITIONS].find(query, hint=f"by {place}").sort("_id", -1)
    rows = await found.limit(limit + 1).to_list(limit + 1)
    findings = [QualityFinding.model_validate(row["finding"]) for row in rows[:limit]]
    explained = await _find_explained(database, findings)
    repetitions = [
        Repetition(**_listed(finding, explained), people=row["people"])
        for finding, row in zip(findings, rows, strict=False)
    ]
    return RepetitionPage(repetitions=repetitions, cursor=rows[limit - 1]["_id"] if len(rows) > limit else None)


async def list_findings(
    database: Database, areas: Sequence[Area], kind: FindingKind | None, cursor: str, limit: int
) -> FindingPage:
    """Return a page of the findings about entries of a street or district, by person: of one kind, or all of them."""
    query: Document = {
        f"{SUMMARY}.found": _marked(areas, kind),
        f"{SUMMARY}.found.0": {"$exists": True},
        "_id": {"$gt": cursor},
    }
    shown_fields = {"person_id": 1, "district": 1, f"{SUMMARY}.findings": 1}
    found = database[ARCHIVES].find(query, shown_fields, hint="findings")
    rows = await found.sort("_id", 1).limit(limit + 1).to_list(limit + 1)
    shown = [(row, list(_of_person(row, areas, kind))) for row in rows[:limit]]
    explained = await _find_explained(database, (finding for _, findings in shown for finding in findings))
    people = [
        PersonFindings(
            person_id=row["person_id"],
            district=row["district"],
            findings=[ListedFinding(**_listed(finding, explained)) for finding in findings],
        )
        for row, findings in shown
    ]
    return FindingPage(people=people, cursor=rows[limit - 1]["_id"] if len(rows) > limit else None)


def _marked(areas: Sequence[Area], kind: FindingKind | None) -> Document:
    """Return the condition for marks of places: by equality, so that the index gives the order too, else by prefix."""
    whole = [area.prefix for area in areas if len(area.prefix) in {6, 9} and not area.without]
    if len(whole) == len(areas):
        return {"$in": [f"{place}|{kind or ''}" for place in whole]}
    return in_areas(areas)


def _of_person(row: Document, areas: Sequence[Area], kind: FindingKind | None) -> Iterator[QualityFinding]:
    for document in row[SUMMARY]["findings"]:
        finding = QualityFinding.model_validate(document)
        if any(finding.street in area for area in areas) and kind in {None, finding.kind}:
            yield finding


def _listed(finding: QualityFinding, explained: Mapping[str, Explanation]) -> Document:
    finding_id = finding.finding_id
    return {
        **finding.model_dump(),
        "id": finding_id,
        "advice": ADVICE[finding.kind],
        "explained": explained.get(finding_id),
    }


async def _find_explained(database: Database, findings: Iterable[QualityFinding]) -> dict[str, Explanation]:
    rows = database[EXPLANATIONS].find({"_id": {"$in": [finding.finding_id for finding in findings]}})
    return {row["_id"]: Explanation(finding_id=row["_id"], **row) async for row in rows}


async def stands(database: Database, finding_id: str, street: str, person_id: str | None) -> bool:
    """Return whether a finding of a street stands now: in a person's archive, or, without a person, a repetition."""
    if person_id:
        row = await database[ARCHIVES].find_one({"_id": archive_key(person_id, street[:6])}, {f"{SUMMARY}.findings": 1})
        found = (row or {}).get(SUMMARY, {}).get("findings", ())
    else:
        rows = database[REPETITIONS].find({"street": street, "found": True}, {"finding": 1}, hint="by street")
        found = [row["finding"] async for row in rows]
    standing = (QualityFinding.model_validate(document) for document in found)
    return any(finding.finding_id == finding_id and finding.street == street for finding in standing)


async def explain(database: Database, explanation: Explanation) -> Explanation:
    """Keep an explanation unless there is one already; return the one that is kept."""
    document = explanation.model_dump(exclude={"finding_id"})
    await insert_new(database[EXPLANATIONS], [{"_id": explanation.finding_id, **document}])
    row = await database[EXPLANATIONS].find_one({"_id": explanation.finding_id})
    return Explanation(finding_id=explanation.finding_id, **(row or document))
