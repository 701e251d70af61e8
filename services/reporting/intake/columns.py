"""The sheets of targets and yearly figures: their columns, and the words and numbers in them."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from contracts.reporting.figures import FigureKind
from contracts.reporting.groups import Group, Setting
from contracts.reporting.targets import Bound, Every, Per
from services.reporting.domain.indicators import INDICATORS
from services.runtime.sheets.registers import Columns

_MOST_PEOPLE = 100_000_000
_BOUNDS: Mapping[str, Bound] = {
    **dict.fromkeys(("≥", ">=", "不少于", "不低于", "至少", "达到", "达"), Bound.AT_LEAST),
    **dict.fromkeys((">", "大于", "高于", "超过"), Bound.MORE_THAN),
    **dict.fromkeys(("≤", "<=", "不超过", "不高于", "不多于", "至多"), Bound.AT_MOST),
}
_WRITTEN = re.compile(
    rf"(?P<bound>{'|'.join(sorted(_BOUNDS, key=len, reverse=True))})?\s*(?P<number>[0-9]{{1,9}}(?:\.[0-9]{{1,4}})?)\s*"
    r"(?P<percent>%)?\s*(?:人|次|份|篇|期|场)?(?P<above>以上|及以上)?"
)
_COUNT = re.compile(r"(?P<number>[0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2})(?:\s*[人户])?")


class SheetKind(StrEnum):
    """What a sheet lists: targets 目标值, or yearly figures 年报数."""

    TARGETS = "targets"
    FIGURES = "figures"


class Wanted(NamedTuple):
    """A value as it is written: how it is compared, if it says so, the number, and whether that is in percent."""

    bound: Bound | None
    number: float
    percent: bool


def read_wanted(text: str) -> Wanted:
    """Return what a cell such as ≥85%, 85以上 or 不少于1000人 means; raise ValueError if it means nothing."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(text)
    bound = _BOUNDS.get(found["bound"] or "") or (Bound.AT_LEAST if found["above"] else None)
    return Wanted(bound, float(found["number"]), found["percent"] is not None)


def read_indicator(text: str) -> str:
    """Return the code of an indicator by its code or title; raise ValueError if there is none."""
    return _INDICATORS[_tidy(text)]


def read_division(text: str) -> str:
    """Return the code of a district or street; raise ValueError if it is none."""
    if not re.fullmatch(r"[0-9]{6}(?:[0-9]{3})?", text, re.ASCII):
        raise ValueError(text)
    return text


def read_count(text: str) -> int:
    """Return a number of people, perhaps with commas between thousands; raise ValueError if it is none."""
    found = _COUNT.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return int(found["number"].replace(",", ""))


def read_year(text: str) -> int:
    """Return a year of four digits; raise ValueError if it is none."""
    found = re.fullmatch(r"(20[0-9]{2})年?", text, re.ASCII)
    if found is None:
        raise ValueError(text)
    return int(found[1])


def _tidy(text: str) -> str:
    return "".join(text.split()).lower().translate(str.maketrans("（）", "()"))


class _Known(dict[str, str]):
    def __missing__(self, text: str) -> str:
        raise ValueError(text)


