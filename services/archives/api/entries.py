"""HTTP in: entries are recorded, read, corrected and voided."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from contracts.archives.contents import AnyContent
from contracts.archives.entries import Entry
from contracts.archives.measures import Words
from services.archives.api.dependencies import EntryId, Log, Worker
from services.archives.api.reading import find_known_of, grant, note_read, read_of
from services.archives.commands.entries import correct_entry, load_entry, record_entry, void_entry
from services.archives.commands.recording import Change
from services.archives.domain.errors import (
    AfterDeathError,
    ArchiveClosedError,
    BeforeBirthError,
    FutureEntryError,
    NoArchiveError,
    OtherKindError,
    StaleVersionError,
    UnknownEntryError,
    VoidedError,
)
from services.runtime.access import Caller
from services.runtime.bodies import AsSent, Body
from services.runtime.parameters import Cause, PersonId, ServiceHere, Street, Version
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["archives"])

Typed = Annotated[AnyContent, AsSent(AnyContent)]


class EntryRequest(Body):
    """An entry as a health worker types it; the content's `kind` says what it is."""

    street: Street
    measured_at: AwareDatetime
    content: Typed


class CorrectionRequest(Body):
    """What an entry should say instead, and why."""

    measured_at: AwareDatetime
    content: Typed
    reason: Words = Field(min_length=2)
    version: Version = None


class VoidRequest(Body):
    """Why an entry says nothing any more."""

    reason: Words = Field(min_length=2)
    version: Version = None


@router.post(
    "/archives/{person_id}/entries",
    status_code=201,
    summary="Enter something in an archive",
    responses=refuses(
        NoArchiveError,
        ArchiveClosedError,
        FutureEntryError,
        BeforeBirthError,
        AfterDeathError,
        outside_your_division=403,
        conflict=409,
    ),
)
async def post_entry(
    person_id: PersonId,
    body: EntryRequest,
    service: ServiceHere,
    caller: Worker,
    cause: Cause,
) -> Entry:
    """Record an entry; the same Idempotency-Key again enters nothing twice."""
    caller.must_cover(body.street)
    entry = Entry(
        entry_id=cause,
        person_id=person_id,
        street=body.street,
        measured_at=body.measured_at,
        recorded_by=caller.subject,
        content=body.content,
    )
    return await record_entry(service, entry, cause=cause)


@router.get(
    "/archives/{person_id}/entries/{entry_id}", summary="An entry with its history", responses=refuses(not_found=404)
)
async def get_entry(person_id: PersonId, entry_id: EntryId, service: ServiceHere, caller: Worker, log: Log) -> Entry:
    """Show an entry with everything that it said before."""
    heard = await find_known_of(service, person_id)
    granted = grant(caller, heard, None)
    await note_read(log, caller, read_of(heard, granted, "entry_read", "care"))
    entry = heard.entries_known_to(granted.district).get(entry_id)
    if entry is None:
        raise Problem(404, "not_found", "No such entry in the archive.")
    return entry


@router.post(
    "/archives/{person_id}/entries/{entry_id}/correction",
    summary="Correct an entry",
    responses=refuses(
        UnknownEntryError,
        VoidedError,
        OtherKindError,
        FutureEntryError,
        StaleVersionError,
        outside_your_division=403,
        conflict=409,
    ),
)
async def post_correction(
    person_id: PersonId,
    entry_id: EntryId,
    body: CorrectionRequest,
    service: ServiceHere,
    caller: Worker,
    cause: Cause,
) -> Entry:
    """Correct what was entered; what it said before is kept."""
    await _must_cover_entry(service, caller, person_id, entry_id)
    change = Change(caller.subject, cause, body.version)
    said = (body.content, body.measured_at, body.reason)
    return await correct_entry(service, person_id, entry_id, said, change)


@router.post(
    "/archives/{person_id}/entries/{entry_id}/voiding",
    summary="Void an entry",
    responses=refuses(UnknownEntryError, VoidedError, StaleVersionError, outside_your_division=403, conflict=409),
)
async def post_voiding(
    person_id: PersonId,
    entry_id: EntryId,
    body: VoidRequest,
    service: ServiceHere,
    caller: Worker,
    cause: Cause,
) -> Entry:
    """Void what was entered; it counts no more, what it said is kept."""
    await _must_cover_entry(service, caller, person_id, entry_id)
    change = Change(caller.subject, cause, body.version)
    return await void_entry(service, person_id, entry_id, body.reason, change)


async def _must_cover_entry(service: ServiceHere, caller: Caller, person_id: str, entry_id: str) -> None:
    entry = await load_entry(service, person_id, entry_id)
    if not caller.covers(entry.street):
        raise Problem(
            403, "outside_your_division", "其他街道录入的条目。Another street entered this; ask it to change it."
        )
