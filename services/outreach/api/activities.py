"""HTTP in: plan and list activities, and record what became of them."""

from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from contracts.outreach.activities import (
    Activity,
    ActivityKind,
    Audience,
    BudgetItem,
    BudgetLine,
    CancelReason,
    Channel,
    CountedBy,
    Evaluation,
)
from contracts.outreach.segments import Segment
from services.outreach.api.dependencies import ActivityId, InstitutionId, Reader, Staff, Worker, activity_of, street_of
from services.outreach.commands.activities import UnknownActivityError, change, hold, plan
from services.outreach.commands.institutions import NoInstitutionHereError, must_be_in
from services.outreach.commands.sign_ins import count_recorded
from services.outreach.domain import activities
from services.outreach.domain.activities import Held
from services.outreach.domain.segments import AgesTurnedError, GroupNotKnownError, must_be_known
from services.outreach.views.activities import list_activities
from services.runtime.bodies import AsSent, Body, Day
from services.runtime.parameters import Cause, Division, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["outreach"])

Money = Annotated[int, Field(ge=0, le=10_000_000_000, description="fen, 1/100 yuan")]


class BudgetLineRequest(Body):
    """Money for one item, in fen."""

    item: BudgetItem
    planned: Money
    spent: Money | None = None


class BudgetRequest(Body):
    """All lines of an activity's budget, in place of those before."""

    lines: tuple[BudgetLineRequest, ...] = Field(max_length=50)


class PlanRequest(Body):
    """An activity to plan."""

    street: str = Field(pattern=r"^[0-9]{9}$", description="9-digit code of the street that organises it")
    kind: ActivityKind
    topic: str = Field(min_length=1, max_length=200)
    audience: Audience = Audience.EVERYONE
    planned_on: date
    institution_id: InstitutionId = None
    occasion: str | None = Field(
        default=None, pattern=r"^[a-z0-9][a-z0-9_\-]{0,39}$", description="code of the health day or campaign"
    )
    segment: Annotated[Segment | None, AsSent(Segment | None)] = None
    speakers: tuple[Staff, ...] = Field(default=(), max_length=20)
    volunteers: tuple[Staff, ...] = Field(default=(), max_length=200)
    budget: tuple[BudgetLineRequest, ...] = Field(default=(), max_length=50)


class ReplanRequest(Body):
    """The day for which an activity is planned now, and what it is about if that changed."""

    planned_on: date
    topic: str | None = Field(default=None, min_length=1, max_length=200)


class PubliciseRequest(Body):
    """How people were told of an activity, and from which day on."""

    publicised_on: date
    channels: tuple[Channel, ...] = Field(min_length=1, max_length=8)


class HoldRequest(Body):
    """The day on which an activity was held, and how many people came; `street` is checked where it is told."""

    held_on: date
    attendance: int = Field(ge=0, le=1_000_000)
    counted_by: CountedBy | None = None
    street: str | None = Field(default=None, pattern=r"^[0-9]{9}$")


class CancelRequest(Body):
    """Why an activity will not take place."""

    cancel_reason: CancelReason


class EvaluateRequest(Body):
    """How participants found an activity: of those asked so many were satisfied, and knew the core message."""

    evaluated_on: date
    asked: int = Field(ge=1, le=1_000_000)
    satisfied: int = Field(ge=0, le=1_000_000)
    knew: int | None = Field(default=None, ge=0, le=1_000_000)


@router.post(
    "/activities",
    status_code=201,
    summary="Plan an activity",
    responses=refuses(
        GroupNotKnownError,
        AgesTurnedError,
        NoInstitutionHereError,
        outside_your_division=403,
        conflict=409,
        unknown_street=422,
    ),
)
async def post_activity(body: PlanRequest, service: ServiceHere, caller: Worker, cause: Cause) -> Activity:
    """Plan a lecture, consultation, free clinic, pairing, campaign, training, visit, care action or competition."""
    street = street_of(service, caller, body.street)
    await must_be_in(service, street, body.institution_id)
    if body.segment is not None:
        must_be_known(body.segment)
    told = {**body.model_dump(), "street": street, "recorded_on": service.today}
    return await plan(service, Activity.model_validate({"activity_id": cause, **told}), cause)


