"""HTTP in: sheets of targets and yearly figures are handed in, watched, and their refused rows fetched."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response, UploadFile

from services.reporting.api.dependencies import Assessor, division_of
from services.reporting.commands import imports
from services.reporting.intake.columns import COLUMNS, SheetKind
from services.runtime.imports import ImportPage, list_imports
from services.runtime.parameters import Cause, Division, Paged, ServiceHere
from services.runtime.problems import Problem, refuses
from services.runtime.registers import Progress, Submission, find_progress, hand_in, make_refused_workbook
from services.runtime.sheets.files import FILE_ADVICE, SheetError
from services.runtime.web import A_WORKBOOK, workbook_response
from services.runtime.workers import BusyError, TooCostlyError

router = APIRouter(tags=["imports"])

DivisionInForm = Annotated[
    str, Form(alias="division", pattern=r"^(?:[0-9]{6}|[0-9]{9})$", description="district or street: 6 or 9 digits")
]


async def _covered(service: ServiceHere, caller: Assessor, division: DivisionInForm) -> str:
    """Return the division that a sheet is of, before anything of the sheet is read."""
    return division_of(service, caller, division)


@router.post(
    "/imports",
    status_code=202,
    summary="Hand in a sheet of targets 目标值 or yearly figures 年报数",
    responses=refuses(
        TooCostlyError,
        BusyError,
        outside_your_division=403,
        unknown_division=422,
        **dict.fromkeys(FILE_ADVICE, 422),
    ),
)
async def post_import(
    service: ServiceHere,
    caller: Assessor,
    file: UploadFile,
    division: Annotated[str, Depends(_covered)],
    kind: Annotated[SheetKind, Form(description="what the rows are")],
    cause: Cause,
) -> Progress:
    """Take in a spreadsheet (.xlsx, .xls, or .csv, at most 10 MiB); it is worked through behind.

    Targets need 计划, 指标, 开始日期, 目标值; yearly figures 年份, 项目, 数值, 数据来源. A row without 区划代码 is of
    the division for which the sheet is handed in.
    """
    handed_in = Submission(cause, division, kind, caller.subject)
    try:
        return await hand_in(service, await file.read(), file.filename or "", handed_in, COLUMNS[kind])
    except SheetError as error:
        raise Problem(422, error.code, error.advise(FILE_ADVICE)) from error


@router.get("/imports", summary="Imports, newest first", responses=refuses(outside_your_division=403))
async def get_imports(service: ServiceHere, caller: Assessor, division: Division, page: Paged) -> ImportPage:
    """List the sheets of targets and yearly figures of a division that were handed in, and how far each is."""
    caller.must_cover(division)
    return await list_imports(service.database, service.areas(division), page.cursor, page.limit)


@router.get("/imports/{import_id}", summary="How far an import is", responses=refuses(not_found=404))
async def get_import(import_id: str, service: ServiceHere, caller: Assessor) -> Progress:
    """Show how many rows are done, accepted, duplicate, blank, ignored and refused by reason."""
    progress = await find_progress(service, import_id)
    if progress is None or not caller.covers(progress.street):
        raise Problem(404, "not_found", "没有该导入。No such import in your division.")
    return progress


@router.get(
    "/imports/{import_id}/refused",
    summary="The refused rows as a workbook",
    response_class=Response,
    responses={**A_WORKBOOK, **refuses(not_found=404, not_done=409)},
)
async def get_refused(import_id: str, service: ServiceHere, caller: Assessor) -> Response:
    """Give back the refused rows with reason and advice beside each; correct them and hand the workbook in again."""
    progress = await get_import(import_id, service, caller)
    if progress.state != "done":
        raise Problem(409, "not_done", "导入尚未完成。The import is still under way; ask for its progress first.")
    columns = COLUMNS[SheetKind(progress.kind)]
    workbook = await make_refused_workbook(service, progress, columns, imports.ADVICE)
    return workbook_response(workbook, f"refused-{import_id}.xlsx")
