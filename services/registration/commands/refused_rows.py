"""Show the refused rows of an import, and correct one in place: from then on it goes the way of any other row.

Of several who correct one row at once, the first to claim it is heard: one row never registers two people.
"""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel
from pydantic_core import from_json, to_json

from services.registration.commands.imports import CorrectedRow, Progress, RefusedRow, find_progress, record_checked
from services.registration.domain.errors import CorrectedAlreadyError
from services.registration.intake.columns import COLUMNS
from services.registration.intake.refusals import REASONS, Refusal, advise
from services.registration.intake.registers import CheckedRow, check_row, read_typed_row, retype
from services.registration.service import Registration
from services.registration.views.refused_rows import (
    Claim,
    RefusedText,
    claim_refused_row,
    count_corrected,
    delete_refused_row,
    find_refused_row,
    find_refused_rows,
    give_back_refused_row,
)
from services.runtime.imports import IMPORTS, RowNote
from services.runtime.problems import Problem
from services.runtime.sheets.headings import letter_of
from services.runtime.sheets.tables import SheetRead, row_of, table_of

Text = tuple[Sequence[str], Sequence[str]]
"""The headings and the cells of a row as they were typed."""


class TypedCell(BaseModel):
    """A cell as it was typed, its heading, and the field that its column carries, None if unknown."""

    heading: str
    field: str | None
    typed: str


class RefusedRowFile(BaseModel):
    """A refused row: its number in the import, its place in the file, its cells, and why it is refused.

    `field` is what is wrong, `heading` what its column is usually called, `reason` why and `advice` what to do.
    """

    row: int
    sheet: str
    row_in_sheet: int
    cells: tuple[TypedCell, ...]
    code: str
    field: str
    heading: str
    reason: str
    advice: str


async def read_refused_rows(
    registration: Registration, progress: Progress, after: int, limit: int
) -> tuple[list[RefusedRowFile], int | None]:
    """Return a page of an import's refused rows after a number, and the number after which the next page begins.

    Rows whose text was erased are left out.
    """
    refused = sorted((row for row in progress.refused_rows if row.row > after), key=lambda row: row.row)
    page = refused[:limit]
    texts = await _open_all(registration, progress, [row.row for row in page])
    shown = [_file(progress, row, *texts[row.row]) for row in page if row.row in texts]
    return shown, page[-1].row if len(refused) > limit else None


async def correct_row(
    registration: Registration,
    progress: Progress,
    number: int,
    changes: Mapping[str, str],
    cause: str,
    approver: str | None,
) -> CorrectedRow | Refusal:
    """Check a refused row with some cells typed anew, and record it; return what came of it, or why it is refused.

    The same request again returns the same. Raise Problem if no such row is refused (404) or its text was erased (410),
    CorrectedAlreadyError if another request corrected it, or has claimed it: what that one typed is then recorded, also
    if its process has died.
    """
    if done := _corrected(progress, number, cause):
        return done
    refused = next((row for row in progress.refused_rows if row.row == number), None)
    if refused is None:
        raise Problem(404, "not_found", "没有该退回行。No such row of this import is refused.")
    database, import_id = registration.service.database, progress.import_id
    before = found = await find_refused_row(database, import_id, number)
    while found is not None and found.claim is None:
        before, text = found, _retype(registration, progress, number, found, changes)
        if isinstance(refusal := _check(registration, progress, number, text, approver), Refusal):
            return refusal
        sealed = registration.vault.seal_bytes(to_json(text))
        await claim_refused_row(database, import_id, number, sealed, Claim(cause, approver))
        found = await find_refused_row(database, import_id, number)
    if before is None or found is None or found.claim is None:
        return await _find_corrected(registration, import_id, number, cause)
    outcome = await _take_in(registration, progress, refused, found, found.claim)
    if isinstance(outcome, Refusal):
        as_before = registration.vault.reseal(before.sealed)
        await give_back_refused_row(database, import_id, number, as_before, found.claim)
    if found.claim.cause != cause:
        raise CorrectedAlreadyError
    return outcome


