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
from typing import NamedTuple
from unicodedata import normalize

from pydantic import BaseModel

from services.runtime.sheets.files import LOOKED_AT, Rows, Sheet, SheetError

LONGEST_HEADING = 30
Unit = tuple[str, float | None]
"""What a column's values are in, and by what they are multiplied; None where that would not be exact."""

_PUNCTUATION = re.compile(r"[\s*_:.,;·\-–—/\\、。!?'\"“”‘’~|+#★☆※▲△●○◆◇■□▪\u200b-\u200f\ufeff]")
_NUMBERING = re.compile(
    r"^\s*(?:[(\[【]\s*(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s*[)\]】]|\d{1,2}(?=\D)|[一二三四五六七八九十]{1,3}(?=[、.:]))[\s.、:)]*"
)
"""The number of a column before its heading: 1.姓名, （1）姓名, 一、姓名."""
_BRACKETS = re.compile(
    r"[(\[{<【〔〖〈《「『](?P<inside>[^()\[\]{}<>【】〔〕〖〗〈〉《》「」『』]*)[)\]}>】〕〗〉》」』]"
)
_TWO_LANGUAGES = re.compile(r"(?P<chinese>[^a-z]+)(?P<english>[a-z]+)")
_OF_ANOTHER = re.compile(
    r"户主|监护|父|母|配偶|爱人|丈夫|妻|子女|儿子|女儿|兄弟|姐妹|亲属|亲友|亲戚|朋友|家属|家长|邻居|老乡|同事|房东|房主|出租|业主|中介|雇主|老板"
    r"|法人|单位|公司|学校|紧急|联系人|担保|介绍|代办|经办|填表|登记人|登记员|协管|网格员|民警|医生|其他|其它|备用|对方"
    r"|拼音|英文|外文|曾用|别名|小名|绰号|上次|上一|前次|首次|初次|下次|末次|去年|历次|原|旧|变更|农历|阴历|虚岁|预计|计划"
    r"|pinyin|english|guardian|landlord|owner|employer|company|school|agent|emergency|contact|household|spouse|husband|wife"
    r"|father|mother|parent|child|relative|friend|former|previous|old|last|next|lunar|alias"
)
"""Words that say whose or which something is; what they stand at is not simply the person's own and present one."""
_HINT = re.compile(r"必填项?|选填项?|非必填|可不填|可空|可填可不填|数字|本人|本次|精确.*")
_LOOSE_HINT = re.compile(
    r"填写.*|请.*|如.*|例.*|按.*|格式.*|.*格式|\d+位.*|.*\d+位|年月日.*|年-月-日|公历|阳历|文本型?|日期型?|下拉.*|.*选择|单选|多选"
    r"|可多选|全称|简称|详细|具体.*|到门牌号|省市区.*|yyyy.*|.*[/、或].*|[a-z ]+"
)
"""What is a hint as well where a field has no unit that it could tell."""
_AROUND_UNIT = re.compile(r"^(?:请?填写?)?(?:计量)?单位[为是]?|^请?填写?|^[以按用]|^例?如\d*|[计数]$")
"""What may stand around a unit, as in 单位：斤, 以斤计, 如130斤."""
_DATA = re.compile(r"\d{6}|\d{4}[-/.年]\d")
_NEUTRAL = ("本人", "人员", "流动人口", "流动人员", "被登记人", "登记对象", "患者", "儿童", "孩子")
"""What may stand before a heading of the person whom the row is about."""
_FORM = re.compile(r":\s*\S|填报|填表|制表|审核|经办")
"""What stands above the headings of a form and is no group: 填报单位：某街道."""
_OTHERS = ("其他", "其它")
"""What a group of further columns is called, which says nothing of whose they are."""
_GROUP_ENDING = re.compile(r"(?:基本)?(?:信息|情况|资料)$")


@dataclass(frozen=True)
class Vocabulary:
    """What a service asks of a sheet: fields with their usual heading, and the other headings that stand for them.

    `needed` are alternatives: of each, one field must be there. `units` are what a field may be given in. Of `chosen`
    fields a heading may list the words to choose from. `pattern` may understand headings that no list can hold.
    """

    usual: Mapping[str, str]
    other: Mapping[str, str]
    needed: Sequence[Collection[str]]
    units: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    chosen: Collection[str] = ()
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


class Meaning(NamedTuple):
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
    written, above = _without_number(text), _without_number(group)
    base, over = (tidy_heading(_BRACKETS.sub("", one)) for one in (written, above))
    if not base:
        base, over = over, ""
    name, unit = _read_whose(base, over, vocabulary), None
    if name is None:
        name, unit = _read_with_unit(base, vocabulary)
    if name is None and over:
        name, unit = _read_with_unit(over + base, vocabulary)
    meaning = Meaning(name, unit)
    for inside in _insides(above):
        hint = tidy_heading(inside)
        if _OF_ANOTHER.search(hint) or hint in vocabulary.units_of(meaning.name):
            meaning = _qualify(meaning, base, inside, vocabulary)
    for inside in _insides(written):
        meaning = _qualify(meaning, base, inside, vocabulary)
    return meaning


