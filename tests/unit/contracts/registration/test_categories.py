"""Who belongs to which category on a day: by completed years, sex, hazard and what the office reported."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.reference.calendar import age_on
from contracts.reference.identity import Sex
from contracts.registration.categories import (
    CATEGORIES,
    PersonCategory,
    born_between,
    categories,
    categories_of,
)
from contracts.registration.stays import Category
from tests.support.facts import make_stay

TODAY = date(2026, 11, 20)
DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))


def of(birth: date | None, sex: Sex = Sex.MALE, day: date = TODAY) -> set[str]:
    return {category.value for category in categories(birth, sex, None, (), day)}


@pytest.mark.parametrize(
    ("birth", "sex", "expected"),
    [
        (date(2026, 11, 20), Sex.MALE, {"children_0_6"}),
        (date(2020, 11, 21), Sex.MALE, {"children_0_6"}),
        (date(2020, 11, 20), Sex.MALE, {"children_0_6", "pupils_6_14"}),
        (date(2019, 11, 21), Sex.MALE, {"children_0_6", "pupils_6_14"}),
        (date(2019, 11, 20), Sex.MALE, {"pupils_6_14"}),
        (date(2011, 11, 21), Sex.FEMALE, {"pupils_6_14"}),
        (date(2011, 11, 20), Sex.FEMALE, {"women_15_49"}),
        (date(2011, 11, 20), Sex.UNKNOWN, set()),
        (date(1976, 11, 21), Sex.FEMALE, {"women_15_49"}),
        (date(1976, 11, 20), Sex.FEMALE, set()),
        (date(1961, 11, 21), Sex.MALE, set()),
        (date(1961, 11, 20), Sex.MALE, {"elderly_65"}),
        (date(2026, 11, 21), Sex.MALE, set()),
        (None, Sex.FEMALE, set()),
    ],
)
def test_the_day_of_a_birthday_decides(birth: date | None, sex: Sex, expected: set[str]) -> None:
    assert of(birth, sex) == expected


def test_who_was_born_on_the_29th_of_february_is_older_from_the_first_of_march_on() -> None:
    born = date(1960, 2, 29)

    assert of(born, day=date(2025, 2, 28)) == set()
    assert of(born, day=date(2025, 3, 1)) == {"elderly_65"}
    assert age_on(born, date(2024, 2, 28)) == 63
    assert age_on(born, date(2024, 2, 29)) == 64
    assert of(date(1959, 2, 28), day=date(2024, 2, 29)) == of(date(1959, 3, 1), day=date(2024, 3, 1)) == {"elderly_65"}
    assert of(date(1959, 3, 1), day=date(2024, 2, 29)) == set()


@pytest.mark.parametrize("hazard", ["dust", "other"])
def test_a_hazard_counts_when_there_is_one(hazard: str) -> None:
    assert categories(None, Sex.MALE, hazard, (), TODAY) == (PersonCategory.OCCUPATIONAL_HAZARD,)
    assert categories(None, Sex.MALE, "none", (), TODAY) == categories(None, Sex.MALE, None, (), TODAY) == ()


def test_what_the_office_reports_is_believed() -> None:
    stay = make_stay(birth=date(2021, 1, 1), categories=(Category.LEFT_BEHIND, Category.HARDSHIP))

    assert categories_of(stay, TODAY) == (
        PersonCategory.CHILDREN_0_6,
        PersonCategory.LEFT_BEHIND,
        PersonCategory.HARDSHIP,
    )
    assert {category.value for category in Category} <= {category.value for category in PersonCategory}


@given(birth=DAYS, day=DAYS, category=st.sampled_from(PersonCategory))
def test_a_range_of_birthdays_is_the_same_as_an_age(birth: date, day: date, category: PersonCategory) -> None:
    belonging = CATEGORIES[category]
    after, until = born_between(belonging, day)

    assert (after < birth <= until) == (belonging.youngest <= age_on(birth, day) <= belonging.oldest)


@given(birth=DAYS)
def test_everybody_goes_through_the_ages_in_their_order(birth: date) -> None:
    day = birth + timedelta(days=1)
    ages = [age_on(birth, day + timedelta(days=step)) for step in range(0, 2000, 7)]

    assert ages == sorted(ages)
    assert ages[0] == 0
