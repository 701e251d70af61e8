"""HTTP in: everybody is counted anew beside the numbers that answer, and how far that is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from services.reporting.api.dependencies import RecountingHere
from services.reporting.commands import rebuilding
from services.reporting.commands.rebuilding import Rebuild, RebuildRunningError, UnknownRebuildError
from services.runtime.access import Caller, Role, allow
from services.runtime.parameters import IDEMPOTENT, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["reporting"])

Operator = Annotated[Caller, Depends(allow(Role.ADMIN))]
RebuildId = Annotated[str, Path(pattern=r"^[0-9]{1,9}$")]


@router.post(
    "/rebuilds",
    status_code=202,
    summary="Count everybody anew 重新统计",
    responses=refuses(RebuildRunningError),
    dependencies=[IDEMPOTENT],
)
async def post_rebuild(service: ServiceHere, recounting: RecountingHere, _: Operator) -> Rebuild:
    """Begin to count everybody anew, by the rules as they are; the numbers that there are answer until that is done."""
    return await rebuilding.begin(service, recounting)


@router.get("/rebuilds", summary="All rebuilds 重新统计")
async def get_rebuilds(service: ServiceHere, _: Operator) -> list[Rebuild]:
    """List the rebuilds, the newest first."""
    return await rebuilding.list_all(service)


@router.get("/rebuilds/{rebuild_id}", summary="How far a rebuild is", responses=refuses(UnknownRebuildError))
async def get_rebuild(rebuild_id: RebuildId, service: ServiceHere, _: Operator) -> Rebuild:
    """Tell how far a rebuild is."""
    return await rebuilding.find(service, rebuild_id)