def _without_number(text: str) -> str:
    return _NUMBERING.sub("", normalize("NFKC", text))


def _insides(written: str) -> list[str]:
    return [match["inside"] for match in _BRACKETS.finditer(written)]


def _qualify(meaning: Meaning, base: str, inside: str, vocabulary: Vocabulary) -> Meaning:
    """Return what a heading means with what stands in one of its brackets."""
    name, unit = meaning
    hint, units = tidy_heading(inside), vocabulary.units_of(name)
    lists_words = name in vocabulary.chosen and re.search(r"[/、,;|或]", inside)
    if not hint or lists_words or (name and vocabulary.field_of(hint) == name):
        return meaning
    around = _AROUND_UNIT.sub("", hint) if units else hint
    if hint in units or around in units or not around:
        return Meaning(name, units.get(hint) or units.get(around) or unit)
    if _OF_ANOTHER.search(hint):
        return Meaning(vocabulary.field_of(hint + base) or vocabulary.field_of(base + hint), unit)
    if _is_hint(inside, may_be_unit=bool(units)):
        return meaning
    if len(parts := re.split("[,;]", inside)) > 1:
        for part in parts:
            meaning = _qualify(meaning, base, part, vocabulary)
        return meaning
    other = vocabulary.field_of(base + hint) or vocabulary.field_of(hint + base)
    return Meaning(other, unit) if other or not units else Meaning(name, (inside.strip(), None))


def _read_with_unit(base: str, vocabulary: Vocabulary) -> tuple[str | None, Unit | None]:
    """Return the field and unit of a heading that ends with its unit without a bracket, such as 体重斤."""
    for name in vocabulary.units:
        for written, unit in vocabulary.units_of(name).items():
            before = base.removesuffix(written).removesuffix("单位")
            if base.endswith(written) and vocabulary.field_of(before) == name:
                return name, unit
    return None, None


def _is_hint(inside: str, *, may_be_unit: bool) -> bool:
    written = inside.strip().lower()
    return bool(_HINT.fullmatch(written) or (not may_be_unit and _LOOSE_HINT.fullmatch(written)))


def _read_whose(base: str, group: str, vocabulary: Vocabulary) -> str | None:
    """Return the field of a heading without brackets: as it is under its group, or by itself if that says no other."""
    if group and group != base:
        short = _GROUP_ENDING.sub("", group)
        together = vocabulary.field_of(group + base) or vocabulary.field_of(short + base)
        if together or (_OF_ANOTHER.search(group) and short not in _OTHERS):
            return together
    if (name := vocabulary.field_of(base)) or not base:
        return name
    for neutral in _NEUTRAL:
        if base.startswith(neutral) and (name := vocabulary.field_of(base.removeprefix(neutral))):
            return name
    both = _TWO_LANGUAGES.fullmatch(base)
    name = vocabulary.field_of(both["chinese"]) if both else None
    return name if both and vocabulary.field_of(both["english"]) == name else None


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
    """Yield a row as headings or, if the two say more than either of them, together with the next one."""
    alone, below = (_meanings(sheet.rows[one : one + 1], vocabulary) for one in (row, row + 1))
    if not _are_headings(sheet.rows[row], alone, vocabulary):
        return
    if sheet.rows[row + 1 : row + 2] and _are_headings(sheet.rows[row + 1], below, vocabulary):
        rows = _heading_rows(sheet, row, 2)
        both = _meanings(rows, vocabulary)
        if not _is_title(*rows) and _says_more(both, alone, below):
            yield _candidate(row, 2, both, vocabulary)
            return
    yield _candidate(row, 1, alone, vocabulary)


def _is_title(upper: Sequence[str], lower: Sequence[str]) -> bool:
    """Return whether one text stands over everything, which is the title of a table and no group."""
    said = {above.strip() for above, heading in zip(upper, lower, strict=True) if above.strip() or heading.strip()}
    return len(said) == 1


def _candidate(row: int, rows: int, meanings: Sequence[Meaning], vocabulary: Vocabulary) -> Candidate:
    fields = _fields_in(meanings)
    return Candidate(row, rows, len(fields), vocabulary.count_needed(fields))


