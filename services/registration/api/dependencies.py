"""Who may ask registration over HTTP, and what its routes have in common."""

from typing import Annotated

from fastapi import Depends, Request
from pydantic import Field

from services.registration.intake.refusals import ADVICE
from services.registration.service import Registration
from services.registration.views.people import KnownPerson
from services.runtime.access import Caller, Role, allow
from services.runtime.problems import Problem

Clerk = Annotated[Caller, Depends(allow(Role.CLERK, Role.SUPERVISOR, Role.DISTRICT))]


async def _registration(request: Request) -> Registration:
    registration: Registration = request.app.state.registration
    return registration


Here = Annotated[Registration, Depends(_registration)]

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


async def find_person(registration: Registration, caller: Caller, person_id: str) -> KnownPerson:
    """Find everything known about a person who stays or stayed in the caller's division, or answer 404."""
    known = await registration.find_known_person(person_id)
    if not any(caller.covers(stay.street) for stay in known.knowledge.stays):
        raise Problem(404, "not_found", "辖区内没有该人员。No such person in your division.")
    return known


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
