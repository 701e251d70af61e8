"""HTTP and AMQP in: a report is parsed, checked, recorded; lists and people are read."""

from collections import Counter
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Header, Query, Response, UploadFile
from pydantic import BaseModel, Field

from contracts.categories import PersonCategory, categories_of
from contracts.envelope import uuid7
from contracts.identity import DocumentType
from contracts.registration import Stay, StayState
from services.registration import imports, vault_views, views
from services.registration.commands.arrivals import Outcome, register
from services.registration.commands.departures import record_departure
from services.registration.commands.registration import Registration
from services.registration.domain.knowledge import claim
from services.registration.domain.refused import LeftBeforeArrivingError, NotRegisteredError
from services.registration.identities import refuse_naming, show_identity
from services.registration.intake import (
    ADVICE,
    DepartureReport,
    HouseholdReport,
    Refusal,
    advise,
    check_departure,
    check_household,
)
from services.registration.registers import FILE_ADVICE
from services.registration.views import KnownPerson
from services.registration.web import RECORDS, Cause, Clerk, Here, decided, find_person, know, refuses
from services.runtime.access import Caller, Role
from services.runtime.access_log import Access
from services.runtime.problems import Problem
from services.runtime.sheets import SheetError
from services.runtime.web import give_workbook

router = APIRouter(tags=["registration"])


class ArrivalRequest(HouseholdReport):
    """An arrival as an office reports it over HTTP: the street, what was typed, and who arrived along."""

    street: str = Field(pattern=r"^[0-9]{9}$", description="9-digit street code (GB/T 10114)")


class DepartureRequest(DepartureReport):
    """A departure as an office reports it over HTTP."""

    street: str = Field(pattern=r"^[0-9]{9}$", description="9-digit street code (GB/T 10114)")


class ArrivalAnswer(BaseModel):
    """What became of an arrival: `accepted`, or `duplicate` of a stay that is registered already; so of each member."""

    outcome: Literal["accepted", "duplicate"]
    stay_id: str
    person_id: str
    warnings: tuple[str, ...]
    members: tuple["ArrivalAnswer", ...] = ()


class DepartureAnswer(Stay):
    """The stay that ended, those of who left along, and what was not understood of the report."""

    members: tuple[Stay, ...] = ()
    warnings: tuple[str, ...] = ()


class StayPage(BaseModel):
    """A page of stays and the cursor of the next one, if there is one."""

    stays: list[Stay]
    cursor: str | None


class PersonFile(BaseModel):
    """A person without the identity: the stay now, what they belong to, every stay, merged ids, when it was erased."""

    person_id: str
    aliases: list[str]
    died_on: date | None
    current: Stay | None
    categories: tuple[PersonCategory, ...]
    stays: list[Stay]
    erased_at: datetime | None = None


class Lookup(BaseModel):
    """Whom to look up, and why."""

    document_type: str
    document_number: str = Field(max_length=64)
    reason: str = Field(min_length=2, max_length=200)


class FoundPerson(PersonFile):
    """A person with the identity, for the office that has a reason to see it."""

    name: str | None
    phone: str | None
    address: str | None


