"""What a heading means: the field that a column carries, and the unit of its values.

A bracket in a heading may hold a hint (必填), whose or which value it is (户主, 房东, 上次, 农历), or a unit (斤).
Only a hint is ignored. With any other bracket, a heading without a field of that meaning is not understood. A unit
other than the field's own is converted where that is exact, and refused otherwise.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from unicodedata import normalize

Unit = tuple[str, float | None]
"""The unit of a column's values, and the factor that converts them to the field's own; None if that is not exact."""

_PUNCTUATION = re.compile(r"[\s*_:.,;·\-/、]")
_BRACKETS = re.compile(r"[(\[{【〔〖〈《「](?P<inside>[^()\[\]{}【】〔〕〖〗〈〉《》「」]*)[)\]}】〕〗〉》」]")
_OF_ANOTHER = re.compile(
    r"户主|监护|pinyin|english|guardian|landlord|父|母|配偶|爱人|丈夫|妻|子女|亲属|家属|家长|房东|房主|出租|业主|雇主|老板|法人|单位|公司|学校|紧急|联系人"
    r"|担保|介绍|代办|经办|填表|登记人|登记员|协管|网格员|民警|医生|其他|其它|备用|对方|拼音|英文|外文|曾用|别名|小名|绰号"
    r"|上次|上一|前次|首次|初次|下次|末次|去年|历次|原|旧|变更|农历|阴历|虚岁|预计|计划"
)
"""Words that say that a value is another person's, or not the present one."""
_HINT = re.compile(
    r"必填项?|选填项?|非必填|可不填|可空|可填可不填|填写.*|请.*|如.*|例.*|按.*|格式.*|.*格式|\d+位.*|.*\d+位|年月日.*|年-月-日"
    r"|公历|阳历|本人|本次|文本型?|数字|日期型?|下拉.*|.*选择|单选|多选|可多选|全称|简称|详细|具体.*|精确.*|到门牌号|省市区.*"
)
_LOOSE_HINT = re.compile(r"yyyy.*|.*[/、或].*|[a-z ]+")
"""Hints too, where the field has no units with which they could be confused."""
_NEUTRAL = ("本人", "人员", "流动人口", "流动人员", "被登记人", "登记对象", "患者", "儿童", "孩子")
"""Prefixes of a heading that mean the person whom the row is about."""


@dataclass(frozen=True)
class Vocabulary:
    """The fields that a service reads from a sheet, each with its usual heading (`usual`) and its other ones (`other`).

    Of each alternative in `needed`, one field must be there. `units` are the units of a field's values, with the factor
    that converts each (None if that is not exact). `pattern` returns the field of headings that no list can hold.
    """

    usual: Mapping[str, str]
    other: Mapping[str, str]
    needed: Sequence[Collection[str]]
    units: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    pattern: Callable[[str], str | None] = lambda _: None

    @cached_property
    def fields(self) -> Mapping[str, str]:
        """Return the field by tidied heading."""
        return {
            tidy_heading(written): name
            for name, usual in self.usual.items()
            for written in (name, usual, *self.other.get(name, "").split())
        }

    def field_of(self, tidied: str) -> str | None:
        """Return the field of a tidied heading; None if the heading is not understood."""
        return self.fields.get(tidied) or self.pattern(tidied)

    def units_of(self, name: str | None) -> Mapping[str, Unit]:
        """Return the units of a field, by their spelling in a tidied heading; empty if it has none."""
        return {tidy_heading(unit): (unit, factor) for unit, factor in self.units.get(name or "", {}).items()}

    def count_needed(self, fields: Collection[str]) -> int:
        """Return the number of alternatives of which at least one field is there."""
        return sum(any(name in fields for name in alternative) for alternative in self.needed)

    def nearest(self, tidied: str) -> str | None:
        """Return the usual heading that a tidied heading resembles most; None if it resembles none."""
        found = get_close_matches(tidied, self.fields, n=1, cutoff=0.5)
        return self.usual[self.fields[found[0]]] if found else None


@dataclass(frozen=True, slots=True)
class Meaning:
    """The field that a heading stands for, None if it is not understood, and the unit that it names, if any."""

    name: str | None
    unit: Unit | None = None


def tidy_heading(text: str) -> str:
    """Return a heading for comparison: half-width, in lower case, without spaces, punctuation and outer brackets."""
    return _PUNCTUATION.sub("", normalize("NFKC", text)).strip("()[]").lower()


def tidy_base(text: str) -> str:
    """Return a heading for comparison, without what its brackets contain."""
    return tidy_heading(_BRACKETS.sub("", normalize("NFKC", text)))


def read_heading(text: str, vocabulary: Vocabulary, group: str = "") -> Meaning:
    """Return the meaning of a heading, below the heading of its group if there is one."""
    insides = [match["inside"] for match in _BRACKETS.finditer(normalize("NFKC", text))]
    base = tidy_base(text)
    name = _find_field(base, tidy_base(group), vocabulary)
    name, unit = (name, None) if name else _find_field_and_unit(base, vocabulary)
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


def _find_field_and_unit(base: str, vocabulary: Vocabulary) -> tuple[str | None, Unit | None]:
    """Return the field and unit of a heading that ends with its unit without a bracket, such as 体重斤."""
    for name in vocabulary.units:
        for written, unit in vocabulary.units_of(name).items():
            if base.endswith(written) and vocabulary.field_of(base.removesuffix(written)) == name:
                return name, unit
    return None, None


def _is_hint(inside: str, *, may_be_unit: bool) -> bool:
    written = inside.strip().lower()
    return bool(_HINT.fullmatch(written) or (not may_be_unit and _LOOSE_HINT.fullmatch(written)))


def _find_field(base: str, group: str, vocabulary: Vocabulary) -> str | None:
    """Return the field of a heading without brackets, below its group; None if it is not understood.

    A group that means another person must not be ignored: its columns are understood with it or not at all.
    """
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
