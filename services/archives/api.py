"""HTTP in: archives are read, completed, closed; entries recorded, corrected, voided; duties and lists asked for."""

from collections.abc import Coroutine
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from contracts.archives import Archive, BasicInformation, ClosingReason, PaperFile
from contracts.custody import Custody
from contracts.enrolments import Condition, Duty, Enrolment, EnrolmentEnding
from contracts.entries import AnyContent, Entry, Words
from contracts.envelope import uuid7
from services.archives import commands, views
from services.archives.commands import Change
from services.archives.domain import RefusedError
from services.archives.duties import POLICY
from services.archives.reads import Granted, Read, ReadAs, grant, is_of, note_read
from services.runtime.access import Caller, Role, allow
from services.runtime.access_log import AccessLog
from services.runtime.clock import day_of
from services.runtime.journal import ConflictError
from services.runtime.problems import Problem
from services.runtime.web import ServiceHere

router = APIRouter(tags=["archives"])

Worker = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.SUPERVISOR))]
Supervisor = Annotated[Caller, Depends(allow(Role.SUPERVISOR))]
Reader = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.SUPERVISOR, Role.DISTRICT))]
PersonInPath = Annotated[str, Path(alias="person_id", pattern=r"^[0-9a-f]{32}$")]
EntryInPath = Annotated[str, Path(alias="entry_id", pattern=r"^[0-9a-zA-Z-]{1,64}$")]
Street = Annotated[str, Field(pattern=r"^[0-9]{9}$", description="9-digit code of the street")]
StreetAsked = Annotated[str, Query(pattern=r"^[0-9]{9}$", description="9-digit code of the street")]
Reason = Query(min_length=4, max_length=200)
District = Annotated[str, Query(pattern=r"^[0-9]{6}$", description="6-digit code of the district")]
Page = Annotated[int, Query(ge=1, le=500)]
IdempotencyKey = Annotated[str | None, Header(max_length=100)]
Version = Annotated[int | None, Field(ge=1, description="the version that you looked at; none means whatever stands")]
Answer = TypeVar("Answer")


async def _log(request: Request) -> AccessLog:
    log: AccessLog = request.app.state.access_log
    return log


Log = Annotated[AccessLog, Depends(_log)]


async def _name_request(caller: Worker, idempotency_key: IdempotencyKey = None) -> str:
    """Name what is asked for by the caller's key, or by an id of its own."""
    return f"{caller.subject}/{idempotency_key}" if idempotency_key else uuid7()


Cause = Annotated[str, Depends(_name_request)]


class EntryRequest(BaseModel):
    """An entry as a health worker types it; the content's `kind` says what it is."""

    street: Street
    measured_at: AwareDatetime
    content: AnyContent


class CorrectionRequest(BaseModel):
    """What an entry should say instead, and why."""

    measured_at: AwareDatetime
    content: AnyContent
    reason: Words = Field(min_length=2)
    version: Version = None


class VoidRequest(BaseModel):
    """Why an entry says nothing any more."""

    reason: Words = Field(min_length=2)
    version: Version = None


class CompletionRequest(BaseModel):
    """Cover and basic information, and the committee (001-099), village (101-199) or body (901-999) of the code."""

    street: Street
    committee: str = Field(pattern=r"^[019](?:0[1-9]|[1-9][0-9])$")
    basic: BasicInformation
    version: Version = None


class PaperRequest(BaseModel):
    """Where the paper stands and how many entries it holds."""

    street: Street
    reference: str = Field(min_length=1, max_length=40)
    entries: int | None = Field(default=None, ge=0, le=100_000)
    version: Version = None


class ClosingRequest(BaseModel):
    """Why and when an archive is closed; deaths and moves between districts close it by themselves."""

    street: Street
    reason: Literal[ClosingReason.LOST, ClosingReason.MOVED, ClosingReason.MISTAKEN]
    closed_on: date
    version: Version = None


class ReopeningRequest(BaseModel):
    """In which street the archive is taken into use again."""

    street: Street
    version: Version = None


class EnrolmentRequest(BaseModel):
    """For what a person is managed, since when and how."""

    street: Street
    condition: Condition
    enrolled_on: date
    diagnosed_on: date | None = None
    grade: int | None = Field(default=None, ge=0, le=5)
    monthly: bool = False


class EndingRequest(BaseModel):
    """Why a person is no longer managed."""

    street: Street
    ended_on: date
    ending: Literal[EnrolmentEnding.CURED, EnrolmentEnding.MISDIAGNOSED, EnrolmentEnding.DECLINED, EnrolmentEnding.LOST]


