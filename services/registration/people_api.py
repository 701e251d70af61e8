"""HTTP in: a person's history, deaths, and two ids that are one person."""

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel

from contracts.transfers import Person
from services.registration.commands import people
from services.registration.commands.registration import Registration
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.refused import (
    AlreadyDeadError,
    DiedBeforeBirthError,
    FutureDayError,
    NotDeadError,
    NotMergedError,
    SamePersonError,
)
from services.registration.timeline import Moment, tell
from services.registration.web import RECORDS, Cause, Clerk, Here, Id, decided, find_person, must_serve, refuses
from services.runtime.access import Caller

router = APIRouter(tags=["transfers"])


class DeathReport(BaseModel):
    """A death as a district records it."""

    died_on: date


class MergeRequest(BaseModel):
    """The person that goes on after a merge."""

    into: Id


@router.get("/people/{person_id}/timeline", summary="A person's whole history", responses=refuses(not_found=404))
async def get_timeline(person_id: str, registration: Here, caller: Clerk) -> list[Moment]:
    """Tell what is registered of a person, oldest first; a stay of the person must be in the caller's division."""
    known = await find_person(registration, caller, person_id)
    return tell(known.knowledge, await registration.service.journal.load_history_of(known.ids))


@router.post(
    "/people/{person_id}/death",
    status_code=201,
    summary="Record a death",
    responses=refuses(
        *RECORDS,
        AlreadyDeadError,
        DiedBeforeBirthError,
        FutureDayError,
        not_found=404,
        other_district=409,
        conflict=409,
    ),
)
async def post_death(person_id: str, body: DeathReport, registration: Here, caller: Clerk, cause: Cause) -> Person:
    """Record a death: the person's stays end everywhere that day."""
    known, district = await _find_own(registration, caller, person_id)
    birth = min((stay.birth for stay in known.stays if stay.birth), default=None)
    return await decided(people.record_death(registration, person_id, district, body.died_on, birth, cause))


@router.post(
    "/people/{person_id}/death/retraction",
    summary="Retract a death",
    responses=refuses(*RECORDS, NotDeadError, not_found=404, other_district=409, conflict=409),
)
async def post_death_retraction(person_id: str, registration: Here, caller: Clerk, cause: Cause) -> Person:
    """Retract a death that the caller's district recorded by mistake."""
    _, district = await _find_own(registration, caller, person_id)
    return await decided(people.retract_death(registration, person_id, district, cause))


@router.post(
    "/people/{person_id}/merge",
    summary="Merge duplicates",
    responses=refuses(*RECORDS, SamePersonError, not_found=404, other_district=409, conflict=409),
)
async def post_merge(person_id: str, body: MergeRequest, registration: Here, caller: Clerk, cause: Cause) -> Person:
    """Say that two ids are one person; the other one goes on, this one stays readable as its alias."""
    await find_person(registration, caller, body.into)
    _, district = await _find_own(registration, caller, person_id)
    return await decided(people.merge_people(registration, person_id, body.into, district, cause))


@router.post(
    "/people/{person_id}/unmerge",
    summary="Undo a merge",
    responses=refuses(*RECORDS, NotMergedError, not_found=404, other_district=409, conflict=409),
)
async def post_unmerge(person_id: str, registration: Here, caller: Clerk, cause: Cause) -> Person:
    """Undo a merge: the two ids are two people again."""
    _, district = await _find_own(registration, caller, person_id)
    return await decided(people.unmerge_people(registration, person_id, district, cause))


async def _find_own(registration: Registration, caller: Caller, person_id: str) -> tuple[Knowledge, str]:
    """Find what is known of a person, and the district of a stay of theirs on whose behalf the caller speaks."""
    known = (await find_person(registration, caller, person_id)).knowledge
    districts = sorted(
        {stay.district for stay in known.stays if caller.covers(stay.street)}, key=lambda code: (len(code), code)
    )
    served = [district for district in districts if registration.service.serves(district)]
    must_serve(registration, (served or districts)[0])
    return known, served[0]
