"""HTTP in: registers of past years are handed in, watched, and their refused rows fetched."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response, UploadFile

from services.outreach.api.dependencies import Worker, street_of
from services.outreach.commands import imports
from services.outreach.intake.columns import RegisterKind
from services.runtime.imports import ImportPage, list_imports
from services.runtime.parameters import Cause, Division, Paged, ServiceHere, StreetInForm
from services.runtime.problems import Problem, refuses
from services.runtime.registers import Progress, Submission, find_progress
from services.runtime.sheets.files import FILE_ADVICE, SheetError
from services.runtime.web import A_WORKBOOK, workbook_response
from services.runtime.workers import BusyError, TooCostlyError

router = APIRouter(tags=["imports"])


async def _covered(service: ServiceHere, caller: Worker, street: StreetInForm) -> str:
    """Return the street that a sheet is of, before anything of the sheet is read."""
    return street_of(service, caller, street)


@router.post(
    "/imports",
    status_code=202,
    summary="Hand in a register of past years 台账",
    responses=refuses(
        TooCostlyError,
        BusyError,
        outside_your_division=403,
        unknown_street=422,
        **dict.fromkeys(FILE_ADVICE, 422),
    ),
)
async def post_import(
    service: ServiceHere,
    caller: Worker,
    file: UploadFile,
    street: Annotated[str, Depends(_covered)],
    kind: Annotated[RegisterKind, Form(description="what the rows are")],
    cause: Cause,
) -> Progress:
    """Take in a spreadsheet (.xlsx, .xls, or .csv, at most 10 MiB); it is worked through behind.

    Activities need 活动日期, 活动形式, 活动主题, 参加人数; boards 设置地点, 室内外, 面积, 设置日期;
    issues of boards 设置地点, 期数, 主题, 更换日期; materials 日期, 资料种类, 资料名称, 数量;
    articles 报送日期, 稿件标题.
    """
    try:
        handed_in = Submission(cause, street, kind, caller.subject)
        return await imports.hand_in(service, await file.read(), file.filename or "", handed_in)
    except SheetError as error:
        raise Problem(422, error.code, error.advise(FILE_ADVICE)) from error


@router.get("/imports", summary="Imports, newest first", responses=refuses(outside_your_division=403))
async def get_imports(service: ServiceHere, caller: Worker, division: Division, page: Paged) -> ImportPage:
    """List the registers and answer sheets of a division that were handed in, and how far each is."""
    caller.must_cover(division)
    return await list_imports(service.database, service.areas(division), page.cursor, page.limit)


@router.get("/imports/{import_id}", summary="How far an import is", responses=refuses(not_found=404))
async def get_import(import_id: str, service: ServiceHere, caller: Worker) -> Progress:
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
async def get_refused(import_id: str, service: ServiceHere, caller: Worker) -> Response:
    """Give back the refused rows with reason and advice beside each; correct them and hand the workbook in again."""
    progress = await get_import(import_id, service, caller)
    if progress.state != "done":
        raise Problem(409, "not_done", "导入尚未完成。The import is still under way; ask for its progress first.")
    workbook = await imports.make_refused_workbook(service, progress)
    return workbook_response(workbook, f"refused-{import_id}.xlsx")
