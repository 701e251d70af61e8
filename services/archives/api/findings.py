"""HTTP in: what is questionable in a street's archives, and how the street explains it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from contracts.archives.measures import Words
from services.archives.api.dependencies import Reader
from services.archives.domain.quality import FindingKind
from services.archives.views.findings import (
    Explanation,
    FindingPage,
    RepetitionPage,
    explain,
    list_findings,
    list_repetitions,
    stands,
)
from services.runtime.access import Caller, Role, allow
from services.runtime.bodies import Body
from services.runtime.parameters import IDEMPOTENT, DistrictOrStreet, Limit, ServiceHere, Street
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["findings"])


@router.get("/findings", summary="What may not be true 数据质量", responses=refuses(outside_your_division=403))
async def get_findings(
    service: ServiceHere,
    caller: Reader,
    division: DistrictOrStreet,
    kind: FindingKind | None = None,
    cursor: str = "",
    limit: Limit = 100,
) -> FindingPage:
    """List the findings about entries that a street or district made, by person, each with its evidence and advice."""
    caller.must_cover(division)
    return await list_findings(service.database, service.areas(division), kind, cursor, limit)


@router.get(
    "/findings/repetitions",
    summary="The same readings for many people 多人雷同",
    responses=refuses(outside_your_division=403),
)
async def get_repetitions(
    service: ServiceHere, caller: Reader, division: DistrictOrStreet, cursor: str = "", limit: Limit = 100
) -> RepetitionPage:
    """List what one worker entered alike for many people on one day, to the last digit, with every entry of it."""
    caller.must_cover(division)
    return await list_repetitions(service.database, service.areas(division), cursor, limit)


class ExplanationRequest(Body):
    """Why what was found is as it is; `person_id` is whose archive it is in, none for one across people."""

    street: Street
    person_id: str | None = Field(default=None, pattern=r"^[0-9a-f]{32}$")
    reason: Words = Field(min_length=4)


@router.post(
    "/findings/{finding_id}/explanation",
    status_code=201,
    summary="Explain a finding 说明情况",
    dependencies=[IDEMPOTENT],
    responses=refuses(outside_your_division=403, not_found=404, explained_already=409),
)
async def post_explanation(
    finding_id: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")],
    body: ExplanationRequest,
    service: ServiceHere,
    caller: Annotated[Caller, Depends(allow(Role.SUPERVISOR, Role.DISTRICT))],
) -> Explanation:
    """Keep why what a street is asked about is as it is; the finding stays in the list, as explained."""
    caller.must_cover(body.street)
    if not await stands(service.database, finding_id, body.street, body.person_id):
        raise Problem(404, "not_found", "没有该发现,请刷新。No such finding in this street; look at the list again.")
    told = {"finding_id": finding_id, "street": body.street, "reason": body.reason}
    explanation = Explanation(**told, by=caller.subject, at=service.clock())
    standing = await explain(service.database, explanation)
    if (standing.reason, standing.by) != (explanation.reason, explanation.by):
        raise Problem(409, "explained_already", "已有说明。It was explained already; look at the list again.")
    return standing
