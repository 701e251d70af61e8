"""Headings become fields: which column of a sheet carries what, and which headings were not understood.

A bracket in a heading may be a hint (必填), say whose or which it is (户主, 房东, 上次, 农历), or name a unit (斤).
Only a hint may be passed over. What another bracket says must lead to a field of that meaning, or the column is not
understood; another unit is converted where that is exact, and refused otherwise.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from unicodedata import normalize

from pydantic import BaseModel

from services.runtime.sheets.files import LOOKED_AT, Rows, Sheet, SheetError

LONGEST_HEADING = 30
Unit = tuple[str, float | None]
"""What a column's values are in, and by what they are multiplied; None where that would not be exact."""

_PUNCTUATION = re.compile(r"[\s*_:.,;·\-/、]")
_BRACKETS = re.compile(r"[(\[{【〔〖〈《「](?P<inside>[^()\[\]{}【】〔〕〖〗〈〉《》「」]*)[)\]}】〕〗〉》」]")
_OF_ANOTHER = re.compile(
    r"户主|监护|pinyin|english|guardian|landlord|父|母|配偶|爱人|丈夫|妻|子女|亲属|家属|家长|房东|房主|出租|业主|雇主|老板|法人|单位|公司|学校|紧急|联系人"
    r"|担保|介绍|代办|经办|填表|登记人|登记员|协管|网格员|民警|医生|其他|其它|备用|对方|拼音|英文|外文|曾用|别名|小名|绰号"
    r"|上次|上一|前次|首次|初次|下次|末次|去年|历次|原|旧|变更|农历|阴历|虚岁|预计|计划"
)
"""Words that say whose or which something is; what they stand at is not simply the person's own and present one."""
_HINT = re.compile(
    r"必填项?|选填项?|非必填|可不填|可空|可填可不填|填写.*|请.*|如.*|例.*|按.*|格式.*|.*格式|\d+位.*|.*\d+位|年月日.*|年-月-日"
    r"|公历|阳历|本人|本次|文本型?|数字|日期型?|下拉.*|.*选择|单选|多选|可多选|全称|简称|详细|具体.*|精确.*|到门牌号|省市区.*"
)
_LOOSE_HINT = re.compile(r"yyyy.*|.*[/、或].*|[a-z ]+")
"""What is a hint as well where a field has no unit that it could be."""
_DATA = re.compile(r"\d{6}|\d{4}[-/.年]\d")
_NEUTRAL = ("本人", "人员", "流动人口", "流动人员", "被登记人", "登记对象", "患者", "儿童", "孩子")
"""What may stand before a heading of the person whom the row is about."""


