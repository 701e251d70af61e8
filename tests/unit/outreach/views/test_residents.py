"""Residents: what is kept of a stay, and that the query for an audience finds those who belong to it on the day."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.activities import Audience
from contracts.outreach.segments import Segment
from contracts.reference.divisions import Area
from contracts.reference.identity import Sex
from contracts.registration.categories import OLDEST, PersonCategory, categories_of
from contracts.registration.stays import Category, Stay, StayState
from services.outreach.domain.segments import AUDIENCES, GROUPS, belongs
from services.outreach.views.residents import resident_row, segment_query
from services.runtime.mongo import Document
from tests.support.facts import STREETS, make_stay

TODAY = date(2026, 11, 20)
HERE = (Area("320507"),)
CATEGORIES = {
    Audience.CHILDREN: PersonCategory.CHILDREN_0_6,
    Audience.PUPILS: PersonCategory.PUPILS_6_14,
    Audience.WOMEN: PersonCategory.WOMEN_15_49,
    Audience.ELDERLY: PersonCategory.ELDERLY_65,
    Audience.HAZARD_WORKERS: PersonCategory.OCCUPATIONAL_HAZARD,
}
"""The category that registration and the plans know an audience by."""
STAYS = st.builds(
    make_stay,
    street=st.sampled_from(STREETS),
    birth=st.none() | st.dates(date(1930, 1, 1), date(2026, 11, 20)),
    sex=st.sampled_from(Sex),
    hazard=st.sampled_from((None, "none", "dust")),
    state=st.sampled_from(StayState),
    categories=st.sets(st.sampled_from(Category)).map(tuple),
    origin=st.sampled_from((None, "340102", "34", "411503")),
    community=st.sampled_from((None, "001", "002")),
    dwelling=st.sampled_from((None, "rented", "dormitory")),
)
SEGMENTS = st.builds(
    Segment,
    youngest=st.integers(0, 60),
    oldest=st.integers(30, OLDEST),
    sex=st.none() | st.sampled_from(Sex),
    categories=st.sets(st.sampled_from(PersonCategory), max_size=3).map(tuple),
    group=st.sampled_from((None, *GROUPS)),
    origins=st.sampled_from(((), ("34",), ("3401", "41"))),
    communities=st.sampled_from(((), ("001",))),
    dwellings=st.sampled_from(((), ("rented", "hotel"))),
    hazards=st.sampled_from(((), ("dust",))),
    exposed=st.booleans(),
)
OPERATORS: dict[str, Any] = {
    "$gt": lambda value, bound: value is not None and value > bound,
    "$gte": lambda value, bound: value is not None and value >= bound,
    "$in": lambda value, named: value in named,
    "$lt": lambda value, bound: value is not None and value < bound,
    "$lte": lambda value, bound: value is not None and value <= bound,
    "$nin": lambda value, excluded: value not in excluded,
}
"""MongoDB's, as far as the query uses them: nothing that is missing is more or less than anything."""


def is_found(fields: Document, query: Document) -> bool:
    """Return whether MongoDB finds a document by a query."""
    return all(_is_met(fields, field, wanted) for field, wanted in query.items())


def _is_met(fields: Document, field: str, wanted: Any) -> bool:
    if field == "$and":
        return all(is_found(fields, one) for one in wanted)
    if field == "$or":
        return any(is_found(fields, one) for one in wanted)
    value = fields[field]
    if isinstance(wanted, dict):
        return all(OPERATORS[name](value, bound) for name, bound in wanted.items())
    return wanted in value if isinstance(value, list) else bool(value == wanted)


def audiences_of(stay: Stay, day: date = TODAY) -> set[Audience]:
    """Return the audiences whose queries find a stay's row on a day."""
    row = resident_row(stay, 1)
    return {audience for audience in Audience if is_found(row.fields, segment_query(AUDIENCES[audience], HERE, day))}


