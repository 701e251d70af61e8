"""HTTP in, where identities are concerned: show or erase one, correct a name, dismiss refused rows."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from contracts.reference.identity import DocumentType
from services.registration.api.dependencies import Clerk, RegistrationHere, find_person
from services.registration.api.imports import get_import
from services.registration.commands import erasure, imports
from services.registration.commands.identities import (
    confirm_name,
    correct_name,
    explain_missing,
    find_names,
    newest_street,
    show_identity,
)
from services.registration.intake.documents import Typed
from services.registration.intake.fields import read_name
from services.registration.intake.refusals import ReportRefusedError, advise
from services.registration.service import Registration
from services.runtime.access import Caller, Role, allow
from services.runtime.access_log.log import Access
from services.runtime.bodies import Body
from services.runtime.parameters import IDEMPOTENT
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["registration"])

Reason = Annotated[str, Field(min_length=2, max_length=200)]
Supervisor = Annotated[Caller, Depends(allow(Role.SUPERVISOR, Role.DISTRICT))]


class PersonIdentity(BaseModel):
    """The identity of a person; `other_names` are differing names in reports that no office has settled yet."""

    person_id: str
    name: str
    document_type: DocumentType
    document_number: str
    phone: str
    address: str
    hukou_address: str
    employer: str
    email: str = ""
    openid: str = ""
    other_names: tuple[str, ...] = ()


class NameCorrection(Body):
    """The person's name as the document has it, and why it is corrected."""

    tells_who = True
    name: Typed
    reason: Reason


class NameConfirmation(Body):
    """Why the recorded name is right."""

    tells_who = True
    reason: Reason


class ErasureRequest(Body):
    """Why the identity of a person is to be erased, e.g. that the person asked for it."""

    tells_who = True
    reason: Reason


class ErasureAnswer(BaseModel):
    """The ids whose identities were erased, and how many refused rows and parked messages were."""

    people: tuple[str, ...]
    erased_at: datetime
    refused_rows: int
    messages: int


_REFUSED = refuses(not_found=404, erased=410, reason_names_person=422)


@router.get(
    "/people/{person_id}/identity",
    summary="Who a person is",
    response_model_exclude_defaults=True,
    responses=_REFUSED,
)
async def get_identity(
    person_id: str,
    registration: RegistrationHere,
    caller: Clerk,
    reason: Annotated[str, Query(min_length=2, max_length=200)],
) -> PersonIdentity:
    """Return the identity of a person; who asks and why is recorded in the access log first."""
    known = await registration.find_known_person(person_id)
    identity = await show_identity(registration, caller, person_id, known.knowledge.stays, reason)
    if identity is None:
        raise await explain_missing(registration, person_id)
    other_names = await find_names(registration, person_id)
    return PersonIdentity(person_id=person_id, **identity.model_dump(), other_names=tuple(other_names))


@router.post(
    "/people/{person_id}/name",
    status_code=204,
    summary="Correct a person's name",
    dependencies=[IDEMPOTENT],
    responses=refuses(not_found=404, erased=410, bad_name=422, reason_names_person=422),
)
async def post_name(person_id: str, body: NameCorrection, registration: RegistrationHere, caller: Clerk) -> None:
    """Replace the recorded name of a person; who asks and why is recorded in the access log first.

    A report under another name never replaces the recorded one: it is accepted with the warning `name_differs`, which
    this settles.
    """
    name = _read_name(body.name)
    access = await _access(registration, caller, person_id, "name_corrected", body.reason)
    await correct_name(registration, access, person_id, name)


@router.post(
    "/people/{person_id}/name/confirmation",
    status_code=204,
    summary="Confirm a person's recorded name",
    dependencies=[IDEMPOTENT],
    responses=_REFUSED,
)
async def post_name_confirmation(
    person_id: str, body: NameConfirmation, registration: RegistrationHere, caller: Clerk
) -> None:
    """Confirm the recorded name of a person, which settles differing names; recorded in the access log first."""
    access = await _access(registration, caller, person_id, "name_confirmed", body.reason)
    await confirm_name(registration, access, person_id)


async def _access(registration: Registration, caller: Caller, person_id: str, action: str, reason: str) -> Access:
    """Return the entry for the access log; raise Problem (404) if the caller covers no stay of the person."""
    known = await find_person(registration, caller, person_id)
    street = newest_street(known.knowledge.stays)
    return Access.of(caller, action, reason, person_id=person_id, street=street)


def _read_name(text: str) -> str:
    try:
        return read_name(text)
    except ReportRefusedError as error:
        raise Problem(422, error.refusal.code, advise(error.refusal), field="name") from error


@router.post(
    "/people/{person_id}/erasure",
    summary="Erase who a person is",
    dependencies=[IDEMPOTENT],
    responses=refuses(not_found=404, import_under_way=409, reason_names_person=422),
)
async def post_erasure(
    person_id: str, body: ErasureRequest, registration: RegistrationHere, caller: Supervisor
) -> ErasureAnswer:
    """Erase a person's identity under every id, and every stored text about the person; facts name nobody and stay.

    Only an arrival that is reported afterwards, and starts a stay, stores an identity again.
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


@router.post(
    "/imports/{import_id}/dismissal",
    summary="Dismiss the refused rows of an import",
    dependencies=[IDEMPOTENT],
    responses=refuses(not_found=404, not_done=409),
)
async def post_dismissal(import_id: str, registration: RegistrationHere, caller: Clerk) -> imports.Progress:
    """Delete the text of an import's refused rows, when they were corrected or are not needed; the counts stay."""
    progress = await get_import(import_id, registration, caller)
    if progress.state != "done":
        raise Problem(409, "not_done", "The import is still under way; ask for its progress first.")
    await imports.dismiss(registration, import_id)
    return await get_import(import_id, registration, caller)
