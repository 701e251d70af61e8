"""HTTP in: show a person's stays and timeline, find a person by document, record deaths and merges."""

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from contracts.envelope import PersonId
from contracts.reference.identity import DocumentType
from contracts.registration.categories import PersonCategory, categories_of
from contracts.registration.people import Person
from contracts.registration.stays import Stay, StayState
from services.registration.api.dependencies import Clerk, RegistrationHere, find_person, must_serve
from services.registration.commands import people
from services.registration.commands.identities import refuse_naming, show_identity
from services.registration.domain.errors import (
    AlreadyDeadError,
    DiedBeforeBirthError,
    FutureDayError,
    NotDeadError,
    NotMergedError,
    SamePersonError,
)
from services.registration.domain.knowledge import Knowledge, claim_order
from services.registration.domain.timeline import TimelineEntry, derive_timeline
from services.registration.intake.refusals import ADVICE
from services.registration.service import Registration
from services.registration.views.people import KnownPerson
from services.registration.views.sealed import find_erasures
from services.runtime.access import Caller
from services.runtime.attempts import must_be_within
from services.runtime.bodies import Body
from services.runtime.parameters import Cause
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["transfers"])


class DeathReport(Body):
    """The day on which a person died."""

    died_on: date


class MergeRequest(Body):
    """The id that a person keeps after a merge."""

    into: PersonId


@router.get("/people/{person_id}/timeline", summary="A person's whole history", responses=refuses(not_found=404))
async def get_timeline(person_id: str, registration: RegistrationHere, caller: Clerk) -> list[TimelineEntry]:
    """Return what is registered of a person, oldest first; a stay of the person must be in the caller's division."""
    known = await find_person(registration, caller, person_id)
    return derive_timeline(known.knowledge, await registration.service.journal.load_history_of(known.ids))


@router.post(
    "/people/{person_id}/death",
    status_code=201,
    summary="Record a death",
    responses=refuses(
        AlreadyDeadError,
        DiedBeforeBirthError,
        FutureDayError,
        not_found=404,
        other_district=409,
        conflict=409,
    ),
)
async def post_death(
    person_id: str, body: DeathReport, registration: RegistrationHere, caller: Clerk, cause: Cause
) -> Person:
    """Record a death; the person's stays end on that day, in every district."""
    known, district = await _find_own(registration, caller, person_id)
    birth = min((stay.birth for stay in known.stays if stay.birth), default=None)
    return await people.record_death(registration, person_id, district, body.died_on, birth, cause)


@router.post(
    "/people/{person_id}/death/retraction",
    summary="Retract a death",
    responses=refuses(NotDeadError, not_found=404, other_district=409, conflict=409),
)
async def post_death_retraction(person_id: str, registration: RegistrationHere, caller: Clerk, cause: Cause) -> Person:
    """Retract a death that the caller's district recorded by mistake."""
    _, district = await _find_own(registration, caller, person_id)
    return await people.retract_death(registration, person_id, district, cause)


@router.post(
    "/people/{person_id}/merge",
    summary="Merge duplicates",
    responses=refuses(SamePersonError, not_found=404, other_district=409, conflict=409),
)
async def post_merge(
    person_id: str, body: MergeRequest, registration: RegistrationHere, caller: Clerk, cause: Cause
) -> Person:
    """Merge an id into another one of the same person; the merged id remains readable as an alias."""
    await find_person(registration, caller, body.into)
    _, district = await _find_own(registration, caller, person_id)
    return await people.merge_people(registration, person_id, body.into, district, cause)


@router.post(
    "/people/{person_id}/unmerge",
    summary="Undo a merge",
    responses=refuses(NotMergedError, not_found=404, other_district=409, conflict=409),
)
async def post_unmerge(person_id: str, registration: RegistrationHere, caller: Clerk, cause: Cause) -> Person:
    """Undo a merge; the two ids are two people again."""
    _, district = await _find_own(registration, caller, person_id)
    return await people.unmerge_people(registration, person_id, district, cause)


async def _find_own(registration: Registration, caller: Caller, person_id: str) -> tuple[Knowledge, str]:
    """Return what is known of a person, and the served district with a stay of theirs that the caller covers."""
    known = (await find_person(registration, caller, person_id)).knowledge
    districts = sorted(
        {stay.district for stay in known.stays if caller.covers(stay.street)}, key=lambda code: (len(code), code)
    )
    served = [district for district in districts if registration.service.serves(district)]
    must_serve(registration, (served or districts)[0])
    return known, served[0]


class PersonFile(BaseModel):
    """A person without the identity: current stay, categories, all stays, merged ids, when the identity was erased."""

    person_id: str
    aliases: list[str]
    died_on: date | None
    current: Stay | None
    categories: tuple[PersonCategory, ...]
    stays: list[Stay]
    erased_at: datetime | None = None


class Lookup(Body):
    """The document of a person to find, and the reason for the access log."""

    tells_who = True
    document_type: str
    document_number: str = Field(max_length=64)
    reason: str = Field(min_length=2, max_length=200)


class FoundPerson(PersonFile):
    """A person with the identity, for an office with a reason to see it."""

    name: str | None
    phone: str | None
    address: str | None


@router.get("/people/{person_id}", summary="A person's stays", responses=refuses(not_found=404))
async def get_person(person_id: str, registration: RegistrationHere, caller: Clerk) -> PersonFile:
    """Return the stays of a person under any of their ids; one stay must be in the caller's division."""
    known = await find_person(registration, caller, person_id)
    erasures = await find_erasures(registration.service.database, [person_id])
    return _file(known, registration.service.today).model_copy(update={"erased_at": erasures.get(person_id)})


@router.post(
    "/people/lookup",
    summary="Find a person by document",
    responses=refuses(not_found=404, bad_document_type=422, reason_names_person=422, too_many_requests=429),
)
async def post_lookup(body: Lookup, registration: RegistrationHere, caller: Clerk) -> FoundPerson:
    """Find a person by document; who asks and why is recorded in the access log first."""
    document_type = DocumentType.from_label(body.document_type)
    if document_type is None:
        raise Problem(422, "bad_document_type", ADVICE["bad_document_type"])
    service = registration.service
    await must_be_within(service.attempts, registration.access_log, "lookup", caller)
    refuse_naming(body.reason, body.document_number)
    person_id = registration.vault.person_id_of(document_type, body.document_number)
    known = await registration.find_known_person(person_id)
    identity = await show_identity(registration, caller, person_id, known.knowledge.stays, body.reason)
    return FoundPerson(
        **_file(known, service.today).model_dump(),
        name=identity.name if identity else None,
        phone=identity.phone if identity else None,
        address=identity.address if identity else None,
    )


def _file(known: KnownPerson, today: date) -> PersonFile:
    stays = sorted(known.knowledge.stays, key=claim_order)
    current = next((stay for stay in reversed(stays) if stay.state is StayState.OPEN), None)
    last = current or (stays[-1] if stays else None)
    return PersonFile(
        person_id=known.person_id,
        aliases=[alias for alias in known.ids if alias != known.person_id],
        died_on=known.knowledge.died_on,
        current=current,
        categories=categories_of(last, today) if last else (),
        stays=stays,
    )
