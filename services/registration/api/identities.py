"""HTTP in, as far as it is about who people are: an identity shown or erased, and refused rows dismissed."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from contracts.reference.identity import DocumentType
from services.registration.api.dependencies import Clerk, Here, find_person
from services.registration.api.imports import get_import
from services.registration.commands import erasure, imports
from services.registration.commands.identities import newest_street, show_identity
from services.registration.views.sealed import find_erasures
from services.runtime.access import Caller, Role, allow
from services.runtime.access_log.log import Access
from services.runtime.bodies import Body
from services.runtime.parameters import NAMED
from services.runtime.problems import Problem

router = APIRouter(tags=["registration"])

Supervisor = Annotated[Caller, Depends(allow(Role.SUPERVISOR, Role.DISTRICT))]


class PersonIdentity(BaseModel):
    """Who a person is, as last reported."""

    person_id: str
    name: str
    document_type: DocumentType
    document_number: str
    phone: str
    address: str
    hukou_address: str
    employer: str


class ErasureRequest(Body):
    """Why the identity of a person is to be erased, e.g. that the person asked for it."""

    reason: str = Field(min_length=2, max_length=200)


class ErasureAnswer(BaseModel):
    """What was erased: the identities under these ids, and so many refused rows and parked messages about them."""

    people: tuple[str, ...]
    erased_at: datetime
    refused_rows: int
    messages: int


@router.get("/people/{person_id}/identity", summary="Who a person is")
async def get_identity(
    person_id: str,
    registration: Here,
    caller: Clerk,
    reason: Annotated[str, Query(min_length=2, max_length=200)],
) -> PersonIdentity:
    """Show who a person is, with a reason that is kept in the access log before anything is shown."""
    known = await registration.find_known_person(person_id)
    identity = await show_identity(registration, caller, person_id, known.knowledge.stays, reason)
    if identity is None and await find_erasures(registration.service.database, [person_id]):
        raise Problem(410, "erased", "身份信息已删除。Who this person is was erased.")
    if identity is None:
        raise Problem(404, "not_found", "Another district registered this person and knows the identity.")
    return PersonIdentity(person_id=person_id, **identity.model_dump())


@router.post("/people/{person_id}/erasure", summary="Erase who a person is", dependencies=[NAMED])
async def post_erasure(person_id: str, body: ErasureRequest, registration: Here, caller: Supervisor) -> ErasureAnswer:
    """Erase a person's identity, under every id, and every text of theirs that is kept; facts name nobody and stay.

    Only an arrival that starts a stay, reported afterwards, puts an identity there again.
    """
    known = await find_person(registration, caller, person_id)
    street = newest_street(known.knowledge.stays)
    access = Access.of(caller, "identity_erased", body.reason, person_id=person_id, street=street)
    erased = await erasure.erase_person(registration, access, known.ids)
    return ErasureAnswer(
        people=erased.people,
        erased_at=erased.erased_at,
        refused_rows=erased.refused_rows,
        messages=erased.messages,
    )


@router.post("/imports/{import_id}/dismissal", summary="Dismiss the refused rows of an import", dependencies=[NAMED])
async def post_dismissal(import_id: str, registration: Here, caller: Clerk) -> imports.Progress:
    """Delete the text of the refused rows, when they were corrected or are not wanted; the counts stay."""
    progress = await get_import(import_id, registration, caller)
    if progress.state != "done":
        raise Problem(409, "not_done", "The import is still under way; ask for its progress first.")
    await imports.dismiss(registration, import_id)
    return await get_import(import_id, registration, caller)
