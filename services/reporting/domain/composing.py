"""What a report says is composed: a template's tables are filled with the values of indicators, by division."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from contracts.reporting.groups import Group
from contracts.reporting.publications import Unit
from services.reporting.domain.assessment import Assessment
from services.reporting.domain.contents import Cell, Column, Content, Line, Part, Table
from services.reporting.domain.indicators import INDICATORS, Indicator
from services.reporting.domain.periods import Period
from services.reporting.domain.templates import TableTemplate, Template, name_of
from services.reporting.domain.values import Place, Value

_GROUPS = {Group.EVERYONE: "", Group.REGISTERED: "（户籍）", Group.FLOATING: "（流动）"}
_WHOLE = "合计"


class Named(NamedTuple):
    """A place with the code and the name under which it stands in a report."""

    division: str
    name: str
    place: Place


Evaluate = Callable[[Indicator, Place, Group], Value]
"""From an indicator, a place and a group: its value in the period."""


def compose(
    template: Template,
    of: Named,
    within: Sequence[Named],
    days: tuple[Period, datetime],
    evaluate: Evaluate,
    assessed: Sequence[Assessment] = (),
) -> Content:
    """Return what a report of a place says, line by line for those within it and then for the whole.

    `assessed` are the assessments of those within, or of the place if it has no parts, the best first.
    """
    period, heard_at = days
    names = {named.place.division: named.name for named in (of, *within)}
    return Content(
        template=template.code,
        zh=template.zh,
        en=template.en,
        division=of.division,
        name=of.name,
        period=name_of(period),
        since=period.since,
        until=period.until,
        heard_at=heard_at,
        paragraphs=template.paragraphs,
        deductions=tuple(text for one in assessed for text in _deductions(one, names[one.place.division])),
        scores=_scores(assessed, names) if assessed else None,
        tables=tuple(_table(table, of, within, evaluate) for table in template.tables),
    )


_SCORES = (
    Column(indicator="score", part=Part.VALUE, group=Group.EVERYONE, zh="得分", en="Score"),
    Column(indicator="rank", part=Part.COUNT, group=Group.EVERYONE, zh="名次", en="Rank"),
    Column(
        indicator="funding", part=Part.VALUE, group=Group.EVERYONE, zh="经费拨付比例", en="Share paid", percent=True
    ),
    Column(indicator="funding_words", part=Part.COUNT, group=Group.EVERYONE, zh="经费", en="Funding"),
)


def _scores(assessed: Sequence[Assessment], names: Mapping[str, str]) -> Table:
    """Return the table of scores, ranks and the money that follows."""
    lines = [
        Line(
            division=one.place.division,
            name=names[one.place.division],
            cells=(
                one.score,
                one.rank if len(assessed) > 1 else None,
                *((one.funding.share, one.funding.words_zh) if one.funding else (None, None)),
            ),
        )
        for one in assessed
    ]
    return Table(code="scores", zh="考核得分", en="Scores", columns=_SCORES, lines=tuple(lines), chart="score")


def _deductions(assessed: Assessment, name: str) -> Iterator[str]:
    """Yield in one sentence why points were deducted, or could not be given; nothing if all were given."""
    lost = [mark.why_zh for mark in assessed.marks if mark.got is None or mark.got < mark.part.points]
    if lost:
        yield f"{name}：{'；'.join(lost)}。"


def _table(table: TableTemplate, of: Named, within: Sequence[Named], evaluate: Evaluate) -> Table:
    asked = [(INDICATORS[code], group) for code in table.indicators for group in table.groups]
    columns = [column for indicator, group in asked for column in columns_of(indicator, group)]
    parts = [_line(named, named.name, asked, evaluate) for named in within]
    whole = _line(of, _WHOLE if within else of.name, asked, evaluate)
    lines = (*parts, whole.model_copy(update={"total": True}))
    about = table.model_dump(include={"code", "zh", "en", "chart"})
    return Table(**about, columns=tuple(columns), lines=lines)


def _line(named: Named, name: str, asked: Sequence[tuple[Indicator, Group]], evaluate: Evaluate) -> Line:
    cells = [cell for indicator, group in asked for cell in _cells(indicator, evaluate(indicator, named.place, group))]
    return Line(division=named.division, name=name, cells=tuple(cells))


def columns_of(indicator: Indicator, group: Group) -> Iterator[Column]:
    """Yield the columns of an indicator: the count, or numerator, denominator and value."""
    named = _GROUPS[group]
    zh, en = f"{indicator.zh}{named}", f"{indicator.en} ({group})" if named else indicator.en
    about = {"indicator": indicator.code, "group": group.value}
    above, _, below = indicator.formula_zh.partition(" / ")
    if indicator.unit is Unit.COUNT:
        yield Column(**about, part=Part.COUNT, zh=zh, en=en, counts=_counts(indicator, indicator.numerator))
        return
    in_words = {Part.NUMERATOR: (above, indicator.numerator), Part.DENOMINATOR: (below, indicator.denominator)}
    for part, (words, measures) in in_words.items():
        counts = _counts(indicator, measures)
        yield Column(**about, part=part, zh=f"{words}{named}", en=f"{en}: {part}", counts=counts)
    yield Column(**about, part=Part.VALUE, zh=zh, en=en, percent=indicator.unit is Unit.RATE)


def _counts(indicator: Indicator, measures: Sequence[str]) -> str | None:
    """Return the name of what is counted; None if it is not people, or told by others."""
    counted = indicator.sliced and set(measures) <= set(indicator.measures)
    return "+".join(measures) if counted else None


def _cells(indicator: Indicator, value: Value) -> Iterator[Cell]:
    yield value.numerator
    if indicator.unit is not Unit.COUNT:
        below = value.denominator
        yield int(below) if below is not None and below == int(below) else below
        yield value.value
