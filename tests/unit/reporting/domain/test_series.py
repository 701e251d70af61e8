"""Series: which days each point has, and its numbers, as a walk through the days finds them."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.reporting.domain.counting import Numbers, difference, increments
from services.reporting.domain.figures import Figures
from services.reporting.domain.indicators import INDICATORS
from services.reporting.domain.series import MOST, By, points_of
from services.reporting.domain.values import Counted, Place, evaluate
from tests.support.counting import nested
from tests.support.drawn_lives import SOME_DAY, STREETS, Told, lives
from tests.support.drawn_numbers import TODAY, contributions_of, rows_of
from tests.support.oracle import Life, numbers

ONE = timedelta(days=1)
STEPS = st.sampled_from(list(By))
NAMED = {
    By.DAY: lambda day: f"{day:%Y-%m-%d}",
    By.WEEK: lambda day: f"{day:%G-W%V}",
    By.MONTH: lambda day: f"{day:%Y-%m}",
    By.QUARTER: lambda day: f"{day.year}Q{'111222333444'[day.month - 1]}",
    By.YEAR: lambda day: f"{day:%Y}",
}


@given(by=STEPS, since=st.dates(date(2000, 1, 1), date(2099, 1, 1)), days=st.integers(0, 390))
def test_every_day_lies_in_the_point_that_has_its_name(by: By, since: date, days: int) -> None:
    points = points_of(by, since, since + days * ONE)

    for point in points:
        first, last = point.period.since, point.period.until
        assert {NAMED[by](first + number * ONE) for number in range((last - first).days + 1)} == {point.name}
        assert point.name not in {NAMED[by](first - ONE), NAMED[by](last + ONE)}
    walked = dict.fromkeys(NAMED[by](since + number * ONE) for number in range(days + 1))
    assert [point.name for point in points] == list(walked)


def test_one_more_than_there_may_be_is_enough_to_tell_that_there_are_too_many() -> None:
    assert len(points_of(By.DAY, date(2000, 1, 1), date(2099, 12, 31))) == MOST + 1


@pytest.mark.parametrize("today", [date(2026, 3, 30), date(2026, 3, 31)])
def test_a_month_is_not_over_on_its_last_day(today: date) -> None:
    (march,) = points_of(By.MONTH, today, today)

    assert not march.is_over(today)
    assert march.is_over(date(2026, 4, 1))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=lives(), by=STEPS, since=SOME_DAY, days=st.integers(0, 60))
def test_each_point_tells_what_a_walk_through_its_days_finds(
    drawn: tuple[Life, list[Told], bool], by: By, since: date, days: int
) -> None:
    life, streams, merged = drawn
    adding = increments(difference([], contributions_of(rows_of(streams), merged)))
    counted = Counted(Numbers({"_id": name, "d": nested(paths)} for name, paths in adding.items()), Figures())
    place = Place("320507", {street: [street] for street in STREETS[:2]})

    for point in points_of(by, since, since + days * ONE):
        lived = evaluate(INDICATORS["resident_archive_rate"], place, point.period, counted)
        came = evaluate(INDICATORS["inflow"], place, point.period, counted)

        first, last = point.period.since, point.period.until
        at_end = _summed(life, last)
        assert lived.numerator == at_end.get("resident.archived", 0)
        assert lived.denominator == at_end.get("resident", 0)
        arrived = [stream[-1][1] for stream in life.stays if stream[-1][1].state != "retracted"]
        days_of_arrival = [stay.started_on for stay in arrived if stay.street in STREETS[:2]]
        assert came.numerator == sum(first <= day <= last for day in days_of_arrival)


def _summed(life: Life, day: date) -> dict[str, int]:
    found: dict[str, int] = {}
    for (measure, division), count in numbers(life, day, TODAY).items():
        if division in STREETS[:2]:
            found[measure] = found.get(measure, 0) + count
    return found
