"""Files as offices save them become sheets of text, and rows that were refused a workbook to correct.

What could exhaust memory or is no workbook is refused here. Which columns a sheet has is for the service to say.
"""

import csv
import re
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO, StringIO
from pathlib import PurePath
from unicodedata import east_asian_width, normalize

import xlsxwriter  # type: ignore[import-untyped]
from python_calamine import CalamineWorkbook

MAX_BYTES = 50_000_000
MAX_UNPACKED = 200_000_000
MAX_RATIO = 300
MAX_ROWS = 50_000
MAX_CELLS = 5_000_000
MAX_HEADER_ROW = 50

Cell = int | float | str | bool | time | date | datetime | timedelta

VERDICT = ("原因 Reason", "处理办法 What to do", "code")
"""The headings of the columns that stand beside a refused row."""

_FOOTER = re.compile(
    r"(?:本页)?(?:合计|总计|小计|共计)|以下(?:空白|无正文)|(?:填表|填报|制表|审核|经办|联系|复核|录入)人"
    r"|(?:单位)?负责人|填报(?:单位|日期)|(?:说明|备注|注):"
)
_HINTS = re.compile(r"\([^)]*\)|[\s*_:.]")
_SPACES = re.compile(r"\s+")
_LONGEST_CELL = 32_767
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".et"})
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = (",", "\t", ";")
_TAG = re.compile(rb"<(?:\w+:)?(row|c)\b([^<>]*)>")
_ROW_AT = re.compile(rb"""\br\s*=\s*["']([0-9]{1,9})["']""")
_CELL_AT = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,4})([0-9]{1,9})["']""")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as text, from its first row and column on."""

    name: str
    rows: list[list[str]]


class SheetError(Exception):
    """A file that is no sheet we can read; `code` is stable, `FILE_ADVICE` says what to do."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


FILE_ADVICE: Mapping[str, str] = {
    "not_a_workbook": "文件不是可读的表格，请另存为 .xlsx 或 .csv（不要加密）后重试。"
    "This is no spreadsheet that can be read; save it as .xlsx or .csv, without a password.",
    "no_header_row": "没有找到表头，请保留列名所在的一行。No header row was found; keep the row of column names.",
    "too_large": "文件过大，请拆分后分别导入。The file is too large; split it and import the parts.",
    "too_many_rows": f"每次最多导入{MAX_ROWS}行，请拆分后分别导入。"
    f"At most {MAX_ROWS} rows at a time; split it and import the parts.",
    "encoding": "文字编码无法识别，请另存为 .xlsx 或 UTF-8 编码的 .csv。"
    "The text's encoding is not known; save it as .xlsx or as .csv in UTF-8.",
}


@dataclass(frozen=True, slots=True)
class Header:
    """Where a sheet's header row is and which column carries which field."""

    row: int
    cells: tuple[str, ...]
    columns: Mapping[str, int]


def find_header(
    rows: Sequence[Sequence[str]], fields: Mapping[str, str], fits: Callable[[Collection[str]], bool]
) -> Header | None:
    """Find the row that names the columns: it has fields that fit, by what headings stand for."""
    for index, cells in enumerate(rows[:MAX_HEADER_ROW]):
        columns: dict[str, int] = {}
        for column, cell in enumerate(cells):
            if field := fields.get(write_heading(cell)):
                columns.setdefault(field, column)
        if fits(columns):
            return Header(index + 1, tuple(cells), columns)
    return None


def write_heading(text: str) -> str:
    """Write a heading the one way: half-width, without spaces, stars and hints in brackets."""
    return _HINTS.sub("", normalize("NFKC", text)).lower()


def find_rows(sheet: Sheet, header: Header) -> tuple[list[tuple[int, list[str]]], int]:
    """Find the rows below the header by their numbers, and count the blank ones; empty lines at the end are no rows."""
    rows: list[tuple[int, list[str]]] = []
    blank = empty = 0
    for number, cells in enumerate(sheet.rows[header.row :], start=header.row + 1):
        filled = [column for column, cell in enumerate(cells) if cell and not cell.isspace()]
        if not filled:
            empty += 1
        elif not _is_notice(cells, cells[filled[0]], header):
            blank, empty = blank + empty, 0
            if len(filled) == 1 and filled[0] not in header.columns.values():
                blank += 1
            else:
                rows.append((number, cells))
    return rows, blank


def _is_notice(cells: Sequence[str], first: str, header: Header) -> bool:
    """Tell a footer, or a header printed again on the next page, from a row."""
    return tuple(cells) == header.cells or _FOOTER.match(_SPACES.sub("", normalize("NFKC", first))) is not None


def give_back(header: Sequence[str], rows: Iterable[tuple[Sequence[str], Sequence[str]]]) -> bytes:
    """Write rows as they were, each with its verdict; corrected, the workbook can be read again."""
    kept = [index for index, heading in enumerate(header) if heading not in VERDICT]
    lines = [[*(header[index] for index in kept), *VERDICT]]
    for cells, verdict in rows:
        lines.append([*(cells[index] if index < len(cells) else "" for index in kept), *verdict])
    return _workbook(lines)


