"""Imports: files are processed in the background, by one worker at a time, and resumed where the last one stopped."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, Field, computed_field

from contracts.reference.divisions import Area
from services.runtime.logs import get_log
from services.runtime.mongo import Database, Document, in_areas, make_index, wait_while_away
from services.runtime.service import Service
from services.runtime.sheets.headings import MappedColumn
from services.runtime.sheets.tables import IgnoredRow, SheetRead
from services.runtime.sheets.workbooks import VERDICT, Page

IMPORTS = "imports"
LEASE = timedelta(seconds=60)
LOOK_AGAIN_AFTER = 1.0
MOST_NOTED = 200
"""How many notes on rows the progress shows."""

REPORT, NOTES = "导入说明 report", "提示 notes"
"""The names of the workbook's pages after the refused rows."""
SKIPPED: Mapping[str, str] = {
    "hidden": "隐藏的工作表，未读取 hidden, not read",
    "no_headings": "没有所需的表头，未读取 has not the headings, not read",
}
IGNORED: Mapping[str, str] = {
    "footer": "合计或签字行，已忽略 a total or a signature, ignored",
    "heading": "重复的表头，已忽略 headings once more, ignored",
    "note": "表外说明，已忽略 a note beside the columns, ignored",
}
NOT_NEEDED: Mapping[str, str] = {
    "序号": "不需要 not needed",
    **dict.fromkeys(VERDICT, "上次退回的说明，不需要 says why a row was refused, not needed"),
}
"""Remarks on columns that registers often have and that are not read, by heading."""
UPDATED = "已按本行更新 updated by this row"
DIFFERS = "与已登记的不同，未改动 differs from what is recorded, which stands"


class RowNote(BaseModel):
    """Notes on a row that was taken in: warnings, fields it updated, and fields that differ from what is recorded."""

    sheet: str = ""
    row: int
    warnings: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()


class Progress(BaseModel):
    """The progress of an import: `done` of `rows` rows below headings are processed, each in exactly one count.

    The counts are `accepted`, `duplicate`, `refused`, `blank` and `ignored`. `sheets` has the field of each column,
    `ignored_rows` why each row was ignored, `noted` the first notes on rows that were taken in; all notes are in the
    workbook of the refused rows.
    """

    import_id: str
    street: str
    state: Literal["waiting", "done"] = "waiting"
    rows: int
    done: int = 0
    accepted: int = 0
    duplicate: int = 0
    blank: int = 0
    ignored: int = 0
    refused: int = 0
    refused_by_reason: dict[str, int] = Field(default_factory=dict)
    warnings: dict[str, int] = Field(default_factory=dict)
    sheets: tuple[SheetRead, ...] = ()
    ignored_rows: tuple[IgnoredRow, ...] = ()
    notes: list[RowNote] = Field(default_factory=list, exclude=True)
    handed_in_at: datetime

    @computed_field  # type: ignore[prop-decorator]  # as pydantic documents it
    @property
    def noted(self) -> list[RowNote]:
        """Return the first notes."""
        return self.notes[:MOST_NOTED]

    @property
    def worked(self) -> int:
        """Return how many rows of people are processed."""
        return self.accepted + self.duplicate + self.refused

    def count_refused(self, code: str) -> None:
        """Count one refused row by its code."""
        self.refused += 1
        self.refused_by_reason[code] = self.refused_by_reason.get(code, 0) + 1

    def note(self, note: RowNote) -> None:
        """Count a row's warnings, and keep the note if there is anything in it."""
        for warning in note.warnings:
            self.warnings[warning] = self.warnings.get(warning, 0) + 1
        if note.warnings or note.updated or note.differs:
            self.notes.append(note)

    def count_done(self) -> None:
        """Set `done` to the number of processed rows, whatever their outcome, and `state` accordingly."""
        self.done = self.worked + self.blank + self.ignored
        self.state = "done" if self.done == self.rows else "waiting"


class ListedImport(BaseModel):
    """An import as lists show it: for which division, who handed it in, and how many rows came to what."""

    import_id: str
    street: str
    kind: str | None = None
    by: str
    state: Literal["waiting", "done"]
    rows: int
    done: int
    accepted: int
    duplicate: int
    blank: int
    ignored: int
    refused: int
    handed_in_at: datetime


class ImportPage(BaseModel):
    """A page of imports, newest first, and the cursor of the next."""

    imports: list[ListedImport]
    cursor: str | None = None


_LISTED = tuple(ListedImport.model_fields)


def report_pages(progress: Progress, meaning_of: Mapping[str, str], warning_of: Mapping[str, str]) -> list[Page]:
    """Return the pages of a report on an import: how the file was read, then notes on its rows if there are any.

    `meaning_of` has the usual headings by field, `warning_of` the texts of warnings by code.
    """
    read: list[Sequence[str]] = [("工作表 Sheet", "列 Column", "列名 Heading", "识别为 Read as", "说明 Remark")]
    for sheet in progress.sheets:
        if sheet.skipped:
            read.append((sheet.sheet, "", "", "", SKIPPED[sheet.skipped]))
        read += [(sheet.sheet, *_describe(column, meaning_of)) for column in sheet.columns]
    notes: list[Sequence[str]] = [("工作表 Sheet", "行 Row", "说明 Remark")]
    notes += [(row.sheet, str(row.row), IGNORED[row.reason]) for row in progress.ignored_rows]
    notes += [
        (note.sheet, str(note.row), line) for note in progress.notes for line in _lines_of(note, meaning_of, warning_of)
    ]
    pages = [Page(REPORT, read, 1)]
    return [*pages, Page(NOTES, notes, 1)] if len(notes) > 1 else pages