class RefusalRequest(BaseModel):
    """Why an archive that is offered is not ours."""

    street: Street
    reason: Words = Field(min_length=2)


class ArchiveFile(BaseModel):
    """What a district knows of a person: its archive, entries oldest first, enrolments, duties, and who keeps it.

    `access` says as what it is shown; a `copy` is as it was handed over to `kept_by`. `version` is the archive's.
    """

    person_id: str
    access: ReadAs
    archives: list[Archive]
    version: int
    kept_by: str | None
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


@router.get("/archives", summary="Count archives")
async def get_count(
    service: ServiceHere, caller: Reader, division: Annotated[str, Query(pattern=r"^[0-9]{2,9}$")]
) -> ArchiveCount:
    """Count the archives that were opened in a division."""
    caller.must_cover(division)
    count = await views.count_archives(service.database, service.areas(division))
    return ArchiveCount(division=division, archives=count, as_of=service.clock())


@router.get("/archives/dead", summary="Archives that nobody uses 死档")
async def get_dead(
    service: ServiceHere, caller: Reader, street: StreetAsked, cursor: str = "", limit: Page = 100
) -> views.ArchivePage:
    """List the open archives of a street without a dynamic record within a year, new archives excepted."""
    caller.must_cover(street)
    since = day_of(service.clock()) - timedelta(days=POLICY.dead_after_days)
    return await views.list_dead(service.database, service.areas(street), since, cursor, limit)


@router.get("/archives/paper", summary="Paper and electronic archives that differ")
async def get_paper(
    service: ServiceHere, caller: Worker, street: StreetAsked, cursor: str = "", limit: Page = 100
) -> views.ArchivePage:
    """List the archives of a street without paper, with paper that nobody counted, or with more or fewer entries."""
    caller.must_cover(street)
    return await views.list_paper_differences(service.database, service.areas(street), cursor, limit)


@router.get("/archives/by-code/{code}", summary="Find an archive by its 17-digit code")
async def get_by_code(
    code: Annotated[str, Path(pattern=r"^[0-9]{17}$")], service: ServiceHere, caller: Worker, log: Log
) -> list[Archive]:
    """Find the archive that has, or had, a code; one of the caller's districts must know it."""
    found = [archive for archive in await views.find_by_code(service.database, code) if is_of(caller, archive.district)]
    for archive in found:
        read = Read("archive_found_by_code", archive.person_id, street=archive.street)
        await note_read(log, caller, read)
    return found


@router.get("/duties", summary="What is due 随访任务")
async def get_duties(
    service: ServiceHere,
    caller: Worker,
    division: Annotated[str, Query(pattern=r"^(?:[0-9]{6}|[0-9]{9})$")],
    until: date | None = None,
    cursor: str = "",
    limit: Page = 100,
) -> views.DutyPage:
    """List who in a street or district is owed something until a day (today if none is named), overdue first."""
    caller.must_cover(division)
    asked = views.DutyQuery(service.areas(division), until or day_of(service.clock()), cursor, limit)
    return await views.list_duties(service.database, asked)


@router.get("/duties/catch-up", summary="Vaccinations to catch up 查漏补种")
async def get_catch_up(
    service: ServiceHere,
    caller: Worker,
    division: Annotated[str, Query(pattern=r"^(?:[0-9]{6}|[0-9]{9})$")],
    cursor: str = "",
    limit: Page = 100,
) -> views.DutyPage:
    """List the children of a street or district who missed a vaccination, longest overdue first."""
    caller.must_cover(division)
    asked = views.DutyQuery(service.areas(division), day_of(service.clock()), cursor, limit, catch_up=True)
    return await views.list_duties(service.database, asked)


@router.get("/custody/offers", summary="Archives offered to a district")
async def get_offers(service: ServiceHere, caller: Reader, district: District) -> list[Custody]:
    """List what other districts offer and was not handed over yet."""
    caller.must_cover(district)
    return await views.list_offers(service.database, district)


@router.post("/custody/{person_id}/refusal", summary="Refuse an archive that is offered")
async def post_refusal(
    person_id: PersonInPath, body: RefusalRequest, service: ServiceHere, caller: Supervisor, cause: Cause
) -> Custody:
    """Refuse the archive of a person who is not ours; the origin goes on keeping it."""
    caller.must_cover(body.street)
    change = Change(caller.subject, cause)
    return await _decided(commands.refuse_offer(service, person_id, body.street[:6], body.reason, change))


