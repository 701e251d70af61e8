"""HTTP in: everybody is counted as known at a moment, so that numbers are told as of then."""

from fastapi import APIRouter
from pydantic import AwareDatetime

from services.reporting.api.dependencies import Assessor, Reader, RecountingHere
from services.reporting.commands import moments
from services.reporting.commands.moments import (
    BeforeFirstFactError,
    CountedMoment,
    KnownBy,
    MomentAheadError,
    TooManyMomentsError,
)
from services.runtime.bodies import Body
from services.runtime.parameters import IDEMPOTENT, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["reporting"])


class MomentRequest(Body):
    """As of when is to be counted: by what was recorded until then, or by what was heard here."""

    as_of: AwareDatetime
    known: KnownBy = KnownBy.HEARD


@router.post(
    "/moments",
    status_code=202,
    summary="Count everybody as known at a moment 按某一时刻统计",
    responses=refuses(BeforeFirstFactError, MomentAheadError, TooManyMomentsError),
    dependencies=[IDEMPOTENT],
)
async def post_moment(
    body: MomentRequest, service: ServiceHere, recounting: RecountingHere, _: Assessor
) -> CountedMoment:
    """Let everybody be counted as of a moment; asked for again, it tells how far that is. It is kept for a day."""
    return await moments.ask(service, recounting, body.as_of, body.known)


@router.get("/moments", summary="Moments as of which numbers are told 已统计的时刻")
async def get_moments(service: ServiceHere, _: Reader) -> list[CountedMoment]:
    """List the moments that are kept, and how far each is counted."""
    return await moments.list_all(service)
