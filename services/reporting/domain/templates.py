"""Templates of reports as data: which tables and texts a report has, for periods of which length, in which forms."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from contracts.refusals import RefusedError
from contracts.reporting.groups import Group
from contracts.reporting.reports import ReportForm
from services.reporting.domain.contents import places_in
from services.reporting.domain.indicators import INDICATORS
from services.reporting.domain.periods import Period, period_of, read_period

_ALWAYS = frozenset({"name", "since", "until"})


class UnknownTemplateError(RefusedError):
    """There is no such template."""

    code = "unknown_template"
    advice = "没有该报表模板。No such template; see GET /report-templates."
    field = "template"
    status = 422


class WrongPeriodError(RefusedError):
    """The period is none, or not as long as those of the template."""

    code = "wrong_period"
    advice = (
        "该报表的统计期不是这种期间。Not a period of this report; a month is 2026-03, a quarter 2026Q1, a year 2026."
    )
    field = "period"
    status = 422


class PeriodNotOverError(RefusedError):
    """The period is not over yet."""

    code = "period_not_over"
    advice = "统计期尚未结束。The period is not over yet; wait for its last day to end."
    field = "period"
    status = 422


class TemplatesError(ValueError):
    """The templates can't be used; the text says which one and why."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TableTemplate(_Strict):
    """A table: indicators, each of which stands in it once for each group."""

    code: str
    zh: str
    en: str
    indicators: tuple[str, ...]
    groups: tuple[Group, ...] = (Group.EVERYONE,)
    chart: str | None = None


class Template(_Strict):
    """A report: its periods' length in months, after how many days it is drafted by itself, its forms and contents.

    `assessed` says that it has the scores of divisions, with what was deducted.
    """

    code: str
    zh: str
    en: str
    months: int
    drafted_after: int
    forms: tuple[ReportForm, ...]
    assessed: bool = False
    paragraphs: tuple[str, ...] = ()
    tables: tuple[TableTemplate, ...]

    def due(self, today: date) -> str:
        """Return the newest period whose report is to be drafted by a day."""
        return name_of(
            period_of(period_of(today - timedelta(days=self.drafted_after), self.months).before, self.months)
        )


def read_templates(path: Path) -> Mapping[str, Template]:
    """Return templates by code; raise TemplatesError if one names an indicator that there is not."""
    with path.open("rb") as file:
        told: dict[str, dict[str, Any]] = tomllib.load(file)
    found = {code: Template.model_validate({"code": code, **fields}) for code, fields in told.items()}
    for template in found.values():
        for fault in _faults(template):
            raise TemplatesError(f"{template.code}: {fault}")
    return found


def _faults(template: Template) -> Iterator[str]:
    inside = {indicator for table in template.tables for indicator in table.indicators}
    yield from (f"{code} is no indicator" for code in sorted(inside - INDICATORS.keys()))
    if ReportForm.JSON not in template.forms:
        yield "json is missing, from which numbers are published"
    for text in template.paragraphs:
        yield from (f"{code} stands in no table" for code in places_in(text) if code not in inside | _ALWAYS)
    for table in template.tables:
        if table.chart is not None and table.chart not in table.indicators:
            yield f"{table.chart} stands not in {table.code}"
        whole = set(table.groups) == {Group.EVERYONE}
        yield from (f"{code} has no groups" for code in table.indicators if not whole and not INDICATORS[code].sliced)


TEMPLATES = read_templates(Path(__file__).with_suffix(".toml"))


def find_template(code: str) -> Template:
    """Return a template; raise UnknownTemplateError if there is none of that code."""
    if code not in TEMPLATES:
        raise UnknownTemplateError
    return TEMPLATES[code]


def period_for(template: Template, text: str, today: date) -> Period:
    """Return the days of a period; raise WrongPeriodError or PeriodNotOverError if there can be no report for it."""
    period = read_period(text)
    if period is None or period != period_of(period.since, template.months):
        raise WrongPeriodError
    if period.until >= today:
        raise PeriodNotOverError
    return period


def name_of(period: Period) -> str:
    """Return a month, quarter or year as text: 2026-03, 2026Q1, 2026."""
    match period.days:
        case days if days <= 31:
            return f"{period.since:%Y-%m}"
        case days if days <= 92:
            return f"{period.since.year}Q{(period.since.month + 2) // 3}"
        case _:
            return str(period.since.year)
