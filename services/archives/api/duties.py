"""HTTP in: duty lists, and vaccinations to catch up."""

from fastapi import APIRouter

from contracts.reference.calendar import day_of
from services.archives.api.dependencies import Worker
from services.archives.views.duties import DutyPage, DutyQuery, DutySummary, count_duties, list_duties
from services.runtime.bodies import Day
from services.runtime.parameters import DistrictOrStreet, Limit, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["archives"])


@router.get("/duties", summary="What is due 随访任务", responses=refuses(outside_your_division=403))
async def get_duties(
    service: ServiceHere,
    caller: Worker,
    division: DistrictOrStreet,
    until: Day | None = None,
    cursor: str = "",
    limit: Limit = 100,
) -> DutyPage:
    """List who in a street or district is owed something until a day (today if none is named), overdue first."""
    caller.must_cover(division)
    asked = DutyQuery(service.areas(division), until or day_of(service.clock()), cursor, limit)
    return await list_duties(service.database, asked)


@router.get("/duties/summary", summary="How much is due 随访任务数", responses=refuses(outside_your_division=403))
async def get_summary(service: ServiceHere, caller: Worker, division: DistrictOrStreet) -> DutySummary:
    """Count what is overdue in a street or district, and what is due until the end of the week, by kind."""
    caller.must_cover(division)
    return await count_duties(service.database, division, service.areas(division), service.today)


@router.get(
    "/duties/catch-up", summary="Vaccinations to catch up 查漏补种", responses=refuses(outside_your_division=403)
)
async def get_catch_up(
    service: ServiceHere,
    caller: Worker,
    division: DistrictOrStreet,
    cursor: str = "",
    limit: Limit = 100,
) -> DutyPage:
    """List the children of a street or district who missed a vaccination, longest overdue first."""
    caller.must_cover(division)
    asked = DutyQuery(service.areas(division), day_of(service.clock()), cursor, limit, catch_up=True)
    return await list_duties(service.database, asked)
