"""HTTP in: people sign in to an activity, each as a person or by the code at the door."""

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from contracts.envelope import PersonId, uuid7
from services.outreach.api.dependencies import ActivityId, CodeKey, HexId, Reader, Worker, activity_of
from services.outreach.commands.activities import UnknownActivityError, find
from services.outreach.commands.residents import NotKnownHereError
from services.outreach.commands.sign_ins import count_recorded, sign_in_person, sign_in_phone
from services.outreach.domain.activities import CancelledError, HeldInFutureError, MoreSignInsError
from services.outreach.domain.sign_ins import WrongCodeError, WrongDayError, make_code, must_be_code
from services.outreach.views.sign_ins import count_sign_ins
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["outreach"])

PHONES_AN_HOUR = 1200
"""Phones that sign in to an activity by its code within an hour."""

_SIGNING = (UnknownActivityError, CancelledError, HeldInFutureError, WrongDayError, MoreSignInsError)


class SignInRequest(Body):
    """A person who came, on the day of the activity."""

    person_id: PersonId
    signed_on: date


class DoorRequest(Body):
    """The code at the door, as it was typed, and a random number that the phone keeps for itself."""

    code: str = Field(pattern=r"^[A-Za-z2-7]{8}$")
    phone_key: HexId


class SignedInAnswer(BaseModel):
    """Whether the sign-in is new, and how many there are."""

    activity_id: str
    new: bool
    sign_ins: int


class DoorCode(BaseModel):
    """The code to show at the door of an activity today."""

    activity_id: str
    day: date
    code: str


class SignIns(BaseModel):
    """How many signed in to an activity, as far as it is known in the view."""

    activity_id: str
    by_person: int
    by_code: int


@router.post(
    "/activities/{activity_id}/sign-ins",
    summary="Record that a person came",
    responses=refuses(*_SIGNING, NotKnownHereError),
)
async def post_sign_in(
    activity_id: ActivityId, body: SignInRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> SignedInAnswer:
    """Record a person once, however often it is asked for."""
    activity = await activity_of(service, caller, activity_id)
    new = await sign_in_person(service, activity, (body.person_id, body.signed_on), caller.division, cause)
    return SignedInAnswer(activity_id=activity_id, new=new, sign_ins=await count_recorded(service, activity_id))


@router.get("/activities/{activity_id}/sign-ins", summary="How many came", responses=refuses(UnknownActivityError))
async def get_sign_ins(activity_id: ActivityId, service: ServiceHere, caller: Reader) -> SignIns:
    """Count those who signed in."""
    await activity_of(service, caller, activity_id)
    by_person, by_code = await count_sign_ins(service.database, activity_id)
    return SignIns(activity_id=activity_id, by_person=by_person, by_code=by_code)


@router.get("/activities/{activity_id}/door", summary="The code at the door", responses=refuses(UnknownActivityError))
async def get_door(activity_id: ActivityId, service: ServiceHere, caller: Worker, key: CodeKey) -> DoorCode:
    """Return the code to show at the door, which is good today."""
    await activity_of(service, caller, activity_id)
    code = make_code(key, activity_id, service.today)
    return DoorCode(activity_id=activity_id, day=service.today, code=code)


@router.post(
    "/activities/{activity_id}/door",
    summary="Sign in by the code at the door",
    responses=refuses(CancelledError, WrongDayError, MoreSignInsError, WrongCodeError, too_many_requests=429),
)
async def post_door(activity_id: ActivityId, body: DoorRequest, service: ServiceHere, key: CodeKey) -> SignedInAnswer:
    """Count a phone once: no token is asked for, the code at the door stands for it. Nothing of the person is known."""
    must_be_code(body.code, key, activity_id, service.today)
    activity = await find(service, activity_id)
    if activity is None:
        raise WrongCodeError
    await service.attempts.spend_of("door", activity_id, PHONES_AN_HOUR)
    new = await sign_in_phone(service, activity, body.phone_key, uuid7())
    return SignedInAnswer(activity_id=activity_id, new=new, sign_ins=await count_recorded(service, activity_id))
