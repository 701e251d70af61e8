"""HTTP in: honours of households and institutions, and how many stand."""

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from contracts.outreach.honours import Honour, HonourKind, honour_id
from services.outreach.api.dependencies import (
    ID,
    IdInPath,
    InstitutionId,
    Reader,
    StreetCursor,
    Worker,
    next_cursor,
    street_of,
)
from services.outreach.commands import honours as commands
from services.outreach.commands.honours import UnknownHonourError, find_honour
from services.outreach.commands.institutions import NoInstitutionHereError, find_institution, must_be_in
from services.outreach.domain.honours import AwardedToOthersError, BeforeHonourError, HonourInFutureError
from services.outreach.views.honours import count_honours, list_honours
from services.outreach.views.materials import is_household
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, Division, Limit, ServiceHere, Street
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["honours"])

NO_HOUSEHOLD = "本街道没有这一户。No such household lives in the street; check the number."
ONE_OF_BOTH = "household_id 与 institution_id 二选一。Name a household or an institution, one of both."


class HonourRequest(Body):
    """An honour that a household or an institution was awarded."""

    street: Street
    kind: HonourKind
    household_id: str | None = Field(default=None, pattern=ID, description="a household, as GET /households gives it")
    institution_id: InstitutionId = None
    awarded_on: date


class WithdrawRequest(Body):
    """The day since when an honour is no longer deserved."""

    withdrawn_on: date


class HonourPage(BaseModel):
    """Honours of a division, and the cursor of the next page, if there is one."""

    honours: list[Honour]
    cursor: str | None


@router.post(
    "/honours",
    status_code=201,
    summary="Record an honour 创建与表彰",
    responses=refuses(
        AwardedToOthersError,
        HonourInFutureError,
        NoInstitutionHereError,
        outside_your_division=403,
        unknown_household=404,
        unknown_street=422,
        household_or_institution=422,
    ),
)
async def post_honour(body: HonourRequest, service: ServiceHere, caller: Worker, cause: Cause) -> Honour:
    """Record that a household (幸福家庭) or an institution (such as 健康促进医院) was honoured, once."""
    street = street_of(service, caller, body.street)
    await must_be_in(service, street, body.institution_id)
    if (body.household_id is None) == (body.institution_id is None):
        raise Problem(422, "household_or_institution", ONE_OF_BOTH, field="household_id")
    if body.household_id and not await is_household(service.database, street, body.household_id):
        raise Problem(404, "unknown_household", NO_HOUSEHOLD, field="household_id")
    institution = await find_institution(service, body.institution_id) if body.institution_id else None
    named = honour_id(body.household_id or body.institution_id or "", body.kind, body.awarded_on)
    honour = Honour(honour_id=named, **{**body.model_dump(), "street": street})
    return await commands.award(service, honour, institution, cause)


@router.post(
    "/honours/{honour_id}/withdrawal",
    summary="Record that an honour was withdrawn",
    responses=refuses(UnknownHonourError, HonourInFutureError, BeforeHonourError),
)
async def post_honour_withdrawal(
    honour_id: IdInPath, body: WithdrawRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Honour:
    """Withdraw an honour as of a day."""
    found = await find_honour(service, honour_id)
    if found is None or not caller.covers(found.street):
        raise UnknownHonourError
    return await commands.withdraw(service, honour_id, body.withdrawn_on, cause)


@router.get("/honours", summary="Honours of a division", responses=refuses(outside_your_division=403))
async def get_honours(
    service: ServiceHere,
    caller: Reader,
    division: Division,
    kind: HonourKind | None = None,
    cursor: StreetCursor = "",
    limit: Limit = 100,
) -> HonourPage:
    """List the honours of a division by street, withdrawn ones too."""
    caller.must_cover(division)
    found = await list_honours(service.database, service.areas(division), kind, cursor, limit)
    return HonourPage(honours=found, cursor=next_cursor(found, limit, "street", "honour_id"))


@router.get("/honours/counts", summary="How many honours stand", responses=refuses(outside_your_division=403))
async def get_counts(service: ServiceHere, caller: Reader, division: Division) -> dict[HonourKind, int]:
    """Count the honours of a division that were not withdrawn, by kind."""
    caller.must_cover(division)
    return await count_honours(service.database, service.areas(division))
