"""A file as a whole: every visible sheet that has the headings is read, and what became of each sheet is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from contracts.reference.telling import hide_numbers
from services.runtime.sheets.files import MAX_PEOPLE, SheetError, read_book
from services.runtime.sheets.headings import (
    Candidate,
    Header,
    MappedColumn,
    Vocabulary,
    count_fields,
    find_headings,
    read_header,
)
from services.runtime.sheets.rows import Identified, Ignored, Reason, find_rows

PLACES_A_SHEET = 10_000_000


class SheetRead(BaseModel):
    """What became of a sheet: why it was not read, or which rows its headings are and what each column was read as."""

    sheet: str
    skipped: Literal["hidden", "no_headings"] | None = None
    heading_rows: tuple[int, ...] = ()
    columns: tuple[MappedColumn, ...] = ()


class IgnoredRow(BaseModel):
    """A row that is nobody's, and why it was ignored: a footer, headings once more, or a note beside the columns."""

    sheet: str = ""
    row: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet that is read: its headings, and the rows that are somebody's, by their numbers."""

    name: str
    header: Header
    people: Sequence[tuple[int, list[str]]]
    blank: int
    ignored: Sequence[Ignored]
    from_1904: bool = False


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything that a file has: the tables that are read, and what became of each sheet."""

    read: tuple[Table, ...]
    sheets: tuple[SheetRead, ...]

    @property
    def blank(self) -> int:
        """Return how many rows have at most a serial number and what was filled in beforehand."""
        return sum(table.blank for table in self.read)

    @property
    def ignored(self) -> tuple[IgnoredRow, ...]:
        """Return the rows that are nobody's, in the order of the file."""
        return tuple(
            IgnoredRow(sheet=table.name, row=row.number, reason=row.reason)
            for table in self.read
            for row in table.ignored
        )


def read_tables(data: bytes, filename: str, vocabulary: Vocabulary, identified: Identified) -> Tables:
    """Return the rows of every visible sheet that has what is needed; raise SheetError if none has, or one may have."""
    book = read_book(data, filename, lambda rows: count_fields(rows, vocabulary))
    found = [(sheet, find_headings(sheet, vocabulary)) for sheet in book.sheets]
    if not any(candidate for _, candidate in found):
        raise SheetError("no_header_row")
    fitting = any(candidate and candidate.needed == len(vocabulary.needed) for _, candidate in found)
    tables, told = [], [SheetRead(sheet=hide_numbers(name), skipped="hidden") for name in book.hidden]
    for sheet, candidate in found:
        if candidate is None or (fitting and not _is_meant(candidate, vocabulary)):
            told.append(SheetRead(sheet=hide_numbers(sheet.name), skipped="no_headings"))
            continue
        header = read_header(sheet, vocabulary, candidate)
        rows = find_rows(sheet, header, identified)
        tables.append(Table(hide_numbers(sheet.name), header, rows.people, rows.blank, rows.ignored, sheet.from_1904))
        numbers = tuple(range(header.last - header.rows + 1, header.last + 1))
        told.append(SheetRead(sheet=hide_numbers(sheet.name), heading_rows=numbers, columns=header.mapped))
    people = sum(len(table.people) for table in tables)
    if people > MAX_PEOPLE:
        raise SheetError("too_many_rows", f"{people} rows")
    return Tables(tuple(tables), tuple(told))


def _is_meant(candidate: Candidate, vocabulary: Vocabulary) -> bool:
    """Return whether a sheet beside those that fit is one of them too, if need be with a heading gone wrong."""
    return candidate.needed >= max(1, len(vocabulary.needed) - 1) and candidate.fields > 1


def place_of(table: int, number: int) -> int:
    """Return one number for a row of a table, which is the row's own in the first."""
    return table * PLACES_A_SHEET + number


def row_of(place: int) -> int:
    """Return the number of a row in its sheet."""
    return place % PLACES_A_SHEET


def table_of(place: int) -> int:
    """Return which of the tables a row is in, from 0."""
    return place // PLACES_A_SHEET
