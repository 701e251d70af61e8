"""Templates of reports: which period is due when, which periods fit, and what a table of templates must not say."""

from datetime import date
from pathlib import Path

import pytest

from services.reporting.domain.contents import places_in
from services.reporting.domain.templates import (
    TEMPLATES,
    PeriodNotOverError,
    TemplatesError,
    UnknownTemplateError,
    WrongPeriodError,
    find_template,
    name_of,
    period_for,
    read_templates,
)

MONTHLY, QUARTERLY, YEARLY = (TEMPLATES[code] for code in ("monthly_flow", "quarterly_assessment", "annual_returns"))


@pytest.mark.parametrize(
    ("today", "month", "quarter", "year"),
    [
        ("2026-01-01", "2025-11", "2025Q3", "2024"),
        ("2026-01-04", "2025-12", "2025Q3", "2024"),
        ("2026-01-06", "2025-12", "2025Q4", "2024"),
        ("2026-01-11", "2025-12", "2025Q4", "2025"),
        ("2026-04-03", "2026-02", "2025Q4", "2025"),
        ("2026-04-06", "2026-03", "2026Q1", "2025"),
    ],
)
def test_a_report_is_due_some_days_after_its_period(today: str, month: str, quarter: str, year: str) -> None:
    on = date.fromisoformat(today)

    assert [one.due(on) for one in (MONTHLY, QUARTERLY, YEARLY)] == [month, quarter, year]


def test_a_period_is_named_as_it_is_written() -> None:
    for template, name in ((MONTHLY, "2026-02"), (QUARTERLY, "2026Q2"), (YEARLY, "2024")):
        assert name_of(period_for(template, name, date(2026, 7, 1))) == name


@pytest.mark.parametrize("name", ["2026Q1", "2026", "2026-00", "2026-13", "March"])
def test_a_period_of_another_length_is_refused(name: str) -> None:
    with pytest.raises(WrongPeriodError):
        period_for(MONTHLY, name, date(2027, 7, 1))


def test_a_period_is_over_once_its_last_day_is() -> None:
    with pytest.raises(PeriodNotOverError):
        period_for(MONTHLY, "2026-03", date(2026, 3, 31))
    assert period_for(MONTHLY, "2026-03", date(2026, 4, 1)).until == date(2026, 3, 31)


def test_what_is_no_template_is_refused() -> None:
    with pytest.raises(UnknownTemplateError):
        find_template("weekly")


TEMPLATE = """
[monthly]
zh = "月报"
en = "Monthly"
months = 1
drafted_after = 3
forms = ["json"]
paragraphs = ["{place}"]
[[monthly.tables]]
code = "flow"
zh = "流动"
en = "Flow"
indicators = ["residents", "INDICATOR"]
groups = ["GROUP"]
chart = "CHART"
"""


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"INDICATOR": "unheard_of"}, "unheard_of is no indicator"),
        ({"{place}": "{outflow}"}, "outflow stands in no table"),
        ({"CHART": "outflow"}, "outflow stands not in flow"),
        ({"INDICATOR": "lectures", "GROUP": "floating", "{place}": "", "CHART": "lectures"}, "lectures has no groups"),
    ],
)
def test_a_template_that_asks_for_what_there_is_not_can_not_be_used(
    change: dict[str, str], fault: str, tmp_path: Path
) -> None:
    text = TEMPLATE
    for place, filled in {"INDICATOR": "inflow", "{place}": "{inflow}", "CHART": "inflow", **change}.items():
        text = text.replace(place, filled)
    file = tmp_path / "templates.toml"
    file.write_text(text.replace("GROUP", "everyone"))

    with pytest.raises(TemplatesError, match=fault):
        read_templates(file)


def test_what_summaries_tell_stands_in_their_tables() -> None:
    summary = TEMPLATES["work_summary"]
    told = {indicator for table in summary.tables for indicator in table.indicators}

    assert {name for text in summary.paragraphs for name in places_in(text)} <= told | {"name", "since", "until"}