@router.post(
    "/activities/{activity_id}/replan",
    summary="Put an activity off, or make it about something else",
    responses=refuses(
        UnknownActivityError,
        activities.CancelledError,
        activities.AlreadyHeldError,
        activities.ReplannedIntoPastError,
    ),
)
async def post_replan(
    activity_id: ActivityId, body: ReplanRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Activity:
    """Plan an activity that is still ahead anew: for today or a day to come."""
    known = await activity_of(service, caller, activity_id)
    topic = body.topic or known.topic
    decide = partial(activities.replan, planned_on=body.planned_on, topic=topic, today=service.today)
    return await change(service, activity_id, decide, cause)


@router.post(
    "/activities/{activity_id}/publicise",
    summary="Record that people were told of an activity",
    responses=refuses(
        UnknownActivityError,
        activities.CancelledError,
        activities.AlreadyHeldError,
        activities.NotPublicisedYetError,
    ),
)
async def post_publicise(
    activity_id: ActivityId, body: PubliciseRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Activity:
    """Record the channels, which add up, and the first day."""
    await activity_of(service, caller, activity_id)

    decide = partial(activities.publicise, on=body.publicised_on, channels=body.channels, today=service.today)
    return await change(service, activity_id, decide, cause)


@router.post(
    "/activities/{activity_id}/hold",
    summary="Record that an activity was held",
    responses=refuses(
        UnknownActivityError,
        activities.AlreadyHeldError,
        activities.HeldInFutureError,
        activities.HeldBeforePlannedError,
        activities.MoreSignInsError,
        activities.AnotherStreetError,
        activities.CancelledError,
    ),
)
async def post_hold(
    activity_id: ActivityId, body: HoldRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Activity:
    """Record the day and the head count."""
    await activity_of(service, caller, activity_id)
    held = Held(**body.model_dump(), signed_in=await count_recorded(service, activity_id))
    return await hold(service, activity_id, held, cause)


@router.post(
    "/activities/{activity_id}/cancel",
    summary="Record that an activity will not take place",
    responses=refuses(UnknownActivityError, activities.AlreadyHeldError),
)
async def post_cancel(
    activity_id: ActivityId, body: CancelRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Activity:
    """Cancel an activity that was not held."""
    await activity_of(service, caller, activity_id)
    return await change(
        service, activity_id, lambda known: activities.cancel(known, body.cancel_reason, service.today), cause
    )


@router.post(
    "/activities/{activity_id}/evaluate",
    summary="Record how an activity was found",
    responses=refuses(
        UnknownActivityError, activities.NotHeldError, activities.BeforeHeldError, activities.MoreThanAskedError
    ),
)
async def post_evaluate(
    activity_id: ActivityId, body: EvaluateRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Activity:
    """Record what participants said, in place of what was recorded before."""
    await activity_of(service, caller, activity_id)
    said = Evaluation(**body.model_dump())
    return await change(service, activity_id, lambda known: activities.evaluate(known, said, service.today), cause)


@router.post(
    "/activities/{activity_id}/budget",
    summary="Record what an activity is to cost and did",
    responses=refuses(UnknownActivityError, activities.CancelledError),
)
async def post_budget(
    activity_id: ActivityId, body: BudgetRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> Activity:
    """Record all lines of the budget with what was spent, in place of those before."""
    await activity_of(service, caller, activity_id)
    lines = [BudgetLine(**line.model_dump()) for line in body.lines]
    return await change(service, activity_id, lambda known: activities.budget(known, lines), cause)


@router.get("/activities", summary="List activities", responses=refuses(outside_your_division=403))
async def get_activities(
    service: ServiceHere, caller: Reader, division: Division, since: Day, until: Day
) -> list[Activity]:
    """List the activities of a division that are planned for a period (both days included, at most 1,000)."""
    caller.must_cover(division)
    return await list_activities(service.database, service.areas(division), since, until)


@router.get("/activities/{activity_id}", summary="An activity", responses=refuses(UnknownActivityError))
async def get_activity(activity_id: ActivityId, service: ServiceHere, caller: Reader) -> Activity:
    """Show an activity."""
    return await activity_of(service, caller, activity_id)
