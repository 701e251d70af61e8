"""HTTP in: archives are read, entries are recorded."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from contracts.archives import Archive
from contracts.entries import BloodPressure, Entry
from contracts.envelope import uuid7
from services.archives import commands, views
from services.archives.domain import RefusedError
from services.runtime.access import Caller, Role, allow
from services.runtime.problems import Problem
from services.runtime.web import ServiceHere

router = APIRouter(tags=["archives"])

Worker = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.SUPERVISOR))]
Reader = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.SUPERVISOR, Role.DISTRICT))]
PersonInPath = Annotated[str, Path(alias="person_id", pattern=r"^[0-9a-f]{32}$")]


class EntryRequest(BaseModel):
    """An entry as a health worker types it; blood pressure in mmHg."""

    street: str = Field(pattern=r"^[0-9]{9}$", description="9-digit code of the street that enters it")
    measured_at: AwareDatetime
    content: BloodPressure


class ArchiveFile(BaseModel):
    """A person's archives, one for each district, and their entries, oldest first."""

    person_id: str
    archives: list[Archive]
    entries: list[Entry]


class ArchiveCount(BaseModel):
    """How many archives were opened in a division."""

    division: str
    archives: int
    as_of: datetime


@router.get("/archives", summary="Count archives")
async def get_count(
    service: ServiceHere, caller: Reader, division: Annotated[str, Query(pattern=r"^[0-9]{2,9}$")]
) -> ArchiveCount:
    """Count the archives that were opened in a division."""
    caller.must_cover(division)
    count = await views.count_archives(service.database, service.areas(division))
    return ArchiveCount(division=division, archives=count, as_of=service.clock())


@router.get("/archives/{person_id}", summary="Open an archive")
async def get_archive(person_id: PersonInPath, service: ServiceHere, caller: Worker) -> ArchiveFile:
    """Show a person's archive with its entries; one of the archives must be in the caller's district."""
    archives = await views.find_archives_of(service.database, person_id)
    if not any(archive.district.startswith(caller.division[:6]) for archive in archives):
        raise Problem(404, "not_found", "No archive of this person in your district.")
    return ArchiveFile(
        person_id=person_id,
        archives=archives,
        entries=await views.find_entries_of(service.database, person_id),
    )


@router.post("/archives/{person_id}/entries", status_code=201, summary="Enter something in an archive")
async def post_entry(
    person_id: PersonInPath,
    body: EntryRequest,
    service: ServiceHere,
    caller: Worker,
    idempotency_key: Annotated[str | None, Header(max_length=100)] = None,
) -> Entry:
    """Record a blood pressure; the same Idempotency-Key again enters nothing twice."""
    caller.must_cover(body.street)
    entry = Entry(
        entry_id=_entry_id(caller, idempotency_key),
        person_id=person_id,
        street=body.street,
        measured_at=body.measured_at,
        recorded_by=caller.subject,
        content=body.content,
    )
    try:
        return await commands.record_entry(service, entry, cause=str(uuid7()))
    except RefusedError as error:
        raise Problem(409, error.code, error.advice) from error


def _entry_id(caller: Caller, idempotency_key: str | None) -> str:
    if idempotency_key is None:
        return str(uuid7())
    return sha256(f"{caller.subject}|{idempotency_key}".encode()).hexdigest()[:32]
