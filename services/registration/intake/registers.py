"""Read registers 登记表 of street offices from spreadsheets, and write refused rows as a workbook to correct."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from contracts.reference.divisions import Divisions
from services.registration.domain.arrivals import Arrival, Departure
from services.registration.intake.checks import check_arrival, check_departure
from services.registration.intake.columns import COLUMNS, ROW_RULES, VOCABULARY
from services.registration.intake.documents import LONGEST_TYPED
from services.registration.intake.refusals import ADVICE, REASONS, Refusal, RefusalCode
from services.registration.intake.reports import ArrivalReport, DepartureReport, Override
from services.registration.intake.vocabulary import STILL_HERE
from services.runtime.sheets import files
from services.runtime.sheets.files import write_day
from services.runtime.sheets.tables import IgnoredRow, SheetRead, Table, place_of, read_tables, table_of
from services.runtime.sheets.workbooks import Page, refused_page, write_workbook

FILE_ADVICE: Mapping[str, str] = {
    **files.FILE_ADVICE,
    "no_header_row": "没有找到表头，表头至少要有“姓名”“证件号码”和“来本地日期”（或“离开日期”）。"
    "No header row was found; it needs at least the columns 姓名, 证件号码 and 来本地日期 (or 离开日期).",
}
"""Advice about a file that can't be read as a register, by code."""

_DATES = ("birth", "arrived_on", "left_on", "returning_on")
_OF_DEPARTURES = ("left_on", "destination", "leaving_reason", "returning_on")


class Row(NamedTuple):
    """The row of a person: its place in the file, its cells as they were, and the arrival and departure it reports."""

    place: int
    cells: tuple[str, ...]
    arrival: ArrivalReport
    departure: DepartureReport | None = None

    @property
    def arrives(self) -> bool:
        """Return whether the row reports an arrival; a row with only a day of leaving does not."""
        return self.departure is None or bool(self.arrival.arrived_on.strip())


class CheckedRow(NamedTuple):
    """The checked arrival and departure of a row, at least one of them."""

    arrival: Arrival | None
    departure: Departure | None


@dataclass(frozen=True, slots=True)
class Register:
    """A register that was read.

    `blank` counts rows with nothing but a serial number and prefilled fields. `names` and `headers` are those of the
    file's tables, in their order.
    """

    rows: tuple[Row, ...]
    blank: int = 0
    ignored: tuple[IgnoredRow, ...] = ()
    sheets: tuple[SheetRead, ...] = ()
    names: tuple[str, ...] = ("",)
    headers: tuple[tuple[str, ...], ...] = field(default=(tuple(COLUMNS.values()),))

    @property
    def total(self) -> int:
        """Return how many rows there are, blank and ignored ones included."""
        return len(self.rows) + self.blank + len(self.ignored)

    def sheet_of(self, place: int) -> str:
        """Return the name of the sheet that a row is in; "" in a .csv file."""
        return self.names[table_of(place)]


class Survey(NamedTuple):
    """What reading a register tells of it without its rows."""

    total: int
    blank: int
    ignored: tuple[IgnoredRow, ...]
    sheets: tuple[SheetRead, ...]


def survey_register(data: bytes, filename: str) -> Survey:
    """Return how much there is in a register; raise SheetError as `read_register` does."""
    register = read_register(data, filename)
    return Survey(register.total, register.blank, register.ignored, register.sheets)


def read_register(data: bytes, filename: str) -> Register:
    """Return a register (.xlsx, .xls or .csv): the rows of every visible sheet that has the needed columns.

    Raise SheetError with one of the codes of FILE_ADVICE.
    """
    tables = read_tables(data, filename, VOCABULARY, ROW_RULES)
    rows = tuple(row for number, table in enumerate(tables.read) for row in _rows_of(table, number))
    names = tuple(table.name for table in tables.read)
    headers = tuple(table.header.cells for table in tables.read)
    return Register(rows, tables.blank, tables.ignored, tables.sheets, names, headers)


def _rows_of(table: Table, number: int) -> Iterable[Row]:
    dates = [table.header.columns[name] for name in _DATES if name in table.header.columns]
    for row, cells in table.people:
        for column in dates:
            cells[column : column + 1] = [
                write_day(cell, from_1904=table.from_1904) for cell in cells[column : column + 1]
            ]
        yield Row(place_of(number, row), tuple(cells), *_reports(cells, table.header.cells, table.header.columns))


