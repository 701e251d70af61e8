"""Who is in need, and who works with hazards, by what is registered: on a real MongoDB, page by page."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.outreach.care import CareCase, CareNeed, case_id
from contracts.outreach.exposures import HazardExposure, exposure_id
from contracts.reference.divisions import Area
from contracts.reference.identity import Sex
from contracts.registration.stays import Category, Stay, StayState
from services.outreach.domain.needs import NEEDS
from services.outreach.views import care, exposures
from services.outreach.views.care import InNeed, care_case_row, find_in_need
from services.outreach.views.exposures import exposure_row, leave_out_recorded, list_registered
from services.outreach.views.residents import prepare, resident_row
from services.runtime.mongo import Database, write_rows
from tests.support.facts import STREETS, make_stay

TODAY = date(2026, 11, 20)
DISTRICT = (Area("320507"),)
WINDOW = (date(2026, 1, 1), date(2026, 2, 17))


def resident(number: int, **more: Any) -> Stay:
    told = {"birth": date(1980, 1, 1), "sex": Sex.MALE, "categories": (Category.LEFT_BEHIND,)}
    return make_stay(f"{number:032x}", STREETS[number % 2], **{**told, **more})


async def take_in(database: Database, residents: list[Stay]) -> None:
    for view in (care, exposures):
        await view.prepare(database)
    await prepare(database)
    await write_rows(database, [resident_row(stay, 1) for stay in residents])


async def in_need(database: Database, need: CareNeed, after: str = "", limit: int = 100) -> list[InNeed]:
    period = WINDOW if NEEDS[need].returned_in else None
    return await find_in_need(database, DISTRICT, (NEEDS[need], period, TODAY), after, limit)


@pytest.mark.parametrize(
    ("need", "found"),
    [
        (CareNeed.HARDSHIP, {1}),
        (CareNeed.DISABLED, {2}),
        (CareNeed.LEFT_BEHIND_ELDERLY, {3}),
        (CareNeed.LEFT_BEHIND_WOMAN, {4, 10}),
        (CareNeed.LEFT_BEHIND_CHILD, {5}),
        (CareNeed.RETURNEE, {6}),
    ],
)
async def test_a_need_is_of_those_who_live_here_and_are_reported_so(
    database: Database, need: CareNeed, found: set[int]
) -> None:
    woman = {"sex": Sex.FEMALE}
    at_home: dict[str, Any] = {"categories": (), "hukou_division": "320507"}
    residents = [
        resident(1, categories=(Category.HARDSHIP,)),
        resident(2, categories=(Category.DISABLED,), **woman),
        resident(3, birth=date(1966, 11, 20)),
        resident(4, birth=date(1966, 11, 21), **woman),
        resident(5, birth=date(2010, 11, 21), **woman),
        resident(6, day=47, **at_home),
        resident(7, day=48, **at_home),
        resident(8, state=StayState.ENDED, categories=tuple(Category)),
        resident(9, day=9, categories=(), hukou_division="411503"),
        resident(10, birth=date(2010, 11, 20), **woman),
        resident(11, birth=None),
    ]
    await take_in(database, residents)

    people = await in_need(database, need)

    assert {int(one.person_id, 16) for one in people} == found


async def test_pages_follow_one_another_by_street_and_say_whose_case_is_open(database: Database) -> None:
    residents = [resident(number, categories=(Category.HARDSHIP, Category.DISABLED)) for number in range(1, 8)]
    await take_in(database, residents)
    stay = residents[2]
    named = case_id(stay.street, stay.person_id, CareNeed.HARDSHIP)
    told = {"case_id": named, "street": stay.street, "person_id": stay.person_id, "need": CareNeed.HARDSHIP}
    await write_rows(database, [care_case_row(CareCase(**told, opened_on=TODAY), 1)])

    pages, after = [], ""
    while page := await in_need(database, CareNeed.HARDSHIP, after, 2):
        pages.append(page)
        after = f"{page[-1].street}|{page[-1].person_id}"

    people = [one for page in pages for one in page]
    assert [(one.street, one.person_id) for one in people] == sorted((one.street, one.person_id) for one in residents)
    assert {one.case_id for one in people if one.person_id == stay.person_id} == {named}
    assert {one.case_id for one in people if one.person_id != stay.person_id} == {None}


async def test_who_works_with_a_hazard_and_is_not_recorded_is_found_the_earliest_first(database: Database) -> None:
    residents = [resident(number, day=9 - number, hazard="dust") for number in range(1, 6)]
    others = [resident(6, hazard="none"), resident(7, hazard="dust", state=StayState.CONTESTED), resident(8)]
    await take_in(database, [*residents, *others])
    known = residents[0]
    named = exposure_id(known.street, known.person_id, "dust")
    told = {"exposure_id": named, "street": known.street, "person_id": known.person_id, "hazard": "dust"}
    await write_rows(database, [exposure_row(HazardExposure(**told, since=TODAY - timedelta(days=9)), 1)])

    first = await list_registered(database, DISTRICT, "", 3)
    last = first[-1]
    rest = await list_registered(database, DISTRICT, f"{last.street}|{last.arrived_on}|{last.stay_id}", 9)
    unrecorded = await leave_out_recorded(database, [*first, *rest])

    expected = sorted(residents[1:], key=lambda stay: (stay.street, stay.started_on))
    assert len(first) + len(rest) == len(residents)
    assert [one.person_id for one in unrecorded] == [stay.person_id for stay in expected]
