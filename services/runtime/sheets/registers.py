"""Read registers from sheets by their columns, check their rows, and write refused ones as a workbook to correct."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple
from unicodedata import normalize

from contracts.reference.telling import hide_numbers
from services.runtime.dates import read_date
from services.runtime.sheets.files import write_day
from services.runtime.sheets.meanings import Vocabulary
from services.runtime.sheets.rows import RowRules
from services.runtime.sheets.tables import IgnoredRow, SheetRead, Table, place_of, read_tables
from services.runtime.sheets.workbooks import Page, refused_page, write_workbook

REASONS: Mapping[str, str] = {
    "missing": "必填项为空。A required field is empty.",
    "bad_date": "日期无法识别或不存在。This is no date, or no such day exists.",
    "not_a_number": "不是数字。This is no number.",
    "out_of_range": "数值超出可录入范围。The value is outside what can be entered.",
    "not_understood": "内容无法识别。What is typed here is not understood.",
    "long_number": "含有电话、证件号码等长号码。It has a number that may be somebody's.",
    "differs": "同一事项已登记为不同内容。The same is recorded otherwise.",
}
ADVICE: Mapping[str, str] = {
    "missing": "请补填该项。Fill it in.",
    "bad_date": "请填写四位年份的日期，例如 2025-11-18。Type the day with a four-digit year, such as 2025-11-18.",
    "not_a_number": "请填写数字。Type a number.",
    "out_of_range": "请核对数值和单位。Check the value and its unit.",
    "not_understood": "请按模板填写。Type it as the template does.",
    "long_number": "请删去号码。Delete the number.",
    "differs": "如需修改，请更正原登记。To change it, correct what is recorded.",
}

_LONGEST_TEXT = 200
_LONGEST_CELL = 400
_OUR_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_HIDDEN = re.compile(r"\*{2,}")
_NUMBER = re.compile(
    r"(?:第)?(\d{1,9}(?:\.\d{1,4})?)\s*(?:平方米|平米|米|㎡|m2|m|人次|人|份|册|本|张|期)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a kind of register, each with its usual heading, and which of them must be filled in.

    `days`, `counts`, `sizes` and `words` say what stands in a column; in any other one stands a text. The columns of
    `there` must be there as well, though cells may be empty. What is `prefilled` makes no row; `is_row` tells rows that
    certainly are some, without it all that have every cell that is needed. A number has at most what `most` says of its
    column, and is 0 in `may_be_none` alone. Columns of `read` have readers of their own, which raise ValueError for
    what they don't understand.
    """

    usual: Mapping[str, str]
    other: Mapping[str, str]
    needed: Collection[str]
    days: Collection[str]
    counts: Collection[str] = ()
    sizes: Collection[str] = ()
    words: Mapping[str, Mapping[str, StrEnum]] | None = None
    there: Collection[str] = ()
    prefilled: Collection[str] = ()
    is_row: Callable[[Mapping[str, str]], bool] | None = None
    most: Mapping[str, int] = field(default_factory=dict)
    may_be_none: Collection[str] = ()
    read: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)

    @property
    def vocabulary(self) -> Vocabulary:
        """Return what the reader of sheets needs to know of the columns."""
        units = {name: {"平方米": 1.0, "㎡": 1.0, "m2": 1.0} if name == "area" else {"米": 1.0} for name in self.sizes}
        counted = {name: dict.fromkeys(("人", "人次", "份", "册", "本", "张", "期"), 1.0) for name in self.counts}
        return Vocabulary(
            usual=self.usual,
            other=self.other,
            needed=tuple((name,) for name in sorted({*self.needed, *self.there})),
            units={**units, **counted},
            chosen=frozenset(self.words or ()),
        )

    @property
    def rules(self) -> RowRules:
        """Return how rows are told from totals and signatures: all that must be filled in is there."""
        return RowRules(
            is_person=self.is_row or (lambda known: all(known.get(name, "").strip() for name in self.needed)),
            footer_fields=(),
            prefilled=frozenset((*self.prefilled, *(self.words or ()))),
        )


class Row(NamedTuple):
    """A row: its place in the file, how many rows above say the same, and the texts of the known columns."""

    place: int
    repetition: int
    typed: Mapping[str, str]


class Refusal(NamedTuple):
    """The refusal of a row: a stable code and the field."""

    code: str
    field: str


@dataclass(frozen=True, slots=True)
class Register:
    """A register that was read; `blank` counts rows with nothing but a serial number and prefilled fields."""

    rows: tuple[Row, ...]
    blank: int
    ignored: tuple[IgnoredRow, ...]
    sheets: tuple[SheetRead, ...]

    @property
    def total(self) -> int:
        """Return how many rows there are, blank and ignored ones included."""
        return len(self.rows) + self.blank + len(self.ignored)