@router.post("/arrivals", status_code=201, responses={200: {"model": ArrivalAnswer}}, summary="Register an arrival")
async def post_arrival(
    body: ArrivalRequest,
    registration: Here,
    caller: Clerk,
    response: Response,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> ArrivalAnswer:
    """Register that a person, or a whole household, came to live in a street; the same again is one stay each.

    A supervisor may approve a number that fails its check: the person is unverified, and never matched by itself.
    """
    caller.must_cover(body.street)
    around = _context(registration, body.street)
    arrivals = _accept(check_household(body, **around, approver=_approver(caller)))
    cause = f"{caller.subject}/{idempotency_key}" if idempotency_key else uuid7()
    outcomes = await register(registration, arrivals, cause)
    response.status_code = 201 if any(outcome.accepted for outcome in outcomes) else 200
    head, *members = map(_answer, outcomes)
    return head.model_copy(update={"members": tuple(members)})


@router.post(
    "/departures",
    summary="Register a departure",
    responses=refuses(
        *RECORDS,
        NotRegisteredError,
        LeftBeforeArrivingError,
        outside_your_division=403,
        conflict=409,
        unknown_street=422,
    ),
)
async def post_departure(body: DepartureRequest, registration: Here, caller: Clerk, cause: Cause) -> DepartureAnswer:
    """Register that a person left a street, alone or with the household; the stays end on that day."""
    caller.must_cover(body.street)
    departure = _accept(check_departure(body, **_context(registration, body.street)))
    stay, *members = await decided(record_departure(registration, departure, cause))
    return DepartureAnswer(**stay.model_dump(), members=tuple(members), warnings=departure.warnings)


@router.get("/stays", summary="List stays")
async def get_stays(
    registration: Here,
    caller: Clerk,
    division: Annotated[str, Query(pattern=r"^[0-9]{2,9}$")],
    state: StayState | None = None,
    category: PersonCategory | None = None,
    cursor: Annotated[str, Query(pattern=r"^([0-9]{9}\|[0-9a-f]{32})?$")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> StayPage:
    """List the stays of a division by street and id, with those under codes that went over to it.

    Of a category: as people belong to it today.
    """
    caller.must_cover(division)
    service = registration.service
    belonging = views.belonging_query(category, service.today) if category else None
    areas = service.areas(division)
    stays, following = await views.list_stays(service.database, areas, state, cursor, limit, belonging)
    return StayPage(stays=stays, cursor=following)


@router.get("/streets", summary="Residents per street")
async def get_streets(
    registration: Here, caller: Clerk, division: Annotated[str, Query(pattern=r"^[0-9]{2,9}$")]
) -> list[dict[str, Any]]:
    """Count the residents of each street of a division, empty streets included, with those of streets now in it."""
    caller.must_cover(division)
    service, divisions = registration.service, registration.service.divisions
    counts: Counter[str] = Counter()
    for code, residents in (await views.count_residents(service.database, service.areas(division))).items():
        counts[divisions.successor(code, service.today)] += residents
    standing = [code for code in divisions.streets(division) if divisions.stands(code, service.today)]
    streets = sorted({*counts, *standing})
    return [{"street": code, "name": divisions.name(code), "residents": counts[code]} for code in streets]


@router.get("/people/{person_id}", summary="A person's stays")
async def get_person(person_id: str, registration: Here, caller: Clerk) -> PersonFile:
    """Show where a person stays and stayed, under any id; one stay must be in the caller's division."""
    known = await find_person(registration, caller, person_id)
    erasures = await vault_views.find_erasures(registration.service.database, [person_id])
    return _file(known, registration.service.today).model_copy(update={"erased_at": erasures.get(person_id)})


@router.post("/people/lookup", summary="Find a person by document")
async def post_lookup(body: Lookup, registration: Here, caller: Clerk) -> FoundPerson:
    """Find a person by document, with a reason that is kept in the access log before anything is shown."""
    document_type = DocumentType.from_label(body.document_type)
    if document_type is None:
        raise Problem(422, "bad_document_type", ADVICE["bad_document_type"])
    refuse_naming(body.reason, body.document_number)
    service = registration.service
    person_id = registration.vault.name(document_type, body.document_number)
    known = await know(registration, person_id)
    identity = await show_identity(registration, caller, person_id, known.knowledge.stays, body.reason)
    return FoundPerson(
        **_file(known, service.today).model_dump(),
        name=identity.name if identity else None,
        phone=identity.phone if identity else None,
        address=identity.address if identity else None,
    )


@router.post("/imports", status_code=202, summary="Hand in a register")
async def post_import(
    registration: Here, caller: Clerk, file: UploadFile, street: Annotated[str, Form(pattern=r"^[0-9]{9}$")]
) -> imports.Progress:
    """Take in a spreadsheet (.xlsx, or .csv in UTF-8 or GB18030, at most 10 MiB); it is worked through behind."""
    caller.must_cover(street)
    _known_street(registration, street)
    content = await file.read()
    try:
        approver = _approver(caller)
        return await imports.hand_in(registration, content, file.filename or "", street, caller.subject, approver)
    except SheetError as error:
        raise Problem(422, error.code, FILE_ADVICE[error.code]) from error


@router.get("/imports/{import_id}", summary="How far an import is")
async def get_import(import_id: str, registration: Here, caller: Clerk) -> imports.Progress:
    """Show how many rows are done, accepted, duplicate, blank and refused by reason."""
    progress = await imports.find_progress(registration, import_id)
    if progress is None or not caller.covers(progress.street):
        raise Problem(404, "not_found", "No such import in your division.")
    return progress


@router.get("/imports/{import_id}/refused", summary="The refused rows as a workbook")
async def get_refused(import_id: str, registration: Here, caller: Clerk) -> Response:
    """Give back the refused rows with reason and advice beside each; correct them and hand the workbook in again.

    The rows say who people are, so that this is kept in the access log.
    """
    progress = await get_import(import_id, registration, caller)
    if progress.state != "done":
        raise Problem(409, "not_done", "The import is still under way; ask for its progress first.")
    if progress.dismissed_at is not None:
        raise Problem(410, "dismissed", "The refused rows were dismissed; their text is deleted.")
    access = Access.of(caller, "refused_rows_read", f"import {import_id}", street=progress.street)
    await registration.access_log.record(access)
    workbook = await imports.make_refused_workbook(registration, progress)
    return give_workbook(workbook, f"refused-{import_id}.xlsx")


def _context(registration: Registration, street: str) -> dict[str, Any]:
    service = registration.service
    _known_street(registration, street)
    return {"street": street, "today": service.today, "divisions": service.divisions}


def _approver(caller: Caller) -> str | None:
    """Name the supervisor who reports, the only one to approve a number that fails its check."""
    return caller.subject if caller.role is Role.SUPERVISOR else None


def _known_street(registration: Registration, street: str) -> None:
    service = registration.service
    if not service.divisions.is_street(street):
        raise Problem(422, "unknown_street", ADVICE["unknown_street"], field="street")
    if not service.serves(street):
        raise Problem(422, "other_district", "This instance does not serve that district.", field="street")


def _accept(checked: Any) -> Any:
    if isinstance(checked, Refusal):
        raise Problem(422, checked.code, advise(checked), field=checked.field)
    return checked


def _answer(outcome: Outcome) -> ArrivalAnswer:
    return ArrivalAnswer(
        outcome="accepted" if outcome.accepted else "duplicate",
        stay_id=outcome.stay_id,
        person_id=outcome.person_id,
        warnings=outcome.warnings,
    )


def _file(known: KnownPerson, today: date) -> PersonFile:
    stays = sorted(known.knowledge.stays, key=claim)
    current = next((stay for stay in reversed(stays) if stay.state is StayState.OPEN), None)
    last = current or (stays[-1] if stays else None)
    return PersonFile(
        person_id=known.person_id,
        aliases=[one for one in known.ids if one != known.person_id],
        died_on=known.knowledge.died_on,
        current=current,
        categories=categories_of(last, today) if last else (),
        stays=stays,
    )
