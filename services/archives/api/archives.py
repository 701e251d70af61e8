"""HTTP in: archives are counted, listed, found by code, read, completed, closed and reopened."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from contracts.archives.archives import Archive, BasicInformation, ClosingReason, PaperFile
from contracts.archives.enrolments import Duty, Enrolment
from contracts.archives.entries import Entry
from contracts.reference.calendar import day_of
from services.archives.api.dependencies import Emergency, Log, Reader, Worker
from services.archives.api.reading import Read, find_grant, find_known_of, grant, must_keep, note_read
from services.archives.commands.archives import close, compare_paper, complete, reopen
from services.archives.commands.recording import Change
from services.archives.domain.access import Granted, ReadAs
from services.archives.domain.errors import (
    AfterDeathError,
    ArchiveClosedError,
    FutureEntryError,
    NoArchiveHereError,
    NotClosedError,
    NotHeldError,
    StaleVersionError,
)
from services.archives.domain.policy import POLICY
from services.archives.views.archives import (
    ArchivePage,
    HandOver,
    count_archives,
    find_by_code,
    find_received,
    list_dead,
    list_paper_differences,
)
from services.archives.views.people import Heard, find_heard
from services.archives.views.summaries import find_summary
from services.runtime.attempts import must_be_within
from services.runtime.bodies import AsSent, Body, WithoutNumbers
from services.runtime.parameters import Cause, Division, Limit, PersonId, ServiceHere, Street, StreetInQuery, Version
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["archives"])


class CompletionRequest(Body):
    """Cover and basic information, and the committee (001-099), village (101-199) or body (901-999) of the code."""

    street: Street
    committee: str = Field(pattern=r"^[019](?:0[1-9]|[1-9][0-9])$")
    basic: Annotated[BasicInformation, AsSent(BasicInformation)]
    version: Version = None


class PaperRequest(Body):
    """Where the paper stands and how many entries it holds."""

    street: Street
    reference: str = Field(min_length=1, max_length=40)
    entries: int | None = Field(default=None, ge=0, le=100_000)
    version: Version = None


class ClosingRequest(Body):
    """Why and when an archive is closed; deaths and moves between districts close it by themselves."""

    street: Street
    reason: Literal[ClosingReason.LOST, ClosingReason.MOVED, ClosingReason.MISTAKEN]
    closed_on: date
    version: Version = None


class ReopeningRequest(Body):
    """In which street the archive is taken into use again."""

    street: Street
    version: Version = None


class ArchiveFile(BaseModel):
    """What a district knows of a person: its archive, entries oldest first, enrolments, duties, and who keeps it.

    `access` says as what it is shown; a `copy` is as it was handed over to `kept_by`. `version` is the archive's;
    `received` is the receipt for it if another district handed it over.
    """

    person_id: str
    access: ReadAs
    archives: list[Archive]
    version: int
    kept_by: str | None
    received: HandOver | None
    entries: list[Entry]
    enrolments: list[Enrolment]
    duties: list[Duty]


class Extract(BaseModel):
    """A person's own extract: everything that was entered, and nothing about who entered it."""

    person_id: str
    made_at: datetime
    archive: Archive
    entries: list[dict[str, Any]]
    enrolments: list[Enrolment]
    next_visits: list[Duty]


class ArchiveCount(BaseModel):
    """How many archives were opened in a division."""

    division: str
    archives: int
    as_of: datetime


@router.get("/archives", summary="Count archives", responses=refuses(outside_your_division=403))
async def get_count(service: ServiceHere, caller: Reader, division: Division) -> ArchiveCount:
    """Count the archives that were opened in a division."""
    caller.must_cover(division)
    count = await count_archives(service.database, service.areas(division))
    return ArchiveCount(division=division, archives=count, as_of=service.clock())


@router.get("/archives/dead", summary="Archives that nobody uses 死档", responses=refuses(outside_your_division=403))
async def get_dead(
    service: ServiceHere, caller: Reader, street: StreetInQuery, cursor: str = "", limit: Limit = 100
) -> ArchivePage:
    """List the open archives of a street without a dynamic record within a year, new archives excepted."""
    caller.must_cover(street)
    since = day_of(service.clock()) - timedelta(days=POLICY.dead_after_days)
    return await list_dead(service.database, service.areas(street), since, cursor, limit)


@router.get(
    "/archives/paper",
    summary="Paper and electronic archives that differ",
    responses=refuses(outside_your_division=403),
)
async def get_paper(
    service: ServiceHere, caller: Worker, street: StreetInQuery, cursor: str = "", limit: Limit = 100
) -> ArchivePage:
    """List the archives of a street without paper, with paper that nobody counted, or with more or fewer entries."""
    caller.must_cover(street)
    return await list_paper_differences(service.database, service.areas(street), cursor, limit)


@router.get("/archives/by-code/{code}", summary="Find an archive by its 17-digit code")
async def get_by_code(
    code: Annotated[str, Path(pattern=r"^[0-9]{17}$")],
    service: ServiceHere,
    caller: Worker,
    log: Log,
    emergency: Emergency = None,
) -> list[Archive]:
    """Return the archives that have, or had, a code, as far as the caller may read them."""
    found = await find_by_code(service.database, code)
    heard = await find_heard(service.database, [archive.person_id for archive in found])
    readable = []
    for archive in found:
        granted = find_grant(caller, heard[archive.person_id], emergency, archive.district)
        if granted:
            read = Read("archive_found_by_code", archive.person_id, emergency or "care", granted.street)
            await note_read(log, caller, read)
            readable.append(archive)
    return readable