def _workbook(lines: Sequence[Sequence[str]]) -> bytes:
    """Write lines as text cells, never as formulas or links, under a header that stays in sight."""
    file = BytesIO()
    text_only = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, {"in_memory": True, **text_only}) as book:
        sheet = book.add_worksheet("退回 refused")
        text = book.add_format({"num_format": "@", "valign": "top"})
        wrapped = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        bold = book.add_format({"num_format": "@", "bold": True, "bg_color": "#DDEBF7"})
        for column, (heading, *cells) in enumerate(zip(*lines, strict=True)):
            style = wrapped if column >= len(lines[0]) - len(VERDICT) else text
            sheet.set_column(column, column, _width([heading, *cells]), style)
            sheet.write_string(0, column, heading[:_LONGEST_CELL], bold)
            for number, cell in enumerate(cells, start=1):
                sheet.write_string(number, column, cell[:_LONGEST_CELL], style)
        sheet.freeze_panes(1, 0)
    return file.getvalue()


def _width(cells: Sequence[str]) -> int:
    """Find a readable width for a column; a Chinese character is as wide as two letters."""
    widest = max(sum(2 if east_asian_width(character) in "WF" else 1 for character in cell[:60]) for cell in cells)
    return min(max(widest + 2, 8), 50)


def read_sheets(data: bytes, filename: str, fits: Callable[[list[list[str]]], bool]) -> list[Sheet]:
    """Read every sheet of an .xlsx, .xls or .csv; `fits` tells by a table's first rows if a delimiter is right."""
    if len(data) > MAX_BYTES:
        raise SheetError("too_large", f"more than {MAX_BYTES} bytes")
    if data.startswith(_ZIP):
        _check_package(data)
        return _workbook_sheets(data)
    if data.startswith(_OLE):
        return _workbook_sheets(data)
    if PurePath(filename).suffix.lower() in _WORKBOOK_SUFFIXES:
        raise SheetError("not_a_workbook", "not in the format that its name says")
    return [Sheet("", _text_rows(_decode(data), fits))]


def _workbook_sheets(data: bytes) -> list[Sheet]:
    """Read a workbook's sheets; whatever goes wrong inside the reader, even a panic, is the file's fault."""
    try:
        with CalamineWorkbook.from_filelike(BytesIO(data)) as book:
            tables = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise SheetError("not_a_workbook", type(error).__name__) from error
    for rows in tables.values():
        _check_size(len(rows), max(map(len, rows), default=0))
    return [Sheet(name, [[_text(cell) for cell in row] for row in rows]) for name, rows in tables.items()]


def _check_package(data: bytes) -> None:
    """Refuse a package that unpacks to too much, or whose sheets span more cells than memory should hold.

    The reader allocates the whole rectangle from A1 to the last filled cell, so two cells far apart would do.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as package:
            members = package.infolist()
            unpacked = sum(member.file_size for member in members)
            if unpacked > max(MAX_UNPACKED // 10, len(data) * MAX_RATIO) or unpacked > MAX_UNPACKED:
                raise SheetError("too_large", f"unpacks to {unpacked} bytes")
            names = {member.filename for member in members}
            if "xl/workbook.xml" not in names or names & {"content.xml", "xl/workbook.bin"}:
                raise SheetError("not_a_workbook", "no .xlsx inside")
            for member in members:
                _check_size(*_extent(package.read(member)))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError) as error:
        raise SheetError("not_a_workbook", type(error).__name__) from error


def _extent(xml: bytes) -> tuple[int, int]:
    """Find the last row and column of a sheet that hold a value; cells with only a format don't count."""
    row = column = last_row = last_column = 0
    for tag in _TAG.finditer(xml):
        kind, attributes = tag.groups()
        if kind == b"row":
            at = _ROW_AT.search(attributes)
            row, column = int(at[1]) if at else row + 1, 0
            continue
        at = _CELL_AT.search(attributes)
        if at:
            row, column = int(at[2]), _column_number(at[1])
        else:
            column += 1
        if not attributes.endswith(b"/"):
            last_row, last_column = max(last_row, row), max(last_column, column)
    return last_row, last_column


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _check_size(rows: int, columns: int) -> None:
    if rows > MAX_ROWS:
        raise SheetError("too_many_rows", f"{rows} rows")
    if rows * columns > MAX_CELLS:
        raise SheetError("too_large", f"{rows} rows by {columns} columns")


def _decode(data: bytes) -> str:
    """Decode text as offices save it: UTF-8 with or without a mark, UTF-16 with one, GB18030."""
    if data.startswith(_UTF16):
        encodings = ["utf-16"]
    elif b"\0" in data:
        raise SheetError("not_a_workbook", "binary")
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetError("encoding")


def _text_rows(text: str, fits: Callable[[list[list[str]]], bool]) -> list[list[str]]:
    """Read the rows of a text table by the delimiter under which its first rows fit."""
    for delimiter in _DELIMITERS:
        rows = _delimited(text, delimiter)
        if fits([row for row, _ in zip(rows, range(MAX_HEADER_ROW), strict=False)]):
            return list(_counted(_delimited(text, delimiter)))
    raise SheetError("no_header_row")


def _delimited(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise SheetError("not_a_workbook", str(error)) from error


def _counted(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    for number, row in enumerate(rows, start=1):
        _check_size(number, len(row))
        yield row


def _text(cell: Cell) -> str:
    """Write a cell as its office would have typed it."""
    match cell:
        case str():
            return cell
        case bool():
            return "是" if cell else "否"
        case float() | int():
            return _number(cell)
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
        case date():
            return cell.isoformat()
    return str(cell)


def _number(cell: float) -> str:
    """Write a number without a needless fraction; of 16 digits or more it was rounded, and must not pass for exact."""
    if abs(cell) >= 1e15:
        return f"{cell:.5E}"
    return str(int(cell)) if cell == int(cell) else str(cell)