@dataclass(frozen=True)
class Vocabulary:
    """What a service asks of a sheet: fields with their usual heading, and the other headings that stand for them.

    `needed` are alternatives: of each, one field must be there. `units` are what a field may be given in. `pattern`
    may understand headings that no list can hold.
    """

    usual: Mapping[str, str]
    other: Mapping[str, str]
    needed: Sequence[Collection[str]]
    units: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    pattern: Callable[[str], str | None] = lambda _: None

    @cached_property
    def fields(self) -> Mapping[str, str]:
        """Return which field a tidied heading stands for."""
        return {
            tidy_heading(written): name
            for name, usual in self.usual.items()
            for written in (name, usual, *self.other.get(name, "").split())
        }

    def field_of(self, tidied: str) -> str | None:
        """Return the field that a tidied heading stands for, None if it is not understood."""
        return self.fields.get(tidied) or self.pattern(tidied)

    def units_of(self, name: str | None) -> Mapping[str, Unit]:
        """Return the units that a field may be given in, by how a tidied heading writes them."""
        return {tidy_heading(unit): (unit, factor) for unit, factor in self.units.get(name or "", {}).items()}

    def count_needed(self, fields: Collection[str]) -> int:
        """Return of how many alternatives one field is there."""
        return sum(any(name in fields for name in alternative) for alternative in self.needed)

    def has_needed(self, fields: Collection[str]) -> bool:
        """Return whether of each alternative one field is there."""
        return self.count_needed(fields) == len(self.needed)

    def nearest(self, tidied: str) -> str | None:
        """Return the usual heading that a heading resembles most, None if it resembles none."""
        found = get_close_matches(tidied, self.fields, n=1, cutoff=0.5)
        return self.usual[self.fields[found[0]]] if found else None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a heading says: a field, and the unit of its values where it names one."""

    name: str | None
    unit: Unit | None = None


class MappedColumn(BaseModel):
    """A column of a sheet: its letter, its heading as written, and the field that it was read as; None if none."""

    column: str
    heading: str
    field: str | None = None
    resembles: str | None = None
    """The usual heading that one which was not understood comes nearest to."""
    converted_from: str | None = None
    """The unit that its values were converted from."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where a sheet's headings are, and which column carries which field.

    `rows` counts the rows of headings that end with row `last` (from 1); `cells` are the headings, those of two rows as
    one; `units` are those that a field's values are in where it is not the field's own.
    """

    last: int
    rows: int
    cells: tuple[str, ...]
    columns: Mapping[str, int]
    units: Mapping[str, str]
    mapped: tuple[MappedColumn, ...]


def tidy_heading(text: str) -> str:
    """Write a heading the one way: half-width, small letters, without spaces, stars, dots and brackets' signs."""
    return _PUNCTUATION.sub("", normalize("NFKC", text)).strip("()[]").lower()


def read_heading(text: str, vocabulary: Vocabulary, group: str = "") -> Meaning:
    """Return what a heading says, under the heading of its group if there is one."""
    written = normalize("NFKC", text)
    insides = [match["inside"] for match in _BRACKETS.finditer(written)]
    base = tidy_heading(_BRACKETS.sub("", written))
    name = _read_whose(base, tidy_heading(_BRACKETS.sub("", normalize("NFKC", group))), vocabulary)
    name, unit = (name, None) if name else _read_with_unit(base, vocabulary)
    for inside in insides:
        hint = tidy_heading(inside)
        units = vocabulary.units_of(name)
        if not hint:
            continue
        if hint in units:
            unit = units[hint]
        elif _OF_ANOTHER.search(hint):
            name = vocabulary.field_of(hint + base) or vocabulary.field_of(base + hint)
        elif not _is_hint(inside, may_be_unit=bool(units)):
            other = vocabulary.field_of(base + hint) or vocabulary.field_of(hint + base)
            name, unit = (other, unit) if other or not units else (name, (inside.strip(), None))
    return Meaning(name, unit)


def _read_with_unit(base: str, vocabulary: Vocabulary) -> tuple[str | None, Unit | None]:
    """Return the field and unit of a heading that ends with its unit without a bracket, such as 体重斤."""
    for name in vocabulary.units:
        for written, unit in vocabulary.units_of(name).items():
            if base.endswith(written) and vocabulary.field_of(base.removesuffix(written)) == name:
                return name, unit
    return None, None


def _is_hint(inside: str, *, may_be_unit: bool) -> bool:
    written = inside.strip().lower()
    return bool(_HINT.fullmatch(written) or (not may_be_unit and _LOOSE_HINT.fullmatch(written)))


def _read_whose(base: str, group: str, vocabulary: Vocabulary) -> str | None:
    """Return the field of a heading without brackets: as it is under its group, or by itself if that says no other."""
    if group and group != base:
        together = vocabulary.field_of(group + base)
        if together or _OF_ANOTHER.search(group):
            return together
    if (name := vocabulary.field_of(base)) or not base:
        return name
    for neutral in _NEUTRAL:
        if base.startswith(neutral) and (name := vocabulary.field_of(base.removeprefix(neutral))):
            return name
    return None


