"""HTTP as registration's routes speak it: who asks, where, how a request is named, how a decision is refused."""

from collections.abc import Awaitable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from fastapi import Depends, Header, Query, Request
from pydantic import Field

from contracts.envelope import uuid7
from contracts.refusals import RefusedError
from services.registration.domain.errors import MismatchError
from services.registration.intake.refusals import ADVICE
from services.registration.service import Registration
from services.registration.views.people import KnownPerson
from services.runtime.access import Caller, Role, allow
from services.runtime.journal import StreamConflictError
from services.runtime.problems import Problem, documented

Clerk = Annotated[Caller, Depends(allow(Role.CLERK, Role.SUPERVISOR, Role.DISTRICT))]


async def _registration(request: Request) -> Registration:
    registration: Registration = request.app.state.registration
    return registration


Here = Annotated[Registration, Depends(_registration)]

Result = TypeVar("Result")

STATUSES = {"not_found": 404, "future_date": 422, "idempotency_mismatch": 422}
"""The HTTP status of a refused decision by its code; what is not named here contradicts the present state: 409."""


async def _name_request(
    request: Request,
    caller: Clerk,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="the same key again gets the same answer, and records nothing")
    ] = None,
) -> str:
    """Name what is asked for: by the caller's key and a digest of the request, or by an id of its own."""
    if idempotency_key is None:
        return uuid7()
    asked = f"{request.method} {request.url.path}\n".encode() + await request.body()
    return f"{quote(caller.subject)}/{quote(idempotency_key, safe='')}#{sha256(asked).hexdigest()[:16]}"


Cause = Annotated[str, Depends(_name_request)]

RECORDS: tuple[type[RefusedError], ...] = (MismatchError,)
"""What every route that records something may refuse."""


def refuses(*errors: type[RefusedError], **more: int) -> dict[int | str, dict[str, Any]]:
    """Describe for OpenAPI what a route may refuse: decisions, and other codes with their status."""
    told = [(STATUSES.get(error.code, 409), error.code) for error in errors] + [(more[code], code) for code in more]
    return documented({status: [code for its, code in told if its == status] for status, _ in told})


Division = Annotated[str, Query(pattern=r"^(?:[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9})$")]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Version = Annotated[int | None, Field(ge=0, description="the version the form was filled in over; refused if stale")]


@dataclass(frozen=True)
class Page:
    """Which page of a list: what follows a cursor, and how much of it."""

    cursor: Annotated[str, Query(max_length=150)] = ""
    limit: Annotated[int, Query(ge=1, le=500)] = 100


Paged = Annotated[Page, Depends()]


async def decided(command: Awaitable[Result]) -> Result:
    """Wait for a command; its refusal becomes a problem with its code, advice and, if stale, the current version."""
    try:
        return await command
    except RefusedError as error:
        told = {"version": error.version, "field": error.field}
        more = {name: value for name, value in told.items() if value is not None}
        raise Problem(STATUSES.get(error.code, 409), error.code, error.advice, **more) from error
    except StreamConflictError as error:
        raise Problem(
            409, "conflict", "记录正被他人修改，请重试。Somebody else changed it; look and try again."
        ) from error


async def find_person(registration: Registration, caller: Caller, person_id: str) -> KnownPerson:
    """Find everything known about a person who stays or stayed in the caller's division, or answer 404."""
    known = await know(registration, person_id)
    if not any(caller.covers(stay.street) for stay in known.knowledge.stays):
        raise Problem(404, "not_found", "辖区内没有该人员。No such person in your division.")
    return known


async def know(registration: Registration, person_id: str) -> KnownPerson:
    """Find everything known about a person, who may be nobody that is known."""
    found = await registration.find_known([person_id])
    return next(known for known in found if person_id in known.ids)


def must_serve(registration: Registration, division: str) -> None:
    """Refuse what another instance decides, which serves the division's district."""
    if not registration.service.serves(division):
        raise Problem(409, "other_district", "本实例不服务该区。This instance does not serve that district.")


def approver_of(caller: Caller) -> str | None:
    """Name the supervisor who reports, the only one to approve a number that fails its check."""
    return caller.subject if caller.role is Role.SUPERVISOR else None


def must_be_street(registration: Registration, street: str) -> None:
    """Refuse a code that is no street, or one of a district that another instance serves."""
    service = registration.service
    if not service.divisions.is_street(street):
        raise Problem(422, "unknown_street", ADVICE["unknown_street"], field="street")
    if not service.serves(street):
        raise Problem(422, "other_district", "This instance does not serve that district.", field="street")