class _RowRefusedError(Exception):
    def __init__(self, code: str, field: str) -> None:
        super().__init__(code, field)
        self.refusal = Refusal(code, field)


def read_register(data: bytes, filename: str, columns: Columns) -> Register:
    """Return a register (.xlsx, .xls or .csv): the rows of every visible sheet that has the needed columns.

    Raise SheetError with one of the codes of FILE_ADVICE.
    """
    tables = read_tables(data, filename, columns.vocabulary, columns.rules)
    seen: Counter[tuple[tuple[str, str], ...]] = Counter()
    rows = []
    for number, table in enumerate(tables.read):
        for row, cells in table.people:
            typed = _typed(cells, table, columns)
            said = tuple(sorted(typed.items()))
            rows.append(Row(place_of(number, row), seen[said], typed))
            seen[said] += 1
    return Register(tuple(rows), tables.blank, tables.ignored, tables.sheets)


def check_row(columns: Columns, typed: Mapping[str, str]) -> dict[str, Any] | Refusal:
    """Return the values of a row by field, those that were left empty missing; or its refusal."""
    try:
        return {name: value for name in columns.usual if (value := _value(columns, name, typed)) is not None}
    except _RowRefusedError as error:
        return error.refusal


def write_refused(
    columns: Columns, refused: Iterable[tuple[Row, Refusal]], advice_of: Mapping[str, str], *more: Page
) -> bytes:
    """Return a workbook (.xlsx) of refused rows as they were, each with reason, advice and code; `more` pages follow.

    `advice_of` has the advice of the codes of decisions. Corrected, it can be imported again.
    """
    usual = columns.usual
    lines = [
        ([row.typed.get(field, "") for field in usual], _verdict(refusal, usual, advice_of)) for row, refusal in refused
    ]
    return write_workbook([refused_page("退回 refused", list(usual.values()), lines), *more])


def _verdict(refusal: Refusal, usual: Mapping[str, str], advice_of: Mapping[str, str]) -> Sequence[str]:
    advice = ADVICE.get(refusal.code) or advice_of[refusal.code]
    return f"{usual.get(refusal.field, refusal.field)}：{REASONS.get(refusal.code, advice)}", advice, refusal.code


def _typed(cells: Sequence[str], table: Table, columns: Columns) -> dict[str, str]:
    """Return the texts of the known columns; those with a number that may be somebody's without their digits."""
    typed = {}
    for name, column in table.header.columns.items():
        cell = cells[column] if column < len(cells) else ""
        if name in columns.days:
            cell = write_day(cell, from_1904=table.from_1904)
        kept = read_date(cell) or _OUR_ID.fullmatch(cell.strip()) or _is_understood(columns, name, cell)
        typed[name] = cell[:_LONGEST_CELL] if kept else hide_numbers(cell[:_LONGEST_CELL])
    return typed


def _is_understood(columns: Columns, name: str, cell: str) -> bool:
    """Return whether a column has a reader of its own that understands a cell, which then is nobody's number."""
    try:
        return name in columns.read and bool(cell.strip()) and _value(columns, name, {name: cell}) is not None
    except _RowRefusedError:
        return False


def _value(columns: Columns, name: str, typed: Mapping[str, str]) -> Any:
    cell = " ".join(normalize("NFKC", typed.get(name, "")).split())
    if not cell:
        if name in columns.needed:
            raise _RowRefusedError("missing", name)
        return None
    if name in columns.days:
        return _day(name, cell)
    if name in columns.read:
        return _read(name, cell, columns.read[name])
    if name in columns.counts or name in columns.sizes:
        return _number(columns, name, cell)
    words = (columns.words or {}).get(name)
    if words is not None:
        return _word(name, cell, words)
    if _HIDDEN.search(cell):
        raise _RowRefusedError("long_number", name)
    if len(cell) > _LONGEST_TEXT:
        raise _RowRefusedError("out_of_range", name)
    return cell


def _day(name: str, cell: str) -> date:
    found = read_date(cell)
    if found is None:
        raise _RowRefusedError("bad_date", name)
    return found


def _read(name: str, cell: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(cell)
    except ValueError as error:
        raise _RowRefusedError("not_understood", name) from error


def _number(columns: Columns, name: str, cell: str) -> float:
    """Return a number, whole if it counts."""
    found, whole = _NUMBER.fullmatch(cell), name in columns.counts
    if found is None or (whole and "." in found[1] and float(found[1]) % 1):
        raise _RowRefusedError("not_a_number", name)
    number = float(found[1])
    if number > columns.most[name] or (number == 0 and name not in columns.may_be_none):
        raise _RowRefusedError("out_of_range", name)
    return int(number) if whole else number


def _word(name: str, cell: str, words: Mapping[str, Any]) -> Any:
    found = words.get("".join(cell.split()).lower())
    if found is None:
        raise _RowRefusedError("not_understood", name)
    return found
