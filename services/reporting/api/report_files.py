"""HTTP in: what a report says, its sealed files, what is published of it, and whether a file is a sealed one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response

from contracts.refusals import RefusedError
from contracts.reporting.reports import Digest, Edition, Report, ReportForm
from services.reporting.api.dependencies import Assessor, Reader, ViewerHere
from services.reporting.api.reports import ReportId, own_report
from services.reporting.commands.reports import (
    SealedFile,
    UnknownReportError,
    find_sealed_files,
    read_content,
    read_kept,
)
from services.reporting.domain.contents import Content
from services.reporting.domain.restating import Differences
from services.reporting.exports.forms import FORMS
from services.runtime.access import Caller, Role, allow
from services.runtime.parameters import ServiceHere
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["reports"])

Anybody = Annotated[
    Caller, Depends(allow(Role.DISTRICT, Role.SUPERVISOR, Role.CLERK, Role.HEALTH_WORKER, Role.INTEGRATOR))
]
EditionNumber = Annotated[int, Path(ge=1, le=999)]
DigestInPath = Annotated[Digest, Path()]
_TYPES: dict[str, dict[str, Any]] = {form.media_type.partition(";")[0]: {} for form in FORMS.values()}
A_FILE: dict[int | str, dict[str, Any]] = {200: {"content": _TYPES}}


class NoSuchFileError(RefusedError):
    """The edition has no such file: it is not sealed, or not given in that form."""

    code = "no_such_file"
    advice = "该版报表尚未盖章，或没有这种格式。The edition is not sealed, or there is no such form of it."
    status = 404


class NotOursError(RefusedError):
    """No sealed report has these bytes."""

    code = "not_sealed_here"
    advice = "没有与该文件一致的已盖章报表：文件可能被改动。No sealed report is this file; it may have been changed."
    status = 404


@router.get(
    "/reports/{report_id}/editions/{number}/content",
    summary="What an edition says",
    responses=refuses(UnknownReportError, NoSuchFileError),
)
async def get_content(report_id: ReportId, number: EditionNumber, service: ServiceHere, caller: Reader) -> Content:
    """Show the numbers and texts of an edition, drafted or sealed; its hash is what is signed."""
    report = await own_report(service, caller, report_id)
    return await read_content(service, report, _edition(report, number))


@router.get(
    "/reports/{report_id}/editions/{number}/differences",
    summary="Who counts otherwise than in the edition before",
    responses=refuses(UnknownReportError, NoSuchFileError),
)
async def get_differences(
    report_id: ReportId, number: EditionNumber, service: ServiceHere, viewer: ViewerHere, caller: Assessor
) -> Differences:
    """Show which numbers a restatement changes, and each person or activity that makes the difference, and why."""
    report = await own_report(service, caller, report_id)
    edition = _edition(report, number)
    if edition.differences is None:
        raise NoSuchFileError
    await viewer.note("restatement_explained", f"{report_id} {number}")
    return Differences.model_validate_json(await read_kept(service, report, edition.differences))


@router.get(
    "/reports/{report_id}/editions/{number}/files/{form}",
    summary="A sealed file to download",
    response_class=Response,
    responses={**A_FILE, **refuses(UnknownReportError, NoSuchFileError)},
)
async def get_file(
    report_id: ReportId, number: EditionNumber, form: ReportForm, service: ServiceHere, caller: Reader
) -> Response:
    """Give the bytes that were sealed, with every number."""
    return await _give(service, await own_report(service, caller, report_id), number, form, published=False)


@router.get(
    "/reports/{report_id}/editions/{number}/published/{form}",
    summary="A sealed file as it is published",
    response_class=Response,
    responses={**A_FILE, **refuses(UnknownReportError, NoSuchFileError)},
)
async def get_published(
    report_id: ReportId, number: EditionNumber, form: ReportForm, service: ServiceHere, caller: Anybody
) -> Response:
    """Give the bytes that were sealed for others: small counts are hidden, and what would give them away."""
    return await _give(service, await own_report(service, caller, report_id), number, form, published=True)


@router.get("/sealed-files/{sha256}", summary="Is a file a sealed report? 验证", responses=refuses(NotOursError))
async def get_sealed_file(sha256: DigestInPath, service: ServiceHere, caller: Anybody) -> SealedFile:
    """Tell which sealed report of the caller's division has the bytes with a hash."""
    found = next((one for one in await find_sealed_files(service, sha256) if caller.covers(one.division)), None)
    if found is None:
        raise NotOursError
    return found


async def _give(service: Service, report: Report, number: int, form: ReportForm, *, published: bool) -> Response:
    files = _edition(report, number).files
    found = next((file for file in files if file.form is form and file.published is published), None)
    if found is None:
        raise NoSuchFileError
    name = f"{report.template}-{report.division}-{report.period}-{number}{'-published' if published else ''}"
    written = FORMS[form]
    headers = {"Content-Disposition": f'attachment; filename="{name}.{written.suffix}"', "Houniao-Sha256": found.sha256}
    return Response(await read_kept(service, report, found.sha256), media_type=written.media_type, headers=headers)


def _edition(report: Report, number: int) -> Edition:
    found = next((edition for edition in report.editions if edition.edition == number), None)
    if found is None:
        raise NoSuchFileError
    return found
