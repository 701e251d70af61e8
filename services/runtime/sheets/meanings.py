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
from typing import NamedTuple
from unicodedata import normalize

Unit = tuple[str, float | None]
"""The unit of a column's values, and the factor that converts them to the field's own; None if that is not exact."""

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
"""Words that say that a value is another person's, or not the present one."""
_HINT = re.compile(r"必填项?|选填项?|非必填|可不填|可空|可填可不填|数字|本人|本次|精确.*")
_LOOSE_HINT = re.compile(
    r"填写.*|请.*|如.*|例.*|按.*|格式.*|.*格式|\d+位.*|.*\d+位|年月日.*|年-月-日|公历|阳历|文本型?|日期型?|下拉.*|.*选择|单选|多选"
    r"|可多选|全称|简称|详细|具体.*|到门牌号|省市区.*|yyyy.*|.*[/、或].*|[a-z ]+"
)
"""What is a hint as well where a field has no unit that it could tell."""
_AROUND_UNIT = re.compile(r"^(?:请?填写?)?(?:计量)?单位[为是]?|^请?填写?|^[以按用]|^例?如\d*|[计数]$")
"""What may stand around a unit, as in 单位：斤, 以斤计, 如130斤."""
_NEUTRAL = ("本人", "人员", "流动人口", "流动人员", "被登记人", "登记对象", "患者", "儿童", "孩子")
"""Prefixes of a heading that mean the person whom the row is about."""
_OTHERS = ("其他", "其它")
"""What a group of further columns is called, which says nothing of whose they are."""
_GROUP_ENDING = re.compile(r"(?:基本)?(?:信息|情况|资料)$")


@dataclass(frozen=True)
class Vocabulary:
    """The fields that a service reads from a sheet, each with its usual heading (`usual`) and its other ones (`other`).

    Of each alternative in `needed`, one field must be there. `units` are the units of a field's values, with the factor
    that converts each (None if that is not exact). The headings of `chosen` fields may list the words to choose from.
    `pattern` returns the field of headings that no list can hold.
    """

    usual: Mapping[str, str]
    other: Mapping[str, str]
    needed: Sequence[Collection[str]]
    units: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    chosen: Collection[str] = ()
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


class Meaning(NamedTuple):
    """The field that a heading stands for, None if it is not understood, and the unit that it names, if any."""

    name: str | None
    unit: Unit | None = None


def tidy_heading(text: str) -> str:
    """Return a heading for comparison: half-width, in lower case, without spaces, punctuation and outer brackets."""
    return _PUNCTUATION.sub("", normalize("NFKC", text)).strip("()[]").lower()


def without_brackets(text: str) -> str:
    """Return a heading in half-width, without its brackets and what they contain."""
    return _BRACKETS.sub("", normalize("NFKC", text))


def tidy_base(text: str) -> str:
    """Return a heading for comparison, without what its brackets contain."""
    return tidy_heading(without_brackets(text))


def read_heading(text: str, vocabulary: Vocabulary, group: str = "") -> Meaning:
    """Return the meaning of a heading, below the heading of its group if there is one."""
    written, above = _without_number(text), _without_number(group)
    base, over = tidy_base(written), tidy_base(above)
    if not base:
        base, over = over, ""
    name, unit = _find_field(base, over, vocabulary), None
    if name is None:
        name, unit = _find_field_and_unit(base, vocabulary)
    if name is None and over:
        name, unit = _find_field_and_unit(over + base, vocabulary)
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


def _find_field_and_unit(base: str, vocabulary: Vocabulary) -> tuple[str | None, Unit | None]:
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


def _find_field(base: str, group: str, vocabulary: Vocabulary) -> str | None:
    """Return the field of a heading without brackets, below its group; None if it is not understood.

    A group that means another person must not be ignored: its columns are understood with it or not at all.
    """
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


def find_resembling(heading: str, vocabulary: Vocabulary) -> str | None:
    """Return the usual heading that one which was not understood resembles most; None if it is somebody else's."""
    near = vocabulary.nearest(tidy_base(heading))
    is_of_another = _OF_ANOTHER.search(normalize("NFKC", heading).lower())
    return None if near and is_of_another and not _OF_ANOTHER.search(near) else near
