"""HTTP in: supervision visits 督导 with findings, due dates and reviews, and their circulation 通报."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from contracts.reporting.supervision import (
    FollowUp,
    FollowUpResult,
    Supervision,
    SupervisionFinding,
    SupervisionKind,
    supervision_id,
)
from services.reporting.api.dependencies import (
    Assessor,
    IdInPath,
    Reader,
    Since,
    Until,
    division_of,
    must_be_period,
)
from services.reporting.commands import supervision as commands
from services.reporting.commands.supervision import UnknownVisitError, find_visit
from services.reporting.domain.supervision import (
    BeforeVisitError,
    SupervisedInFutureError,
    TooManyFollowUpsError,
    VisitKnownError,
    VisitWithdrawnError,
    findings_of,
    still_open,
)
from services.reporting.views.supervision import list_unfinished, list_visits
from services.runtime.access import Caller
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, Division, Limit, ServiceHere, Street
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["supervision"])

Staff = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,39}$", description="a staff number or account")]


class FindingRequest(Body):
    """Something that was found wrong, and by when it is to be put right."""

    text: str = Field(min_length=1, max_length=300)
    due_on: date


class SupervisionRequest(Body):
    """A visit to a street, or to one of its institutions."""

    street: Street
    institution_id: str | None = Field(default=None, pattern=r"^[0-9a-f]{32}$")
    kind: SupervisionKind
    visited_on: date
    supervised_by: tuple[Staff, ...] = Field(min_length=1, max_length=10)
    findings: tuple[FindingRequest, ...] = Field(default=(), max_length=50)


class ReviewRequest(Body):
    """What became of a finding, on a day."""

    reviewed_on: date
    result: FollowUpResult
    remark: str = Field(default="", max_length=300)


class CirculationRequest(Body):
    """The day on which a visit was told to the whole district."""

    circulated_on: date


class OpenFinding(BaseModel):
    """A finding that is not put right, of which visit, and whether its day is over."""

    supervision_id: str
    street: str
    name: str | None
    visited_on: date
    finding: SupervisionFinding
    overdue: bool


@router.post(
    "/supervisions",
    status_code=201,
    summary="Record a supervision visit 督导",
    responses=refuses(
        SupervisedInFutureError, BeforeVisitError, VisitKnownError, outside_your_division=403, unknown_division=422
    ),
)
async def post_visit(body: SupervisionRequest, service: ServiceHere, caller: Assessor, cause: Cause) -> Supervision:
    """Record a visit with what was found, once: there is one of a kind on a day to a street or institution."""
    street = division_of(service, caller, body.street)
    named = supervision_id(street, body.institution_id, body.kind, body.visited_on)
    visit = Supervision(
        supervision_id=named,
        street=street,
        institution_id=body.institution_id,
        kind=body.kind,
        visited_on=body.visited_on,
        supervised_by=body.supervised_by,
        findings=findings_of(named, [(one.text, one.due_on) for one in body.findings]),
    )
    return await commands.hold(service, visit, cause)


@router.post(
    "/supervisions/{supervision_id}/findings/{finding_id}/review",
    summary="Record what became of a finding 整改复查",
    responses=refuses(
        UnknownVisitError,
        SupervisedInFutureError,
        BeforeVisitError,
        VisitWithdrawnError,
        TooManyFollowUpsError,
    ),
)
async def post_review(
    supervision_id: IdInPath,
    finding_id: IdInPath,
    body: ReviewRequest,
    service: ServiceHere,
    caller: Assessor,
    cause: Cause,
) -> Supervision:
    """Record whether a finding was put right; one that was not stays open."""
    visit = await _own_visit(service, caller, supervision_id)
    follow_up = FollowUp(on=body.reviewed_on, result=body.result, remark=body.remark)
    return await commands.review(service, visit, finding_id, follow_up, cause)


@router.post(
    "/supervisions/{supervision_id}/circulation",
    summary="Record that a visit was circulated 通报",
    responses=refuses(UnknownVisitError, SupervisedInFutureError, BeforeVisitError, VisitWithdrawnError),
)
async def post_circulation(
    supervision_id: IdInPath, body: CirculationRequest, service: ServiceHere, caller: Assessor, cause: Cause
) -> Supervision:
    """Record that what was found was told to the whole district, once."""
    visit = await _own_visit(service, caller, supervision_id)
    return await commands.circulate(service, visit, body.circulated_on, cause)


@router.post(
    "/supervisions/{supervision_id}/withdrawal", summary="Withdraw a visit", responses=refuses(UnknownVisitError)
)
async def post_withdrawal(
    supervision_id: IdInPath, service: ServiceHere, caller: Assessor, cause: Cause
) -> Supervision:
    """Withdraw a visit that was recorded by mistake; it stays on record and counts nowhere."""
    return await commands.withdraw(service, await _own_visit(service, caller, supervision_id), cause)


@router.get(
    "/supervisions",
    summary="Supervision visits of a period",
    responses=refuses(outside_your_division=403, bad_period=422),
)
async def get_visits(
    service: ServiceHere, caller: Reader, division: Division, since: Since, until: Until, limit: Limit = 100
) -> list[Supervision]:
    """List the visits to a division in a period by street and day, withdrawn ones too."""
    caller.must_cover(division)
    must_be_period(since, until)
    return await list_visits(service.database, service.areas(division), (since, until), limit)


@router.get(
    "/supervisions/findings",
    summary="Findings that are not put right 待整改问题",
    responses=refuses(outside_your_division=403),
)
async def get_findings(
    service: ServiceHere, caller: Reader, division: Division, limit: Limit = 100
) -> list[OpenFinding]:
    """List the findings of a division that are not put right, those due first at the top; `limit` counts visits."""
    caller.must_cover(division)
    visits = await list_unfinished(service.database, service.areas(division), limit)
    found = [
        OpenFinding(
            supervision_id=visit.supervision_id,
            street=visit.street,
            name=service.divisions.name(visit.street),
            visited_on=visit.visited_on,
            finding=finding,
            overdue=finding.due_on < service.today,
        )
        for visit in visits
        for finding in still_open(visit)
    ]
    return sorted(found, key=lambda one: (one.finding.due_on, one.street, one.finding.finding_id))


async def _own_visit(service: Service, caller: Caller, supervision_id: str) -> Supervision:
    """Return a visit to the caller's division; raise UnknownVisitError for others, as if there were none."""
    visit = await find_visit(service, supervision_id)
    if visit is None or not caller.covers(visit.street):
        raise UnknownVisitError
    return visit