def count_fields(rows: Rows, vocabulary: Vocabulary) -> int:
    """Return how many fields the best row among the first ones names."""
    return max((len(_fields_in(_meanings([row], vocabulary))) for row in rows[:LOOKED_AT]), default=0)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One or two rows that may be a sheet's headings: how many fields they name, and of how many needed ones."""

    row: int
    rows: int
    fields: int
    needed: int


def find_headings(sheet: Sheet, vocabulary: Vocabulary) -> Candidate | None:
    """Find the rows that name most of what is needed, the first of them; None if none names anything of it."""
    best: Candidate | None = None
    for row in range(min(len(sheet.rows), LOOKED_AT)):
        if best and best.needed == len(vocabulary.needed) and row > best.row:
            break  # below are people
        for candidate in _candidates(sheet, row, vocabulary):
            if candidate.needed and (best is None or _rank(candidate) > _rank(best)):
                best = candidate
    return best


def _candidates(sheet: Sheet, row: int, vocabulary: Vocabulary) -> Iterator[Candidate]:
    """Yield a row as headings, and with the next one, if the two say more than either of them."""
    if not _are_headings(sheet.rows[row]):
        return
    alone, below = (_fields_in(_meanings(sheet.rows[one : one + 1], vocabulary)) for one in (row, row + 1))
    yield Candidate(row, 1, len(alone), vocabulary.count_needed(alone))
    if _are_headings(*sheet.rows[row + 1 : row + 2]):
        both = _fields_in(_meanings(_heading_rows(sheet, row, 2), vocabulary))
        if len(both) > max(len(alone), len(below)):
            yield Candidate(row, 2, len(both), vocabulary.count_needed(both))


def _rank(candidate: Candidate) -> tuple[int, int]:
    return candidate.needed, candidate.fields


def _are_headings(cells: Sequence[str] = ()) -> bool:
    """Return whether a row may be headings: words, and among them no day and no long number."""
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and not any(_DATA.search(normalize("NFKC", cell)) for cell in filled)


def _heading_rows(sheet: Sheet, row: int, rows: int) -> Rows:
    """Return rows of headings; the heading of a group stands over each of its columns."""
    taken = [list(cells) for cells in sheet.rows[row : row + rows]]
    if len(taken) < 2:
        return taken
    upper, lower = taken
    width = max(len(upper), len(lower))
    upper += [""] * (width - len(upper))
    lower += [""] * (width - len(lower))
    for (top, left), (_, right) in sheet.merged:
        if top == row:
            upper[left : right + 1] = [upper[left]] * (min(right + 1, width) - left)
    if not sheet.merged:
        for column in range(1, width):
            if not upper[column].strip() and lower[column].strip():
                upper[column] = upper[column - 1]
    return taken


def _meanings(rows: Rows, vocabulary: Vocabulary) -> list[Meaning]:
    if len(rows) == 1:
        return [read_heading(cell, vocabulary) for cell in rows[0]]
    return [_joined_meaning(upper, lower, vocabulary) for upper, lower in zip(*rows, strict=True)] if rows else []


def _joined_meaning(upper: str, lower: str, vocabulary: Vocabulary) -> Meaning:
    return read_heading(lower, vocabulary, upper) if lower.strip() else read_heading(upper, vocabulary)


def _fields_in(meanings: Iterable[Meaning]) -> set[str]:
    return {meaning.name for meaning in meanings if meaning.name}


def read_header(sheet: Sheet, vocabulary: Vocabulary, candidate: Candidate) -> Header:
    """Return which column carries which field.

    Raise SheetError if a needed column is missing, two columns are one field, or a unit can't be converted.
    """
    row, rows = candidate.row, candidate.rows
    headings = _heading_rows(sheet, row, rows)
    cells = (
        tuple(headings[0]) if rows == 1 else tuple(_join(upper, lower) for upper, lower in zip(*headings, strict=True))
    )
    filled = _filled_columns(sheet.rows[row + rows :])
    columns: dict[str, list[int]] = defaultdict(list)
    units: dict[int, Unit] = {}
    for column, meaning in enumerate(_meanings(headings, vocabulary)):
        if meaning.name:
            columns[meaning.name].append(column)
        if meaning.unit:
            units[column] = meaning.unit
    taken = {name: _take_one(vocabulary.usual[name], which, cells, filled) for name, which in columns.items()}
    converted = _take_units(
        vocabulary, {name: (column, units[column]) for name, column in taken.items() if column in units}, cells, filled
    )
    mapped = _describe(cells, taken, units, vocabulary)
    _must_have_needed(vocabulary, taken, mapped)
    return Header(row + rows, rows, cells, taken, converted, mapped)


