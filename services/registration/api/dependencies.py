"""What the routes of registration share: roles, the service, ids, and checks of person and division."""

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


RegistrationHere = Annotated[Registration, Depends(_registration)]

HexId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""The id of a stay or a conflict."""


async def find_person(registration: Registration, caller: Caller, person_id: str) -> KnownPerson:
    """Return everything known about a person; raise Problem (404) if the caller covers none of their stays."""
    known = await registration.find_known_person(person_id)
    if not any(caller.covers(stay.street) for stay in known.knowledge.stays):
        raise Problem(404, "not_found", "辖区内没有该人员。No such person in your division.")
    return known


def must_serve(registration: Registration, division: str) -> None:
    """Raise Problem (409) if another instance serves the division's district."""
    if not registration.service.serves(division):
        raise Problem(409, "other_district", "本实例不服务该区。This instance does not serve that district.")


def approver_of(caller: Caller) -> str | None:
    """Return the caller if it is a supervisor, who may approve a number that fails its check; else None."""
    return caller.subject if caller.role is Role.SUPERVISOR else None


def must_be_street(registration: Registration, street: str) -> None:
    """Raise Problem (422) if a code is no street, or another instance serves its district."""
    service = registration.service
    if not service.divisions.is_street(street):
        raise Problem(422, "unknown_street", ADVICE["unknown_street"], field="street")
    if not service.serves(street):
        raise Problem(422, "other_district", "This instance does not serve that district.", field="street")
