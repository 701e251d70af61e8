"""HTTP in: flows, residents and the archive-building rate of a division."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from services.reporting import views
from services.reporting.views import StreetDay, StreetTotals
from services.runtime.access import Caller, Role, allow
from services.runtime.problems import Problem
from services.runtime.web import ServiceHere

router = APIRouter(tags=["reporting"])

Reader = Annotated[Caller, Depends(allow(Role.DISTRICT, Role.SUPERVISOR, Role.CLERK, Role.HEALTH_WORKER))]
NameOf = Callable[[str], str | None]
Living = Mapping[str, tuple[int, int]]
LONGEST = timedelta(days=1100)


class Flows(BaseModel):
    """What moved in a division from one day to another, both included, and who lives there at the end.

    `residents` are open stays that no newer stay contests; `inflow` and `outflow` count arrivals and departures by
    their day; `archive_rate` 建档率 is residents with an archive over residents, None where nobody lives.
    """

    division: str
    name: str | None
    since: date
    until: date
    as_of: datetime
    residents: int
    inflow: int
    outflow: int
    archived: int
    archive_rate: float | None
    streets: list[StreetTotals]
    days: list[StreetDay]


@router.get("/flows", summary="Residents, inflow, outflow, archive-building rate")
async def get_flows(
    service: ServiceHere,
    caller: Reader,
    division: Annotated[str, Query(pattern=r"^[0-9]{2,9}$")],
    since: Annotated[date, Query(alias="from")],
    until: Annotated[date, Query(alias="to")],
) -> Flows:
    """Count a division by street and day."""
    caller.must_cover(division)
    if not timedelta(0) <= until - since <= LONGEST:
        raise Problem(422, "bad_period", "'to' must not lie before 'from', nor more than three years after it.")
    days = await views.count_days(service.database, division, since, until)
    living = await views.count_residents(service.database, division, until)
    streets = _totals(service.divisions.name, living, days)
    residents = sum(street.residents for street in streets)
    archived = sum(street.archived for street in streets)
    return Flows(
        division=division,
        name=service.divisions.name(division),
        since=since,
        until=until,
        as_of=service.clock(),
        residents=residents,
        inflow=sum(street.inflow for street in streets),
        outflow=sum(street.outflow for street in streets),
        archived=archived,
        archive_rate=rate(archived, residents),
        streets=streets,
        days=days,
    )


def rate(numerator: int, denominator: int) -> float | None:
    """Give a share from 0 to 1, or None of nothing."""
    return numerator / denominator if denominator else None


def _totals(name: NameOf, living: Living, days: list[StreetDay]) -> list[StreetTotals]:
    totals = []
    for street in sorted({*living, *(day.street for day in days)}):
        residents, archived = living.get(street, (0, 0))
        here = [day for day in days if day.street == street]
        totals.append(
            StreetTotals(
                street=street,
                name=name(street),
                residents=residents,
                archived=archived,
                inflow=sum(day.inflow for day in here),
                outflow=sum(day.outflow for day in here),
                archive_rate=rate(archived, residents),
            )
        )
    return totals
