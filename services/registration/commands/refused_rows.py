"""Show the refused rows of an import, and correct one in place: from then on it goes the way of any other row."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel
from pydantic_core import from_json

from services.registration.commands.imports import CorrectedRow, Progress, RefusedRow, record_checked
from services.registration.domain.errors import CorrectedAlreadyError
from services.registration.intake.columns import COLUMNS
from services.registration.intake.refusals import REASONS, Refusal, advise
from services.registration.intake.registers import check_row, retype_row
from services.registration.service import Registration
from services.registration.views.refused_rows import count_corrected, delete_refused_row, find_refused_rows
from services.runtime.imports import IMPORTS, RowNote
from services.runtime.problems import Problem
from services.runtime.sheets.headings import letter_of
from services.runtime.sheets.tables import SheetRead, row_of, table_of


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
    texts = await _open(registration, progress, [row.row for row in page])
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
    CorrectedAlreadyError if another request corrected it.
    """
    if done := _corrected(progress, number, cause):
        return done
    refused = next((row for row in progress.refused_rows if row.row == number), None)
    if refused is None:
        raise Problem(404, "not_found", "没有该退回行。No such row of this import is refused.")
    header, cells = await _open_row(registration, progress, number)
    service = registration.service
    row = retype_row(number, header, cells, _columns_of(progress, number, header), changes)
    checked = check_row(
        row, street=progress.street, today=service.today, divisions=service.divisions, approver=approver
    )
    outcome = (await record_checked(registration, progress, {number: checked}))[number]
    if isinstance(outcome, Refusal):
        return outcome
    corrected = CorrectedRow(row=number, cause=cause, outcome=outcome.kind, **outcome._asdict())
    note = RowNote(sheet=_sheet_of(progress, number).sheet, row=row_of(number), **_noted(corrected))
    await count_corrected(service.database, progress.import_id, refused.code, corrected.model_dump(), note.model_dump())
    await delete_refused_row(service.database, progress.import_id, number)
    service.changes.note((IMPORTS,), (progress.street,))
    return corrected


def _corrected(progress: Progress, number: int, cause: str) -> CorrectedRow | None:
    done = next((row for row in progress.corrected_rows if row.row == number), None)
    if done is not None and done.cause != cause:
        raise CorrectedAlreadyError
    return done


async def _open_row(registration: Registration, progress: Progress, number: int) -> tuple[Sequence[str], Sequence[str]]:
    texts = await _open(registration, progress, [number])
    if number not in texts:
        raise Problem(410, "erased", "该行内容已随身份信息删除。The text of this row was erased with an identity.")
    return texts[number]


def _noted(corrected: CorrectedRow) -> dict[str, tuple[str, ...]]:
    return {"warnings": corrected.warnings, "updated": corrected.updated, "differs": corrected.differs}


async def _open(
    registration: Registration, progress: Progress, numbers: Sequence[int]
) -> dict[int, tuple[Sequence[str], Sequence[str]]]:
    """Return header and cells of refused rows as they were typed, by number; those erased are missing."""
    sealed = await find_refused_rows(registration.service.database, progress.import_id, numbers)
    return {number: tuple(from_json(registration.vault.open_bytes(content))) for number, content in sealed.items()}


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
