"""Audiences on a real MongoDB: residents are counted by their age today, their sex and what they are exposed to."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from contracts.outreach.activities import Audience
from contracts.reference.divisions import Area
from contracts.reference.identity import Sex
from contracts.registration.stays import Stay, StayState
from services.outreach.views.residents import count_audiences, prepare, resident_row
from services.runtime.mongo import Database, write_rows
from tests.support.facts import STREETS, make_stay

TODAY = date(2026, 11, 20)
STREET = STREETS[0]


async def count(database: Database, residents: Sequence[Stay], division: str = STREET) -> dict[Audience, int]:
    await prepare(database)
    await write_rows(database, [resident_row(stay, 1) for stay in residents])
    return await count_audiences(database, (Area(division),), TODAY)


def resident(number: int, born: str | None = "1990-01-01", **more: Any) -> Stay:
    person = f"{number:032x}"
    return make_stay(person, **{"birth": born and date.fromisoformat(born), "sex": Sex.MALE, **more})


async def test_ages_count_in_full_years_on_the_day_of_the_birthday(database: Database) -> None:
    birthdays = ["2020-11-20", "2019-11-21", "2019-11-20", "2012-11-20", "2011-11-21", "2011-11-20", "1961-11-20"]
    residents = [resident(number, born, sex=Sex.FEMALE) for number, born in enumerate([*birthdays, "1961-11-21"])]

    sizes = await count(database, residents)

    assert sizes[Audience.EVERYONE] == 8
    assert sizes[Audience.CHILDREN] == 2, "6 until the day before the 7th birthday"
    assert sizes[Audience.PUPILS] == 5, "from the 6th birthday to the day before the 15th"
    assert sizes[Audience.WOMEN] == 1, "15 on the birthday; 64 is too old"
    assert sizes[Audience.ELDERLY] == 1, "65 on the birthday"


async def test_only_residents_count(database: Database) -> None:
    residents = [resident(number, state=state) for number, state in enumerate(StayState)]

    sizes = await count(database, residents)

    assert sizes[Audience.EVERYONE] == 1


async def test_whoever_denied_a_hazard_or_was_not_asked_is_no_hazard_worker(database: Database) -> None:
    residents = [resident(number, hazard=hazard) for number, hazard in enumerate((None, "none", "dust", "noise"))]

    sizes = await count(database, residents)

    assert sizes[Audience.HAZARD_WORKERS] == 2


async def test_men_and_people_of_unknown_sex_or_age_are_in_no_audience_of_women(database: Database) -> None:
    residents = [resident(number, sex=sex) for number, sex in enumerate(Sex)]
    residents.append(resident(9, None, sex=Sex.FEMALE))

    sizes = await count(database, residents)

    assert (sizes[Audience.WOMEN], sizes[Audience.EVERYONE]) == (1, 5)


async def test_a_district_counts_all_its_streets_and_no_other(database: Database) -> None:
    residents = [make_stay(f"{number:032x}", street) for number, street in enumerate(STREETS)]

    sizes = await count(database, residents, "320507")

    assert sizes[Audience.EVERYONE] == 2
