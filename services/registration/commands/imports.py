"""Import registers from spreadsheets: store them sealed, process them in batches, resume after a crash.

A register is stored only until it is processed. Afterwards only its refused rows are, each sealed by itself, until they
are dismissed or the identity of their person is erased.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pydantic import BaseModel, Field
from pydantic_core import from_json, to_json

from contracts.envelope import uuid7
from contracts.reference.calendar import day_of
from services.registration.commands.arrivals import CheckedArrival, Outcome, OutcomeKind, cause_of, record_arrivals
from services.registration.commands.departures import record_departure
from services.registration.commands.recording import recorded_by
from services.registration.domain.errors import LeftBeforeArrivingError, NotRegisteredError
from services.registration.intake.columns import COLUMNS
from services.registration.intake.refusals import WARNINGS, Refusal, RefusalCode
from services.registration.intake.registers import (
    CheckedRow,
    Register,
    Row,
    Survey,
    check_row,
    read_register,
    survey_register,
    write_refused,
)
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
from services.runtime.forking import Limits
from services.runtime.imports import Progress as ImportProgress
from services.runtime.imports import (
    RowNote,
    enqueue_import,
    find_import,
    report_pages,
    save_import,
    work_through_imports,
)
from services.runtime.logs import get_log
from services.runtime.mongo import wait_while_away
from services.runtime.sheets.tables import row_of, table_of

FILE_NAME = "register"
"""What a register is kept as; its own name may say who somebody is, and its kind is in the content."""
BATCH_SIZE = 1000
"""The number of rows that are recorded together, between two saves of the progress."""
TWICE = Limits(2 * Limits().seconds, 2 * Limits().megabytes)
"""The limits of reading a register again: what could be read when it was handed in can be read later."""


class RefusedRow(BaseModel):
    """A refused row: its place in the file, the stable code and the field."""

    row: int
    code: str
    field: str
    detail: str = ""

    @property
    def refusal(self) -> Refusal:
        """Return the refusal of the row."""
        return Refusal(RefusalCode(self.code), self.field, self.detail)


class CorrectedRow(BaseModel):
    """A refused row that was corrected: its place in the file, the cause of the request, and what came of the row."""

    row: int
    cause: str
    outcome: OutcomeKind
    stay_id: str
    person_id: str
    warnings: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()


class Progress(ImportProgress):
    """The progress of an import: each of `rows` rows below headings is in exactly one of five counts once it is done.

    `updated` counts the duplicates that changed recorded contact details, `corrected` the refused rows that were
    corrected since and stand in another count now. The text of refused rows is stored until it is dismissed; `erased`
    counts refused rows whose text was deleted with a person's identity.
    """

    updated: int = 0
    refused_rows: list[RefusedRow] = Field(default_factory=list, exclude=True)
    corrected: int = 0
    corrected_rows: list[CorrectedRow] = Field(default_factory=list, exclude=True)
    erased: int = 0
    dismissed_at: datetime | None = None
    approver: str | None = None
    """The supervisor who handed it in; it approves numbers in rows with a reason."""


@dataclass(frozen=True, slots=True)
class Submission:
    """Who hands in a register (`by`) for which street; `approver` is the supervisor who approves its numbers."""

    import_id: str
    street: str
    by: str
    approver: str | None = None


async def hand_in(registration: Registration, content: bytes, filename: str, submission: Submission) -> Progress:
    """Store a register and enqueue it, once; return its progress. Raise SheetError if it can't be read."""
    known = await find_progress(registration, submission.import_id)
    if known is not None:
        return known
    register = await registration.service.workers.run(survey_register, content, filename)
    now = registration.service.clock()
    progress = begin(register, submission.street, now, submission.approver, submission.import_id)
    sealed = registration.vault.seal_bytes(content)
    database = registration.service.database
    await keep_register(database, progress.import_id, sealed, FILE_NAME, now)
    await enqueue_import(registration.service, progress.import_id, {**_fields(progress), "by": submission.by})
    if progress.state == "done":
        await drop_file(database, progress.import_id)
    return progress