def retype(
    header: Sequence[str], cells: Sequence[str], columns: Mapping[str, int], changes: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Return headings and cells of a row with some fields typed anew; what has no column gets one behind the others."""
    headings, typed, of_field = list(header), [*cells, *[""] * (len(header) - len(cells))], dict(columns)
    for name, text in changes.items():
        if name not in of_field:
            of_field[name] = len(headings)
            headings.append(COLUMNS[name])
            typed.append("")
        typed[of_field[name]] = text
    return headings, typed


def read_typed_row(place: int, header: Sequence[str], cells: Sequence[str], columns: Mapping[str, int]) -> Row:
    """Return a row as it was typed: its fields stand in these columns, those without one under their usual headings."""
    further = {name: header.index(heading) for name, heading in COLUMNS.items() if heading in header}
    return Row(place, tuple(cells), *_reports(cells, header, {**further, **columns}))


def _reports(
    cells: Sequence[str], headings: Sequence[str], columns: Mapping[str, int]
) -> tuple[ArrivalReport, DepartureReport | None]:
    """Return the arrival and departure that a row reports; ID card numbers need no column for the type."""
    typed = {name: cells[column][:LONGEST_TYPED] for name, column in columns.items() if column < len(cells)}
    number = columns.get("document_number")
    if "document_type" not in columns and number is not None:
        typed["document_type"] = "居民身份证" if "身份" in headings[number] else ""
    reason = typed.pop("override", "")
    leaving = {name: typed.pop(name, "") for name in _OF_DEPARTURES}
    arrival = ArrivalReport(**typed, override=Override(reason=reason) if reason.strip() else None)
    if leaving["left_on"].strip() in STILL_HERE:
        return arrival, None
    person = {name: typed.get(name, "") for name in DepartureReport.model_fields if name in typed}
    departure = DepartureReport(
        **person,
        left_on=leaving["left_on"],
        destination=leaving["destination"],
        reason=leaving["leaving_reason"],
        returning_on=leaving["returning_on"],
        unverified=arrival.override is not None,
    )
    return arrival, departure


def check_row(
    row: Row, *, street: str, today: date, divisions: Divisions, approver: str | None = None
) -> CheckedRow | Refusal:
    """Return the checked arrival and departure of a row; the refusal of one refuses both."""
    arrival: Arrival | Refusal | None = None
    departure: Departure | Refusal | None = None
    if row.arrives:
        arrival = check_arrival(row.arrival, street=street, today=today, divisions=divisions, approver=approver)
    if isinstance(arrival, Refusal):
        return arrival
    if row.departure is not None:
        departure = check_departure(row.departure, street=street, today=today, divisions=divisions)
    if isinstance(departure, Refusal):
        return departure
    if arrival and departure and departure.left_on < arrival.started_on:
        return Refusal(RefusalCode.LEFT_BEFORE_ARRIVING, "left_on")
    return CheckedRow(arrival, departure)


def write_refused(register: Register, refusals: Sequence[tuple[int, Refusal]], *more: Page) -> bytes:
    """Return a workbook (.xlsx) of refused rows as they were, each with reason, advice and code; `more` pages follow.

    It has a sheet for each sheet of the register with refused rows; corrected, it can be imported again.
    """
    cells_of = {row.place: row.cells for row in register.rows}
    pages = []
    for number, (name, header) in enumerate(zip(register.names, register.headers, strict=True)):
        of_table = [(cells_of[place], _verdict(refusal)) for place, refusal in refusals if table_of(place) == number]
        if of_table or len(register.names) == 1:
            pages.append(refused_page(name or "退回 refused", header, of_table))
    return write_workbook([*pages, *more])


def _verdict(refusal: Refusal) -> tuple[str, str, str]:
    """Return the reason, the advice and the code of a refusal, as three cells."""
    heading = COLUMNS.get(refusal.field, refusal.field)
    hint = f" ({refusal.detail})" if refusal.detail else ""
    return f"{heading}：{REASONS[refusal.code]}{hint}", ADVICE[refusal.code], refusal.code.value
