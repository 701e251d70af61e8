"""HTTP in: year plans drafted from the calendar and the rules, adjusted, adopted, and how far each is."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from contracts.outreach.activities import Activity, ActivityKind, ActivityState
from contracts.outreach.year_plans import PlanItem, YearPlan
from services.outreach.api.dependencies import HexId, IdInPath, InstitutionId, Reader, Worker, street_of
from services.outreach.commands import year_plans as commands
from services.outreach.commands.institutions import NoInstitutionHereError, find_institution, must_be_in
from services.outreach.commands.year_plans import UnknownPlanError, find_plan
from services.outreach.domain.year_plans import (
    AdoptedError,
    NothingPlannedError,
    NothingToPlanError,
    OutsideYearError,
    make_item,
)
from services.outreach.views.year_plans import find_planned, list_plans
from services.runtime.access import Caller
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, Division, ServiceHere, Street
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["year plans"])

MOST_ITEMS = 200
YearInQuery = Annotated[int, Query(ge=2000, le=2099)]


class DraftRequest(Body):
    """Whose plan to draft: an institution's, or the street's own if none is named."""

    street: Street
    institution_id: InstitutionId = None
    year: int = Field(ge=2000, le=2099)


class ItemRequest(Body):
    """An activity of a plan: one that is in it already by its id, or another one."""

    item_id: HexId | None = None
    kind: ActivityKind
    topic: str = Field(min_length=1, max_length=200)
    planned_on: date
    occasion: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_\-]{0,39}$")


class AdjustmentRequest(Body):
    """All activities that the plan is to have; those that are left out are dropped."""

    items: tuple[ItemRequest, ...] = Field(max_length=MOST_ITEMS)


class ItemState(StrEnum):
    """How far an activity of a plan is: in a draft, ahead, late, held, or cancelled."""

    DRAFTED = "drafted"
    AHEAD = "ahead"
    LATE = "late"
    HELD = "held"
    CANCELLED = "cancelled"


class ItemShown(BaseModel):
    """An activity of a plan as it is planned now, and how far it is."""

    item_id: str
    kind: ActivityKind
    topic: str
    planned_on: date
    occasion: str | None
    state: ItemState


class PlanShown(BaseModel):
    """A year plan with its activities in order of their days, and how many are late."""

    plan_id: str
    street: str
    institution_id: str | None
    year: int
    adopted_on: date | None
    late: int
    items: list[ItemShown]


@router.post(
    "/year-plans",
    status_code=201,
    summary="Draft a year plan 年度计划",
    responses=refuses(NothingToPlanError, NoInstitutionHereError, outside_your_division=403, unknown_street=422),
)
async def post_plan(body: DraftRequest, service: ServiceHere, caller: Worker, cause: Cause) -> PlanShown:
    """Draft it from the health days of the year, or what is demanded of the institution; drafted before, show it."""
    street = street_of(service, caller, body.street)
    await must_be_in(service, street, body.institution_id)
    institution = await find_institution(service, body.institution_id) if body.institution_id else None
    return await _show(service, await commands.draft(service, street, institution, body.year, cause))


@router.get("/year-plans", summary="Year plans of a division", responses=refuses(outside_your_division=403))
async def get_plans(service: ServiceHere, caller: Reader, division: Division, year: YearInQuery) -> list[YearPlan]:
    """List the plans of a division's streets and institutions for a year (at most 500)."""
    caller.must_cover(division)
    return await list_plans(service.database, service.areas(division), year)


@router.get("/year-plans/{plan_id}", summary="A year plan and how far it is", responses=refuses(UnknownPlanError))
async def get_plan(plan_id: IdInPath, service: ServiceHere, caller: Reader) -> PlanShown:
    """Show each activity of a plan as it is planned now: ahead, late, held or cancelled."""
    return await _show(service, await _own_plan(service, caller, plan_id))


@router.post(
    "/year-plans/{plan_id}/adjustment",
    summary="Adjust a draft",
    responses=refuses(UnknownPlanError, AdoptedError, OutsideYearError),
)
async def post_adjustment(
    plan_id: IdInPath, body: AdjustmentRequest, service: ServiceHere, caller: Worker, cause: Cause
) -> PlanShown:
    """Replace the activities of a draft: move them, change them, leave some out, add others."""
    plan = await _own_plan(service, caller, plan_id)
    return await _show(service, await commands.adjust(service, plan_id, _items(plan, body, cause), cause))


@router.post(
    "/year-plans/{plan_id}/adoption",
    summary="Adopt a year plan",
    responses=refuses(UnknownPlanError, NothingPlannedError),
)
async def post_adoption(plan_id: IdInPath, service: ServiceHere, caller: Worker, cause: Cause) -> PlanShown:
    """Adopt a plan: its activities are planned; from then on each is changed for itself."""
    await _own_plan(service, caller, plan_id)
    return await _show(service, await commands.adopt(service, plan_id, cause))


async def _own_plan(service: Service, caller: Caller, known: str) -> YearPlan:
    """Return a plan of the caller's division; what is elsewhere is not found."""
    plan = await find_plan(service, known)
    if plan is None or not caller.covers(plan.street):
        raise UnknownPlanError
    return plan


def _items(plan: YearPlan, body: AdjustmentRequest, cause: str) -> list[PlanItem]:
    """Return the items of an adjustment; whatever the plan does not have yet is new, with an id of its own."""
    known = {item.item_id for item in plan.items}
    found: list[PlanItem] = []
    for number, one in enumerate(body.items):
        item = make_item(plan.plan_id, f"{cause}|{number}", one.kind, one.topic, one.planned_on, one.occasion)
        found.append(item.model_copy(update={"item_id": one.item_id}) if one.item_id in known else item)
    return found


async def _show(service: Service, plan: YearPlan) -> PlanShown:
    planned = await find_planned(service.database, plan) if plan.adopted_on else {}
    items = [_show_item(item, planned.get(item.item_id), plan, service.today) for item in plan.items]
    return PlanShown(
        **plan.model_dump(exclude={"items"}),
        late=sum(item.state is ItemState.LATE for item in items),
        items=sorted(items, key=lambda item: (item.planned_on, item.item_id)),
    )


def _show_item(item: PlanItem, activity: Activity | None, plan: YearPlan, today: date) -> ItemShown:
    now = (
        item
        if activity is None
        else item.model_copy(update={"planned_on": activity.planned_on, "topic": activity.topic})
    )
    return ItemShown(**now.model_dump(), state=_state_of(activity, now.planned_on, plan, today))


def _state_of(activity: Activity | None, planned_on: date, plan: YearPlan, today: date) -> ItemState:
    if plan.adopted_on is None:
        return ItemState.DRAFTED
    if activity and activity.held_on:
        return ItemState.HELD
    if activity and activity.state is ActivityState.CANCELLED:
        return ItemState.CANCELLED
    return ItemState.LATE if planned_on < today else ItemState.AHEAD