async def _take_in(
    registration: Registration, progress: Progress, refused: RefusedRow, found: RefusedText, claim: Claim
) -> CorrectedRow | Refusal:
    """Record a row as its claim corrects it, and count it; again, it is the same row that is recorded."""
    service, number = registration.service, refused.row
    checked = _check(registration, progress, number, _open(registration, found.sealed), claim.approver)
    outcome = (await record_checked(registration, progress, {number: checked}))[number]
    if isinstance(outcome, Refusal):
        return outcome
    corrected = CorrectedRow(row=number, cause=claim.cause, outcome=outcome.kind, **outcome._asdict())
    note = RowNote(sheet=_sheet_of(progress, number).sheet, row=row_of(number), **_noted(corrected))
    await count_corrected(service.database, progress.import_id, refused.code, corrected.model_dump(), note.model_dump())
    await delete_refused_row(service.database, progress.import_id, number)
    service.changes.note((IMPORTS,), (progress.street,))
    return corrected


async def _find_corrected(registration: Registration, import_id: str, number: int, cause: str) -> CorrectedRow:
    """Return what came of a row that is gone; raise as `correct_row` does if it was corrected by another or erased."""
    progress = await find_progress(registration, import_id)
    if progress is None or not (done := _corrected(progress, number, cause)):
        raise Problem(410, "erased", "该行内容已随身份信息删除。The text of this row was erased with an identity.")
    return done


def _corrected(progress: Progress, number: int, cause: str) -> CorrectedRow | None:
    done = next((row for row in progress.corrected_rows if row.row == number), None)
    if done is not None and done.cause != cause:
        raise CorrectedAlreadyError
    return done


def _retype(
    registration: Registration, progress: Progress, number: int, found: RefusedText, changes: Mapping[str, str]
) -> Text:
    header, cells = _open(registration, found.sealed)
    return retype(header, cells, _columns_of(progress, number, header), changes)


def _check(
    registration: Registration, progress: Progress, number: int, text: Text, approver: str | None
) -> CheckedRow | Refusal:
    service, (header, cells) = registration.service, text
    row = read_typed_row(number, header, cells, _columns_of(progress, number, header))
    return check_row(row, street=progress.street, today=service.today, divisions=service.divisions, approver=approver)


def _noted(corrected: CorrectedRow) -> dict[str, tuple[str, ...]]:
    return {"warnings": corrected.warnings, "updated": corrected.updated, "differs": corrected.differs}


async def _open_all(registration: Registration, progress: Progress, numbers: Sequence[int]) -> dict[int, Text]:
    """Return refused rows by number; those erased are missing."""
    sealed = await find_refused_rows(registration.service.database, progress.import_id, numbers)
    return {number: _open(registration, content) for number, content in sealed.items()}


def _open(registration: Registration, sealed: bytes) -> Text:
    header, cells = from_json(registration.vault.open_bytes(sealed))
    return header, cells


def _file(progress: Progress, row: RefusedRow, header: Sequence[str], cells: Sequence[str]) -> RefusedRowFile:
    fields = {column: name for name, column in _columns_of(progress, row.row, header).items()}
    typed = tuple(
        TypedCell(heading=heading, field=fields.get(column), typed=cell)
        for column, (heading, cell) in enumerate(zip(header, cells, strict=False))
    )
    return RefusedRowFile(
        row=row.row,
        sheet=_sheet_of(progress, row.row).sheet,
        row_in_sheet=row_of(row.row),
        cells=typed,
        code=row.code,
        field=row.field,
        heading=COLUMNS.get(row.field, row.field),
        reason=REASONS[row.code],
        advice=advise(row.refusal),
    )


def _columns_of(progress: Progress, number: int, header: Sequence[str]) -> dict[str, int]:
    """Return the column (from 0) of each field in the sheet of a row."""
    places = {letter_of(column): column for column in range(len(header))}
    columns = _sheet_of(progress, number).columns
    return {column.field: places[column.column] for column in columns if column.field is not None}


def _sheet_of(progress: Progress, number: int) -> SheetRead:
    return [sheet for sheet in progress.sheets if sheet.skipped is None][table_of(number)]
