"""Needs: every need is in the table, and returnees are those of the last window that has begun."""

from datetime import date

import pytest

from contracts.outreach.care import CareNeed
from contracts.refusals import RefusedError
from contracts.registration.categories import PersonCategory
from services.outreach.domain.needs import HELP, NEEDS, last_occasion, occasion_of


def test_every_need_says_whom_it_means_and_how_often_they_are_visited() -> None:
    assert set(NEEDS) == set(CareNeed)
    for need in NEEDS.values():
        assert need.visit_within_days > 0
        assert need.segment.categories or need.returned_in
    assert NEEDS[CareNeed.LEFT_BEHIND_CHILD].segment.categories == (PersonCategory.LEFT_BEHIND,)
    assert all(one.unit for one in HELP.values())


def test_the_window_of_new_year_ends_with_the_spring_festival() -> None:
    window = occasion_of("new_year_care", 2026)

    assert (window.starts_on, window.ends_on) == (date(2026, 1, 1), date(2026, 2, 17))


@pytest.mark.parametrize(
    ("today", "year"), [(date(2026, 1, 1), 2026), (date(2025, 12, 31), 2025), (date(2026, 11, 20), 2026)]
)
def test_the_last_window_is_the_one_that_has_begun(today: date, year: int) -> None:
    assert last_occasion("new_year_care", today).starts_on.year == year


def test_an_occasion_that_the_calendar_does_not_have_is_refused() -> None:
    with pytest.raises(RefusedError) as refused:
        occasion_of("moon_day", 2026)

    assert refused.value.code == "unknown_occasion"