_INDICATORS = _Known({_tidy(name): one.code for one in INDICATORS.values() for name in (one.code, one.zh)})
_GROUPS: Mapping[str, StrEnum] = {
    **dict.fromkeys(("全体", "居民", "不限", "全部"), Group.EVERYONE),
    **dict.fromkeys(("户籍", "户籍人口", "本地"), Group.REGISTERED),
    **dict.fromkeys(("流动", "流动人口", "外来"), Group.FLOATING),
    **dict.fromkeys(("学生", "中小学生"), Group.PUPILS),
    **dict.fromkeys(("病人", "病人及家属", "患者"), Group.PATIENTS),
    **dict.fromkeys(("住院病人", "住院病人及陪护"), Group.INPATIENTS),
    **dict.fromkeys(("医务人员", "工作人员", "职工"), Group.STAFF),
    **dict.fromkeys(("企业职工", "工人"), Group.WORKERS),
    "农民": Group.FARMERS,
    **{group.value: group for group in Group},
}
_SETTINGS: Mapping[str, StrEnum] = {
    "不限": Setting.ANY,
    **dict.fromkeys(("城市", "城镇"), Setting.URBAN),
    **dict.fromkeys(("农村", "乡镇"), Setting.RURAL),
    "学校": Setting.SCHOOL,
    **dict.fromkeys(("医院", "医疗机构", "基层医疗单位"), Setting.HOSPITAL),
    **dict.fromkeys(("企业", "大型企业"), Setting.ENTERPRISE),
    "社区": Setting.COMMUNITY,
    **{setting.value: setting for setting in Setting},
}
_PERS: Mapping[str, StrEnum] = {
    **dict.fromkeys(("本级", "全区", "合计"), Per.DIVISION),
    **dict.fromkeys(("各街道", "每街道", "街道"), Per.STREET),
    **dict.fromkeys(("各单位", "每单位", "各机构"), Per.INSTITUTION),
    **{per.value: per for per in Per},
}
_EVERY: Mapping[str, StrEnum] = {
    **dict.fromkeys(("每月", "月"), Every.MONTH),
    **dict.fromkeys(("每两月", "每2个月", "逢双月"), Every.TWO_MONTHS),
    **dict.fromkeys(("每季度", "每季", "季"), Every.QUARTER),
    **dict.fromkeys(("每半年", "半年"), Every.HALF_YEAR),
    **dict.fromkeys(("每年", "年", "全年"), Every.YEAR),
    **dict.fromkeys(("全期", "一次"), Every.ONCE),
    **{every.value: every for every in Every},
}
_FIGURES: Mapping[str, StrEnum] = {
    **dict.fromkeys(("常住人口", "人口"), FigureKind.POPULATION),
    "0-6岁儿童": FigureKind.CHILDREN,
    **dict.fromkeys(("15-49岁妇女", "育龄妇女"), FigureKind.WOMEN_15_49),
    **dict.fromkeys(("65岁及以上老年人", "65岁以上老年人", "老年人"), FigureKind.ELDERLY),
    **dict.fromkeys(("户数", "家庭户数"), FigureKind.HOUSEHOLDS),
    **dict.fromkeys(("活产数", "出生人数"), FigureKind.BIRTHS),
    **{kind.value: kind for kind in FigureKind},
}

COLUMNS: Mapping[SheetKind, Columns] = {
    SheetKind.TARGETS: Columns(
        usual={
            "plan": "计划",
            "indicator": "指标",
            "division": "区划代码",
            "group": "人群",
            "setting": "场所",
            "per": "考核对象",
            "every": "周期",
            "since": "开始日期",
            "until": "结束日期",
            "served_from": "服务人数下限",
            "served_below": "服务人数上限",
            "value": "目标值",
            "source": "依据",
        },
        other={
            "plan": "计划名称 方案 来源计划",
            "indicator": "指标名称 指标代码",
            "division": "区划 行政区划代码 街道代码",
            "group": "对象人群",
            "setting": "场所类型",
            "per": "对象 考核单位",
            "every": "频次 考核周期",
            "since": "起始日期 起",
            "until": "截止日期 止",
            "served_from": "人数下限",
            "served_below": "人数上限",
            "value": "目标 标准 要求",
            "source": "出处 原文",
        },
        needed=frozenset({"plan", "indicator", "since", "value"}),
        days=frozenset({"since", "until"}),
        counts=frozenset({"served_from", "served_below"}),
        words={"group": _GROUPS, "setting": _SETTINGS, "per": _PERS, "every": _EVERY},
        most={"served_from": _MOST_PEOPLE, "served_below": _MOST_PEOPLE},
        may_be_none=frozenset({"served_from"}),
        read={"indicator": read_indicator, "division": read_division, "value": read_wanted},
    ),
    SheetKind.FIGURES: Columns(
        usual={
            "year": "年份",
            "kind": "项目",
            "division": "区划代码",
            "group": "人群",
            "value": "数值",
            "origin": "数据来源",
        },
        other={
            "year": "年度 统计年度",
            "kind": "指标 统计项目",
            "division": "区划 行政区划代码 街道代码",
            "group": "口径",
            "value": "人数 数量",
            "origin": "来源 出处",
        },
        needed=frozenset({"year", "kind", "value", "origin"}),
        days=frozenset(),
        words={"kind": _FIGURES, "group": _GROUPS},
        read={"year": read_year, "division": read_division, "value": read_count},
    ),
}
