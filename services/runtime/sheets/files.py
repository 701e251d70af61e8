"""Read spreadsheet files as sheets of text; refuse files that are no spreadsheet or could exhaust memory."""

import csv
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO, StringIO
from pathlib import PurePath

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from services.runtime.dates import day_of_serial

MAX_BYTES = 50_000_000
MAX_UNPACKED = 200_000_000
MAX_RATIO = 300
MAX_LINES = 1_048_576
"""The most rows that a spreadsheet program allows in a sheet."""
MAX_PEOPLE = 50_000
"""The most rows with a person in one file."""
MAX_CELLS = 5_000_000
"""Cells of one sheet as a rectangle, and cells that a package writes down at all, be they empty."""
LOOKED_AT = 50
"""The number of rows at the top of a sheet in which headings are looked for."""

Cell = int | float | str | bool | time | date | datetime | timedelta
Rows = list[list[str]]
"""The cells of rows, as text."""
Corner = tuple[int, int]
"""Row and column, from 0."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".et"})
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = (",", "\t", ";", "|", "，")
_TAG = re.compile(rb"<(?:\w+:)?(row|c)\b([^<>]*)>")
_DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY)\b", re.IGNORECASE)
"""What no part of a workbook has (ECMA-376-1, 9.1.1), and what entities begin with."""
_ROW_AT = re.compile(rb"""\br\s*=\s*["']([0-9]{1,9})["']""")
_CELL_AT = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,4})([0-9]{1,9})["']""")
_FROM_1904 = re.compile(rb"""\bdate1904\s*=\s*["'](?:1|true|on)["']""")
_OLE_FROM_1904, _OLE_FROM_1900 = (b"\x22\x00\x02\x00" + flag for flag in (b"\x01\x00", b"\x00\x00"))
_FORCED_TEXT = re.compile(r'=\s*"((?:[^"]|"")*)"')
_ABOUT_HEADINGS = frozenset({"missing_column", "columns_clash", "other_unit"})
_QUOTED_NUMBER = re.compile(r"['’‘`](?=[0-9+])")


class Number(str):
    """The text of a number cell; only number cells can hold a day as a serial number."""

    __slots__ = ()


def write_day(cell: str, *, from_1904: bool) -> str:
    """Return a cell of a column of days, a serial number in a number cell as its day.

    A number of other than five digits is none: 2026.11 is a month, and 1990 a year.
    """
    if not isinstance(cell, Number) or not 10_000 <= float(cell) < 100_000:
        return cell
    day = day_of_serial(float(cell), from_1904=from_1904)
    return day.isoformat() if day else cell


@dataclass(frozen=True, slots=True)
class Sheet:
    """A visible sheet as text, from its first row and column on.

    `merged` are the first and last corners, both included, of merged cells; their text is repeated in each row that has
    text of its own, at the cells of `spread`. With `from_1904` the workbook counts days from 1904, else from 1900.
    """

    name: str
    rows: Rows
    merged: tuple[tuple[Corner, Corner], ...] = ()
    from_1904: bool = False
    spread: frozenset[Corner] = frozenset()


@dataclass(frozen=True, slots=True)
class Book:
    """The visible sheets of a file, and the names of the hidden ones, which are not read."""

    sheets: tuple[Sheet, ...]
    hidden: tuple[str, ...] = ()


