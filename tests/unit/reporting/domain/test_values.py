"""Values of indicators, from counters that stand for a few days and people."""

from datetime import date

import pytest

from contracts.reporting.figures import Figure, FigureKind, figure_id
from contracts.reporting.groups import Group
from services.reporting.domain.days import number_of
from services.reporting.domain.figures import Figures
from services.reporting.domain.indicators import INDICATORS
from services.reporting.domain.periods import Period, read_period
from services.reporting.domain.person import Contribution
from services.reporting.domain.values import Counted, Place, Value, days_for, evaluate
from tests.support.counting import numbers_from

ONE, TWO, OLD = "320507001", "320507002", "320507099"
PLACE = Place("320507", {ONE: [ONE], TWO: [TWO, OLD]})
QUARTER = Period(date(2026, 4, 1), date(2026, 6, 30))


def step(measure: str, street: str, day: date, until: date | None = None, told: str = "fw") -> Contribution:
    since = number_of(day)
    return (
        Contribution(measure, street, told, since)
        if until is None
        else Contribution(measure, street, told, since, number_of(until))
    )


def counted(*contributions: Contribution, figures: Figures | None = None) -> Counted:
    return Counted(numbers_from(contributions), figures or Figures())


def test_a_rate_at_the_end_counts_whoever_is_there_on_the_last_day_under_old_codes_too() -> None:
    found = counted(
        step("usual", ONE, date(2026, 1, 5)),
        step("usual", TWO, date(2026, 6, 30)),
        step("usual", OLD, date(2026, 1, 5)),
        step("usual", ONE, date(2026, 1, 5), until=date(2026, 6, 30)),  # left on the last day
        step("usual", ONE, date(2026, 7, 1)),
        step("usual.built", OLD, date(2026, 3, 1)),
    )

    assert evaluate(INDICATORS["archive_rate"], PLACE, QUARTER, found) == Value(1, 3, 1 / 3)
    one, two = (evaluate(INDICATORS["archive_rate"], part, QUARTER, found) for part in PLACE.parts())
    assert (one, two) == (Value(0, 1, 0.0), Value(1, 2, 0.5))


def test_what_happens_within_a_period_counts_from_its_first_to_its_last_day() -> None:
    days = [date(2026, 3, 31), QUARTER.since, date(2026, 5, 9), QUARTER.until, date(2026, 7, 1)]
    found = counted(*(step("activity.held.lecture", ONE, day, told="-") for day in days))

    assert evaluate(INDICATORS["lectures"], PLACE, QUARTER, found) == Value(3, None, 3.0)


def test_what_is_counted_since_the_year_began_stands_at_the_end_of_the_period() -> None:
    found = counted(
        step("hypertension.managed", ONE, date(2025, 1, 1)),
        step("hypertension.managed", TWO, date(2025, 1, 1)),
        step("hypertension.four_visits", ONE, date(2025, 11, 1), until=date(2026, 1, 1)),
        step("hypertension.four_visits", TWO, date(2026, 5, 1), until=date(2027, 1, 1)),
    )

    assert evaluate(INDICATORS["hypertension_follow_up_rate"], PLACE, QUARTER, found) == Value(1, 2, 0.5)


def test_of_nobody_there_is_no_rate() -> None:
    assert evaluate(INDICATORS["archive_rate"], PLACE, QUARTER, counted()) == Value(0, 0, None)


def test_each_group_of_people_has_its_own_numerator_and_denominator() -> None:
    found = counted(
        step("usual", ONE, date(2026, 1, 5), told="rm"),
        step("usual.built", ONE, date(2026, 1, 5), told="rm"),
        step("usual", ONE, date(2026, 1, 5), told="fw"),
        step("usual", ONE, date(2026, 1, 5), told="uu"),
    )

    values = {
        group: evaluate(INDICATORS["archive_rate"], PLACE, QUARTER, found, group)
        for group in (Group.EVERYONE, Group.REGISTERED, Group.FLOATING)
    }

    assert values == {
        Group.EVERYONE: Value(1, 3, 1 / 3),
        Group.REGISTERED: Value(1, 1, 1.0),
        Group.FLOATING: Value(0, 1, 0.0),
    }


def test_of_what_happens_within_a_period_each_group_has_its_own_too() -> None:
    came = [step("flow.in", ONE, date(2026, 5, 9), told=told) for told in ("rm", "fw", "fw")]
    found = counted(*came)

    values = [
        evaluate(INDICATORS["inflow"], PLACE, QUARTER, found, group).value
        for group in (Group.EVERYONE, Group.REGISTERED, Group.FLOATING)
    ]

    assert values == [3, 1, 2]


def figure(division: str, value: int) -> Figure:
    named = figure_id(division, 2026, FigureKind.POPULATION, Group.EVERYONE)
    return Figure(figure_id=named, division=division, year=2026, kind=FigureKind.POPULATION, value=value, origin="年鉴")


def test_a_denominator_that_is_told_or_estimated_says_where_it_is_from() -> None:
    deaths = step("flow.deaths", ONE, date(2026, 5, 9))
    managed = step("hypertension.managed", ONE, date(2026, 5, 9))
    found = counted(deaths, managed, figures=Figures.of([figure("320507", 1000)]))

    assert evaluate(INDICATORS["death_rate"], PLACE, QUARTER, found) == Value(1, 1000, 1.0, "年鉴 2026")
    estimated = evaluate(INDICATORS["hypertension_management_rate_estimated"], PLACE, QUARTER, found)
    assert estimated.denominator == 159.8
    assert estimated.value == pytest.approx(1 / 159.8)
    assert "年鉴 2026" in (estimated.origin or "")


def test_what_counts_in_the_district_itself_needs_no_figure_beside_those_of_the_streets() -> None:
    place = Place("320507", {"320507": ["320507"], ONE: [ONE], TWO: [TWO]})
    told = Figures.of([figure(ONE, 400), figure(TWO, 600)])

    found = evaluate(INDICATORS["death_rate"], place, QUARTER, counted(figures=told))

    assert found.denominator == 1000


def test_a_street_without_a_figure_of_its_own_has_no_rate() -> None:
    found = counted(step("flow.deaths", ONE, date(2026, 5, 9)), figures=Figures.of([figure("320507", 1000)]))

    one, two = (evaluate(INDICATORS["death_rate"], part, QUARTER, found) for part in PLACE.parts())

    assert one == Value(1, None, None)
    assert two == Value(0, None, None)


def test_numbers_are_read_for_the_end_and_for_the_day_before_only_where_something_flows() -> None:
    year = read_period("2026")
    assert year is not None

    assert days_for([INDICATORS["archive_rate"]], [year]) == {date(2026, 12, 31)}
    assert days_for([INDICATORS["lectures"]], [year]) == {date(2025, 12, 31), date(2026, 12, 31)}