def _says_more(both: Sequence[Meaning], alone: Sequence[Meaning], below: Sequence[Meaning]) -> bool:
    """Return whether two rows say together what neither says: more fields, whose they are, or their units."""
    fields, above, lower = (len(_fields_in(meanings)) for meanings in (both, alone, below))
    if fields > max(above, lower):
        return True
    if fields < above or not lower:
        return fields == above and sum(bool(one.unit) for one in both) > sum(bool(one.unit) for one in alone)
    return any(one.name and one.name != joined.name for joined, one in zip(both, below, strict=False))


def _rank(candidate: Candidate) -> tuple[int, int]:
    return candidate.needed, candidate.fields


def _are_headings(cells: Sequence[str], meanings: Sequence[Meaning], vocabulary: Vocabulary) -> bool:
    """Return whether a row may be headings: words, and among them no day and no long number, unless in brackets.

    A row that names two columns that are needed is one whatever else stands in it.
    """
    filled = [_BRACKETS.sub("", normalize("NFKC", cell)) for cell in cells if cell.strip()]
    if filled and not any(map(_DATA.search, filled)):
        return True
    return vocabulary.count_needed(_fields_in(meanings)) > 1


def _heading_rows(sheet: Sheet, row: int, rows: int) -> Rows:
    """Return rows of headings; the heading of a group stands over each of its columns."""
    taken = [list(cells) for cells in sheet.rows[row : row + rows]]
    if len(taken) < 2:
        return taken
    upper, lower = taken
    width = max(len(upper), len(lower))
    upper += [""] * (width - len(upper))
    lower += [""] * (width - len(lower))
    groups = [(left, right) for (top, left), (_, right) in sheet.merged if top == row and left < min(right, width)]
    for left, right in groups:
        upper[left : right + 1] = [upper[left]] * (min(right + 1, width) - left)
    if not groups:
        for column in range(1, width):
            if not upper[column].strip() and lower[column].strip():
                upper[column] = upper[column - 1]
    for column in range(width):
        if lower[column].strip() and _FORM.search(normalize("NFKC", upper[column])):
            upper[column] = ""
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
    cells = tuple(headings[0])
    if rows > 1:
        cells = tuple(_join(upper, lower, vocabulary) for upper, lower in zip(*headings, strict=True))
    filled = _filled_columns(sheet.rows[row + rows :], cells)
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
    mapped = _describe(cells, taken, units, filled, vocabulary)
    _must_have_needed(vocabulary, taken, mapped)
    return Header(row + rows, rows, cells, taken, converted, mapped)


def _join(upper: str, lower: str, vocabulary: Vocabulary) -> str:
    """Return one heading for that of a group and that of one of its columns, which says the same when it is read."""
    meaning = _joined_meaning(upper, lower, vocabulary)
    name, unit = meaning
    usual = [f"{vocabulary.usual[name]}({unit[0]})" if unit else vocabulary.usual[name]] if name else []
    written = [one for one in (lower.strip(), f"{upper.strip()}{lower.strip()}", *usual) if one]
    return next((one for one in written if read_heading(one, vocabulary) == meaning), "")


def _filled_columns(rows: Rows, headings: Sequence[str]) -> set[int]:
    """Return the columns in which something stands besides their heading."""
    return {
        column
        for row in rows
        for column, cell in enumerate(row)
        if cell and not cell.isspace() and not (column < len(headings) and cell == headings[column])
    }


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
    cells: Sequence[str],
    taken: Mapping[str, int],
    units: Mapping[int, Unit],
    filled: Collection[int],
    vocabulary: Vocabulary,
) -> tuple[MappedColumn, ...]:
    of_column = {column: name for name, column in taken.items()}
    described = []
    for column, heading in enumerate(cells):
        if not heading.strip() and column not in filled:
            continue
        name, (unit, factor) = of_column.get(column), units.get(column, ("", 1))
        described.append(
            MappedColumn(
                column=letter_of(column),
                heading=_shorten(heading),
                field=name,
                resembles=None if name else _resembles(heading, vocabulary),
                converted_from=unit if factor != 1 else None,
            )
        )
    return tuple(described)


def _resembles(heading: str, vocabulary: Vocabulary) -> str | None:
    """Return the usual heading that one which was not understood may be meant as; none that is somebody else's."""
    written = normalize("NFKC", heading)
    near = vocabulary.nearest(tidy_heading(_BRACKETS.sub("", written)))
    return None if near and _OF_ANOTHER.search(written.lower()) and not _OF_ANOTHER.search(near) else near


def _must_have_needed(vocabulary: Vocabulary, taken: Mapping[str, int], mapped: Iterable[MappedColumn]) -> None:
    """Refuse a sheet without a column that is needed, naming what was not understood and what that resembles."""
    missing = [alternative for alternative in vocabulary.needed if not any(name in taken for name in alternative)]
    if not missing:
        return
    wanted = "、".join("/".join(vocabulary.usual[name] for name in alternative) for alternative in missing)
    strange = [column for column in mapped if column.field is None and column.heading]
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