class SheetError(Exception):
    """A file that can't be read as it is, with a stable code; `FILE_ADVICE` has the advice by code.

    `detail` has headings or sizes, in Chinese and English, never the contents of a row.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail

    def advise(self, advice: Mapping[str, str]) -> str:
        """Return the advice, with the headings concerned."""
        return f"{advice[self.code]} {self.detail}" if self.code in _ABOUT_HEADINGS else advice[self.code]


FILE_ADVICE: Mapping[str, str] = {
    "not_a_workbook": "文件不是可读的表格，请另存为 .xlsx 或 .csv（不要加密）后重试。"
    "This is no spreadsheet that can be read; save it as .xlsx or .csv, without a password.",
    "no_header_row": "没有找到表头，请保留列名所在的一行。No header row was found; keep the row of column names.",
    "missing_column": "缺少必需的列，请补上或改正列名。"
    "A column that is needed is missing; add it, or correct its heading.",
    "columns_clash": "有两列是同一内容，请只保留一列，或写明各是谁的、哪一次的。"
    "Two columns say the same thing; keep one of them, or say in the headings whose and which each is.",
    "other_unit": "列名中的单位不能换算，请改用所示单位。"
    "The unit in a heading can't be converted; give the values in the unit that is named.",
    "too_large": "文件过大，请拆分后分别导入。The file is too large; split it and import the parts.",
    "too_many_rows": f"每次最多导入{MAX_PEOPLE}人，请拆分后分别导入。"
    f"At most {MAX_PEOPLE} people at a time; split it and import the parts.",
    "encoding": "文字编码无法识别，请另存为 .xlsx 或 UTF-8 编码的 .csv。"
    "The text's encoding is not known; save it as .xlsx or as .csv in UTF-8.",
}
"""Advice about a refused file, in Chinese and English, by code."""


def read_book(data: bytes, filename: str, count_fields: Callable[[Rows], int]) -> Book:
    """Return the sheets of an .xlsx, .xls or .csv file; raise SheetError if it is none or too large.

    `count_fields` returns how many columns are understood in the first rows of a table: it decides on the delimiter.
    """
    if len(data) > MAX_BYTES:
        raise SheetError("too_large", f"more than {MAX_BYTES} bytes")
    if data.startswith(_ZIP):
        return _read_workbook(data, _check_package(data))
    if data.startswith(_OLE):
        return _read_workbook(data, _ole_counts_from_1904(data))
    if PurePath(filename).suffix.lower() in _WORKBOOK_SUFFIXES:
        raise SheetError("not_a_workbook", "not in the format that its name says")
    return Book((Sheet("", _read_text(_decode(data), count_fields)),))


def _read_workbook(data: bytes, from_1904: bool) -> Book:
    """Return a workbook's visible sheets; raise SheetError if the reader fails on it in any way, even with a panic."""
    try:
        with CalamineWorkbook.from_filelike(BytesIO(data)) as book:
            tables = [about for about in book.sheets_metadata if about.typ == SheetTypeEnum.WorkSheet]
            visible = [about.name for about in tables if about.visible == SheetVisibleEnum.Visible]
            read = [(name, book.get_sheet_by_name(name)) for name in visible]
            sheets = tuple(_read_sheet(name, sheet, from_1904) for name, sheet in read)
    except (KeyboardInterrupt, SystemExit, MemoryError, SheetError):
        raise
    except BaseException as error:
        raise SheetError("not_a_workbook", type(error).__name__) from error
    return Book(sheets, tuple(about.name for about in tables if about.name not in visible))


def _read_sheet(name: str, sheet: CalamineSheet, from_1904: bool) -> Sheet:
    _check_size(sheet.total_height, sheet.total_width)
    rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    merged = tuple(sheet.merged_cell_ranges or ())
    return Sheet(name, rows, merged, from_1904, frozenset(_fill_down(rows, merged)))


def _fill_down(rows: Rows, merged: Iterable[tuple[Corner, Corner]]) -> set[Corner]:
    """Repeat the text of merged cells in each of their rows that has a text of its own; return where it was."""
    spread: set[Corner] = set()
    filled = [any(cell and not cell.isspace() for cell in row) for row in rows]
    for (first, column), (last, _) in merged:
        for row in range(first + 1, min(last + 1, len(rows))):
            if filled[row] and column < len(rows[row]) and rows[first][column]:
                rows[row][column] = rows[first][column]
                spread.add((row, column))
    return spread


