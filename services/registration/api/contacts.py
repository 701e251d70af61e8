"""HTTP in: how people may be written to, told to a service that is about to, and kept by clerks."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from contracts.envelope import PersonId
from contracts.outreach.messages import Topic
from contracts.registration.contacts import ContactKind
from services.registration.api.dependencies import Clerk, RegistrationHere, find_person
from services.registration.commands.contacts import keep_contacts, tell_contacts
from services.registration.commands.identities import newest_street
from services.runtime.access import Caller, Role, allow
from services.runtime.access_log.log import Access
from services.runtime.attempts import must_be_within
from services.runtime.bodies import Body
from services.runtime.parameters import IDEMPOTENT
from services.runtime.problems import refuses

router = APIRouter(tags=["registration"])

OurService = Annotated[Caller, Depends(allow(Role.SERVICE))]


class ContactsRequest(Body):
    """Whom a service is about to write to, how, and about what."""

    division: str = Field(pattern=r"^(?:[0-9]{6}|[0-9]{9})$", description="the district or street where they live")
    people: tuple[PersonId, ...] = Field(min_length=1, max_length=200)
    kind: ContactKind
    purpose: Topic


class Contact(BaseModel):
    """How a person is written to."""

    person_id: str
    contact: str


class ContactsAnswer(BaseModel):
    """The contacts of those who live there and left one; nothing is said of the others."""

    contacts: list[Contact]


class ContactRequest(Body):
    """A person's e-mail, and openid at the official account; an empty text takes one away, null leaves it."""

    tells_who = True
    email: str | None = Field(default=None, max_length=254, pattern=r"^(?:[^@\s]{1,64}@[A-Za-z0-9.-]{3,189})?$")
    openid: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{0,64}$")


@router.post(
    "/contacts",
    summary="How people are written to, for a service that is about to",
    responses=refuses(outside_your_division=403, too_many_requests=429),
)
async def post_contacts(body: ContactsRequest, registration: RegistrationHere, caller: OurService) -> ContactsAnswer:
    """Return the contacts of people who live in a division; every one is recorded in the access log first.

    Nothing is said of those who live elsewhere, are not known, or left no such contact.
    """
    caller.must_cover(body.division)
    await must_be_within(registration.service.attempts, registration.access_log, "contacts", caller)
    narrowed = Caller(caller.subject, caller.role, body.division, caller.within)
    people = list(dict.fromkeys(body.people))
    told = await tell_contacts(registration, narrowed, people, body.kind, body.purpose)
    contacts = [Contact(person_id=person, contact=told[person]) for person in people if person in told]
    return ContactsAnswer(contacts=contacts)


@router.post(
    "/people/{person_id}/contact",
    status_code=204,
    summary="Keep a person's e-mail or openid",
    dependencies=[IDEMPOTENT],
    responses=refuses(not_found=404, erased=410),
)
async def post_contact(person_id: str, body: ContactRequest, registration: RegistrationHere, caller: Clerk) -> None:
    """Keep by which e-mail or openid a person may be written to, sealed with the identity and erased with it."""
    known = await find_person(registration, caller, person_id)
    street = newest_street(known.knowledge.stays)
    access = Access.of(caller, "contact_changed", "told by the person", person_id=person_id, street=street)
    contacts = {name: value for name, value in body.model_dump().items() if value is not None}
    await keep_contacts(registration, access, person_id, contacts)