def begin(
    register: Register | Survey, street: str, handed_in_at: datetime, approver: str | None = None, import_id: str = ""
) -> Progress:
    """Return the progress of a new import, with its blank and ignored rows done."""
    progress = Progress(
        import_id=import_id or uuid7(), street=street, rows=0, handed_in_at=handed_in_at, approver=approver
    )
    return _with_register(progress, register)


def _with_register(progress: Progress, register: Register | Survey) -> Progress:
    """Return a progress with what was read of the register: its rows, blank and ignored ones, sheets and columns."""
    read = {
        "rows": register.total,
        "blank": register.blank,
        "ignored": len(register.ignored),
        "ignored_rows": register.ignored,
        "sheets": register.sheets,
    }
    begun = progress.model_copy(deep=True, update=read)
    begun.count_done()
    return begun


async def find_progress(registration: Registration, import_id: str) -> Progress | None:
    """Return the progress of an import; None if there is no such import."""
    found = await find_import(registration.service.database, import_id)
    return Progress.model_validate(found) if found else None


async def make_refused_workbook(registration: Registration, progress: Progress) -> bytes:
    """Return a workbook (.xlsx) of an import's refused rows, as they were typed, with a report on the import."""
    sealed = await find_refused(registration.service.database, progress.import_id)
    opened = {place: from_json(registration.vault.open_bytes(sealed[place])) for place in sealed}
    names = tuple(sheet.sheet for sheet in progress.sheets if sheet.skipped is None) or ("",)
    headers = {table_of(place): tuple(header) for place, (header, _) in opened.items()}
    rows = tuple(Row(place, tuple(cells), ArrivalReport()) for place, (_, cells) in opened.items())
    usual = tuple(COLUMNS.values())
    register = Register(rows, names=names, headers=tuple(headers.get(table, usual) for table in range(len(names))))
    refusals = [(place, refusal) for place, refusal in refusals_of(progress) if place in opened]
    return await asyncio.to_thread(write_refused, register, refusals, *report_pages(progress, COLUMNS, WARNINGS))


async def dismiss(registration: Registration, import_id: str) -> None:
    """Delete the text of an import's refused rows: they were corrected elsewhere or are no longer needed."""
    service = registration.service
    await dismiss_refused(service.database, import_id, service.clock())


async def work_through(registration: Registration) -> None:
    """Process unfinished imports as long as the service runs; resume those of a crashed worker."""
    try:
        await wait_while_away(lambda: _drop_finished(registration))
    except Exception as error:
        get_log().error("registers of finished imports are still kept", error=error)
    await work_through_imports(registration.service, partial(_finish, registration))


async def work_through_register(
    registration: Registration, register: Register, progress: Progress
) -> AsyncIterator[Progress]:
    """Process the rest of a register in batches; yield the progress after each."""
    progress = _with_register(progress, register)
    while progress.worked < len(register.rows):
        rows = register.rows[progress.worked : progress.worked + BATCH_SIZE]
        progress = await _record_rows(registration, register, rows, progress)
        yield progress


async def _record_rows(
    registration: Registration, register: Register, rows: Sequence[Row], progress: Progress
) -> Progress:
    service, after = registration.service, progress.model_copy(deep=True)
    check = partial(
        check_row,
        street=progress.street,
        today=day_of(progress.handed_in_at),
        divisions=service.divisions,
        approver=progress.approver,
    )
    outcomes = await record_checked(registration, progress, {row.place: check(row) for row in rows})
    for place, outcome in outcomes.items():
        if isinstance(outcome, Refusal):
            _count_refusal(after, place, outcome)
        else:
            _count_outcome(after, RowNote(sheet=register.sheet_of(place), row=row_of(place)), outcome)
    after.count_done()
    return after


