"""HTTP in: count the people of each audience, and of any segment."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from contracts.outreach.activities import Audience
from contracts.outreach.segments import HealthGroup, Segment
from contracts.reference.calendar import day_of
from services.outreach.api.dependencies import Reader
from services.outreach.domain.segments import GROUPS, AgesTurnedError, GroupNotKnownError, must_be_known
from services.outreach.views.residents import count_audiences, count_segment
from services.runtime.bodies import AsSent, Body
from services.runtime.parameters import DIVISION, Division, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["outreach"])


class AudienceSizes(BaseModel):
    """How many residents of a division belong to each audience today.

    `not_known` are the groups of the plans of which nothing that is heard here tells who is in them.
    """

    division: str
    as_of: date
    audiences: dict[Audience, int]
    not_known: tuple[HealthGroup, ...] = tuple(group for group in HealthGroup if group not in GROUPS)


class SegmentRequest(Body):
    """A segment of the residents of a division."""

    division: str = Field(pattern=DIVISION)
    segment: Annotated[Segment, AsSent(Segment)]


class SegmentSize(BaseModel):
    """How many residents of a division a segment means today."""

    division: str
    as_of: date
    residents: int


@router.get("/audiences", summary="Sizes of audiences", responses=refuses(outside_your_division=403))
async def get_audiences(service: ServiceHere, caller: Reader, division: Division) -> AudienceSizes:
    """Count the residents of a division who belong to each audience."""
    caller.must_cover(division)
    today = day_of(service.clock())
    sizes = await count_audiences(service.database, service.areas(division), today)
    return AudienceSizes(division=division, as_of=today, audiences=sizes)


@router.post(
    "/audiences/size",
    summary="Size of a segment",
    responses=refuses(GroupNotKnownError, AgesTurnedError, outside_your_division=403),
)
async def post_size(body: SegmentRequest, service: ServiceHere, caller: Reader) -> SegmentSize:
    """Count the residents of a division whom a segment means; nothing is recorded."""
    division = service.divisions.unpadded(body.division)
    caller.must_cover(division)
    must_be_known(body.segment)
    residents = await count_segment(service.database, service.areas(division), body.segment, service.today)
    return SegmentSize(division=division, as_of=service.today, residents=residents)
