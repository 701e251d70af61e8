"""Read rounds of follow-ups 随访表 from spreadsheets, and write refused rows as a workbook to correct.

A person is found by id or archive code. Names and numbers of documents are not stored, wherever they were typed.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from hashlib import sha256
from typing import NamedTuple
from unicodedata import normalize

from contracts.archives.entries import Entry
from contracts.reference.calendar import SHANGHAI
from contracts.reference.telling import hide_numbers, tells_phone_or_card
from services.archives.intake.readings import (
    COLUMNS,
    OTHER_HEADINGS,
    REASONS,
    UNITS,
    Refusal,
    Visit,
    compact,
    is_person_id,
)
from services.runtime.dates import read_date
from services.runtime.sheets import files
from services.runtime.sheets.files import write_day
from services.runtime.sheets.meanings import Vocabulary
from services.runtime.sheets.rows import RowRules
from services.runtime.sheets.tables import IgnoredRow, SheetRead, Table, place_of, read_tables
from services.runtime.sheets.workbooks import Page, refused_page, write_workbook

FILE_ADVICE: Mapping[str, str] = {
    **files.FILE_ADVICE,
    "no_header_row": "没有找到表头，至少要有“人员编号”（或“档案编号”）和“随访日期”两列。"
    "No header row was found; it needs at least 人员编号 (or 档案编号) and 随访日期.",
}
"""Advice about a file that can't be read as a round, by code."""

VOCABULARY = Vocabulary(usual=COLUMNS, other=OTHER_HEADINGS, needed=(("person",), ("followed_on",)), units=UNITS)
ROW_RULES = RowRules(
    is_person=lambda known: is_person_id(known.get("person", "")),
    footer_fields=("person",),
    prefilled=frozenset({"condition", "mode", "adherence", "side_effects", "hypoglycaemia", "referred"}),
)

_DATES = frozenset({"followed_on", "next_on"})
WITHHELD = "*"
"""What is kept in place of what is no id of a person: a name, or the number of a document."""
_LONG_NUMBER = re.compile(r"[0-9]{7,}[0-9Xx]?")
_LONGEST_CELL = 200


class Row(NamedTuple):
    """The row of a person: its place in the file, and the texts of the known columns."""

    place: int
    typed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Round:
    """A round that was read; `blank` counts rows with nothing but a serial number and prefilled fields."""

    rows: tuple[Row, ...]
    blank: int = 0
    ignored: tuple[IgnoredRow, ...] = ()
    sheets: tuple[SheetRead, ...] = ()
    names: tuple[str, ...] = ("",)

    @property
    def total(self) -> int:
        """Return how many rows there are, blank and ignored ones included."""
        return len(self.rows) + self.blank + len(self.ignored)


def read_round(data: bytes, filename: str) -> Round:
    """Return a round (.xlsx, .xls or .csv): the rows of every visible sheet that has the needed columns.

    Raise SheetError with one of the codes of FILE_ADVICE.
    """
    tables = read_tables(data, filename, VOCABULARY, ROW_RULES)
    rows = tuple(
        Row(place_of(number, row), _typed(cells, table))
        for number, table in enumerate(tables.read)
        for row, cells in table.people
    )
    return Round(rows, tables.blank, tables.ignored, tables.sheets, tuple(table.name for table in tables.read))


def _typed(cells: Sequence[str], table: Table) -> dict[str, str]:
    """Return the texts of the known columns, without long numbers, which may identify somebody.

    In the column of people nothing is kept but an id or an archive's code.
    """
    typed = {}
    for field, column in table.header.columns.items():
        if column < len(cells):
            cell = _with_unit(cells[column], table.header.units.get(field))
            if field in _DATES:
                cell = write_day(cells[column], from_1904=table.from_1904)
            typed[field] = _without_long_numbers(field, cell[:_LONGEST_CELL])
    return typed


def _with_unit(cell: str, unit: str | None) -> str:
    """Return a cell with the unit of its heading, if it ends with a digit and so has no unit of its own."""
    return f"{cell.strip()}{unit}" if unit and cell.strip() and compact(cell)[-1:].isdigit() else cell


def _without_long_numbers(field: str, cell: str) -> str:
    if field == "person":
        return cell if is_person_id(cell) or not cell.strip() else WITHHELD
    if field in _DATES and read_date(cell):
        return cell
    hidden = _LONG_NUMBER.sub("*", normalize("NFKC", cell)) if _LONG_NUMBER.search(compact(cell)) else cell
    in_groups = tells_phone_or_card(cell) and any(map(str.isdigit, hidden))
    return hide_numbers(cell) if in_groups else hidden


def write_refused(refused: Iterable[tuple[Row, Refusal]], advice_of: Callable[[Refusal], str], *more: Page) -> bytes:
    """Return a workbook (.xlsx) of refused rows as they were, each with reason, advice and code; `more` pages follow.

    Corrected, it can be imported again.
    """
    lines = [
        (
            [row.typed.get(field, "") for field in COLUMNS],
            [
                f"{COLUMNS.get(refusal.field, refusal.field)}：{REASONS.get(refusal.code) or advice_of(refusal)}",
                advice_of(refusal),
                refusal.code,
            ],
        )
        for row, refusal in refused
    ]
    return write_workbook([refused_page("退回 refused", list(COLUMNS.values()), lines), *more])


def make_entry(visit: Visit, person_id: str, street: str, by: str, now: datetime) -> Entry:
    """Return the entry of a visit; its id is the same for the same person, kind and day in a district.

    A sheet has the day without a time, so the time is noon, or now if that is earlier.
    """
    noon = datetime.combine(visit.on, time(12), SHANGHAI).astimezone(UTC)
    named = f"{person_id}|{visit.content.kind}|{visit.on}|{street[:6]}"  # type: ignore[attr-defined]  # every content that a visit can have has a kind
    return Entry(
        entry_id=sha256(f"sheet|{named}".encode()).hexdigest()[:32],
        person_id=person_id,
        street=street,
        measured_at=min(noon, now),
        recorded_by=by,
        content=visit.content,
        source="sheet",
    )
