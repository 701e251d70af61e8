"""Two audiences who put their feeds together, and whoever knows a person, find nobody but by luck: one in k."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations, permutations
from typing import Any

import pytest

from contracts.feeds.feeds import FeedName
from contracts.feeds.subscriptions import Terms
from tests.support.joining import (
    GUESSES,
    Entry,
    Seen,
    by_position,
    count_singled_out,
    join,
    make_crowd,
    open_archives,
    send_notices,
    shared_values,
    smallest_class,
    tell_feed,
    tell_openly,
)
from tests.support.subscriptions import everything_of, make_terms

PEOPLE = 400
CROWD = make_crowd(PEOPLE)
K = 5
LUCK = Fraction(1, 20)
"""By how much five hundred guesses of one in five may be luckier."""
CROWDS: dict[FeedName, list[Entry]] = {
    FeedName.STAYS: [entry for entry in CROWD if entry["id"].startswith("arrival")],
    FeedName.ARCHIVES: open_archives(CROWD),
    FeedName.TRANSFERS: send_notices(CROWD),
}
"""What each feed about people hears of the same people when they come."""
TERMS: dict[str, dict[str, Any]] = {
    "everything at once": {},
    "street and age band by the day": {
        "attributes": ("street", "started_on", "sex"),
        "age": "five_years",
        "time": "day",
    },
    "origin by the month": {"attributes": ("hukou_province", "started_on", "ended_on"), "age": "none", "time": "month"},
    "ten alike": {"k": 10, "time": "week", "age": "ten_years"},
}


def batches(size: int) -> Sequence[Sequence[Entry]]:
    return [CROWD[start : start + size] for start in range(0, len(CROWD), size)]


@cache
def feed(terms: str, size: int, audience: str) -> list[Seen]:
    return tell_feed(make_terms(**TERMS[terms]), batches(size), audience)


def test_without_protection_everybody_is_found() -> None:
    mine, others = (tell_openly(CROWD, audience) for audience in ("hospital", "school"))

    assert join(mine, others, by_position) == 1
    assert shared_values(mine, others) == {"position": len(CROWD), "time": len(CROWD)}
    assert count_singled_out(mine, CROWD, K) == len(CROWD)


@pytest.mark.parametrize("size", [30, 150, 5000], ids=["a week", "a month", "all at once"])
@pytest.mark.parametrize("other", TERMS)
@pytest.mark.parametrize("terms", TERMS)
def test_no_guess_joins_two_audiences_better_than_chance(terms: str, other: str, size: int) -> None:
    mine, others = feed(terms, size, "hospital"), feed(other, size, "school")
    k = make_terms(**TERMS[terms]).k

    for guess in GUESSES:
        assert join(mine, others, guess) <= Fraction(1, k) + LUCK, guess.__name__
        assert join(mine, others, guess, at_once=True) <= Fraction(1, k) + LUCK, guess.__name__


@pytest.mark.parametrize("feeds", list(combinations(CROWDS, 2)), ids="-".join)
def test_without_protection_most_are_found_in_another_feed(feeds: tuple[FeedName, FeedName]) -> None:
    mine, others = (tell_openly(CROWDS[name], name) for name in feeds)

    assert join(mine, others, by_position) > Fraction(9, 10)


@pytest.mark.parametrize("size", [30, 5000], ids=["a week", "all at once"])
@pytest.mark.parametrize("unit", ["moment", "month"])
@pytest.mark.parametrize("feeds", list(permutations(CROWDS, 2)), ids="-".join)
def test_no_guess_finds_people_in_another_feed_better_than_chance(
    feeds: tuple[FeedName, FeedName], unit: str, size: int
) -> None:
    mine, others = (whole_feed(name, unit, size) for name in feeds)

    assert min(len(mine), len(others)) > PEOPLE - 10
    for guess in GUESSES:
        assert join(mine, others, guess) <= Fraction(1, K) + LUCK, guess.__name__
        assert join(mine, others, guess, at_once=True) <= Fraction(1, K) + LUCK, guess.__name__


@cache
def whole_feed(name: FeedName, unit: str, size: int) -> list[Seen]:
    terms = Terms.model_validate({**everything_of(name), "time": unit})
    crowd = CROWDS[name]
    return tell_feed(terms, [crowd[start : start + size] for start in range(0, len(crowd), size)], name)


@pytest.mark.parametrize("size", [30, 150, 5000], ids=["a week", "a month", "all at once"])
@pytest.mark.parametrize("terms", TERMS)
def test_whoever_knows_all_of_somebody_but_the_key_finds_k_people(terms: str, size: int) -> None:
    told = feed(terms, size, "hospital")
    k = make_terms(**TERMS[terms]).k

    assert smallest_class(told) >= k
    assert count_singled_out(told, CROWD, k) == 0


@pytest.mark.parametrize("terms", TERMS)
def test_no_value_of_the_envelope_is_the_same_for_two_audiences_but_by_chance(terms: str) -> None:
    mine, others = feed(terms, 5000, "hospital"), feed(terms, 5000, "school")

    shared = shared_values(mine, others)

    assert len(mine) == len(others) > PEOPLE
    assert shared.keys() <= {"position", "time"}
    assert shared["position"] < len(mine) / 100
    assert {seen.event["time"] for seen in mine} == {"2026-06-01"}, "one time for all that is told together"


def test_whoever_knows_in_which_order_people_came_finds_none_of_them_by_it() -> None:
    told = feed("everything at once", 5000, "hospital")
    known = tell_openly(CROWD, "registrar")

    assert join(told, [_timeless(seen) for seen in known], by_position) <= Fraction(1, K) + LUCK


def _timeless(seen: Seen) -> Seen:
    return Seen({**seen.event, "time": ""}, seen.release, seen.entry, seen.person)


def test_nearly_everything_is_told_and_what_waits_is_told_later() -> None:
    for terms in TERMS:
        told = {seen.entry for seen in feed(terms, 150, "hospital")}
        assert len(told) > len(CROWD) - 2 * 10, "fewer than k of each kind wait"


def test_nothing_is_told_twice_and_positions_have_no_gap() -> None:
    told = feed("everything at once", 30, "hospital")

    assert [seen.event["position"] for seen in told] == list(range(1, len(told) + 1))
    assert len({seen.entry for seen in told}) == len({seen.event["id"] for seen in told}) == len(told)
