"""Stays by category on a real MongoDB: as the pure function says, in pages, by an index; and who belongs together."""

from datetime import date

import pytest

from contracts.reference.divisions import Area
from contracts.reference.identity import Sex
from contracts.registration.categories import PersonCategory, categories_of
from contracts.registration.stays import Category, Stay
from services.registration.domain.households import find_accompanying
from services.registration.views.rows import STAYS, prepare, stay_row
from services.registration.views.stays import Wanted, category_query, find_dependants, list_stays
from services.runtime.mongo import Database, write_rows
from tests.support.facts import PEOPLE, STREETS, make_stay

TODAY = date(2026, 11, 20)
BIRTHS = (None, *(date(year, 11, day) for year in (1961, 1976, 1977, 2011, 2019, 2020, 2026) for day in (19, 20, 21)))
REPORTED: tuple[tuple[Category, ...], ...] = ((), (), (Category.DISABLED,), (Category.HARDSHIP, Category.LEFT_BEHIND))


def population() -> list[Stay]:
    """Make stays of people of all kinds in two streets."""
    kinds = [
        (birth, sex, hazard, reported)
        for birth in BIRTHS
        for sex in (Sex.MALE, Sex.FEMALE, Sex.UNKNOWN)
        for hazard in (None, "none", "dust")
        for reported in REPORTED
    ]
    return [
        make_stay(f"{number:032x}", STREETS[number // 4 % 2], birth=birth, sex=sex, hazard=hazard, categories=reported)
        for number, (birth, sex, hazard, reported) in enumerate(kinds)
    ]


async def pages(database: Database, category: PersonCategory, division: str) -> list[Stay]:
    found: list[Stay] = []
    cursor: str | None = ""
    while cursor is not None:
        belonging = category_query(category, TODAY)
        page, cursor = await list_stays(database, Wanted((Area(division),), category=belonging), cursor, 50)
        found += page
    return found


async def test_a_category_is_listed_as_it_is_worked_out(database: Database) -> None:
    await prepare(database)
    everybody = population()
    await write_rows(database, [stay_row(stay, 1) for stay in everybody])

    for category in PersonCategory:
        expected = [stay for stay in everybody if category in categories_of(stay, TODAY)]
        assert expected
        assert await pages(database, category, "320507") == sorted(
            expected, key=lambda stay: (stay.street, stay.stay_id)
        )
        here = [stay.stay_id for stay in expected if stay.street == STREETS[0]]
        assert [stay.stay_id for stay in await pages(database, category, STREETS[0])] == sorted(here)


@pytest.mark.parametrize("category", PersonCategory)
async def test_only_rows_that_belong_are_fetched(database: Database, category: PersonCategory) -> None:
    await prepare(database)
    everybody = population()
    await write_rows(database, [stay_row(stay, 1) for stay in everybody])
    query = {"street": {"$gte": STREETS[0], "$lt": STREETS[0] + ":"}, **category_query(category, TODAY)}
    index = "reported" if "categories" in query else "street"

    plan = await database.command(
        "explain",
        {"find": STAYS, "filter": query, "hint": index, "sort": {"street": 1, "_id": 1}},
        verbosity="executionStats",
    )

    told = plan["executionStats"]
    assert told["totalDocsExamined"] == told["nReturned"] > 0
    assert "'stage': 'SORT'" not in str(plan["queryPlanner"]["winningPlan"])


async def test_a_household_and_the_children_of_its_members_are_found_together(database: Database) -> None:
    await prepare(database)
    mother, father, baby = PEOPLE
    home, elsewhere = "f" * 32, STREETS[1]
    head = make_stay(mother, household_id=home)
    spouse = make_stay(father, household_id=home)
    child = make_stay(baby, guardian_id=father)
    away = make_stay(father, elsewhere, household_id=home)
    alone = make_stay("9" * 32)
    await write_rows(database, [stay_row(stay, 1) for stay in (head, spouse, child, away, alone)])

    found = await find_dependants(database, head, (Area(head.street),))

    assert {stay.stay_id for stay in found} == {head.stay_id, spouse.stay_id, child.stay_id}
    assert {stay.person_id for stay in find_accompanying(head, found, household=True)} == {father, baby}
    assert find_accompanying(head, found) == []
    assert await find_dependants(database, alone, (Area(alone.street),)) == []
    assert {stay.person_id for stay in await find_dependants(database, spouse, (Area(spouse.street),))} == {
        mother,
        father,
        baby,
    }
