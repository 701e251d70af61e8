"""Read a whole file: every visible sheet with the needed headings, and a report on each sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from contracts.reference.telling import hide_numbers
from services.runtime.sheets.files import MAX_PEOPLE, Sheet, SheetError, read_book
from services.runtime.sheets.headings import (
    Candidate,
    Header,
    MappedColumn,
    count_fields,
    find_headings,
    read_header,
)
from services.runtime.sheets.meanings import Vocabulary
from services.runtime.sheets.rows import Ignored, Reason, RowRules, find_rows

PLACES_A_SHEET = 10_000_000
"""More than the rows of any sheet."""


class SheetRead(BaseModel):
    """A sheet of a file: why it was skipped, or the numbers of its heading rows and the field of each column."""

    sheet: str
    skipped: Literal["hidden", "no_headings"] | None = None
    heading_rows: tuple[int, ...] = ()
    columns: tuple[MappedColumn, ...] = ()


class IgnoredRow(BaseModel):
    """A row that was ignored, and why: a footer, a repetition of the headings, or a text outside the known columns."""

    sheet: str = ""
    row: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet that was read: its headings, and the rows of people by their numbers in the sheet."""

    name: str
    header: Header
    people: Sequence[tuple[int, list[str]]]
    blank: int
    ignored: Sequence[Ignored]
    from_1904: bool = False


@dataclass(frozen=True, slots=True)
class Tables:
    """A file that was read: its tables, and a report on each of its sheets."""

    read: tuple[Table, ...]
    sheets: tuple[SheetRead, ...]

    @property
    def blank(self) -> int:
        """Return how many rows have nothing but a serial number and prefilled fields."""
        return sum(table.blank for table in self.read)

    @property
    def ignored(self) -> tuple[IgnoredRow, ...]:
        """Return the ignored rows, in the order of the file."""
        return tuple(
            IgnoredRow(sheet=table.name, row=row.number, reason=row.reason)
            for table in self.read
            for row in table.ignored
        )


def read_tables(data: bytes, filename: str, vocabulary: Vocabulary, rules: RowRules) -> Tables:
    """Return the rows of every visible sheet with the needed headings.

    Raise SheetError if no sheet has them, or one has all but one, which may be mistyped.
    """
    book = read_book(data, filename, lambda rows: count_fields(rows, vocabulary))
    found = [(sheet, find_headings(sheet, vocabulary)) for sheet in book.sheets]
    if not any(candidate for _, candidate in found):
        raise SheetError("no_header_row")
    fitting = any(candidate and candidate.needed == len(vocabulary.needed) for _, candidate in found)
    tables, reports = [], [SheetRead(sheet=hide_numbers(name), skipped="hidden") for name in book.hidden]
    for sheet, candidate in found:
        name = hide_numbers(sheet.name)
        if candidate is None or (fitting and not _is_meant(sheet, candidate, vocabulary)):
            reports.append(SheetRead(sheet=name, skipped="no_headings"))
            continue
        header = _read_header(sheet, vocabulary, candidate, of_several=len(book.sheets) > 1)
        rows = find_rows(sheet, header, rules)
        tables.append(Table(name, header, rows.people, rows.blank, rows.ignored, sheet.from_1904))
        numbers = tuple(range(header.last - header.rows + 1, header.last + 1))
        reports.append(SheetRead(sheet=name, heading_rows=numbers, columns=header.mapped))
    people = sum(len(table.people) for table in tables)
    if people > MAX_PEOPLE:
        raise SheetError("too_many_rows", f"{people} rows")
    return Tables(tuple(tables), tuple(reports))


def _read_header(sheet: Sheet, vocabulary: Vocabulary, candidate: Candidate, *, of_several: bool) -> Header:
    """Return the header of a sheet; an error names the sheet where there are several."""
    try:
        return read_header(sheet, vocabulary, candidate)
    except SheetError as error:
        raise SheetError(
            error.code, f"{hide_numbers(sheet.name)}：{error.detail}" if of_several else error.detail
        ) from error


def _is_meant(sheet: Sheet, candidate: Candidate, vocabulary: Vocabulary) -> bool:
    """Return whether a sheet is probably meant to be read: at most one of its needed headings is missing."""
    if candidate.needed < len(vocabulary.needed) and not any(map(any, sheet.rows[candidate.row + candidate.rows :])):
        return False
    return candidate.needed >= max(1, len(vocabulary.needed) - 1) and candidate.fields > 1


def place_of(table: int, number: int) -> int:
    """Return a number for a row that is unique in the file; in the first table it is the row's own number."""
    return table * PLACES_A_SHEET + number


def row_of(place: int) -> int:
    """Return the number of a row in its sheet, from 1."""
    return place % PLACES_A_SHEET


def table_of(place: int) -> int:
    """Return the number of the table that a row is in, from 0."""
    return place // PLACES_A_SHEET
