"""HTTP in: how old those are who live in a division."""

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel

from services.reporting.api.dependencies import NOT_THEN, CountingThen, Reader, as_known, division_of, must_have_come
from services.reporting.domain.pyramid import MEASURES, RESIDENT, Band, ageless, bands_of
from services.reporting.views.contributions import find_numbers, find_places
from services.runtime.bodies import Day
from services.runtime.parameters import Division, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["reporting"])


class Pyramid(BaseModel):
    """The residents of a division at the end of a day by age, sex and household registration, the youngest first.

    In `ageless` are those whose birth nobody told. What was heard up to `counted_until` is in the numbers.
    """

    division: str
    name: str
    on: date
    as_of: datetime
    counted_until: datetime
    residents: int
    bands: list[Band]
    ageless: Band


@router.get(
    "/residents/pyramid",
    summary="Residents by age, sex and household registration 人口金字塔",
    responses=refuses(*NOT_THEN, outside_your_division=403, unknown_division=422, future_date=422),
)
async def get_pyramid(
    service: ServiceHere, counting: CountingThen, caller: Reader, division: Division, on: Day
) -> Pyramid:
    """Count the residents of a division at the end of a day in bands of five years of age."""
    division = division_of(service, caller, division)
    must_have_come(service, on)
    known = await as_known(service, counting)
    places = await find_places(service.database, counting.build, service.areas(division))
    numbers = await find_numbers(service.database, counting.build, places, MEASURES, [on])
    bands = bands_of(numbers, on, places)
    return Pyramid(
        division=division,
        name=service.divisions.name(division),
        on=on,
        **known,
        residents=numbers.at(RESIDENT, on, places),
        bands=bands,
        ageless=ageless(numbers, on, places, bands),
    )
