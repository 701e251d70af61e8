"""Files as offices save them become sheets of text; what could exhaust memory or is no spreadsheet is refused here.

Which columns a sheet has is for `headings` to find, by what the service asks for.
"""

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

MAX_BYTES = 50_000_000
MAX_UNPACKED = 200_000_000
MAX_RATIO = 300
MAX_LINES = 1_048_576
"""Rows that a spreadsheet program can have at all."""
MAX_PEOPLE = 50_000
"""Rows that say something, in one file."""
MAX_CELLS = 5_000_000
"""Cells of one sheet as a rectangle, and cells that a package writes down at all, be they empty."""
LOOKED_AT = 50
"""Rows at the top among which the headings are looked for."""

Cell = int | float | str | bool | time | date | datetime | timedelta
Rows = list[list[str]]
Corner = tuple[int, int]

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".et"})
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = (",", "\t", ";", "|", "，")
_TAG = re.compile(rb"<(?:\w+:)?(row|c)\b([^<>]*)>")
_ROW_AT = re.compile(rb"""\br\s*=\s*["']([0-9]{1,9})["']""")
_CELL_AT = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,4})([0-9]{1,9})["']""")
_FROM_1904 = re.compile(rb"""\bdate1904\s*=\s*["'](?:1|true|on)["']""")
_OLE_FROM_1904, _OLE_FROM_1900 = (b"\x22\x00\x02\x00" + flag for flag in (b"\x01\x00", b"\x00\x00"))
_FORCED_TEXT = re.compile(r'=\s*"((?:[^"]|"")*)"')
_ABOUT_HEADINGS = frozenset({"missing_column", "columns_clash", "other_unit"})
_QUOTED_NUMBER = re.compile(r"['’‘`](?=[0-9+])")


class Number(str):
    """The text of a number cell; only such a cell can hold a day as a serial number."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A visible sheet as text, from its first row and column on.

    `merged` are the corners (row and column from 0, both included) of cells that are one; the text of those stands in
    each row that has text of its own. `from_1904` tells from which day the workbook counts serial numbers.
    """

    name: str
    rows: Rows
    merged: tuple[tuple[Corner, Corner], ...] = ()
    from_1904: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """The sheets of a file; of those that are hidden no more than their names is looked at."""

    sheets: tuple[Sheet, ...]
    hidden: tuple[str, ...] = ()


class SheetError(Exception):
    """A file that can't be read as it is; `code` is stable, `FILE_ADVICE` says what to do.

    `detail` names headings or sizes in both languages, never what stands in a row.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail

    def advise(self, advice: Mapping[str, str]) -> str:
        """Return what to do, with the headings that it is about."""
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
"""What to do about a file, in Chinese and English, by code."""


def read_book(data: bytes, filename: str, count_fields: Callable[[Rows], int]) -> Book:
    """Return the sheets of an .xlsx, .xls or .csv; raise SheetError if it is none or too large.

    `count_fields` tells how many columns of a table are understood by its first rows, so that a delimiter is found.
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
    """Read a workbook's visible sheets; whatever goes wrong inside the reader, even a panic, is the file's fault."""
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
    _fill_down(rows, merged)
    return Sheet(name, rows, merged, from_1904)


def _fill_down(rows: Rows, merged: Iterable[tuple[Corner, Corner]]) -> None:
    """Let the value of a merged cell hold for each of its rows that has a value of its own."""
    filled = [any(cell and not cell.isspace() for cell in row) for row in rows]
    for (first, column), (last, _) in merged:
        for row in range(first + 1, min(last + 1, len(rows))):
            if filled[row]:
                rows[row][column] = rows[first][column]


def _check_package(data: bytes) -> bool:
    """Refuse a package that unpacks to too much, or whose sheets span more cells than memory should hold.

    The reader allocates the whole rectangle from A1 to the last filled cell, so two cells far apart would do.
    Return whether its serial numbers count from 1904.
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
            cells = 0
            for member in members:
                part = package.read(member)
                cells += _count_cells(part)
                _check_size(1, cells)
                _check_size(*_extent(part))
            return _FROM_1904.search(package.read("xl/workbook.xml")) is not None
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError) as error:
        raise SheetError("not_a_workbook", type(error).__name__) from error


def _ole_counts_from_1904(data: bytes) -> bool:
    """Tell by the record DATEMODE ([MS-XLS] 2.4.69), which an .xls has once."""
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


def _read_text(text: str, count_fields: Callable[[Rows], int]) -> Rows:
    """Read a text table by the delimiter under which most of its columns are understood."""
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
    """Yield the rows with their texts freed of what programs put around them; an empty line needs no cells."""
    cells = 0
    for number, row in enumerate(rows, start=1):
        filled = any(cell and not cell.isspace() for cell in row)
        cells += len(row) if filled else 0
        _check_size(number, 1)
        _check_size(1, cells)
        yield [_free(cell) for cell in row] if filled else []


def _free(cell: str) -> str:
    """Return what is meant: without the formula or the quotation mark by which a number is kept as text."""
    if cell.startswith("="):
        forced = _FORCED_TEXT.fullmatch(cell.strip())
        return forced[1].replace('""', '"') if forced else cell
    return _QUOTED_NUMBER.sub("", cell, count=1) if cell[:1] in "'’‘`" else cell


def _text(cell: Cell) -> str:
    """Write a cell as its office would have typed it."""
    match cell:
        case str():
            return _free(cell)
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
    """Write a number without a needless fraction; of 16 digits or more it was rounded, and must not pass for exact."""
    if abs(cell) >= 1e15:
        return f"{cell:.5E}"
    return str(int(cell)) if cell == int(cell) else str(cell)
