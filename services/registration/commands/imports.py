"""Import registers from spreadsheets: keep them sealed, work through them in batches, resume after a crash.

A register is kept only until it is worked through. Then its refused rows alone are kept, sealed one by one, until they
are dismissed or the person they are about is erased.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pydantic import BaseModel, Field
from pydantic_core import from_json, to_json

from contracts.envelope import uuid7
from contracts.reference.calendar import day_of
from services.registration.commands.arrivals import ArrivalReported, cause_of, record_arrivals
from services.registration.intake.checks import check_arrival
from services.registration.intake.refusals import Refusal, RefusalCode
from services.registration.intake.registers import COLUMNS, Register, Row, read_register, write_refused
from services.registration.intake.reports import ArrivalReport
from services.registration.service import Registration
from services.registration.views.sealed import (
    delete_orphans,
    dismiss_refused,
    drop_file,
    find_refused,
    keep_refused,
    keep_register,
    list_files,
    open_register,
)
from services.runtime.imports import Progress as ImportProgress
from services.runtime.imports import enqueue_import, find_import, save_import, work_through_imports
from services.runtime.logs import get_log
from services.runtime.mongo import wait_while_away

BATCH_SIZE = 1000
"""Rows that are recorded at once, between two saves of the progress."""


class RefusedRow(BaseModel):
    """A refused row by its number in the sheet, with the stable code and the field."""

    row: int
    code: str
    field: str
    detail: str = ""


class Progress(ImportProgress):
    """How far an import is: of `rows` data rows `done` are worked through, each in exactly one of the four counts.

    The text of refused rows is kept until it is dismissed; `erased` counts those whose text went with a person's.
    """

    warnings: dict[str, int] = Field(default_factory=dict)
    refused_rows: list[RefusedRow] = Field(default_factory=list, exclude=True)
    erased: int = 0
    dismissed_at: datetime | None = None
    approver: str | None = None
    """The supervisor who handed it in: numbers with a reason beside them are approved."""


@dataclass(frozen=True, slots=True)
class Submission:
    """Who hands in a register for which street; `approver` is a supervisor who approves numbers with a reason."""

    import_id: str
    street: str
    by: str
    approver: str | None = None


async def hand_in(registration: Registration, content: bytes, filename: str, handed_in: Submission) -> Progress:
    """Keep a register and promise to work through it, once; raise SheetError if it can't be read at all."""
    known = await find_progress(registration, handed_in.import_id)
    if known is not None:
        return known
    register = await asyncio.to_thread(read_register, content, filename)
    now = registration.service.clock()
    progress = begin(register, handed_in.street, now, handed_in.approver, handed_in.import_id)
    sealed = registration.vault.seal_bytes(content)
    database = registration.service.database
    await keep_register(database, progress.import_id, sealed, filename, now)
    await enqueue_import(database, progress.import_id, {**_fields(progress), "by": handed_in.by})
    if progress.state == "done":
        await drop_file(database, progress.import_id)
    return progress


def begin(
    register: Register, street: str, handed_in_at: datetime, approver: str | None = None, import_id: str = ""
) -> Progress:
    """Begin an import: its blank rows are done, the others are to come."""
    blank = register.blank
    return Progress(
        import_id=import_id or uuid7(),
        street=street,
        rows=len(register.rows) + blank,
        state="waiting" if register.rows else "done",
        done=blank,
        blank=blank,
        handed_in_at=handed_in_at,
        approver=approver,
    )


async def find_progress(registration: Registration, import_id: str) -> Progress | None:
    """Return the progress of an import; None if there is no such import."""
    found = await find_import(registration.service.database, import_id)
    return Progress.model_validate(found) if found else None


async def make_refused_workbook(registration: Registration, progress: Progress) -> bytes:
    """Return the workbook (.xlsx) of an import's refused rows, as they were typed."""
    sealed = await find_refused(registration.service.database, progress.import_id)
    opened = {number: from_json(registration.vault.open_bytes(sealed[number])) for number in sealed}
    header = next((tuple(header) for header, _ in opened.values()), tuple(COLUMNS.values()))
    rows = tuple(Row(number, tuple(cells), ArrivalReport()) for number, (_, cells) in opened.items())
    refusals = [(number, refusal) for number, refusal in refusals_of(progress) if number in opened]
    return await asyncio.to_thread(write_refused, Register("", "", 0, header, rows, 0), refusals)


