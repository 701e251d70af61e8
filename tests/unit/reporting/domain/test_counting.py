"""Counters are named, written and read alike for any day that a calendar has."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.counting import Numbers, difference, documents_for, increments
from services.reporting.domain.days import number_of
from services.reporting.domain.person import Contribution
from tests.support.counting import nested

STREET = "320507001"
ANY_DAY = st.dates(date(1, 1, 2), date(9998, 12, 30))


@given(day=st.one_of(ANY_DAY, st.sampled_from((date(1, 2, 3), date(999, 12, 31), date(1000, 1, 1)))))
def test_what_happens_on_any_day_is_in_a_document_that_is_read_and_counts_from_that_day_on(day: date) -> None:
    adding = increments(difference([], [Contribution("flow.in", STREET, "uu", number_of(day))]))
    before = day - timedelta(days=1)

    names = documents_for({STREET: day.year}, ["flow.in"], [before, day])
    read = Numbers(({"_id": name, "d": nested(paths)} for name, paths in adding.items()), before)

    assert adding.keys() <= {*names}
    assert [read.at("flow.in", on, [STREET]) for on in (before, day)] == [0, 1]
    assert read.by_day("flow.in", day, day, [STREET]) == {day: 1}