@router.get("/archives/{person_id}", summary="Open an archive")
async def get_archive(
    person_id: PersonInPath,
    service: ServiceHere,
    caller: Worker,
    log: Log,
    emergency: Annotated[
        str | None, Query(min_length=4, max_length=200, description="the reason, if it is one")
    ] = None,
) -> ArchiveFile:
    """Show what the caller's district knows of a person; with a reason, in an emergency, what its keeper knows."""
    heard = await _find_heard(service, person_id)
    granted = grant(caller, heard, emergency)
    await note_read(log, caller, _read(heard, granted, f"archive_read_as_{granted.read_as}", emergency or "care"))
    chart = await views.find_chart(service.database, person_id, granted.district)
    return _file(person_id, heard, granted.district, granted.read_as).model_copy(
        update={"duties": chart.duties if chart else []}
    )


@router.get("/archives/{person_id}/extract", summary="The person's own extract")
async def get_extract(
    person_id: PersonInPath,
    service: ServiceHere,
    caller: Worker,
    log: Log,
    reason: Annotated[
        str, Query(min_length=4, max_length=200, description="who asked for it and how that was checked")
    ],
) -> Extract:
    """Make the extract that a person may ask for; the reason says who asked and how that was checked."""
    heard = await _find_heard(service, person_id)
    granted = grant(caller, heard, None)
    await note_read(log, caller, _read(heard, granted, "archive_extract", reason))
    file = _file(person_id, heard, granted.district, granted.read_as)
    chart = await views.find_chart(service.database, person_id, granted.district)
    told = {"measured_at", "street", "content", "state"}
    return Extract(
        person_id=person_id,
        made_at=service.clock(),
        archive=file.archives[0].model_copy(update={"completed_by": None, "paper": None}),
        entries=[entry.model_dump(mode="json", include=told) for entry in file.entries if entry.stands],
        enrolments=[enrolment.model_copy(update={"recorded_by": None}) for enrolment in file.enrolments],
        next_visits=chart.duties if chart else [],
    )


