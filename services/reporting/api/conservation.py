"""HTTP in: whether residents, and those who left, are conserved, and what breaks that."""

import asyncio
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import islice

from fastapi import APIRouter
from pydantic import BaseModel

from services.reporting.api.dependencies import (
    NOT_THEN,
    CountingThen,
    Reader,
    Since,
    Until,
    ViewerHere,
    as_known,
    division_of,
    must_be_period,
)
from services.reporting.commands.conservation import find_unbalanced
from services.reporting.commands.values import find_place
from services.reporting.domain.conservation import (
    MEASURES,
    Break,
    Disagreement,
    Residents,
    Unplaced,
    balance_residents,
    balance_unplaced,
    find_breaks,
    find_disagreements,
)
from services.reporting.domain.counting import Numbers
from services.reporting.domain.periods import Period
from services.reporting.domain.values import Place
from services.reporting.views.contributions import find_numbers, find_places
from services.runtime.parameters import Division, Paged, ServiceHere
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["reporting"])

MOST = 100
"""Breaks and disagreements that are named at most."""


class Balance(BaseModel):
    """Of a division: residents before + arrivals - departures - deaths = residents after.

    And those in transit or lost before + departures - found elsewhere - gone abroad = those in transit or lost after.
    """

    division: str
    name: str
    residents: Residents
    unplaced: Unplaced


class Conservation(Balance):
    """The balance of a division in a period, both days included, and of its streets, or of a city's districts.

    Of a district or street are named the days on which a law does not hold (`breaks`), and counters of which the one by
    day and the one by month disagree (`disagreements`), each at most 100 times. What was heard up to `counted_until` is
    in the numbers.
    """

    since: date
    until: date
    as_of: datetime
    counted_until: datetime
    balanced: bool
    parts: list[Balance]
    breaks: list[Break]
    disagreements: list[Disagreement]


class PersonUnbalanced(BaseModel):
    """Somebody whose contributions do not balance: where, by which law, on which day, by how much."""

    person_id: str
    breaks: list[Break]


class PeopleUnbalanced(BaseModel):
    """A page of people who do not balance, empty perhaps, and the cursor of the next page if not all were looked at."""

    people: list[PersonUnbalanced]
    next: str | None


_REFUSALS = refuses(*NOT_THEN, outside_your_division=403, unknown_division=422, bad_period=422)


@router.get("/conservation", summary="Whether residents and those who left are conserved 守恒核对", responses=_REFUSALS)
async def get_conservation(
    service: ServiceHere, counting: CountingThen, caller: Reader, division: Division, since: Since, until: Until
) -> Conservation:
    """Balance a division's residents and departures over a period, and tell from the counters what does not hold."""
    division = division_of(service, caller, division)
    must_be_period(since, until)
    known = await as_known(service, counting)
    found = await find_place(service, counting, division)
    days = (since - timedelta(days=1), until)
    by_day = () if found.place.is_wide else MEASURES
    numbers = await find_numbers(service.database, counting.build, found.first, MEASURES, days, by_day=by_day)
    period = Period(since, until)
    places = [found.place, *(found.place.districts() or found.place.parts())]
    whole, *parts = await asyncio.to_thread(_balances, service, places, numbers, period)
    breaks, disagreements = await asyncio.to_thread(_name, found.place, numbers, period)
    unexplained = any(each.residents.unexplained or each.unplaced.unexplained for each in (whole, *parts))
    return Conservation(
        **dict(whole),
        since=since,
        until=until,
        **known,
        balanced=not (unexplained or breaks or disagreements),
        parts=parts,
        breaks=breaks,
        disagreements=disagreements,
    )


@router.get("/conservation/people", summary="Who breaks the balance 守恒核对：涉及人员", responses=_REFUSALS)
async def get_unbalanced(  # where, when, and which page
    service: ServiceHere,
    counting: CountingThen,
    viewer: ViewerHere,
    division: Division,
    since: Since,
    until: Until,
    page: Paged,
) -> PeopleUnbalanced:
    """List who moved in a division in a period and contributes what does not balance, looking at 5,000 at most."""
    division = division_of(service, viewer.caller, division)
    must_be_period(since, until)
    await viewer.note("imbalance_explained", f"{division} {since} {until}")
    places = await find_places(service.database, counting.build, service.areas(division))
    period = Period(since, until)
    people, following = await find_unbalanced(service, counting, places, period, page.cursor, page.limit)
    return PeopleUnbalanced(
        people=[PersonUnbalanced(person_id=each.person_id, breaks=each.breaks) for each in people],
        next=following or None,
    )


def _balances(service: Service, places: Iterable[Place], numbers: Numbers, period: Period) -> list[Balance]:
    return [
        Balance(
            division=place.division,
            name=service.divisions.name(place.division),
            residents=balance_residents(numbers, period, place.codes),
            unplaced=balance_unplaced(numbers, period, place.codes),
        )
        for place in places
    ]


def _name(place: Place, numbers: Numbers, period: Period) -> tuple[list[Break], list[Disagreement]]:
    """Return what breaks the balance of a district or street; a city or province was not read by day."""
    codes = [] if place.is_wide else sorted(place.codes)
    breaks = (each for code in codes for each in find_breaks(numbers, period, code))
    disagreements = (each for code in codes for each in find_disagreements(numbers, period, code))
    return list(islice(breaks, MOST)), list(islice(disagreements, MOST))
