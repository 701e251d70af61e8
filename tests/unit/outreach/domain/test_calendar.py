"""The year's health days: fixed, by window and by the lunar calendar; how far each is."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.activities import ActivityKind, ActivityState
from services.outreach.domain.calendar import (
    FIRST_YEAR,
    HEALTH_DAYS,
    LAST_YEAR,
    Counted,
    NoSuchLunarDateError,
    Occasion,
    Progress,
    from_lunar,
    occasions_of,
    progress_of,
)

YEARS = st.integers(FIRST_YEAR, LAST_YEAR)
IN_PLANS = {
    "tuberculosis_day": (3, 24),
    "world_health_day": (4, 7),
    "immunisation_day": (4, 25),
    "association_day": (5, 29),
    "no_tobacco_day": (5, 31),
    "anti_drug_day": (6, 26),
    "population_day": (7, 11),
    "hypertension_day": (10, 8),
    "aids_day": (12, 1),
}
"""The days that the street offices' plans name."""


def occasion(code: str, year: int = 2026) -> Occasion:
    return next(one for one in occasions_of(year) if one.day.code == code)


@pytest.mark.parametrize(("code", "day"), IN_PLANS.items())
def test_the_plans_days_are_in_every_year_and_ask_for_an_activity(code: str, day: tuple[int, int]) -> None:
    found = occasion(code)

    assert found.starts_on == found.ends_on == date(2026, *day)
    assert found.day.minimum == 1


@pytest.mark.parametrize(
    ("year", "spring_festival", "double_ninth"),
    [
        (2024, date(2024, 2, 10), date(2024, 10, 11)),
        (2025, date(2025, 1, 29), date(2025, 10, 29)),
        (2026, date(2026, 2, 17), date(2026, 10, 18)),
        (2033, date(2033, 1, 31), date(2033, 10, 1)),
    ],
)
def test_lunar_days_move_with_the_year(year: int, spring_festival: date, double_ninth: date) -> None:
    assert occasion("new_year_care", year).ends_on == spring_festival
    assert occasion("seniors_day", year).starts_on == double_ninth


@given(YEARS)
def test_occasions_of_a_year_begin_in_it_in_order_each_once(year: int) -> None:
    found = occasions_of(year)

    assert {one.day.code for one in found} == {*HEALTH_DAYS}
    assert [one.starts_on for one in found] == sorted(one.starts_on for one in found)
    for one in found:
        assert one.starts_on.year == year
        assert one.starts_on <= one.ends_on
        assert one.plan_by == one.starts_on - timedelta(days=one.day.lead_days)


@pytest.mark.parametrize(
    ("year", "month", "day", "leap"), [(2025, 12, 30, False), (2026, 6, 1, True), (2025, 6, 30, True)]
)
def test_a_lunar_date_that_does_not_exist_is_refused(year: int, month: int, day: int, leap: bool) -> None:
    with pytest.raises(NoSuchLunarDateError):
        from_lunar(year, month, day, leap=leap)


def test_a_day_of_a_leap_month_comes_a_month_later() -> None:
    assert from_lunar(2025, 6, 1, leap=True) == date(2025, 7, 25)


TB = occasion("tuberculosis_day")
BEFORE, LATE, AFTER = TB.plan_by, TB.plan_by + timedelta(days=1), TB.ends_on + timedelta(days=1)


def counted(state: ActivityState, kind: ActivityKind = ActivityKind.LECTURE, code: str = TB.day.code) -> Counted:
    return Counted(code, kind, state, 1)


@pytest.mark.parametrize(
    ("activities", "today", "progress"),
    [
        ([], BEFORE, Progress.OPEN),
        ([], LATE, Progress.LATE),
        ([], TB.ends_on, Progress.LATE),
        ([], AFTER, Progress.MISSED),
        ([counted(ActivityState.PLANNED)], LATE, Progress.PLANNED),
        ([counted(ActivityState.PUBLICISED)], TB.ends_on, Progress.PLANNED),
        ([counted(ActivityState.PLANNED)], AFTER, Progress.MISSED),
        ([counted(ActivityState.HELD)], AFTER, Progress.HELD),
        ([counted(ActivityState.EVALUATED)], AFTER, Progress.HELD),
        ([counted(ActivityState.CANCELLED)], LATE, Progress.LATE),
        ([counted(ActivityState.HELD, ActivityKind.COMPETITION)], AFTER, Progress.MISSED),
        ([counted(ActivityState.HELD, code="aids_day")], AFTER, Progress.MISSED),
    ],
)
def test_an_occasion_is_as_far_as_its_activities(activities: list[Counted], today: date, progress: Progress) -> None:
    assert progress_of(TB, activities, today) is progress


@pytest.mark.parametrize(
    ("activities", "today", "progress"),
    [
        ([], date(2026, 1, 1), Progress.OPTIONAL),
        ([], date(2026, 12, 31), Progress.OPTIONAL),
        (
            [Counted("teeth_day", ActivityKind.COMPETITION, ActivityState.PLANNED, 1)],
            date(2026, 9, 1),
            Progress.PLANNED,
        ),
        ([counted(ActivityState.HELD, code="teeth_day")], date(2026, 12, 31), Progress.HELD),
    ],
)
def test_what_no_plan_asks_for_is_never_late(activities: list[Counted], today: date, progress: Progress) -> None:
    assert progress_of(occasion("teeth_day"), activities, today) is progress