def test_of_a_stay_is_kept_what_decides_on_audiences_and_care_the_household_and_nothing_else() -> None:
    stay = make_stay(birth=date(1990, 5, 1), sex=Sex.FEMALE, hazard="dust", community="001", purpose="labour")

    row = resident_row(stay, 3)

    assert (row.collection, row.id, row.sequence) == ("residents", stay.stay_id, 3)
    assert row.fields == {
        "started_on": stay.started_on.isoformat(),
        "person_id": stay.person_id,
        "street": "320507001",
        "state": "open",
        "birth": "1990-05-01",
        "sex": "female",
        "hazard": "dust",
        "household": stay.person_id,
        "categories": [],
        "origin": None,
        "community": "001",
        "dwelling": None,
        "ending": None,
        "at_home": False,
        "exposed": True,
    }


@pytest.mark.parametrize(
    ("hukou", "at_home"),
    [(None, False), ("32", False), ("3205", False), ("320507", True), ("320507002", True), ("320508", False)],
)
def test_whose_household_is_registered_in_the_district_is_at_home(hukou: str | None, at_home: bool) -> None:
    assert resident_row(make_stay(hukou_division=hukou), 1).fields["at_home"] is at_home


def test_those_who_arrived_together_are_one_household() -> None:
    assert resident_row(make_stay(household_id="7" * 32), 1).fields["household"] == "7" * 32


@given(stay=STAYS, day=st.dates(date(2026, 1, 1), date(2040, 12, 31)))
def test_the_query_for_an_audience_finds_who_belongs_to_its_category_on_that_day(stay: Stay, day: date) -> None:
    lives_here = stay.state is StayState.OPEN and stay.district == "320507"
    belongs = {audience for audience, category in CATEGORIES.items() if category in categories_of(stay, day)}

    assert audiences_of(stay, day) == ({Audience.EVERYONE, *belongs} if lives_here else set())


def test_a_birthday_moves_a_person_from_one_audience_to_the_next() -> None:
    boy = make_stay(birth=date(2019, 11, 20), sex=Sex.MALE)

    assert audiences_of(boy, date(2025, 11, 19)) == {Audience.EVERYONE, Audience.CHILDREN}
    assert audiences_of(boy, date(2025, 11, 20)) == {Audience.EVERYONE, Audience.CHILDREN, Audience.PUPILS}
    assert audiences_of(boy, date(2026, 11, 20)) == {Audience.EVERYONE, Audience.PUPILS}


def test_whose_birthday_and_sex_are_unknown_counts_among_everyone_alone() -> None:
    assert audiences_of(make_stay()) == {Audience.EVERYONE}


@pytest.mark.parametrize("state", [state for state in StayState if state is not StayState.OPEN])
def test_who_is_no_resident_belongs_to_no_audience(state: StayState) -> None:
    assert audiences_of(make_stay(birth=date(1950, 1, 1), hazard="dust", state=state)) == set()


@pytest.mark.parametrize("audience", Audience)
def test_every_query_asks_for_residents_of_the_places_asked_about(audience: Audience) -> None:
    query = segment_query(AUDIENCES[audience], (Area("320507001"),), TODAY)

    assert query["state"] == "open"
    assert is_found({"street": "320507001"}, {"street": query["street"]})
    assert not is_found({"street": "320507002"}, {"street": query["street"]})


@given(stay=STAYS, segment=SEGMENTS, day=st.dates(date(2026, 1, 1), date(2040, 12, 31)))
def test_the_query_for_a_segment_finds_exactly_whom_it_means(stay: Stay, segment: Segment, day: date) -> None:
    found = is_found(resident_row(stay, 1).fields, segment_query(segment, (Area(stay.street),), day))

    assert found == belongs(segment, stay, day)


@given(years=st.integers(0, 100), days=st.integers(-2, 2), other=st.integers(0, 100))
def test_the_query_and_the_meaning_agree_around_every_birthday(years: int, days: int, other: int) -> None:
    stay = make_stay(birth=TODAY.replace(year=TODAY.year - years) + timedelta(days=days))
    aged = Segment(youngest=min(other, years), oldest=max(other, years))

    for asked in (aged, Segment(youngest=years), Segment(oldest=years)):
        found = is_found(resident_row(stay, 1).fields, segment_query(asked, (Area(stay.street),), TODAY))
        assert found == belongs(asked, stay, TODAY)
