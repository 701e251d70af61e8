"""HTTP in: duty lists, and vaccinations to catch up."""

from fastapi import APIRouter

from contracts.reference.calendar import day_of
from services.archives.api.dependencies import Worker
from services.archives.views.duties import DutyPage, DutyQuery, list_duties
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
