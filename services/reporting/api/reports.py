"""HTTP in: reports are drafted, reviewed, approved, sealed, restated, withdrawn, and listed."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from contracts.reporting.reports import Report, ReportForm, ReportState
from services.reporting.api.dependencies import CountingHere, Layout, Reader
from services.reporting.commands import reports as commands
from services.reporting.commands.composing import CountingBehindError
from services.reporting.commands.reports import (
    Signer,
    UnknownDivisionError,
    UnknownReportError,
)
from services.reporting.domain.reports import (
    AlreadySealedError,
    NothingChangedError,
    NotSealedError,
    OtherContentError,
    OutOfOrderError,
    SignedAlreadyError,
)
from services.reporting.domain.templates import (
    TEMPLATES,
    PeriodNotOverError,
    UnknownTemplateError,
    WrongPeriodError,
)
from services.reporting.views.reports import list_reports
from services.runtime.access import Caller, Role, allow
from services.runtime.bodies import Body
from services.runtime.parameters import DIVISION, Cause, Division, ServiceHere
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["reports"])

Drafter = Annotated[Caller, Depends(allow(Role.CLERK, Role.DISTRICT))]
Reviewer = Annotated[Caller, Depends(allow(Role.SUPERVISOR))]
Leader = Annotated[Caller, Depends(allow(Role.DISTRICT))]
ReportId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
PeriodInQuery = Annotated[str | None, Query(max_length=7, description="2026-03, 2026Q1 or 2026; none: the newest")]

SIGNING = (UnknownReportError, AlreadySealedError, OutOfOrderError, SignedAlreadyError, OtherContentError)


class DraftRequest(Body):
    """Which report to draft."""

    template: str = Field(max_length=40, description="a code of GET /report-templates")
    division: str = Field(pattern=DIVISION, description="district or street: 6 or 9 digits")
    period: str = Field(max_length=7, description="2026-03, 2026Q1 or 2026")


class SignatureRequest(Body):
    """What the signer looked at."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="the hash of the edition's content")


class RestatementRequest(Body):
    """Why a sealed report is restated."""

    reason: str = Field(min_length=4, max_length=200, description="without names of people")


class TemplateShown(BaseModel):
    """A template: the length of its periods in months, the days after which it is drafted by itself, its forms."""

    code: str
    zh: str
    en: str
    months: Literal[1, 3, 6, 12]
    drafted_after: int
    forms: list[ReportForm]


@router.get("/report-templates", summary="Templates of reports 报表模板")
async def get_templates(_: Reader) -> list[TemplateShown]:
    """List the templates."""
    return [TemplateShown.model_validate(one.model_dump(include=_SHOWN)) for one in TEMPLATES.values()]


_SHOWN = set(TemplateShown.model_fields)


@router.post(
    "/reports",
    status_code=201,
    summary="Draft a report 起草报表",
    responses=refuses(
        UnknownTemplateError,
        WrongPeriodError,
        PeriodNotOverError,
        UnknownDivisionError,
        AlreadySealedError,
        CountingBehindError,
        outside_your_division=403,
    ),
)
async def post_report(
    body: DraftRequest, service: ServiceHere, counting: CountingHere, caller: Drafter, cause: Cause
) -> Report:
    """Draft a report with the numbers of now; a draft that there is gets them, and has to be signed again."""
    caller.must_cover(body.division)
    asked = commands.ask(service, body.template, body.division, body.period)
    return await commands.draft(service, counting, asked, _signer(caller, cause))


@router.get("/reports", summary="Reports of a division", responses=refuses(outside_your_division=403))
async def get_reports(
    service: ServiceHere,
    caller: Reader,
    division: Division,
    period: PeriodInQuery = None,
    state: ReportState | None = None,
    template: Annotated[str | None, Query(max_length=40, description="a code of GET /report-templates")] = None,
) -> list[Report]:
    """List the reports of a division and of those in it, the newest first (at most 500)."""
    caller.must_cover(division)
    areas = service.areas(division)
    return await list_reports(service.database, areas, period=period, state=state, template=template)


@router.get("/reports/{report_id}", summary="A report and how far it is", responses=refuses(UnknownReportError))
async def get_report(report_id: ReportId, service: ServiceHere, caller: Reader) -> Report:
    """Show a report with its editions, signatures and sealed files."""
    return await own_report(service, caller, report_id)


@router.post("/reports/{report_id}/review", summary="Review a draft 科长审核", responses=refuses(*SIGNING))
async def post_review(
    report_id: ReportId, body: SignatureRequest, service: ServiceHere, caller: Reviewer, cause: Cause
) -> Report:
    """Sign that a draft was reviewed; whoever drafted it can't."""
    report = await own_report(service, caller, report_id)
    return await commands.sign(service, report, ReportState.REVIEWED, _signer(caller, cause), body.sha256)


@router.post("/reports/{report_id}/approval", summary="Approve a draft 分管领导审核", responses=refuses(*SIGNING))
async def post_approval(
    report_id: ReportId, body: SignatureRequest, service: ServiceHere, caller: Leader, cause: Cause
) -> Report:
    """Approve a reviewed draft; whoever drafted or reviewed it can't."""
    report = await own_report(service, caller, report_id)
    return await commands.sign(service, report, ReportState.APPROVED, _signer(caller, cause), body.sha256)


@router.post("/reports/{report_id}/seal", summary="Seal a report 加盖公章", responses=refuses(*SIGNING))
async def post_seal(
    report_id: ReportId, body: SignatureRequest, service: ServiceHere, caller: Leader, layout: Layout, cause: Cause
) -> Report:
    """Seal what was approved: its files are made, and never change; whoever signed before can't."""
    report = await own_report(service, caller, report_id)
    return await commands.seal(service, report, _signer(caller, cause), body.sha256, layout)


@router.post(
    "/reports/{report_id}/restatement",
    summary="Restate a sealed report 更正报表",
    responses=refuses(UnknownReportError, NotSealedError, NothingChangedError, CountingBehindError),
)
async def post_restatement(
    report_id: ReportId,
    body: RestatementRequest,
    service: ServiceHere,
    counting: CountingHere,
    caller: Drafter,
    cause: Cause,
) -> Report:
    """Draft another edition with the numbers of now; it says who counts otherwise, and is signed like the first."""
    report = await own_report(service, caller, report_id)
    return await commands.restate(service, counting, report, body.reason, _signer(caller, cause))


@router.post(
    "/reports/{report_id}/withdrawal",
    summary="Withdraw a draft 撤回草稿",
    responses=refuses(UnknownReportError, AlreadySealedError),
)
async def post_withdrawal(report_id: ReportId, service: ServiceHere, caller: Drafter, cause: Cause) -> Report:
    """Give a draft up; the edition that was sealed before it stands."""
    report = await own_report(service, caller, report_id)
    return await commands.withdraw(service, report, cause)


async def own_report(service: Service, caller: Caller, known: str) -> Report:
    """Return a report of the caller's division; what is elsewhere is not found."""
    report = await commands.find(service, known)
    if report is None or not caller.covers(report.division):
        raise UnknownReportError
    return report


def _signer(caller: Caller, cause: str) -> Signer:
    return Signer(caller.subject, caller.role, cause)
