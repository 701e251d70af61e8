"""Periods: what a text means, and which one a day lies in."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.periods import Period, period_of, read_period


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2026Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_a_year_a_quarter_and_a_month_are_read(text: str, since: date, until: date) -> None:
    assert read_period(text) == Period(since, until)


@pytest.mark.parametrize(
    "text", ["", "1999", "2100", "2026Q5", "2026q1", "2026-13", "2026-00", "2026-1", "２０２６", "2026Q"]
)
def test_what_is_no_period_is_none(text: str) -> None:
    assert read_period(text) is None


@given(st.dates(date(2000, 1, 1), date(2098, 12, 31)), st.sampled_from([1, 3, 6, 12]))
def test_a_day_lies_in_its_period_and_periods_follow_one_another(day: date, months: int) -> None:
    period = period_of(day, months)

    assert period.since <= day <= period.until
    assert period_of(period.until + timedelta(days=1), months).since == period.until + timedelta(days=1)
    assert period_of(period.before, months).until == period.before


def test_what_has_come_of_a_period_ends_today() -> None:
    year = period_of(date(2026, 5, 1), 12)

    assert year.so_far(date(2026, 1, 1)).days == 1
    assert year.so_far(date(2027, 5, 1)) == year
    assert year.days == 365
