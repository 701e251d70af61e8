"""HTTP in: import registers from spreadsheets, return the progress and the refused rows, correct one of these."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response, UploadFile
from pydantic import BaseModel

from services.registration.api.dependencies import Clerk, RegistrationHere, approver_of, must_be_street
from services.registration.commands import imports
from services.registration.commands.arrivals import OutcomeKind
from services.registration.commands.refused_rows import RefusedRowFile, correct_row, read_refused_rows
from services.registration.domain.errors import CorrectedAlreadyError
from services.registration.intake.refusals import Refusal, RefusalCode, advise
from services.registration.intake.registers import FILE_ADVICE
from services.registration.intake.reports import RowCorrection
from services.registration.service import Registration
from services.runtime.access import Caller
from services.runtime.access_log.log import Access
from services.runtime.imports import ImportPage, list_imports
from services.runtime.parameters import Cause, Division, Limit, Paged, StreetInForm
from services.runtime.problems import Problem, refuses
from services.runtime.sheets.files import SheetError
from services.runtime.web import A_WORKBOOK, workbook_response
from services.runtime.workers import BusyError, TooCostlyError

router = APIRouter(tags=["registration"])

MOST_PLACES = 10**9
"""A number above that of any row."""


async def _covered(registration: RegistrationHere, caller: Clerk, street: StreetInForm) -> str:
    """Return the street of a register; raise Problem before anything of the register is read."""
    caller.must_cover(street)
    must_be_street(registration, street)
    return street


@router.post(
    "/imports",
    status_code=202,
    summary="Hand in a register",
    responses=refuses(
        TooCostlyError,
        BusyError,
        outside_your_division=403,
        unknown_street=422,
        other_district=422,
        **dict.fromkeys(FILE_ADVICE, 422),
    ),
)
async def post_import(
    registration: RegistrationHere,
    caller: Clerk,
    file: UploadFile,
    street: Annotated[str, Depends(_covered)],
    cause: Cause,
) -> imports.Progress:
    """Accept a spreadsheet (.xlsx, or .csv in UTF-8 or GB18030, at most 10 MiB), to be processed in the background."""
    content = await file.read()
    try:
        submission = imports.Submission(cause, street, caller.subject, approver_of(caller))
        return await imports.hand_in(registration, content, file.filename or "", submission)
    except SheetError as error:
        raise Problem(422, error.code, error.advise(FILE_ADVICE)) from error


@router.get("/imports", summary="Imports, newest first", responses=refuses(outside_your_division=403))
async def get_imports(registration: RegistrationHere, caller: Clerk, division: Division, page: Paged) -> ImportPage:
    """List the registers of a division that were handed in, and how far each is."""
    caller.must_cover(division)
    service = registration.service
    return await list_imports(service.database, service.areas(division), page.cursor, page.limit)


@router.get("/imports/{import_id}", summary="How far an import is", responses=refuses(not_found=404))
async def get_import(import_id: str, registration: RegistrationHere, caller: Clerk) -> imports.Progress:
    """Return how many rows are done, accepted, duplicate, blank, ignored and refused, and notes on rows."""
    progress = await imports.find_progress(registration, import_id)
    if progress is None or not caller.covers(progress.street):
        raise Problem(404, "not_found", "No such import in your division.")
    return progress


@router.get(
    "/imports/{import_id}/refused",
    summary="The refused rows as a workbook",
    response_class=Response,
    responses={**A_WORKBOOK, **refuses(not_found=404, not_done=409, dismissed=410)},
)
async def get_refused(import_id: str, registration: RegistrationHere, caller: Clerk) -> Response:
    """Return the refused rows, each with its reason and advice; corrected, the workbook can be imported again.

    The rows contain identities, so this is recorded in the access log first.
    """
    progress = await _worked_through(import_id, registration, caller)
    access = Access.of(caller, "refused_rows_read", f"import {import_id}", street=progress.street)
    await registration.access_log.record(access)
    workbook = await imports.make_refused_workbook(registration, progress)
    return workbook_response(workbook, f"refused-{import_id}.xlsx")


class RefusedRowPage(BaseModel):
    """A page of refused rows, and the number of the row after which the next one begins, if there is one."""

    rows: list[RefusedRowFile]
    cursor: int | None


class RowAnswer(BaseModel):
    """What came of a corrected row: `accepted`, or for a stay that is registered already `duplicate` or `updated`."""

    outcome: OutcomeKind
    stay_id: str
    person_id: str
    warnings: tuple[str, ...]
    updated: tuple[str, ...]
    differs: tuple[str, ...]


@router.get(
    "/imports/{import_id}/rows",
    summary="The refused rows, to be corrected one by one",
    responses=refuses(not_found=404, not_done=409, dismissed=410),
)
async def get_rows(
    import_id: str,
    registration: RegistrationHere,
    caller: Clerk,
    cursor: Annotated[int, Query(ge=0, le=MOST_PLACES)] = 0,
    limit: Limit = 100,
) -> RefusedRowPage:
    """Return the refused rows as they were typed, each with its reason and advice, in the order of the file.

    The rows contain identities, so this is recorded in the access log first.
    """
    progress = await _worked_through(import_id, registration, caller)
    access = Access.of(caller, "refused_rows_read", f"import {import_id}", street=progress.street)
    await registration.access_log.record(access)
    rows, following = await read_refused_rows(registration, progress, cursor, limit)
    return RefusedRowPage(rows=rows, cursor=following)


@router.post(
    "/imports/{import_id}/rows/{row}",
    summary="Correct a refused row",
    responses=refuses(
        CorrectedAlreadyError,
        not_found=404,
        not_done=409,
        conflict=409,
        dismissed=410,
        erased=410,
        **{code.value: 422 for code in RefusalCode},
    ),
)
async def post_row(
    import_id: str,
    row: Annotated[int, Path(ge=0, le=MOST_PLACES)],
    body: RowCorrection,
    registration: RegistrationHere,
    caller: Clerk,
    cause: Cause,
) -> RowAnswer:
    """Take a refused row in with what is typed anew of it, as any row of a register; the counts of the import follow.

    What is still wrong is refused, and the row stays as it was.
    """
    progress = await _worked_through(import_id, registration, caller)
    done = await correct_row(registration, progress, row, body.changes, cause, approver_of(caller))
    if isinstance(done, Refusal):
        raise Problem(422, done.code, advise(done), field=done.field)
    return RowAnswer.model_validate(done.model_dump())


async def _worked_through(import_id: str, registration: Registration, caller: Caller) -> imports.Progress:
    """Return an import whose refused rows are kept; raise Problem if it is under way (409) or they were dismissed."""
    progress = await get_import(import_id, registration, caller)
    if progress.state != "done":
        raise Problem(409, "not_done", "The import is still under way; ask for its progress first.")
    if progress.dismissed_at is not None:
        raise Problem(410, "dismissed", "The refused rows were dismissed; their text is deleted.")
    return progress
