"""Whole lives through districts that hear each other late, twice, out of order, and not at all for weeks."""

import os

import pytest

from tests.simulator.check import broken_by, differences, end_of, heard_otherwise
from tests.simulator.lives import Lives, live, make_place
from tests.simulator.run import CALM, Run, Weather

LONG = os.environ.get("HOUNIAO_SIMULATE") == "long"
CASES = [(2, 50, 11), (3, 50, 12), (5, 30, 13)] if not LONG else [(2 + n % 4, 300, n) for n in range(1, 25)]
"""Districts, people, seed."""
MONTHS = 9


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "{} districts, {} people, seed {}".format(*case))
def lives(request: pytest.FixtureRequest) -> Lives:
    districts, people, seed = request.param
    return live(seed, people, make_place(districts, MONTHS))


@pytest.fixture(scope="module")
def stormy(lives: Lives) -> Run:
    """Live through late and doubled messages and districts that are cut off."""
    return Run(lives, Weather(lives.seed)).go()


def test_when_all_is_heard_and_every_deadline_passed_the_invariants_hold(stormy: Run) -> None:
    assert list(broken_by(stormy)) == []


def test_the_facts_of_a_run_in_any_order_give_the_same_views_and_leave_nothing_owed(stormy: Run) -> None:
    assert list(heard_otherwise(stormy, stormy.lives.seed)) == []


def test_the_same_lives_with_other_delays_end_alike(lives: Lives, stormy: Run) -> None:
    calm = Run(lives, CALM).go()

    assert list(differences(end_of(stormy), end_of(calm))) == []


def test_a_seed_is_a_run_that_can_be_looked_at_again() -> None:
    one, other = (Run(live(7, 10, make_place(3, MONTHS)), Weather(7)).go() for _ in range(2))

    assert one.said == other.said
