"""Registers of past years that were handed in: worked through in batches, resumed after a crash, exact to the row."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from contracts.outreach.surveys import Survey
from services.outreach.commands import register_rows, survey_rows
from services.outreach.commands.register_rows import Outcome, record_row
from services.outreach.commands.survey_rows import record_answers
from services.outreach.commands.surveys import find_asked, find_survey
from services.outreach.domain.surveys import Asked
from services.outreach.intake import survey_sheets
from services.outreach.intake.columns import COLUMNS, Columns, RegisterKind
from services.outreach.intake.registers import Refusal, Register, Row, read_register, write_refused
from services.outreach.views.imports import delete_rows, find_batch, find_refused, keep, keep_refused
from services.runtime.imports import Progress as ImportProgress
from services.runtime.imports import enqueue_import, find_import, report_pages, save_import, work_through_imports
from services.runtime.logs import get_log
from services.runtime.service import Service

BATCH_SIZE = 100
"""How many rows are worked through between two notes of the progress."""
ADVICE = {**survey_rows.ADVICE, **register_rows.ADVICE}
"""Advice about rows that a decision refused, by code."""


class Progress(ImportProgress):
    """The progress of an import of a register, or of sheets of answers to a survey."""

    kind: RegisterKind | Literal["survey_answers"]
    survey_id: str | None = None
    by: str
    batches: int = 0


@dataclass(frozen=True, slots=True)
class Submission:
    """Who hands in what kind of register for which street, or answers to which survey."""

    import_id: str
    street: str
    kind: RegisterKind | Literal["survey_answers"]
    by: str
    survey_id: str | None = None


async def hand_in(service: Service, content: bytes, filename: str, handed_in: Submission) -> Progress:
    """Keep the rows of a register, not the file, and promise to work through them; return the progress.

    The same submission again changes nothing. Raise SheetError if it is no such register.
    """
    known = await find_progress(service, handed_in.import_id)
    if known is not None:
        return known
    columns = _columns(handed_in.kind, await _find_asked(service, handed_in.survey_id))
    register = await service.workers.run(read_register, content, filename, columns)
    progress = _begin(service, register, handed_in)
    await keep(service.database, progress.import_id, list(_batches(register.rows)))
    await enqueue_import(service.database, progress.import_id, _fields(progress))
    return progress


async def find_progress(service: Service, import_id: str) -> Progress | None:
    """Return how far an import is; None if there is none."""
    found = await find_import(service.database, import_id)
    return Progress.model_validate(found) if found else None


async def make_refused_workbook(service: Service, progress: Progress) -> bytes:
    """Return the .xlsx workbook of an import's refused rows, and of how the file was read."""
    refused = await find_refused(service.database, progress.import_id)
    columns = _columns(progress.kind, await _find_asked(service, progress.survey_id))
    pages = report_pages(progress, columns.usual, {})
    return await asyncio.to_thread(write_refused, columns, refused, ADVICE, *pages)


async def work_through(service: Service) -> None:
    """Work for ever on imports that are not done, wherever a crashed worker left them."""
    await work_through_imports(service, partial(_finish, service))


async def _finish(service: Service, import_id: str) -> None:
    progress = await find_progress(service, import_id)
    while progress and progress.state == "waiting":
        rows = await find_batch(service.database, import_id, progress.batches)
        if not rows:
            return  # another worker took over, finished and deleted them
        asked = await _find_asked(service, progress.survey_id)
        outcomes = [(row, await _record(service, progress, asked, row)) for row in rows]
        refused = [(row, outcome) for row, outcome in outcomes if isinstance(outcome, Refusal)]
        await keep_refused(service.database, import_id, progress.batches, refused)
        progress = _after(progress, [outcome for _, outcome in outcomes])
        await save_import(service.database, import_id, _fields(progress), service.clock())
    await delete_rows(service.database, import_id)
    get_log().info("import done", import_id=import_id, count=progress.rows if progress else 0)


async def _find_asked(service: Service, survey_id: str | None) -> Asked | None:
    """Return what answers to a survey are checked by, as it is now; None if the import is of a register."""
    survey: Survey | None = await find_survey(service, survey_id) if survey_id else None
    return await find_asked(service, survey) if survey else None


def _columns(kind: str, asked: Asked | None) -> Columns:
    return survey_sheets.columns_of(asked.questionnaire) if asked else COLUMNS[RegisterKind(kind)]


async def _record(service: Service, progress: Progress, asked: Asked | None, row: Row) -> Outcome:
    if asked:
        return await record_answers(service, asked, row, progress.import_id)
    return await record_row(service, RegisterKind(progress.kind), row, progress.street, progress.import_id)


def _begin(service: Service, register: Register, handed_in: Submission) -> Progress:
    progress = Progress(
        import_id=handed_in.import_id,
        street=handed_in.street,
        kind=handed_in.kind,
        survey_id=handed_in.survey_id,
        by=handed_in.by,
        rows=register.total,
        blank=register.blank,
        ignored=len(register.ignored),
        ignored_rows=register.ignored,
        sheets=register.sheets,
        handed_in_at=service.clock(),
    )
    progress.count_done()
    return progress


def _after(progress: Progress, outcomes: Sequence[Outcome]) -> Progress:
    """Return the progress after one more batch with its outcomes."""
    after = progress.model_copy(deep=True, update={"batches": progress.batches + 1})
    for outcome in outcomes:
        match outcome:
            case Refusal(code=code):
                after.count_refused(code)
            case "duplicate":
                after.duplicate += 1
            case _:
                after.accepted += 1
    after.count_done()
    return after


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), BATCH_SIZE):
        yield rows[start : start + BATCH_SIZE]


def _fields(progress: Progress) -> dict[str, Any]:
    return progress.model_dump(exclude={"import_id"})
