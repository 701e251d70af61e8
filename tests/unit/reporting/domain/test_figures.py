"""Yearly figures: told once and anew, asked for a division or for its streets, and what is estimated from them."""

import pytest

from contracts.reporting.figures import Figure, FigureKind, FigureRecorded, figure_id
from contracts.reporting.groups import Group
from services.reporting.domain.figures import (
    ESTIMATES,
    Figures,
    NoFiguresOfGroupError,
    YearAheadError,
    record,
    withdraw,
)
from tests.support.samples import sample_of

FIGURE = sample_of(FigureRecorded).data.figure
DISTRICT, STREETS = "320507", ("320507001", "320507002")


def make(division: str, value: int, group: Group = Group.EVERYONE, year: int = 2025) -> Figure:
    kind = FigureKind.POPULATION
    named = figure_id(division, year, kind, group)
    return Figure(figure_id=named, division=division, year=year, kind=kind, group=group, value=value, origin="年鉴")


def find(figures: Figures, group: Group = Group.EVERYONE, year: int = 2025) -> tuple[float | None, str | None]:
    return figures.find(FigureKind.POPULATION, DISTRICT, STREETS, year, group)


def test_a_figure_is_recorded_once_and_another_value_replaces_it() -> None:
    told = record(None, FIGURE, 2026)

    assert told is not None
    assert record(told.figure, FIGURE, 2026) is None
    assert record(FIGURE, FIGURE.model_copy(update={"value": 5}), 2026) is not None


def test_no_figure_is_of_a_year_that_has_not_begun() -> None:
    assert record(None, FIGURE, FIGURE.year) is not None
    with pytest.raises(YearAheadError):
        record(None, FIGURE, FIGURE.year - 1)


def test_no_figure_is_of_a_group_that_registers_do_not_know() -> None:
    with pytest.raises(NoFiguresOfGroupError):
        record(None, FIGURE.model_copy(update={"group": Group.PUPILS}), 2026)


def test_a_withdrawn_figure_is_told_no_more_until_it_is_recorded_again() -> None:
    fact = withdraw(FIGURE)

    assert fact is not None
    assert withdraw(fact.figure) is None
    assert Figures.of([fact.figure]).known == {}
    assert record(fact.figure, FIGURE, 2026) is not None


def test_a_divisions_own_figure_comes_before_those_of_its_streets() -> None:
    figures = Figures.of([make(DISTRICT, 900), make(STREETS[0], 400), make(STREETS[1], 300)])

    assert find(figures) == (900, "年鉴 2025")


def test_without_its_own_figure_a_division_has_the_sum_of_its_streets_if_each_has_one() -> None:
    both = Figures.of([make(STREETS[0], 400), make(STREETS[1], 300)])

    assert find(both) == (700, "年鉴 2025")
    assert find(Figures.of([make(STREETS[0], 400)])) == (None, None)


def test_a_figure_of_another_year_or_group_is_none() -> None:
    figures = Figures.of([make(DISTRICT, 900)])

    assert find(figures, year=2024) == (None, None)
    assert find(figures, Group.FLOATING) == (None, None)


def test_an_estimate_is_a_figure_times_its_factor_and_tells_where_both_are_from() -> None:
    figures = Figures.of([make(DISTRICT, 1000)])

    value, origin = figures.estimate(ESTIMATES["hypertension"], DISTRICT, STREETS, 2025, Group.EVERYONE)

    assert value == 159.8  # 85 % of the people are adults, 18.8 % of whom have hypertension
    assert origin is not None
    assert "年鉴 2025" in origin
    assert "18.8%" in origin


def test_without_a_figure_nothing_is_estimated() -> None:
    assert Figures().estimate(ESTIMATES["elderly"], DISTRICT, (), 2025, Group.EVERYONE) == (None, None)
