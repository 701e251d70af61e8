"""Follow-up rounds as they are typed into sheets 随访表: rows out of a spreadsheet, each an entry or refused.

A person is found by id or archive code. Names and numbers of documents are not kept, wherever they were typed.
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
    is_person_id,
    tidy,
)
from services.runtime.dates import day_of_serial, read_date
from services.runtime.sheets import files
from services.runtime.sheets.files import Number
from services.runtime.sheets.headings import Vocabulary
from services.runtime.sheets.rows import Identified
from services.runtime.sheets.tables import IgnoredRow, SheetRead, Table, place_of, read_tables
from services.runtime.sheets.workbooks import Page, refused_page, write_workbook

FILE_ADVICE: Mapping[str, str] = {
    **files.FILE_ADVICE,
    "no_header_row": "没有找到表头，至少要有“人员编号”（或“档案编号”）和“随访日期”两列。"
    "No header row was found; it needs at least 人员编号 (or 档案编号) and 随访日期.",
}
"""What to do about a file that is no round, by code."""

VOCABULARY = Vocabulary(usual=COLUMNS, other=OTHER_HEADINGS, needed=(("person",), ("followed_on",)), units=UNITS)
IDENTIFIED = Identified(
    is_person=lambda known: is_person_id(known.get("person", "")),
    telling=("person",),
    prefilled=frozenset({"condition", "mode", "adherence", "side_effects", "hypoglycaemia", "referred"}),
)

_DATES = frozenset({"followed_on", "next_on"})
WITHHELD = "*"
"""What is kept in place of what is no id of a person: a name, or the number of a document."""
_LONG_NUMBER = re.compile(r"[0-9]{7,}[0-9Xx]?")
_LONGEST_CELL = 200


class Row(NamedTuple):
    """One person's row: its place in the file, and what is typed in the known columns."""

    place: int
    typed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Round:
    """A file that was read; `blank` counts rows with at most a serial number and what was filled in beforehand."""

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
    """Return the follow-ups of an .xlsx, .xls or .csv file, of every visible sheet that has its columns.

    Raise SheetError with one of the codes of FILE_ADVICE.
    """
    tables = read_tables(data, filename, VOCABULARY, IDENTIFIED)
    rows = tuple(
        Row(place_of(number, row), _typed(cells, table))
        for number, table in enumerate(tables.read)
        for row, cells in table.people
    )
    return Round(rows, tables.blank, tables.ignored, tables.sheets, tuple(table.name for table in tables.read))


def _typed(cells: Sequence[str], table: Table) -> dict[str, str]:
    """Return what stands in the known columns, without numbers that may say who somebody is.

    In the column of people nothing is kept but an id or an archive's code.
    """
    typed = {}
    for field, column in table.header.columns.items():
        if column < len(cells):
            cell = _with_unit(cells[column], table.header.units.get(field))
            if field in _DATES and isinstance(cells[column], Number):
                day = day_of_serial(float(cells[column]), from_1904=table.from_1904)
                cell = day.isoformat() if day else cell
            typed[field] = _without_long_numbers(field, cell[:_LONGEST_CELL])
    return typed


def _with_unit(cell: str, unit: str | None) -> str:
    """Write the unit of the heading behind a number that has none of its own."""
    return f"{cell.strip()}{unit}" if unit and cell.strip() and tidy(cell)[-1:].isdigit() else cell


def _without_long_numbers(field: str, cell: str) -> str:
    if field == "person":
        return cell if is_person_id(cell) or not cell.strip() else WITHHELD
    if field in _DATES and read_date(cell):
        return cell
    hidden = _LONG_NUMBER.sub("*", normalize("NFKC", cell)) if _LONG_NUMBER.search(tidy(cell)) else cell
    in_groups = tells_phone_or_card(cell) and any(map(str.isdigit, hidden))
    return hide_numbers(cell) if in_groups else hidden


def write_refused(refused: Iterable[tuple[Row, Refusal]], advice_of: Callable[[Refusal], str], *more: Page) -> bytes:
    """Return a workbook of the refused rows as they were, each with reason, what to do and code; `more` pages follow.

    Corrected, it can be read again.
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
    """Make the entry of a visit: one for each person, kind and day in a district, however often it is handed in.

    A sheet tells the day and no hour, so noon is taken, or now if it is not noon yet.
    """
    noon = datetime.combine(visit.on, time(12), SHANGHAI).astimezone(UTC)
    named = f"{person_id}|{visit.content.kind}|{visit.on}|{street[:6]}"  # type: ignore[attr-defined]
    return Entry(
        entry_id=sha256(f"sheet|{named}".encode()).hexdigest()[:32],
        person_id=person_id,
        street=street,
        measured_at=min(noon, now),
        recorded_by=by,
        content=visit.content,
        source="sheet",
    )