def _join(upper: str, lower: str) -> str:
    """Join the headings of a group and of one of its columns, so that the whole is read alike in one row."""
    if not lower.strip() or tidy_heading(lower) == tidy_heading(upper):
        return upper
    return f"{upper.strip()}{lower.strip()}"


def _filled_columns(rows: Rows) -> set[int]:
    return {column for row in rows for column, cell in enumerate(row) if cell and not cell.isspace()}


def _take_one(usual: str, which: Sequence[int], cells: Sequence[str], filled: Collection[int]) -> int:
    """Take the column of a field; of several the one that is not empty throughout, or refuse them."""
    said = [column for column in which if column in filled]
    if len(said) > 1:
        named = "、".join(f"{letter_of(column)} {_shorten(cells[column])}" for column in said)
        raise SheetError("columns_clash", f"{usual}：{named}")
    return said[0] if said else which[0]


def _take_units(
    vocabulary: Vocabulary, named: Mapping[str, tuple[int, Unit]], cells: Sequence[str], filled: Collection[int]
) -> dict[str, str]:
    """Return the units of fields whose values are to be converted; refuse one for which that is not exact."""
    for name, (column, (_, factor)) in named.items():
        if factor is None and column in filled:
            own = next(unit for unit, by in vocabulary.units[name].items() if by == 1)
            raise SheetError("other_unit", f"{_shorten(cells[column])} → {vocabulary.usual[name]}({own})")
    return {name: unit for name, (_, (unit, factor)) in named.items() if factor != 1}


def _describe(
    cells: Sequence[str], taken: Mapping[str, int], units: Mapping[int, Unit], vocabulary: Vocabulary
) -> tuple[MappedColumn, ...]:
    of_column = {column: name for name, column in taken.items()}
    described = []
    for column, heading in enumerate(cells):
        if not heading.strip():
            continue
        name, (unit, factor) = of_column.get(column), units.get(column, ("", 1))
        described.append(
            MappedColumn(
                column=letter_of(column),
                heading=_shorten(heading),
                field=name,
                resembles=None
                if name
                else vocabulary.nearest(tidy_heading(_BRACKETS.sub("", normalize("NFKC", heading)))),
                converted_from=unit if factor != 1 else None,
            )
        )
    return tuple(described)


def _must_have_needed(vocabulary: Vocabulary, taken: Mapping[str, int], mapped: Iterable[MappedColumn]) -> None:
    """Refuse a sheet without a column that is needed, naming what was not understood and what that resembles."""
    missing = [alternative for alternative in vocabulary.needed if not any(name in taken for name in alternative)]
    if not missing:
        return
    wanted = "、".join("/".join(vocabulary.usual[name] for name in alternative) for alternative in missing)
    strange = [column for column in mapped if column.field is None]
    told = "、".join(f"{one.heading}（似 {one.resembles}）" if one.resembles else one.heading for one in strange)
    raise SheetError("missing_column", f"缺 missing：{wanted}" + (f"；未识别 not understood：{told}" if told else ""))


def _shorten(heading: str) -> str:
    """Return a heading as it may be repeated: short, and of no long number, which may be somebody's."""
    return re.sub(r"\d{5,}", "…", " ".join(normalize("NFKC", heading).split()))[:LONGEST_HEADING]


def letter_of(column: int) -> str:
    """Return the letters by which spreadsheet programs name a column (0 is A, 26 is AA)."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
