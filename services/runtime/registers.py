"""Registers handed in as sheets: kept in batches, worked through behind, resumed after a crash, exact to the row."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from services.runtime.imports import Progress as ImportProgress
from services.runtime.imports import enqueue_import, find_import, report_pages, save_import, work_through_imports
from services.runtime.logs import get_log
from services.runtime.mongo import Database, Document
from services.runtime.service import Service
from services.runtime.sheets.registers import Columns, Refusal, Register, Row, read_register, write_refused

BATCHES = "import_batches"
BATCH_SIZE = 100
"""How many rows are worked through between two notes of the progress."""

Outcome = Literal["accepted", "duplicate"] | Refusal
"""What became of a row; one that was recorded before a crash counts as accepted."""


class Progress(ImportProgress):
    """The progress of an import: what the rows are, who handed them in, and to what survey they are answers, if so.

    `street` is the street or district for which it is handed in.
    """

    kind: str
    survey_id: str | None = None
    by: str
    batches: int = 0


@dataclass(frozen=True, slots=True)
class Submission:
    """Who hands in what kind of register for which division, or answers to which survey."""

    import_id: str
    street: str
    kind: str
    by: str
    survey_id: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """How the rows of an import are read and recorded."""

    columns: Columns
    record: Callable[[Row], Awaitable[Outcome]]


KindOf = Callable[[Progress], Awaitable[Kind]]
"""Returns how the rows of an import are read and recorded, as it is now."""


async def hand_in(service: Service, content: bytes, filename: str, handed_in: Submission, columns: Columns) -> Progress:
    """Keep the rows of a register, not the file, and promise to work through them; return the progress.

    The same submission again changes nothing. Raise SheetError if it is no such register.
    """
    known = await find_progress(service, handed_in.import_id)
    if known is not None:
        return known
    register = await service.workers.run(read_register, content, filename, columns)
    progress = _begin(service, register, handed_in)
    await _keep(service.database, progress.import_id, list(_batches(register.rows)))
    await enqueue_import(service, progress.import_id, _fields(progress))
    return progress


async def find_progress(service: Service, import_id: str) -> Progress | None:
    """Return how far an import is; None if there is none."""
    found = await find_import(service.database, import_id)
    return Progress.model_validate(found) if found else None


async def make_refused_workbook(
    service: Service, progress: Progress, columns: Columns, advice_of: Mapping[str, str]
) -> bytes:
    """Return the .xlsx workbook of an import's refused rows, and of how the file was read.

    `advice_of` has the advice of the codes of decisions.
    """
    refused = await _find_refused(service.database, progress.import_id)
    pages = report_pages(progress, columns.usual, {})
    return await asyncio.to_thread(write_refused, columns, refused, advice_of, *pages)


async def work_through(service: Service, kind_of: KindOf) -> None:
    """Work for ever on imports that are not done, wherever a crashed worker left them."""
    await work_through_imports(service, partial(_finish, service, kind_of))


async def _finish(service: Service, kind_of: KindOf, import_id: str) -> None:
    progress = await find_progress(service, import_id)
    while progress and progress.state == "waiting":
        rows = await _find_batch(service.database, import_id, progress.batches)
        if not rows:
            return  # another worker took over, finished and deleted them
        kind = await kind_of(progress)
        outcomes = [(row, await kind.record(row)) for row in rows]
        refused = [(row, outcome) for row, outcome in outcomes if isinstance(outcome, Refusal)]
        await _keep_refused(service.database, import_id, progress.batches, refused)
        progress = _after(progress, [outcome for _, outcome in outcomes])
        await save_import(service, import_id, _fields(progress))
    await _delete_rows(service.database, import_id)
    get_log().info("import done", import_id=import_id, count=progress.rows if progress else 0)


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


async def _keep(database: Database, import_id: str, batches: Sequence[Sequence[Row]]) -> None:
    """Keep the batches of an import, before it is promised to work through them; again is no harm."""
    for number, rows in enumerate(batches):
        waiting = {"rows": [_document(row) for row in rows], "refused": []}
        await database[BATCHES].replace_one({"_id": _key(import_id, number)}, waiting, upsert=True)


async def _find_batch(database: Database, import_id: str, number: int) -> list[Row]:
    """Return the rows of a batch; empty if they were deleted because the import is done."""
    found = await database[BATCHES].find_one({"_id": _key(import_id, number)})
    return [_row(document) for document in found["rows"]] if found else []


async def _keep_refused(
    database: Database, import_id: str, number: int, refused: Sequence[tuple[Row, Refusal]]
) -> None:
    """Keep the refused rows of a batch with their reasons, before the progress is saved."""
    documents = [{**_document(row), "code": refusal.code, "field": refusal.field} for row, refusal in refused]
    await database[BATCHES].update_one({"_id": _key(import_id, number)}, {"$set": {"refused": documents}})


async def _delete_rows(database: Database, import_id: str) -> None:
    """Delete the rows of an import that is done; the refused ones stay."""
    await database[BATCHES].update_many(_of(import_id), {"$set": {"rows": []}})


async def _find_refused(database: Database, import_id: str) -> list[tuple[Row, Refusal]]:
    """Return the refused rows of an import with their reasons, in the order of the sheet."""
    batches = database[BATCHES].find(_of(import_id)).sort("_id", 1)
    return [
        (_row(refused), Refusal(refused["code"], refused["field"]))
        async for batch in batches
        for refused in batch["refused"]
    ]


def _document(row: Row) -> Document:
    return {"row": row.place, "repetition": row.repetition, "typed": dict(row.typed)}


def _row(document: Document) -> Row:
    return Row(document["row"], document["repetition"], document["typed"])


def _of(import_id: str) -> Document:
    return {"_id": {"$gte": f"{import_id}/", "$lt": f"{import_id}0"}}


def _key(import_id: str, number: int) -> str:
    return f"{import_id}/{number:06d}"
