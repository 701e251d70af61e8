"""HTTP in: entries are recorded, read, corrected and voided."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from contracts.archives.contents import AnyContent
from contracts.archives.entries import Entry
from contracts.archives.measures import Words
from services.archives.api.dependencies import EntryId, Log, Worker
from services.archives.api.reading import (
    Read,
    find_grant,
    find_known_of,
    grant,
    keeps_any,
    must_keep_or_serve,
    note_read,
)
from services.archives.commands.entries import correct_entry, find_entry, record_entry, void_entry
from services.archives.commands.recording import Change
from services.archives.domain.entries import CODES
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
from services.archives.views.people import Heard
from services.runtime.access import Caller
from services.runtime.bodies import AsSent, Body
from services.runtime.parameters import Cause, PersonId, ServiceHere, Street, Version
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["archives"])

NOT_YOURS = (
    "您的街道没有录入该条目，请联系录入的街道更改。"
    "Your street has not entered this; ask the street that has to change it."
)
Typed = Annotated[AnyContent, AsSent(AnyContent)]


class EntryRequest(Body):
    """An entry as a health worker types it; the content's `kind` says what it is.

    `reason` is why a resident of another street of the district was served, where another street keeps the archive.
    """

    codes = CODES
    street: Street
    measured_at: AwareDatetime
    content: Typed
    reason: Words | None = Field(default=None, min_length=4)


class CorrectionRequest(Body):
    """What an entry should say instead, and why."""

    codes = CODES
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
    log: Log,
) -> Entry:
    """Record an entry; the same Idempotency-Key again enters nothing twice."""
    keeping = await must_keep_or_serve(service, caller, person_id, body.street, body.reason)
    if keeping and body.reason:
        await note_read(log, caller, Read("entry_recorded_for_other_street", person_id, body.reason, keeping))
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
    """Return an entry with its earlier versions; the street that made it may read it, too."""
    heard = await find_known_of(service, person_id)
    entry = _find_own(caller, heard, entry_id)
    granted = find_grant(caller, heard, None) if entry else grant(caller, heard, None)
    await note_read(log, caller, Read("entry_read", person_id, street=granted.street if granted else None))
    entry = entry or (heard.entries_known_to(granted.district).get(entry_id) if granted else None)
    if entry is None:
        raise Problem(404, "not_found", "No such entry in the archive.")
    return entry


def _find_own(caller: Caller, heard: Heard, entry_id: str) -> Entry | None:
    """Return the newest version of an entry that was made by a street that the caller covers; None if there is none."""
    return next((entry for entry in heard.entries if entry.entry_id == entry_id and caller.covers(entry.street)), None)


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
    """Correct an entry; its earlier versions are kept."""
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
    """Void an entry; it counts no more, its earlier versions are kept."""
    await _must_cover_entry(service, caller, person_id, entry_id)
    change = Change(caller.subject, cause, body.version)
    return await void_entry(service, person_id, entry_id, body.reason, change)


async def _must_cover_entry(service: ServiceHere, caller: Caller, person_id: str, entry_id: str) -> None:
    """Raise unless a street that the caller covers made an entry of a person.

    Who keeps the archive is told that there is no such entry; anybody else gets the same answer in either case.
    """
    entry = await find_entry(service, person_id, entry_id)
    if entry and caller.covers(entry.street):
        return
    if entry is None and keeps_any(caller, await find_known_of(service, person_id)):
        raise UnknownEntryError
    raise Problem(403, "outside_your_division", NOT_YOURS)
