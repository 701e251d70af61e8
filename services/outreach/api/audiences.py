"""HTTP in: count the people of each audience."""

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel

from contracts.outreach.activities import Audience
from contracts.reference.calendar import day_of
from services.outreach.api.dependencies import Reader
from services.outreach.views.residents import count_audiences
from services.runtime.parameters import Division, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["outreach"])


class AudienceSizes(BaseModel):
    """How many residents of a division belong to each audience today."""

    division: str
    as_of: date
    audiences: dict[Audience, int]


@router.get("/audiences", summary="Sizes of audiences", responses=refuses(outside_your_division=403))
async def get_audiences(service: ServiceHere, caller: Reader, division: Division) -> AudienceSizes:
    """Count the residents of a division who belong to each audience."""
    caller.must_cover(division)
    today = day_of(service.clock())
    sizes = await count_audiences(service.database, service.areas(division), today)
    return AudienceSizes(division=division, as_of=today, audiences=sizes)