def _check_package(data: bytes) -> bool:
    """Return whether the serial numbers of an .xlsx count from 1904.

    Raise SheetError if it is none, unpacks to too much, or has sheets of more cells than memory should hold.
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
            # The reader allocates the whole rectangle from A1 to the last filled cell: two cells far apart are enough.
            cells = 0
            for member in members:
                part = package.read(member)
                if _declares_entities(member.filename, part):
                    raise SheetError("not_a_workbook", "declares entities")
                cells += _count_cells(part)
                _check_size(1, cells)
                _check_size(*_extent(part))
            return _FROM_1904.search(package.read("xl/workbook.xml")) is not None
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError) as error:
        raise SheetError("not_a_workbook", type(error).__name__) from error


def _declares_entities(name: str, part: bytes) -> bool:
    """Return whether a part in XML, in whichever encoding, has what entities are declared in."""
    if not name.lower().endswith((".xml", ".rels")):
        return False
    return _DTD.search(part.replace(b"\0", b"") if b"\0" in part[:8] else part) is not None


def _ole_counts_from_1904(data: bytes) -> bool:
    """Return whether the serial numbers of an .xls count from 1904, by its only record DATEMODE ([MS-XLS] 2.4.69)."""
    found = {data.find(record): record for record in (_OLE_FROM_1904, _OLE_FROM_1900)}
    found.pop(-1, None)
    return bool(found) and found[min(found)] == _OLE_FROM_1904


def _count_cells(xml: bytes) -> int:
    """Return how many cells or rows there are at most: to look at each takes long, even where all are empty."""
    return max(xml.count(b"<c") + xml.count(b":c"), xml.count(b"<row") + xml.count(b":row"))


def _extent(xml: bytes) -> tuple[int, int]:
    """Return the last row and column of a sheet that hold a value; cells with only a format don't count."""
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
    if rows > MAX_LINES or rows * columns > MAX_CELLS:
        raise SheetError("too_large", f"{rows} rows by {columns} columns")


def _decode(data: bytes) -> str:
    """Return text that is encoded in UTF-8 with or without a byte order mark, UTF-16 with one, or GB18030."""
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


def _read_text(text: str, count_fields: Callable[[Rows], int]) -> Rows:
    """Return the rows of a text table, with the delimiter by which most of its columns are understood."""
    tops = [[row for row, _ in zip(_delimited(text, mark), range(LOOKED_AT), strict=False)] for mark in _DELIMITERS]
    understood = [count_fields(top) for top in tops]
    if not max(understood):
        raise SheetError("no_header_row")
    return list(_counted(_delimited(text, _DELIMITERS[understood.index(max(understood))])))


def _delimited(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise SheetError("not_a_workbook", str(error)) from error


def _counted(rows: Iterable[Sequence[str]]) -> Iterator[list[str]]:
    """Yield the rows of a text table, an empty line as no cells; raise SheetError if they are too many."""
    cells = 0
    for number, row in enumerate(rows, start=1):
        filled = any(cell and not cell.isspace() for cell in row)
        cells += len(row) if filled else 0
        _check_size(number, 1)
        _check_size(1, cells)
        yield [_unwrap(cell) for cell in row] if filled else []


def _unwrap(cell: str) -> str:
    """Return a text without the formula or quotation mark by which programs keep a number as text."""
    if cell.lstrip()[:1] == "=":
        forced = _FORCED_TEXT.fullmatch(cell.strip())
        return forced[1].replace('""', '"') if forced else cell
    return _QUOTED_NUMBER.sub("", cell, count=1) if cell[:1] in "'’‘`" else cell


def _text(cell: Cell) -> str:
    """Return a cell as text, as an office would type it."""
    match cell:
        case str():
            return _unwrap(cell)
        case bool():
            return "是" if cell else "否"
        case float() | int():
            return Number(_number(cell))
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
        case date():
            return cell.isoformat()
    return str(cell)


def _number(cell: float) -> str:
    """Return a number without a needless fraction; with an exponent from 1e15 on, where it may have been rounded."""
    if abs(cell) >= 1e15:
        return f"{cell:.5E}"
    return str(int(cell)) if cell == int(cell) else str(cell)
