"""Sheets of targets and yearly figures: what their cells may say, and what is not understood."""

from datetime import date
from pathlib import Path

import pytest

from contracts.reporting.figures import FigureKind
from contracts.reporting.groups import Group
from contracts.reporting.targets import Bound, Every, Per
from services.reporting.intake.columns import (
    COLUMNS,
    SheetKind,
    Wanted,
    read_count,
    read_division,
    read_indicator,
    read_wanted,
    read_year,
)
from services.runtime.sheets.registers import Refusal, check_row, read_register

TARGETS, FIGURES = COLUMNS[SheetKind.TARGETS], COLUMNS[SheetKind.FIGURES]
NAMING = ("plan", "indicator", "group", "setting", "per", "every", "since", "served_from")
"""What tells a target of a division from others."""
TARGET = {"plan": "街道2021", "indicator": "健康档案建档率", "since": "2026-01-01", "value": "≥85%"}
FIGURE = {"year": "2025", "kind": "常住人口", "value": "1,234,567", "origin": "统计年鉴"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("85%", Wanted(None, 85, True)),
        ("≥85%", Wanted(Bound.AT_LEAST, 85, True)),
        (">80%", Wanted(Bound.MORE_THAN, 80, True)),
        ("大于80%", Wanted(Bound.MORE_THAN, 80, True)),
        ("<=5", Wanted(Bound.AT_MOST, 5, False)),
        ("90以上", Wanted(Bound.AT_LEAST, 90, False)),
        ("不少于1000人", Wanted(Bound.AT_LEAST, 1000, False)),
        ("0.85", Wanted(None, 0.85, False)),
    ],
)
def test_a_target_is_written_with_or_without_how_it_is_compared(text: str, wanted: Wanted) -> None:
    assert read_wanted(text) == wanted


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_wanted, "85-90%"),
        (read_wanted, "__%"),
        (read_wanted, "逐步提高"),
        (read_wanted, "13812345678"),
        (read_count, "1,23"),
        (read_count, "12.5"),
        (read_count, "13812345678"),
        (read_year, "26"),
        (read_division, "3205"),
        (read_indicator, "幸福指数"),
    ],
)
def test_what_means_nothing_is_not_guessed(read: object, text: str) -> None:
    assert callable(read)
    with pytest.raises(ValueError, match=text.replace(".", r"\.")):
        read(text)


def test_an_indicator_is_named_by_code_or_title_in_brackets_of_either_width() -> None:
    assert read_indicator("archive_rate") == read_indicator("健康档案建档率") == "archive_rate"
    assert read_indicator("接收率（流出地）") == read_indicator("接收率(流出地)") == "receipt_rate_addressee"


def test_a_row_needs_a_plan_an_indicator_a_beginning_and_a_value() -> None:
    for name in TARGET:
        assert check_row(TARGETS, {**TARGET, name: ""}) == Refusal("missing", name)

    values = check_row(TARGETS, {**TARGET, "per": "各街道", "every": "每季度", "group": "流动人口", "served_from": "0"})

    assert values == {
        "plan": "街道2021",
        "indicator": "archive_rate",
        "since": date(2026, 1, 1),
        "value": Wanted(Bound.AT_LEAST, 85, True),
        "per": Per.STREET,
        "every": Every.QUARTER,
        "group": Group.FLOATING,
        "served_from": 0,
    }


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("indicator", "幸福指数", "not_understood"),
        ("value", "逐步提高", "not_understood"),
        ("since", "2026-13-01", "bad_date"),
        ("group", "火星人", "not_understood"),
        ("every", "偶尔", "not_understood"),
        ("division", "32050", "not_understood"),
        ("served_below", "很多", "not_a_number"),
        ("served_below", "0", "out_of_range"),
    ],
)
def test_a_cell_that_says_something_else_refuses_its_row(field: str, text: str, code: str) -> None:
    assert check_row(TARGETS, {**TARGET, field: text}) == Refusal(code, field)


def test_a_figure_has_a_year_what_it_is_of_and_who_says_so() -> None:
    assert check_row(FIGURES, FIGURE) == {
        "year": 2025,
        "kind": FigureKind.POPULATION,
        "value": 1234567,
        "origin": "统计年鉴",
    }


def test_codes_of_streets_and_large_numbers_are_kept_and_phones_are_not() -> None:
    text = (
        "年度,统计项目,区划代码,人数,来源\n"
        '2025,常住人口,320507001,"1,234,567",统计年鉴\n'
        "2025,常住人口,320507001,13812345678,电话13812345678\n"
    )

    register = read_register(text.encode(), "a.csv", FIGURES)

    kept, hidden = (row.typed for row in register.rows)
    assert (kept["division"], kept["value"]) == ("320507001", "1,234,567")
    assert "13812345678" not in "".join(hidden.values())


def test_the_targets_that_plans_set_are_understood_and_none_hides_another() -> None:
    sheet = (Path(__file__).parents[4] / "deploy" / "demo" / "targets.csv").read_bytes()

    register = read_register(sheet, "targets.csv", TARGETS)

    read = [check_row(TARGETS, row.typed) for row in register.rows]
    values = [one for one in read if not isinstance(one, Refusal)]
    assert (len(values), len(read), register.ignored) == (44, 44, ())
    assert len({tuple(str(one.get(name)) for name in NAMING) for one in values}) == len(values)
    rates = {one["value"].number for one in values if one["indicator"] == "awareness_rate"}
    assert {60, 80, 85} <= rates, "plans contradict one another"
