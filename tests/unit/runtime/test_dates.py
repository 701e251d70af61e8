"""Days as offices type them, read as one; what is no day, or could be two, is none."""

from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.runtime.dates import read_date
from tests.support.registers import DATE_SHAPES, full_width


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.sampled_from(DATE_SHAPES), st.sampled_from((str, full_width)))
def test_every_shape_of_a_day_is_read_as_that_day(day: date, shape: Any, typing: Any) -> None:
    assume(not shape(day).isdigit() or len(shape(day)) >= 5)  # serial numbers of before 1927 are shorter

    assert read_date(f" {typing(shape(day))}　") == day


@given(st.text())
def test_a_day_is_read_from_anything_or_from_nothing(text: str) -> None:
    found = read_date(text)

    assert found is None or found >= date(1900, 1, 1)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2026-11-18", (2026, 11, 18)),
        ("2026/3/8", (2026, 3, 8)),
        ("2026.3.8", (2026, 3, 8)),
        ("2026．03．08", (2026, 3, 8)),
        ("20260903", (2026, 9, 3)),
        ("2026年11月18日", (2026, 11, 18)),
        ("2026 年 3 月 8 日", (2026, 3, 8)),
        ("2026年3月8", (2026, 3, 8)),
        ("2026-11-18 00:00:00", (2026, 11, 18)),
        ("2026/11/18 8:30", (2026, 11, 18)),
        ("2026-11-18T08:30:00", (2026, 11, 18)),
        ("46344", (2026, 11, 18)),
        ("46344.5", (2026, 11, 18)),
        ("1900-01-01", (1900, 1, 1)),
    ],
)
def test_a_day_as_offices_type_it(typed: str, day: tuple[int, int, int]) -> None:
    assert read_date(typed) == date(*day)


@pytest.mark.parametrize(
    "typed",
    [
        "前年",
        "2026-02-30",
        "2025年13月1日",
        "26-3-8",
        "26/3/8",
        "260308",
        "8/3/2026",
        "2026-3",
        "2026",
        "1899-12-31",
        "2026-W10-1",
        "0000-00-00",
        "2026-11-18T23:30:00Z",
        "2026-1118",
        "2026--1-8",
        "三月八日",
        "2026-11-18 明天",
        "2026-٣-٨",
    ],
)
def test_what_is_no_day_or_not_clear_is_none(typed: str) -> None:
    assert read_date(typed) is None