def _describe(column: MappedColumn, meaning_of: Mapping[str, str]) -> tuple[str, str, str, str]:
    if column.heading in NOT_NEEDED:
        return column.column, column.heading, "", NOT_NEEDED[column.heading]
    if column.field is None:
        near = f"；与“{column.resembles}”相近 resembles it" if column.resembles else ""
        return column.column, column.heading, "", f"未识别，未读取 not understood, not read{near}"
    unit = f"由 {column.converted_from} 换算 converted" if column.converted_from else ""
    return column.column, column.heading, meaning_of.get(column.field, column.field), unit


def _lines_of(note: RowNote, meaning_of: Mapping[str, str], warning_of: Mapping[str, str]) -> Iterator[str]:
    yield from (warning_of.get(warning, warning) for warning in note.warnings)
    for fields, remark in ((note.updated, UPDATED), (note.differs, DIFFERS)):
        if fields:
            yield f"{remark}：{'、'.join(meaning_of.get(name, name) for name in fields)}"


async def prepare_imports(database: Database) -> None:
    """Create the indexes by which waiting imports, and those of a division, are found."""
    waiting: Document = {"state": "waiting"}
    await make_index(database[IMPORTS], "state", name="unfinished", partialFilterExpression=waiting)
    newest = [("street", 1), ("handed_in_at", -1), ("_id", -1)]
    await make_index(database[IMPORTS], newest, name="newest by street")


async def enqueue_import(service: Service, import_id: str, progress: Mapping[str, Any]) -> None:
    """Record an import as waiting; its rows are stored already."""
    await service.database[IMPORTS].insert_one({"_id": import_id, **progress, "leased_until": progress["handed_in_at"]})
    service.changes.note((IMPORTS,), (progress["street"],))


async def find_import(database: Database, import_id: str) -> Document | None:
    """Return the progress of an import; None if there is no such import."""
    found = await database[IMPORTS].find_one({"_id": import_id})
    return {**found, "import_id": import_id} if found else None


async def list_imports(database: Database, areas: Sequence[Area], cursor: str, limit: int) -> ImportPage:
    """Return a page of the imports for divisions, newest first; `cursor` is the last import of the page before.

    Those of each division are in order in the index; it gives the divisions that have any, and merges their orders.
    """
    divisions = await database[IMPORTS].distinct("street", {"street": in_areas(areas)})
    rows: list[Document] = []
    for part, order in await _parts_after(database, cursor):
        wanted = limit + 1 - len(rows)
        if wanted:
            condition = {"street": {"$in": divisions}, **part}
            found = database[IMPORTS].find(condition, dict.fromkeys(_LISTED, 1), hint="newest by street")
            rows += await found.sort(order).limit(wanted).to_list(wanted)
    shown = [ListedImport.model_validate({**row, "import_id": row["_id"]}) for row in rows[:limit]]
    return ImportPage(imports=shown, cursor=shown[-1].import_id if len(rows) > limit else None)


async def _parts_after(database: Database, cursor: str) -> list[tuple[Document, list[tuple[str, int]]]]:
    """Return the conditions of a page with their orders: the rest of the last page's moment, then what was before.

    Both at once (by `$or`) would read the imports of a division anew for each page. After an unknown import is nothing.
    """
    newest = [("handed_in_at", -1), ("_id", -1)]
    if not cursor:
        return [({}, newest)]
    last = await database[IMPORTS].find_one({"_id": cursor}, {"handed_in_at": 1})
    if last is None:
        return []
    moment = last["handed_in_at"]
    return [
        ({"handed_in_at": moment, "_id": {"$lt": cursor}}, [("_id", -1)]),
        ({"handed_in_at": {"$lt": moment}}, newest),
    ]


async def save_import(service: Service, import_id: str, progress: Mapping[str, Any]) -> None:
    """Save the progress of an import and extend the lease on it, unless another worker got as far."""
    behind = {"_id": import_id, "done": {"$lt": progress["done"]}}
    kept = {"$set": {**progress, "leased_until": service.clock() + LEASE}}
    await service.database[IMPORTS].update_one(behind, kept)
    service.changes.note((IMPORTS,), (progress["street"],))


async def work_through_imports(service: Service, finish: Callable[[str], Awaitable[None]]) -> None:
    """Process waiting imports one after another, for ever; resume those of a crashed worker where it stopped."""
    while True:
        import_id = await wait_while_away(lambda: _claim(service.database, service.clock()))
        if import_id is None:
            await asyncio.sleep(LOOK_AGAIN_AFTER)
            continue
        try:
            await finish(import_id)
        except Exception as error:
            get_log().error("import stopped, will go on", import_id=import_id, error=error)
            await asyncio.sleep(LOOK_AGAIN_AFTER)


async def _claim(database: Database, now: datetime) -> str | None:
    """Lease the oldest waiting import that no worker holds and return its id; None if there is none."""
    found = await database[IMPORTS].find_one_and_update(
        {"state": "waiting", "leased_until": {"$lte": now}},
        {"$set": {"leased_until": now + LEASE}},
        projection={"_id": 1},
        sort=[("handed_in_at", 1)],
    )
    return found["_id"] if found else None
