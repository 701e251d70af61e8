"""What people contribute gives, on any day and as of any day, the numbers that a walk through the days finds."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.envelope import render_time
from services.reporting.domain.counting import Numbers, difference, increments
from services.reporting.domain.days import number_of
from services.reporting.domain.person import Contribution
from tests.support.counting import nested
from tests.support.drawn_lives import FIRST, SOME_DAY, Told, lives, moment
from tests.support.drawn_numbers import TODAY, contributions_of, rows_of
from tests.support.oracle import Life, numbers

PATIENT = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def counted_on(contributions: Sequence[Contribution], day: date) -> dict[tuple[str, str], int]:
    on = number_of(day)
    found: dict[tuple[str, str], int] = defaultdict(int)
    for each in contributions:
        if each.since <= on < each.until:
            found[each.measure, each.division] += each.weight
    return dict(found)


@PATIENT
@given(drawn=lives(), days=st.lists(SOME_DAY, min_size=3, max_size=6))
def test_on_any_day_they_are_those_of_the_definitions(drawn: tuple[Life, list[Told], bool], days: list[date]) -> None:
    life, streams, merged = drawn

    contributions = contributions_of(rows_of(streams), merged)

    for day in [*days, TODAY]:
        assert counted_on(contributions, day) == numbers(life, day, TODAY)


@PATIENT
@given(drawn=lives(), as_of=SOME_DAY, day=SOME_DAY)
def test_as_of_any_day_they_are_those_of_what_had_been_said(
    drawn: tuple[Life, list[Told], bool], as_of: date, day: date
) -> None:
    life, streams, merged = drawn
    known = rows_of(streams).until(render_time(moment(max(as_of, FIRST), 6)))
    contributions = contributions_of(known, merged)

    assert counted_on(contributions, day) == numbers(life.until(max(as_of, FIRST)), day, max(as_of, FIRST))


@PATIENT
@given(drawn=lives(), days=st.lists(SOME_DAY, min_size=2, max_size=4))
def test_counters_tell_them_on_any_day(drawn: tuple[Life, list[Told], bool], days: list[date]) -> None:
    life, streams, merged = drawn
    contributions = contributions_of(rows_of(streams), merged)

    adding = increments(difference([], contributions))
    read = Numbers(({"_id": name, "d": nested(paths)} for name, paths in adding.items()), min(days))

    for day in days:
        expected = numbers(life, day, TODAY)
        for measure, division in {(each.measure, each.division) for each in contributions}:
            assert read.at(measure, day, [division]) == expected.get((measure, division), 0)


@PATIENT
@given(drawn=lives(), until=st.integers(0, 1200))
def test_what_is_left_out_now_is_counted_when_its_day_comes(drawn: tuple[Life, list[Told], bool], until: int) -> None:
    life, streams, merged = drawn
    today = FIRST + timedelta(days=until)
    rows = rows_of(streams)

    early = contributions_of(rows, merged, today)

    assert counted_on(early, today) == numbers(life, today, today)
    last = date(today.year + 1, 12, 31)
    assert counted_on(early, last) == numbers(life, last, today)
