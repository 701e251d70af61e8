"""HTTP in: institutions and places, and how many are in the health-education network."""

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from contracts.outreach.institutions import Institution, InstitutionKind, institution_id
from services.outreach.api.dependencies import IdInPath, Reader, Staff, StreetCursor, Worker, next_cursor, street_of
from services.outreach.commands import institutions as commands
from services.outreach.commands.institutions import UnknownInstitutionError, find_institution
from services.outreach.domain.institutions import (
    BeforeInstitutionError,
    InstitutionGoneError,
    InstitutionInFutureError,
    InstitutionKnownError,
    cover,
)
from services.outreach.views.institutions import count_institutions, list_institutions
from services.runtime.access import Caller
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, Division, Limit, ServiceHere, Street
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["institutions"])


class InstitutionDetails(Body):
    """What is recorded of an institution beside its street, kind and title."""

    community: str | None = Field(default=None, max_length=100)
    responsible: Staff | None = None
    joined_on: date | None = Field(default=None, description="since when it is in the health-education network")
    opened_on: date


class InstitutionRequest(InstitutionDetails):
    """An institution to register."""

    street: Street
    kind: InstitutionKind
    title: str = Field(min_length=1, max_length=100, description="of the institution, without names of people")


class ClosingRequest(Body):
    """The day on which an institution was closed."""

    closed_on: date


class InstitutionPage(BaseModel):
    """Institutions of a division, and the cursor of the next page, if there is one."""

    institutions: list[Institution]
    cursor: str | None


class KindCoverage(BaseModel):
    """How many open institutions of a kind there are and are in the network; the rate is null if there are none."""

    kind: InstitutionKind
    institutions: int
    joined: int
    rate: float | None


@router.post(
    "/institutions",
    status_code=201,
    summary="Register an institution or place",
    responses=refuses(
        InstitutionKnownError,
        InstitutionInFutureError,
        BeforeInstitutionError,
        outside_your_division=403,
        conflict=409,
        unknown_street=422,
    ),
)
async def post_institution(body: InstitutionRequest, service: ServiceHere, caller: Worker, cause: Cause) -> Institution:
    """Register a health centre, school, enterprise and so on; the same kind and title in a street is the same one."""
    street = street_of(service, caller, body.street)
    known = institution_id(street, body.kind, body.title)
    institution = Institution(institution_id=known, **{**body.model_dump(), "street": street})
    return await commands.register(service, institution, cause)


@router.post(
    "/institutions/{institution_id}/correction",
    summary="Correct what is recorded of an institution",
    responses=refuses(UnknownInstitutionError, InstitutionInFutureError, BeforeInstitutionError),
)
async def post_correction(
    institution_id: IdInPath, body: InstitutionDetails, service: ServiceHere, caller: Worker, cause: Cause
) -> Institution:
    """Replace everything that is recorded of an institution but its street, kind and title."""
    known = await _own_institution(service, caller, institution_id)
    return await commands.correct(service, known.model_copy(update=body.model_dump()), cause)


@router.post(
    "/institutions/{institution_id}/closing",
    summary="Record that an institution was closed",
    responses=refuses(UnknownInstitutionError, InstitutionInFutureError, InstitutionGoneError, BeforeInstitutionError),
)
async def post_closing(
    institution_id: IdInPath, body: ClosingRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Institution:
    """Close an institution: from then on it owes nothing."""
    await _own_institution(service, caller, institution_id)
    return await commands.close(service, institution_id, body.closed_on, cause)


@router.get("/institutions", summary="Institutions and places", responses=refuses(outside_your_division=403))
async def get_institutions(
    service: ServiceHere,
    caller: Reader,
    division: Division,
    kind: InstitutionKind | None = None,
    cursor: StreetCursor = "",
    limit: Limit = 100,
) -> InstitutionPage:
    """List the institutions of a division by street, of one kind or all."""
    caller.must_cover(division)
    found = await list_institutions(service.database, service.areas(division), kind, cursor, limit)
    return InstitutionPage(institutions=found, cursor=next_cursor(found, limit, "street", "institution_id"))


@router.get(
    "/institutions/coverage",
    summary="Coverage of the health-education network",
    responses=refuses(outside_your_division=403),
)
async def get_coverage(service: ServiceHere, caller: Reader, division: Division) -> list[KindCoverage]:
    """Count the open institutions of a division by kind, and those in the health-education network."""
    caller.must_cover(division)
    counted = await count_institutions(service.database, service.areas(division))
    return [
        KindCoverage(kind=one.kind, institutions=one.institutions, joined=one.joined, rate=one.rate)
        for one in cover(counted)
    ]


@router.get("/institutions/{institution_id}", summary="An institution", responses=refuses(UnknownInstitutionError))
async def get_institution(institution_id: IdInPath, service: ServiceHere, caller: Reader) -> Institution:
    """Show what is recorded of an institution."""
    return await _own_institution(service, caller, institution_id)


async def _own_institution(service: Service, caller: Caller, known: str) -> Institution:
    """Return an institution of the caller's division; what is elsewhere is not found."""
    found = await find_institution(service, known)
    if found is None or not caller.covers(found.street):
        raise UnknownInstitutionError
    return found
