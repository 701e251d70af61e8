"""HTTP in: plan and list activities, and record that they were held."""

from datetime import date

from fastapi import APIRouter
from pydantic import Field

from contracts.outreach.activities import Activity, ActivityKind, Audience
from services.outreach.api.dependencies import Reader, Worker
from services.outreach.commands.activities import UnknownActivityError, find, hold, plan
from services.outreach.domain.activities import AlreadyHeldError, HeldInFutureError
from services.outreach.views.activities import list_activities
from services.runtime.bodies import Body, Day
from services.runtime.parameters import Cause, Division, ServiceHere
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["outreach"])


class PlanRequest(Body):
    """An activity to plan."""

    street: str = Field(pattern=r"^[0-9]{9}$", description="9-digit code of the street that organises it")
    kind: ActivityKind
    topic: str = Field(min_length=1, max_length=200)
    audience: Audience = Audience.EVERYONE
    planned_on: date


class HoldRequest(Body):
    """The day on which an activity was held, and how many people came."""

    held_on: date
    attendance: int = Field(ge=0, le=1_000_000)


@router.post(
    "/activities",
    status_code=201,
    summary="Plan an activity",
    responses=refuses(outside_your_division=403, conflict=409, unknown_street=422),
)
async def post_activity(body: PlanRequest, service: ServiceHere, caller: Worker, cause: Cause) -> Activity:
    """Plan a lecture, consultation, free clinic, pairing, campaign or training."""
    caller.must_cover(body.street)
    street = service.divisions.successor(body.street, service.today)
    if not service.divisions.is_street(street) or service.divisions.needs_choice(body.street, service.today):
        raise Problem(422, "unknown_street", "没有该街道代码。No such street; check the code.", field="street")
    activity = Activity(activity_id=cause, **{**body.model_dump(), "street": street})
    return await plan(service, activity, cause)


@router.post(
    "/activities/{activity_id}/hold",
    summary="Record that an activity was held",
    responses=refuses(UnknownActivityError, AlreadyHeldError, HeldInFutureError),
)
async def post_hold(
    activity_id: str, body: HoldRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Activity:
    """Record the day and the head count."""
    activity = await find(service, activity_id)
    if activity is None or not caller.covers(activity.street):
        raise Problem(404, "not_found", "No such activity in your division.")
    return await hold(service, activity_id, body.held_on, body.attendance, cause)


@router.get("/activities", summary="List activities", responses=refuses(outside_your_division=403))
async def get_activities(
    service: ServiceHere, caller: Reader, division: Division, since: Day, until: Day
) -> list[Activity]:
    """List the activities of a division that are planned for a period (both days included, at most 1,000)."""
    caller.must_cover(division)
    return await list_activities(service.database, service.areas(division), since, until)
