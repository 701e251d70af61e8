"""Registers of past years that were handed in: worked through in batches, resumed after a crash, exact to the row."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from services.outreach.commands.register_rows import ADVICE, Outcome, record_row
from services.outreach.intake.columns import COLUMNS, RegisterKind
from services.outreach.intake.registers import Refusal, Register, Row, read_register, write_refused
from services.outreach.views.imports import delete_rows, find_batch, find_refused, keep, keep_refused
from services.runtime.imports import Progress as ImportProgress
from services.runtime.imports import enqueue_import, find_import, report_pages, save_import, work_through_imports
from services.runtime.logs import get_log
from services.runtime.service import Service

BATCH_SIZE = 100
"""How many rows are worked through between two notes of the progress."""


class Progress(ImportProgress):
    """The progress of an import of a register."""

    kind: RegisterKind
    by: str
    batches: int = 0


@dataclass(frozen=True, slots=True)
class Submission:
    """Who hands in what kind of register for which street."""

    import_id: str
    street: str
    kind: RegisterKind
    by: str


async def hand_in(service: Service, content: bytes, filename: str, handed_in: Submission) -> Progress:
    """Keep the rows of a register, not the file, and promise to work through them; return the progress.

    The same submission again changes nothing. Raise SheetError if it is no such register.
    """
    known = await find_progress(service, handed_in.import_id)
    if known is not None:
        return known
    register = await service.workers.run(read_register, content, filename, handed_in.kind)
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
    pages = report_pages(progress, COLUMNS[progress.kind].usual, {})
    return await asyncio.to_thread(write_refused, progress.kind, refused, ADVICE, *pages)


async def work_through(service: Service) -> None:
    """Work for ever on imports that are not done, wherever a crashed worker left them."""
    await work_through_imports(service, partial(_finish, service))


async def _finish(service: Service, import_id: str) -> None:
    progress = await find_progress(service, import_id)
    while progress and progress.state == "waiting":
        rows = await find_batch(service.database, import_id, progress.batches)
        if not rows:
            return  # another worker took over, finished and deleted them
        outcomes = [(row, await record_row(service, progress.kind, row, progress.street, import_id)) for row in rows]
        refused = [(row, outcome) for row, outcome in outcomes if isinstance(outcome, Refusal)]
        await keep_refused(service.database, import_id, progress.batches, refused)
        progress = _after(progress, [outcome for _, outcome in outcomes])
        await save_import(service.database, import_id, _fields(progress), service.clock())
    await delete_rows(service.database, import_id)
    get_log().info("import done", import_id=import_id, count=progress.rows if progress else 0)


def _begin(service: Service, register: Register, handed_in: Submission) -> Progress:
    progress = Progress(
        import_id=handed_in.import_id,
        street=handed_in.street,
        kind=handed_in.kind,
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