async def record_checked(
    registration: Registration, progress: Progress, checked: Mapping[int, CheckedRow | Refusal]
) -> dict[int, Outcome | Refusal]:
    """Record what checked rows of an import report; return what came of each, by its place in the file."""
    arrivals = {
        place: row.arrival for place, row in checked.items() if isinstance(row, CheckedRow) and row.arrival is not None
    }
    outcomes = await record_arrivals(
        registration,
        [
            CheckedArrival(arrival, cause_of(arrival, f"import/{progress.import_id}/{place}"), progress.handed_in_at)
            for place, arrival in arrivals.items()
        ],
    )
    arrived = dict(zip(arrivals, outcomes, strict=True))
    return {
        place: row
        if isinstance(row, Refusal)
        else await _end_stay(registration, row, arrived.get(place), f"import/{progress.import_id}/{place}/left")
        for place, row in checked.items()
    }


async def _end_stay(
    registration: Registration, row: CheckedRow, arrived: Outcome | None, cause: str
) -> Outcome | Refusal:
    """Record the departure that a row reports, with or without an arrival; return the outcome of both."""
    if arrived and (arrived.refusal or not row.departure):
        return arrived.refusal or arrived
    departure = row.departure
    assert departure is not None, "a row reports an arrival or a departure"
    try:
        stay, *_ = await record_departure(registration, departure, cause)
    except NotRegisteredError:
        if arrived is None:
            return Refusal(RefusalCode.NOT_REGISTERED_HERE, "left_on")
        return arrived._replace(differs=(*arrived.differs, "left_on"))
    except LeftBeforeArrivingError:
        return Refusal(RefusalCode.LEFT_BEFORE_ARRIVING, "left_on")
    ended = bool(await recorded_by(registration, stay.person_id, cause))
    before = arrived or Outcome(accepted=False, stay_id=stay.stay_id, person_id=stay.person_id)
    warnings = tuple(dict.fromkeys((*before.warnings, *departure.warnings)))
    return before._replace(accepted=before.accepted or ended, warnings=warnings)


def _count_outcome(progress: Progress, note: RowNote, outcome: Outcome) -> None:
    progress.accepted += outcome.accepted
    progress.duplicate += not outcome.accepted
    progress.updated += bool(outcome.updated) and not outcome.accepted
    noted = {"warnings": outcome.warnings, "updated": outcome.updated, "differs": outcome.differs}
    progress.note(note.model_copy(update=noted))


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
        await save_import(registration.service, import_id, _fields(reached))
    await drop_file(registration.service.database, import_id)
    get_log().info("import done", import_id=import_id, count=progress.rows)


async def _keep_refused(registration: Registration, register: Register, progress: Progress) -> None:
    """Store the refused rows of a register, each sealed with its header."""
    refused = {row.row for row in progress.refused_rows}
    sealed = {
        row.place: registration.vault.seal_bytes(to_json([register.headers[table_of(row.place)], row.cells]))
        for row in register.rows
        if row.place in refused
    }
    await keep_refused(registration.service.database, progress.import_id, sealed)


async def _drop_finished(registration: Registration) -> None:
    """Delete the registers of finished imports that are still stored: their worker crashed before it deleted them."""
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
    content = registration.vault.open_bytes(sealed)
    return await registration.service.workers.run(read_register, content, filename, limits=TWICE)


def refusals_of(progress: Progress) -> list[tuple[int, Refusal]]:
    """Return the refusals of an import, each with the row's place in the file."""
    return [(row.row, row.refusal) for row in progress.refused_rows]


def _fields(progress: Progress) -> dict[str, object]:
    listed = ("refused_rows", "corrected_rows", "notes")
    excluded = {name: [item.model_dump() for item in getattr(progress, name)] for name in listed}
    return {**progress.model_dump(exclude={"import_id", "noted"}), **excluded}
