"""HTTP in: in which communities the residents of a street live."""

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel

from services.reporting.api.dependencies import NOT_THEN, CountingThen, Reader, as_known, division_of, must_have_come
from services.reporting.domain.communities import COMMUNITY, measure_of, residents_of
from services.reporting.domain.pyramid import RESIDENT
from services.reporting.views.contributions import find_families, find_places
from services.runtime.bodies import Day
from services.runtime.parameters import ServiceHere, StreetInQuery
from services.runtime.problems import refuses

router = APIRouter(tags=["reporting"])


class Community(BaseModel):
    """The residents of a community 社区、村 as offices write its name, and the measure that explains who they are."""

    community: str
    measure: str
    residents: int


class Communities(BaseModel):
    """The residents of a street at the end of a day by community, the largest first.

    `elsewhere` are those of whom no community was told. Who moves within the street counts in the other community from
    the day on which that was said. What was heard up to `counted_until` is in the numbers.
    """

    street: str
    name: str
    on: date
    as_of: datetime
    counted_until: datetime
    residents: int
    communities: list[Community]
    elsewhere: int


@router.get(
    "/residents/communities",
    summary="Residents of a street by community 社区、村",
    responses=refuses(*NOT_THEN, outside_your_division=403, unknown_division=422, future_date=422),
)
async def get_communities(
    service: ServiceHere, counting: CountingThen, caller: Reader, street: StreetInQuery, on: Day
) -> Communities:
    """Count the residents of a street at the end of a day in each of its communities."""
    street = division_of(service, caller, street)
    must_have_come(service, on)
    known = await as_known(service, counting)
    places = await find_places(service.database, counting.build, service.areas(street))
    numbers = await find_families(service.database, counting.build, places, [COMMUNITY, RESIDENT], [on])
    residents, found = numbers.at(RESIDENT, on, places), residents_of(numbers, on, places)
    return Communities(
        street=street,
        name=service.divisions.name(street),
        on=on,
        **known,
        residents=residents,
        communities=[
            Community(community=name, measure=measure_of(name), residents=count) for name, count in found.items()
        ],
        elsewhere=residents - sum(found.values()),
    )
