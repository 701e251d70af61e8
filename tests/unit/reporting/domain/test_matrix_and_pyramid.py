"""Where people came from and left for, and how old residents are, as a walk through what was said of them finds it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.reporting.domain.counting import Numbers, difference, increments
from services.reporting.domain.matrix import Between, Way, count_moves, home_of, widen
from services.reporting.domain.periods import Period
from services.reporting.domain.person import ALL, Contribution
from services.reporting.domain.pyramid import MEASURES, ageless, bands_of
from tests.support.counting import nested
from tests.support.drawn_lives import SOME_DAY, STREETS, Told, lives
from tests.support.drawn_numbers import contributions_of, rows_of
from tests.support.oracle import Life

Drawn = tuple[Life, list[Told], bool]
SEXES = {"male": "male", "female": "female"}
PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(people: Sequence[Drawn]) -> Numbers:
    """Return the counters of several people together."""
    all_of_them: list[Contribution] = []
    for _, streams, merged in people:
        all_of_them += contributions_of(rows_of(streams), merged)
    return Numbers({"_id": name, "d": nested(paths)} for name, paths in increments(difference([], all_of_them)).items())


def stays_of(people: Sequence[Drawn]) -> Iterator[Any]:
    for life, _, _ in people:
        yield from (stream[-1][1] for stream in life.stays if stream[-1][1].state != "retracted")


@PATIENT
@given(people=st.lists(lives(), min_size=1, max_size=3), since=SOME_DAY, days=st.integers(0, 500))
def test_moves_are_those_of_the_stays_that_began_and_ended_in_the_period(
    people: list[Drawn], since: date, days: int
) -> None:
    until = since + timedelta(days=days)
    numbers = read(people)

    came, left = (
        count_moves(way, numbers, Period(since, until), ALL, lambda code: code[:4], lambda code: code[:2])
        for way in (Way.ARRIVALS, Way.DEPARTURES)
    )

    arrived: Counter[tuple[str, str]] = Counter()
    departed: Counter[tuple[str, str]] = Counter()
    for stay in stays_of(people):
        if stay.origin and since <= stay.started_on <= until:
            arrived[stay.origin[:2], stay.street[:4]] += 1
        if stay.destination and stay.ending != "died" and stay.ended_on and since <= stay.ended_on <= until:
            departed[stay.street[:4], stay.destination[:2]] += 1
    assert (came, left) == (arrived, departed)


@PATIENT
@given(people=st.lists(lives(), min_size=1, max_size=3), day=SOME_DAY)
def test_the_pyramid_has_every_resident_once_by_age_sex_and_household(people: list[Drawn], day: date) -> None:
    numbers = read(people)

    bands = bands_of(numbers, day, STREETS)
    rest = ageless(numbers, day, STREETS, bands)

    told = Counter(
        {
            (band.low, registration, sex): count
            for band in [*bands, rest]
            for registration in ("registered", "floating", "unknown")
            for sex in ("male", "female", "unknown")
            if (count := getattr(getattr(band, registration), sex))
        }
    )
    assert told == Counter(described(stay, day) for stay in stays_of(people) if lives_there(stay, day))


def lives_there(stay: Any, day: date) -> bool:
    begun = stay.started_on <= day and (stay.ended_on is None or day < stay.ended_on)
    return bool(begun and stay.state != "contested")


def described(stay: Any, day: date) -> tuple[int | None, str, str]:
    years = day.year - stay.birth.year - ((day.month, day.day) < (stay.birth.month, stay.birth.day))
    band = None if day < stay.birth else min(years - years % 5, 85)
    same = stay.hukou_division == stay.street[:6]
    registration = "unknown" if stay.hukou_division is None else "registered" if same else "floating"
    return band, registration, SEXES[stay.sex]


def test_a_pyramid_reads_all_its_bands() -> None:
    assert len(MEASURES) == 1 + 18


@pytest.mark.parametrize(
    ("asked", "between", "home"),
    [
        ("3205", Between.DISTRICT, "320507"),
        ("3205", Between.PROVINCE, "3205"),
        ("320507001", Between.CITY, "320507001"),
        ("32", Between.PROVINCE, "32"),
    ],
)
def test_the_own_side_is_never_wider_than_what_was_asked_for(asked: str, between: Between, home: str) -> None:
    assert home_of("320507001", between, asked) == home


def test_what_is_known_of_a_place_less_narrowly_stays_as_it_is() -> None:
    assert [widen("34", Between.DISTRICT), widen("342221", Between.CITY)] == ["34", "3422"]
