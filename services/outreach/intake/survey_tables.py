"""Write what a survey says as a table that offices put into their reports."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from contracts.outreach.questionnaires import Measure
from services.outreach.domain.rates import Rate
from services.outreach.domain.survey_results import Change, Group, ItemResult, MeasureRates, Method, Trait

HEADINGS = ("类别", "内容", "方法", "分子", "分母", "率（%）", "下限（%）", "上限（%）", "目标（%）")

_MEASURES: Mapping[Measure, str] = {Measure.KNOWLEDGE: "知晓率", Measure.BEHAVIOUR: "行为形成率"}
_METHODS: Mapping[Method, str] = {Method.BY_ITEM: "按题", Method.BY_PERSON: "按人"}
_TRAITS: Mapping[Trait, str] = {
    Trait.SEX: "性别",
    Trait.AGE_BAND: "年龄",
    Trait.ORIGIN: "来源省份",
    Trait.CATEGORY: "人群",
}


def write_table(
    measures: Iterable[MeasureRates], items: Iterable[ItemResult], groups: Iterable[Group], changes: Iterable[Change]
) -> list[list[str]]:
    """Return the rates of everybody, of each scored item and of each group that is told, then what changed."""
    lines = [list(HEADINGS), *_lines_of("全部", measures)]
    lines += [_line(("题目", item.item, _METHODS[Method.BY_ITEM]), item.right) for item in items if item.right]
    for group in groups:
        lines += _lines_of(f"{_TRAITS[group.trait]}：{group.value or '不详'}", group.measures)
    for one in changes:
        told = (one.change.difference, one.change.low, one.change.high)
        lines.append(["前后变化", _MEASURES[one.measure], _METHODS[one.method], "", "", *map(_percent, told), ""])
    return lines


def _lines_of(whose: str, measures: Iterable[MeasureRates]) -> Iterator[list[str]]:
    for one in measures:
        for method, rate in ((Method.BY_ITEM, one.by_item), (Method.BY_PERSON, one.by_person)):
            if rate is not None:
                yield _line((whose, _MEASURES[one.measure], _METHODS[method]), rate, one.target)


def _line(about: Sequence[str], rate: Rate, target: int | None = None) -> list[str]:
    told = map(_percent, (rate.rate, rate.low, rate.high))
    return [*about, str(rate.count), str(rate.of), *told, "" if target is None else str(target)]


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"
