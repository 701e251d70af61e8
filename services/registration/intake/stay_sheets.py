"""Write a list of stays as a workbook: people by their ids, codes by their words."""

from collections.abc import Callable, Mapping, Sequence

from contracts.reference.divisions import Divisions
from contracts.reference.vocabulary import word_for
from contracts.registration.stays import Stay
from services.runtime.sheets.workbooks import Page, write_workbook

Write = Callable[[Stay, Divisions], str]


def _in_words(kind: str, name: str) -> Write:
    """Return what writes a code of a stay in Chinese; nothing where there is none."""

    def write(stay: Stay, _: Divisions) -> str:
        code = getattr(stay, name)
        return word_for(kind, code).zh if code else ""

    return write


def _as_it_is(name: str) -> Write:
    def write(stay: Stay, _: Divisions) -> str:
        value = getattr(stay, name)
        return "" if value is None else str(value)

    return write


def _place(name: str) -> Write:
    """Return what writes a division of a stay by its name, or by its code where it has none any more."""

    def write(stay: Stay, divisions: Divisions) -> str:
        code = getattr(stay, name)
        return divisions.name(code) or code if code else ""

    return write


COLUMNS: Mapping[str, Write] = {
    "人员编号 person": _as_it_is("person_id"),
    "性别 sex": _in_words("Sex", "sex"),
    "出生年份 born": lambda stay, _: str(stay.birth.year) if stay.birth else "",
    "街道 street": _place("street"),
    "社区 community": _as_it_is("community"),
    "网格 grid": _as_it_is("grid"),
    "状态 state": _in_words("StayState", "state"),
    "来本地日期 arrived on": _as_it_is("started_on"),
    "离开日期 left on": _as_it_is("ended_on"),
    "来自地 origin": _place("origin"),
    "户籍地 household registration": _place("hukou_division"),
    "居住事由 purpose": _in_words("Purpose", "purpose"),
    "住所类型 dwelling": _in_words("Dwelling", "dwelling"),
    "类别 reported as": lambda stay, _: "、".join(word_for("Category", one).zh for one in stay.categories),
    "户编号 household": _as_it_is("household_id"),
    "居住编号 stay": _as_it_is("stay_id"),
}


def write_stays(stays: Sequence[Stay], divisions: Divisions) -> bytes:
    """Return a workbook (.xlsx) of stays, one a line."""
    lines = [[write(stay, divisions) for write in COLUMNS.values()] for stay in stays]
    return write_workbook([Page("居住记录 stays", [list(COLUMNS), *lines])])