@router.get("/archives/{person_id}", summary="Open an archive", responses=refuses(not_found=404, too_many_requests=429))
async def get_archive(
    person_id: PersonId,
    service: ServiceHere,
    caller: Worker,
    log: Log,
    emergency: Emergency = None,
) -> ArchiveFile:
    """Return what the district of the keeping street knows of a person; with a reason, what its custodian knows."""
    if emergency:
        await must_be_within(service.attempts, log, "emergency", caller)
    heard = await find_known_of(service, person_id)
    granted = grant(caller, heard, emergency)
    read = Read(f"archive_read_as_{granted.read_as}", person_id, emergency or "care", granted.street)
    await note_read(log, caller, read)
    summary = await find_summary(service.database, person_id, granted.district)
    return _file(person_id, heard, granted).model_copy(update={"duties": summary.duties if summary else []})


@router.get("/archives/{person_id}/extract", summary="The person's own extract", responses=refuses(not_found=404))
async def get_extract(
    person_id: PersonId,
    service: ServiceHere,
    caller: Worker,
    log: Log,
    reason: Annotated[
        str,
        Query(min_length=4, max_length=200, description="who asked for it and how that was checked"),
        WithoutNumbers,
    ],
) -> Extract:
    """Return the extract that a person may ask for; the reason states who asked and how that was checked."""
    heard = await find_known_of(service, person_id)
    granted = grant(caller, heard, None)
    await note_read(log, caller, Read("archive_extract", person_id, reason, granted.street))
    file = _file(person_id, heard, granted)
    summary = await find_summary(service.database, person_id, granted.district)
    shown = {"measured_at", "street", "content", "state"}
    return Extract(
        person_id=person_id,
        made_at=service.clock(),
        archive=file.archives[0].model_copy(update={"completed_by": None, "paper": None}),
        entries=[entry.model_dump(mode="json", include=shown) for entry in file.entries if entry.stands],
        enrolments=[enrolment.model_copy(update={"recorded_by": None}) for enrolment in file.enrolments],
        next_visits=summary.duties if summary else [],
    )


@router.post(
    "/archives/{person_id}/completion",
    summary="Complete an archive",
    responses=refuses(
        NoArchiveHereError,
        NotHeldError,
        ArchiveClosedError,
        StaleVersionError,
        outside_your_division=403,
        conflict=409,
        unknown_street=422,
    ),
)
async def post_completion(
    person_id: PersonId, body: CompletionRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Archive:
    """Record cover and basic information; the first time gives the archive its 17-digit code."""
    await must_keep(service, caller, person_id, body.street)
    if not service.divisions.is_street(body.street):
        raise Problem(422, "unknown_street", "没有该街道代码。No such street; check the code.", field="street")
    change = Change(caller.subject, cause, body.version)
    place = (body.street, body.committee)
    return await complete(service, person_id, place, body.basic, change)


@router.post(
    "/archives/{person_id}/paper",
    summary="Compare with the paper",
    responses=refuses(NoArchiveHereError, NotHeldError, StaleVersionError, outside_your_division=403, conflict=409),
)
async def post_paper(
    person_id: PersonId, body: PaperRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Archive:
    """Record where the paper stands and how many entries it holds; the list of differences follows."""
    await must_keep(service, caller, person_id, body.street)
    today = day_of(service.clock())
    paper = PaperFile(reference=body.reference, entries=body.entries, compared_on=today, compared_by=caller.subject)
    change = Change(caller.subject, cause, body.version)
    return await compare_paper(service, person_id, body.street[:6], paper, change)


@router.post(
    "/archives/{person_id}/closing",
    summary="Close an archive",
    responses=refuses(
        NoArchiveHereError,
        NotHeldError,
        ArchiveClosedError,
        FutureEntryError,
        StaleVersionError,
        outside_your_division=403,
        conflict=409,
    ),
)
async def post_closing(
    person_id: PersonId, body: ClosingRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Archive:
    """Close the archive of a person who can't be found (失访), moved out of reach (迁出), or has one by mistake."""
    await must_keep(service, caller, person_id, body.street)
    change = Change(caller.subject, cause, body.version)
    why = (body.reason, body.closed_on)
    return await close(service, person_id, body.street[:6], why, change)


@router.post(
    "/archives/{person_id}/reopening",
    summary="Reopen an archive",
    responses=refuses(
        NoArchiveHereError,
        NotHeldError,
        NotClosedError,
        AfterDeathError,
        StaleVersionError,
        outside_your_division=403,
        conflict=409,
    ),
)
async def post_reopening(
    person_id: PersonId, body: ReopeningRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Archive:
    """Reopen a closed archive."""
    await must_keep(service, caller, person_id, body.street)
    change = Change(caller.subject, cause, body.version)
    return await reopen(service, person_id, body.street[:6], change)


def _file(person_id: str, heard: Heard, granted: Granted) -> ArchiveFile:
    district = granted.district
    custody = heard.custodies.get(district)
    entries = heard.entries_known_to(district).values()
    return ArchiveFile(
        person_id=person_id,
        access=granted.read_as,
        archives=[heard.archives[district]],
        version=heard.versions[district],
        kept_by=district if custody is None or custody.holds else custody.released_to,
        received=find_received(custody),
        entries=sorted(entries, key=lambda entry: (entry.measured_at, entry.entry_id)),
        enrolments=[known for known in heard.enrolments if known.district == district],
        duties=[],
    )
