"""HTTP in: a person is enrolled for a chronic condition, or an enrolment ends."""

from datetime import date
from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from contracts.archives.enrolments import Condition, Enrolment, EnrolmentEnding
from services.archives.api.dependencies import Worker
from services.archives.api.reading import must_keep
from services.archives.commands.enrolments import end_enrolment, enrol
from services.archives.domain.errors import (
    ArchiveClosedError,
    EnrolledError,
    FutureEntryError,
    NoArchiveHereError,
    NotEnrolledError,
    NotHeldError,
)
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, PersonId, ServiceHere, Street
from services.runtime.problems import refuses

router = APIRouter(tags=["archives"])


class EnrolmentRequest(Body):
    """For what a person is managed, since when and how."""

    street: Street
    condition: Condition
    enrolled_on: date
    diagnosed_on: date | None = None
    grade: int | None = Field(default=None, ge=0, le=5)
    monthly: bool = False


class EndingRequest(Body):
    """Why a person is no longer managed."""

    street: Street
    ended_on: date
    ending: Literal[EnrolmentEnding.CURED, EnrolmentEnding.MISDIAGNOSED, EnrolmentEnding.DECLINED, EnrolmentEnding.LOST]


@router.post(
    "/archives/{person_id}/enrolments",
    status_code=201,
    summary="Enrol a person",
    responses=refuses(
        NoArchiveHereError,
        NotHeldError,
        ArchiveClosedError,
        EnrolledError,
        FutureEntryError,
        outside_your_division=403,
        conflict=409,
    ),
)
async def post_enrolment(
    person_id: PersonId, body: EnrolmentRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Enrolment:
    """Begin to manage a person for hypertension, type 2 diabetes, tuberculosis or a severe mental disorder."""
    await must_keep(service, caller, person_id, body.street)
    enrolment = Enrolment(
        person_id=person_id, district=body.street[:6], recorded_by=caller.subject, **body.model_dump()
    )
    return await enrol(service, enrolment, cause=cause)


@router.post(
    "/archives/{person_id}/enrolments/{condition}/ending",
    summary="End an enrolment",
    responses=refuses(NoArchiveHereError, NotEnrolledError, FutureEntryError, outside_your_division=403, conflict=409),
)
async def post_ending(
    person_id: PersonId,
    condition: Condition,
    body: EndingRequest,
    service: ServiceHere,
    caller: Worker,
    cause: Cause,
) -> Enrolment:
    """Stop managing a person: cured, misdiagnosed, declined or lost."""
    await must_keep(service, caller, person_id, body.street)
    managed, why = (condition, body.street[:6]), (body.ended_on, body.ending)
    return await end_enrolment(service, person_id, managed, why, cause)