async def dismiss(registration: Registration, import_id: str) -> None:
    """Delete the text of an import's refused rows: they were corrected elsewhere or are no longer needed."""
    service = registration.service
    await dismiss_refused(service.database, import_id, service.clock())


async def work_through(registration: Registration) -> None:
    """Work on unfinished imports as long as the service runs, from where a crashed worker left them."""
    try:
        await wait_while_away(lambda: _drop_finished(registration))
    except Exception as error:
        get_log().error("registers of finished imports are still kept", error=error)
    await work_through_imports(registration.service, partial(_finish, registration))


async def work_through_register(
    registration: Registration, register: Register, progress: Progress
) -> AsyncIterator[Progress]:
    """Work through the rest of a register in batches; yield the progress after each."""
    while progress.done < progress.rows:
        worked = progress.done - register.blank
        rows = register.rows[worked : worked + BATCH_SIZE]
        progress = await _record_rows(registration, rows, progress)
        yield progress


async def _record_rows(registration: Registration, rows: Sequence[Row], progress: Progress) -> Progress:
    service = registration.service
    today, approver = day_of(progress.handed_in_at), progress.approver
    check = partial(check_arrival, street=progress.street, today=today, divisions=service.divisions, approver=approver)
    after = progress.model_copy(deep=True)
    reports = []
    for row in rows:
        checked = check(row.report)
        if isinstance(checked, Refusal):
            _count_refusal(after, row.number, checked)
        else:
            cause = cause_of(checked, f"import/{progress.import_id}/{row.number}")
            reports.append(ArrivalReported(checked, cause, progress.handed_in_at))
    for outcome in await record_arrivals(registration, reports):
        after.accepted += outcome.accepted
        after.duplicate += not outcome.accepted
        for warning in outcome.warnings:
            after.warnings[warning] = after.warnings.get(warning, 0) + 1
    after.count_done(len(rows))
    return after


def _count_refusal(progress: Progress, row: int, refusal: Refusal) -> None:
    progress.count_refused(refusal.code)
    refused = RefusedRow(row=row, code=refusal.code, field=refusal.field, detail=refusal.detail)
    progress.refused_rows.append(refused)


async def _finish(registration: Registration, import_id: str) -> None:
    progress = await find_progress(registration, import_id)
    if progress is None or progress.state == "done":
        return
    register = await _open_register(registration, import_id)
    async for reached in work_through_register(registration, register, progress):
        if reached.state == "done":
            await _keep_refused(registration, register, reached)
        await save_import(registration.service.database, import_id, _fields(reached), registration.service.clock())
    await drop_file(registration.service.database, import_id)
    get_log().info("import done", import_id=import_id, count=progress.rows)


async def _keep_refused(registration: Registration, register: Register, progress: Progress) -> None:
    """Keep the refused rows of a register, each sealed with its header."""
    refused = {row.row for row in progress.refused_rows}
    sealed = {
        row.number: registration.vault.seal_bytes(to_json([register.header, row.cells]))
        for row in register.rows
        if row.number in refused
    }
    await keep_refused(registration.service.database, progress.import_id, sealed)


async def _drop_finished(registration: Registration) -> None:
    """Delete registers of finished imports: their worker crashed, or an earlier version kept them."""
    service = registration.service
    await delete_orphans(service.database, service.clock())
    for import_id in await list_files(service.database):
        progress = await find_progress(registration, import_id)
        if progress is not None and progress.state == "done":
            register = await _open_register(registration, import_id)
            await _keep_refused(registration, register, progress)
            await drop_file(service.database, import_id)


async def _open_register(registration: Registration, import_id: str) -> Register:
    sealed, filename = await open_register(registration.service.database, import_id)
    return await asyncio.to_thread(read_register, registration.vault.open_bytes(sealed), filename)


def refusals_of(progress: Progress) -> list[tuple[int, Refusal]]:
    """Return the refused rows of an import: row number and refusal."""
    return [(row.row, Refusal(RefusalCode(row.code), row.field, row.detail)) for row in progress.refused_rows]


def _fields(progress: Progress) -> dict[str, object]:
    refused_rows = [row.model_dump() for row in progress.refused_rows]
    return {**progress.model_dump(exclude={"import_id"}), "refused_rows": refused_rows}
