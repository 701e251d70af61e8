"""HTTP in: sheets of follow-ups are handed in, watched, and their refused rows fetched."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response, UploadFile

from services.archives.api.dependencies import Worker
from services.archives.commands import imports
from services.archives.intake.rounds import FILE_ADVICE
from services.runtime.imports import ImportPage, list_imports
from services.runtime.parameters import Cause, Division, Paged, ServiceHere, StreetInForm
from services.runtime.problems import Problem, refuses
from services.runtime.sheets.files import SheetError
from services.runtime.web import A_WORKBOOK, workbook_response
from services.runtime.workers import BusyError, TooCostlyError

router = APIRouter(tags=["imports"])


async def _covered(service: ServiceHere, caller: Worker, street: StreetInForm) -> str:
    """Return the street that a sheet is of, before anything of the sheet is read."""
    caller.must_cover(street)
    if not service.divisions.is_street(street) or not service.serves(street):
        raise Problem(422, "unknown_street", "没有该街道代码。No such street; check the code.", field="street")
    return street


@router.post(
    "/imports",
    status_code=202,
    summary="Hand in a sheet of follow-ups 随访表",
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
    cause: Cause,
) -> imports.Progress:
    """Take in a spreadsheet (.xlsx, or .csv in UTF-8 or GB18030, at most 10 MiB); it is worked through behind.

    Each row is one follow-up; it needs 人员编号 (or 档案编号), 随访日期, 随访方式 and 收缩压 with 舒张压, or 空腹血糖.
    """
    try:
        handed_in = imports.Submission(cause, street, caller.subject)
        return await imports.hand_in(service, await file.read(), file.filename or "", handed_in)
    except SheetError as error:
        raise Problem(422, error.code, error.advise(FILE_ADVICE)) from error


@router.get("/imports", summary="Imports, newest first", responses=refuses(outside_your_division=403))
async def get_imports(service: ServiceHere, caller: Worker, division: Division, page: Paged) -> ImportPage:
    """List the sheets of follow-ups of a division that were handed in, and how far each is."""
    caller.must_cover(division)
    return await list_imports(service.database, service.areas(division), page.cursor, page.limit)


@router.get("/imports/{import_id}", summary="How far an import is", responses=refuses(not_found=404))
async def get_import(import_id: str, service: ServiceHere, caller: Worker) -> imports.Progress:
    """Show how many rows are done, accepted, duplicate, blank and refused by reason."""
    progress = await imports.find_progress(service, import_id)
    if progress is None or not caller.covers(progress.street):
        raise Problem(404, "not_found", "No such import in your division.")
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
        raise Problem(409, "not_done", "The import is still under way; ask for its progress first.")
    workbook = await imports.make_refused_workbook(service, progress)
    return workbook_response(workbook, f"refused-{import_id}.xlsx")
