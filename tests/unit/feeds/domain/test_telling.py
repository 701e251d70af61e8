"""What an audience is told by its terms, and what is given up first."""

from itertools import pairwise
from typing import Any

import pytest

from contracts.feeds.feeds import FEEDS, Attribute, FeedName
from contracts.feeds.subscriptions import AgeBand, Terms, TimeUnit
from services.feeds.domain.telling import LADDER, coarsen, concerns, name_of, tell, tell_day
from tests.support.subscriptions import everything_of, make_terms

ABOUT_PEOPLE = [name for name, kind in FEEDS.items() if kind.about_people]
ENTRY: dict[str, Any] = {
    "id": "event-1",
    "type": "registration.stay_ended.v1",
    "time": "2026-09-01T03:04:05.000000Z",
    "sequence": 3,
    "person_id": "a" * 32,
    "stay_id": "b" * 32,
    "data": {
        "street": "320507001",
        "state": "ended",
        "started_on": "2026-03-05",
        "ended_on": "2026-08-31",
        "birth_year": 1949,
        "sex": "female",
        "hukou_province": "32",
        "purpose": "family",
    },
}


def test_the_widest_terms_tell_no_more_than_kind_place_days_and_year() -> None:
    assert tell(make_terms(), ENTRY) == {
        "street": "320507001",
        "state": "ended",
        "started_on": "2026-03-05",
        "ended_on": "2026-08-31",
        "sex": "female",
        "hukou_province": "32",
        "purpose": "family",
        "born": "1949",
    }


def test_terms_without_attributes_and_age_tell_nothing_but_the_fact() -> None:
    assert tell(make_terms(attributes=(), age="none"), ENTRY) == {}


def test_no_terms_tell_whose_entry_it_is_which_stay_or_when_it_was_recorded() -> None:
    told = str(tell(make_terms(), ENTRY))

    secrets = (ENTRY["id"], ENTRY["person_id"], ENTRY["stay_id"], ENTRY["time"], "sequence")
    assert not [secret for secret in secrets if secret in told]


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        ("moment", "2026-03-05"),
        ("hour", "2026-03-05"),
        ("day", "2026-03-05"),
        ("week", "2026-W10"),
        ("month", "2026-03"),
    ],
)
def test_a_day_is_told_as_exactly_as_the_unit_allows(unit: str, told: str) -> None:
    assert tell(make_terms(time=unit), ENTRY)["started_on"] == told


def test_a_week_belongs_to_the_year_of_its_thursday() -> None:
    assert tell_day("2027-01-01", TimeUnit.WEEK) == "2026-W53"


@pytest.mark.parametrize(
    ("age", "told"), [("year", "1949"), ("five_years", "1945-1949"), ("ten_years", "1940-1949"), ("none", None)]
)
def test_a_year_of_birth_is_told_as_exactly_as_the_band_allows(age: str, told: str | None) -> None:
    assert tell(make_terms(age=age), ENTRY).get("born") == told


def test_what_is_not_known_is_told_as_none() -> None:
    unknown = {**ENTRY, "data": {**ENTRY["data"], "birth_year": None, "ended_on": None}}

    told = tell(make_terms(), unknown)

    assert (told["born"], told["ended_on"]) == (None, None)


@pytest.mark.parametrize(
    ("terms", "concerned"),
    [
        ({}, True),
        ({"facts": ("stay_ended",)}, True),
        ({"facts": ("stay_started",)}, False),
        ({"streets": ("320507001",)}, True),
        ({"streets": ("320507002",)}, False),
    ],
)
def test_an_audience_hears_of_its_facts_and_streets_alone(terms: dict[str, Any], concerned: bool) -> None:
    assert concerns(make_terms(**terms), ENTRY) is concerned


@pytest.mark.parametrize("feed", ABOUT_PEOPLE)
def test_step_by_step_everything_but_the_fact_is_given_up(feed: FeedName) -> None:
    widest = Terms.model_validate(everything_of(feed))
    steps = list(coarsen(widest))

    tells = {*FEEDS[feed].attributes, *TimeUnit, *(AgeBand if FEEDS[feed].tells_ages else ())}
    assert [given_up for given_up, _ in steps] == [rung for rung in LADDER if rung in tells]
    bare = {"attributes": (), "age": AgeBand.NONE, "time": TimeUnit.MONTH}
    assert steps[-1][1] == widest.model_copy(update=bare)
    assert tell(steps[-1][1], ENTRY) == {}


def test_each_step_tells_less_than_the_one_before() -> None:
    terms = [make_terms(), *(coarser for _, coarser in coarsen(make_terms()))]

    for finer, coarser in pairwise(terms):
        assert coarser.is_within(finer)
        assert not finer.is_within(coarser)


def test_every_attribute_and_every_coarseness_can_be_given_up() -> None:
    of_people = {attribute for feed in ABOUT_PEOPLE for attribute in FEEDS[feed].attributes}
    assert {step for step in LADDER if isinstance(step, Attribute)} == of_people
    assert {step for step in LADDER if isinstance(step, AgeBand)} == set(AgeBand) - {AgeBand.YEAR}
    assert {step for step in LADDER if isinstance(step, TimeUnit)} == {TimeUnit.WEEK, TimeUnit.MONTH}


def test_what_terms_do_not_tell_is_not_given_up() -> None:
    steps = [given_up for given_up, _ in coarsen(make_terms(attributes=("street",), age="none", time="month"))]

    assert steps == [Attribute.STREET]


def test_what_is_given_up_has_a_name_of_its_own() -> None:
    names = [name_of(step) for step in LADDER]

    assert len(set(names)) == len(LADDER)
    assert {"sex", "time:week", "age:none"} <= set(names)