@router.post("/archives/{person_id}/completion", summary="Complete an archive")
async def post_completion(
    person_id: PersonInPath, body: CompletionRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Archive:
    """Fill in cover and basic information; the first time gives the archive its 17-digit code."""
    caller.must_cover(body.street)
    if not service.divisions.is_street(body.street):
        raise Problem(422, "unknown_street", "没有该街道代码。No such street; check the code.", field="street")
    change = Change(caller.subject, cause, body.version)
    place = (body.street, body.committee)
    return await _decided(commands.complete(service, person_id, place, body.basic, change))


@router.post("/archives/{person_id}/paper", summary="Compare with the paper")
async def post_paper(
    person_id: PersonInPath, body: PaperRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Archive:
    """Keep where the paper stands and how many entries it holds; the list of differences follows."""
    caller.must_cover(body.street)
    today = day_of(service.clock())
    paper = PaperFile(reference=body.reference, entries=body.entries, compared_on=today, compared_by=caller.subject)
    change = Change(caller.subject, cause, body.version)
    return await _decided(commands.compare_paper(service, person_id, body.street[:6], paper, change))


@router.post("/archives/{person_id}/closing", summary="Close an archive")
async def post_closing(
    person_id: PersonInPath, body: ClosingRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Archive:
    """Close the archive of who can't be found (失访), moved out of reach (迁出), or has one by mistake."""
    caller.must_cover(body.street)
    change = Change(caller.subject, cause, body.version)
    why = (body.reason, body.closed_on)
    return await _decided(commands.close(service, person_id, body.street[:6], why, change))


@router.post("/archives/{person_id}/reopening", summary="Reopen an archive")
async def post_reopening(
    person_id: PersonInPath, body: ReopeningRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Archive:
    """Take a closed archive into use again."""
    caller.must_cover(body.street)
    change = Change(caller.subject, cause, body.version)
    return await _decided(commands.reopen(service, person_id, body.street[:6], change))


@router.post("/archives/{person_id}/entries", status_code=201, summary="Enter something in an archive")
async def post_entry(
    person_id: PersonInPath,
    body: EntryRequest,
    service: ServiceHere,
    caller: Worker,
    cause: Cause,
    idempotency_key: IdempotencyKey = None,
) -> Entry:
    """Record an entry; the same Idempotency-Key again enters nothing twice."""
    caller.must_cover(body.street)
    entry = Entry(
        entry_id=_entry_id(caller, idempotency_key),
        person_id=person_id,
        street=body.street,
        measured_at=body.measured_at,
        recorded_by=caller.subject,
        content=body.content,
    )
    return await _decided(commands.record_entry(service, entry, cause=cause))


@router.get("/archives/{person_id}/entries/{entry_id}", summary="An entry with its history")
async def get_entry(
    person_id: PersonInPath, entry_id: EntryInPath, service: ServiceHere, caller: Worker, log: Log
) -> Entry:
    """Show an entry with everything that it said before."""
    heard = await _find_heard(service, person_id)
    granted = grant(caller, heard, None)
    await note_read(log, caller, _read(heard, granted, "entry_read", "care"))
    entry = heard.entries_known_to(granted.district).get(entry_id)
    if entry is None:
        raise Problem(404, "not_found", "No such entry in the archive.")
    return entry


@router.post("/archives/{person_id}/entries/{entry_id}/correction", summary="Correct an entry")
async def post_correction(
    person_id: PersonInPath,
    entry_id: EntryInPath,
    body: CorrectionRequest,
    service: ServiceHere,
    caller: Worker,
    cause: Cause,
) -> Entry:
    """Correct what was entered; what it said before is kept."""
    await _must_cover_entry(service, caller, person_id, entry_id)
    change = Change(caller.subject, cause, body.version)
    said = (body.content, body.measured_at, body.reason)
    return await _decided(commands.correct_entry(service, person_id, entry_id, said, change))


@router.post("/archives/{person_id}/entries/{entry_id}/voiding", summary="Void an entry")
async def post_voiding(
    person_id: PersonInPath,
    entry_id: EntryInPath,
    body: VoidRequest,
    service: ServiceHere,
    caller: Worker,
    cause: Cause,
) -> Entry:
    """Void what was entered; it counts no more, what it said is kept."""
    await _must_cover_entry(service, caller, person_id, entry_id)
    change = Change(caller.subject, cause, body.version)
    return await _decided(commands.void_entry(service, person_id, entry_id, body.reason, change))


@router.post("/archives/{person_id}/enrolments", status_code=201, summary="Enrol a person")
async def post_enrolment(
    person_id: PersonInPath, body: EnrolmentRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Enrolment:
    """Begin to manage a person for hypertension, type 2 diabetes, tuberculosis or a severe mental disorder."""
    caller.must_cover(body.street)
    enrolment = Enrolment(
        person_id=person_id, district=body.street[:6], recorded_by=caller.subject, **body.model_dump()
    )
    return await _decided(commands.enrol(service, enrolment, cause=cause))


@router.post("/archives/{person_id}/enrolments/{condition}/ending", summary="End an enrolment")
async def post_ending(
    person_id: PersonInPath,
    condition: Condition,
    body: EndingRequest,
    service: ServiceHere,
    caller: Worker,
    cause: Cause,
) -> Enrolment:
    """Stop managing a person: cured, misdiagnosed, declined or lost."""
    caller.must_cover(body.street)
    managed, why = (condition, body.street[:6]), (body.ended_on, body.ending)
    return await _decided(commands.end_enrolment(service, person_id, managed, why, cause))


async def _find_heard(service: ServiceHere, person_id: str) -> views.Heard:
    return (await views.find_heard(service.database, [person_id])).get(person_id, views.Heard())


def _read(heard: views.Heard, granted: Granted, action: str, reason: str) -> Read:
    archive = heard.archives[granted.district]
    return Read(action, archive.person_id, reason, archive.street)


def _file(person_id: str, heard: views.Heard, district: str, access: ReadAs) -> ArchiveFile:
    custody = heard.custodies.get(district)
    entries = heard.entries_known_to(district).values()
    return ArchiveFile(
        person_id=person_id,
        access=access,
        archives=[heard.archives[district]],
        version=heard.versions[district],
        kept_by=district if custody is None or custody.holds else custody.released_to,
        entries=sorted(entries, key=lambda entry: (entry.measured_at, entry.entry_id)),
        enrolments=[known for known in heard.enrolments if known.district == district],
        duties=[],
    )


async def _must_cover_entry(service: ServiceHere, caller: Caller, person_id: str, entry_id: str) -> None:
    entry = await _decided(commands.load_entry(service, person_id, entry_id))
    if not caller.covers(entry.street):
        raise Problem(
            403, "outside_your_division", "其他街道录入的条目。Another street entered this; ask it to change it."
        )


async def _decided(command: Coroutine[Any, Any, Answer]) -> Answer:
    try:
        return await command
    except RefusedError as error:
        raise Problem(404 if error.code == "not_found" else 409, error.code, error.advice) from error
    except ConflictError as error:
        raise Problem(409, "conflict", "Somebody else changed it at the same time; look and try again.") from error


def _entry_id(caller: Caller, idempotency_key: str | None) -> str:
    if idempotency_key is None:
        return uuid7()
    return sha256(f"{caller.subject}|{idempotency_key}".encode()).hexdigest()[:32]
