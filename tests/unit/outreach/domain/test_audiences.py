"""Audiences: whom the plans of health education address, in completed years, by sex and by work."""

import pytest

from contracts.outreach.activities import Audience
from contracts.registration.categories import Belonging
from services.outreach.domain.audiences import AUDIENCES


def test_every_audience_that_an_activity_may_address_has_people_who_belong_to_it() -> None:
    assert AUDIENCES.keys() == set(Audience)


@pytest.mark.parametrize(
    ("audience", "youngest", "oldest"),
    [(Audience.CHILDREN, 0, 6), (Audience.PUPILS, 6, 14), (Audience.WOMEN, 15, 49)],
)
def test_an_audience_is_of_an_age(audience: Audience, youngest: int, oldest: int) -> None:
    assert (AUDIENCES[audience].youngest, AUDIENCES[audience].oldest) == (youngest, oldest)


def test_the_elderly_are_65_or_older_without_an_end() -> None:
    assert AUDIENCES[Audience.ELDERLY].youngest == 65
    assert AUDIENCES[Audience.ELDERLY].oldest == Belonging().oldest


@pytest.mark.parametrize("audience", [Audience.EVERYONE, Audience.HAZARD_WORKERS])
def test_whose_age_is_not_known_belongs_to_the_audiences_of_any_age(audience: Audience) -> None:
    assert AUDIENCES[audience].of_any_age


def test_women_are_asked_for_by_sex_and_hazard_workers_by_their_work_and_nobody_else_by_either() -> None:
    assert [audience for audience in Audience if AUDIENCES[audience].women_only] == [Audience.WOMEN]
    assert [audience for audience in Audience if AUDIENCES[audience].hazard_only] == [Audience.HAZARD_WORKERS]


def test_no_audience_asks_what_the_office_reported_of_a_persons_need() -> None:
    assert {belonging.reported for belonging in AUDIENCES.values()} == {None}
