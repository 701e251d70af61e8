"""The balance over drawn lives: it holds as a walk through the days finds it, and what is damaged is named, alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.reporting.domain.conservation import (
    MEASURES,
    balance_residents,
    balance_unplaced,
    find_breaks,
    find_breaks_of,
    find_disagreements,
)
from services.reporting.domain.counting import Numbers, difference, increments
from services.reporting.domain.days import day_from
from services.reporting.domain.periods import Period
from services.reporting.domain.person import Contribution
from tests.support.counting import nested
from tests.support.drawn_lives import SOME_DAY, STREETS, Told, lives
from tests.support.drawn_numbers import TODAY, contributions_of, rows_of
from tests.support.oracle import Life, numbers

Drawn = tuple[Life, list[Told], bool]
PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PEOPLE = st.lists(lives(), min_size=1, max_size=3)
ALL_DAYS = Period(date(2023, 1, 1), date(2027, 12, 31))
"""Everything that is drawn, and what is counted ahead."""


def contributions_each(people: Sequence[Drawn]) -> list[list[Contribution]]:
    return [contributions_of(rows_of(streams), merged) for _, streams, merged in people]


def documents_of(contributions: Sequence[Sequence[Contribution]]) -> dict[str, dict[str, Any]]:
    adding = increments(difference([], [each for one in contributions for each in one]))
    return {name: nested(paths) for name, paths in adding.items()}


def read(documents: dict[str, dict[str, Any]]) -> Numbers:
    return Numbers({"_id": name, "d": told} for name, told in documents.items())


@PATIENT
@given(people=PEOPLE, since=SOME_DAY, days=st.integers(0, 500))
def test_it_balances_over_drawn_lives_and_has_the_numbers_of_a_walk_through_the_days(
    people: list[Drawn], since: date, days: int
) -> None:
    period = Period(since, since + timedelta(days=days))
    contributions = contributions_each(people)
    counted = read(documents_of(contributions))

    for street in STREETS:
        residents = balance_residents(counted, period, [street])
        unplaced = balance_unplaced(counted, period, [street])

        before, after = (_walk(people, street, day) for day in (since - timedelta(days=1), period.until))
        came, left, died, found, abroad = (
            after.get(each, 0) - before.get(each, 0)
            for each in ("flow.in", "flow.out", "flow.deaths", "flow.out.found", "flow.out.abroad")
        )
        lived, lives_now = (at.get("resident", 0) + at.get("resident.contested", 0) for at in (before, after))
        assert replace(residents, unexplained=0) == residents
        assert (residents.before, residents.after) == (lived, lives_now)
        assert (residents.arrivals, residents.departures, residents.deaths) == (came, left, died)
        missed, lost = after.get("resident.in_transit", 0), after.get("resident.lost", 0)
        assert (unplaced.in_transit, unplaced.lost, unplaced.unexplained) == (missed, lost, 0)
        assert unplaced.before == before.get("resident.in_transit", 0) + before.get("resident.lost", 0)
        assert (unplaced.departures, unplaced.found, unplaced.abroad) == (left, found, abroad)
        assert not list(find_breaks(counted, ALL_DAYS, street))
        assert not list(find_disagreements(counted, ALL_DAYS, street))
    for one in contributions:
        assert not list(find_breaks_of(one, ALL_DAYS, STREETS))


def _walk(people: Sequence[Drawn], street: str, day: date) -> dict[str, int]:
    found: dict[str, int] = {}
    for life, _, _ in people:
        for (measure, division), count in numbers(life, day, TODAY).items():
            if division == street:
                found[measure] = found.get(measure, 0) + count
    return found


@PATIENT
@given(people=PEOPLE, data=st.data())
def test_a_damaged_counter_is_named_and_nothing_else(people: list[Drawn], data: st.DataObject) -> None:
    documents = documents_of(contributions_each(people))
    paths = sorted(
        (name, measure, told, part)
        for name, measures in documents.items()
        for measure, slices in measures.items()
        if measure.replace(":", ".") in MEASURES
        for told, steps in slices.items()
        for part in steps
    )
    assume(paths)
    name, measure, told, part = data.draw(st.sampled_from(paths))
    documents[name][measure][told][part] += data.draw(st.sampled_from((-1, 1, 7)))
    division, _, period = name.split(":")
    year, month = int(period[:4]), int(period[4:] or part)

    counted = read(documents)

    named = [each for street in STREETS for each in find_disagreements(counted, ALL_DAYS, street)]
    assert [(each.division, each.measure, each.month) for each in named] == [
        (division, measure.replace(":", "."), date(year, month, 1))
    ]
    broken = {(each.division, each.day) for street in STREETS for each in find_breaks(counted, ALL_DAYS, street)}
    assert broken == ({(division, date(year, month, int(part)))} if period[4:] else set())


@PATIENT
@given(people=PEOPLE, data=st.data())
def test_whose_contributions_are_damaged_is_named_and_nobody_else(people: list[Drawn], data: st.DataObject) -> None:
    contributions = contributions_each(people)
    pairs = [(who, each) for who, one in enumerate(contributions) for each in one if each.measure in MEASURES]
    assume(pairs)
    who, lacking = data.draw(st.sampled_from(pairs))
    contributions[who].remove(lacking)
    counted = read(documents_of(contributions))

    named = {number for number, one in enumerate(contributions) if list(find_breaks_of(one, ALL_DAYS, STREETS))}

    assert named == {who}
    breaks = [each for street in STREETS for each in find_breaks(counted, ALL_DAYS, street)]
    assert breaks
    assert {(each.division, each.day) for each in breaks} == {
        (each.division, each.day) for each in find_breaks_of(contributions[who], ALL_DAYS, STREETS)
    }
    assert day_from(lacking.since) in {each.day for each in breaks}
    assert not [each for street in STREETS for each in find_disagreements(counted, ALL_DAYS, street)]
