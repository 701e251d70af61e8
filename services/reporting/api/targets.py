"""HTTP in: the targets that plans set, set one by one or listed."""

from dataclasses import asdict
from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from contracts.reporting.groups import Group, Setting
from contracts.reporting.targets import Bound, Every, Per, Target, target_id
from services.reporting.api.asking import INDICATOR, Told, indicator_of
from services.reporting.api.dependencies import (
    NOT_THEN,
    Assessor,
    CountingThen,
    DivisionCursor,
    IdInPath,
    OwnDivision,
    Reader,
    as_known,
    division_of,
)
from services.reporting.commands import targets as commands
from services.reporting.commands.targets import UnknownTargetError, find_target
from services.reporting.commands.values import find_stands
from services.reporting.domain.targets import NoRateError, ServedBandError, Standing, TargetPeriodError
from services.reporting.views.targets import list_targets
from services.runtime.bodies import Body, Day
from services.runtime.parameters import Cause, Division, Limit, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["targets"])


class TargetRequest(Body):
    """A target as a plan sets it; a rate is from 0 to 1."""

    plan: str = Field(min_length=1, max_length=80, description="the name of the plan, which may set it anew")
    indicator: str = Field(pattern=INDICATOR)
    division: OwnDivision
    group: Group = Group.EVERYONE
    setting: Setting = Setting.ANY
    per: Per = Per.DIVISION
    every: Every = Every.YEAR
    since: date
    until: date | None = None
    served_from: int | None = Field(default=None, ge=0, le=100_000_000)
    served_below: int | None = Field(default=None, ge=1, le=100_000_000)
    bound: Bound = Bound.AT_LEAST
    value: float = Field(ge=0, le=1_000_000_000)
    source: str = Field(default="", max_length=300)


class TargetPage(BaseModel):
    """Targets of a division, and the cursor of the next page, if there is one."""

    targets: list[Target]
    cursor: str | None


@router.post(
    "/targets",
    status_code=201,
    summary="Set a target 目标值",
    responses=refuses(
        NoRateError,
        TargetPeriodError,
        ServedBandError,
        outside_your_division=403,
        unknown_indicator=404,
        unknown_division=422,
    ),
)
async def post_target(body: TargetRequest, service: ServiceHere, caller: Assessor, cause: Cause) -> Target:
    """Set what a plan wants of an indicator, or set it anew; targets of several plans stand side by side."""
    division = division_of(service, caller, body.division)
    indicator_of(body.indicator)
    target = Target(target_id="", **{**body.model_dump(), "division": division})
    return await commands.set_target(service, target.model_copy(update={"target_id": target_id(target)}), cause)


@router.post("/targets/{target_id}/withdrawal", summary="Withdraw a target", responses=refuses(UnknownTargetError))
async def post_withdrawal(target_id: IdInPath, service: ServiceHere, caller: Assessor, cause: Cause) -> Target:
    """Withdraw a target, as if it had not been set."""
    found = await find_target(service, target_id)
    if found is None or not caller.covers(found.division):
        raise UnknownTargetError
    return await commands.withdraw_target(service, found, cause)


@router.get("/targets", summary="Targets of a division", responses=refuses(outside_your_division=403))
async def get_targets(
    service: ServiceHere, caller: Reader, division: Division, cursor: DivisionCursor = "", limit: Limit = 100
) -> TargetPage:
    """List the targets of a division and of those in it, withdrawn ones too."""
    caller.must_cover(division)
    found = await list_targets(service.database, service.areas(division), cursor, limit)
    after = f"{found[-1].division}|{found[-1].target_id}" if len(found) == limit else None
    return TargetPage(targets=found, cursor=after)


class TargetStanding(Told):
    """How a division stands with a target in the period around a day, or up to today if that is not over.

    `standing` is `achieved` 已达标 or `missed` 未达标 for good, `open` 进行中, `at_risk` 有风险 if the period would end
    with `projection`, which misses the target, or `unmeasured` 无数据 where nothing that is counted can tell. `served`
    are the floating people who live there 服务人数.
    """

    target: Target
    division: str
    name: str | None
    since: date
    until: date
    served: int
    standing: Standing
    projection: float | None


class TargetStandings(BaseModel):
    """How divisions stand with their targets on a day; what was heard up to `counted_until` is in the numbers."""

    division: str
    name: str | None
    on: date
    as_of: datetime
    counted_until: datetime
    standings: list[TargetStanding]


@router.get(
    "/targets/standings",
    summary="How divisions stand with their targets 达标情况",
    responses=refuses(*NOT_THEN, outside_your_division=403),
)
async def get_standings(
    service: ServiceHere, counting: CountingThen, caller: Reader, division: Division, on: Day | None = None
) -> TargetStandings:
    """Tell of each target of a division, and of those in it, how it stands in its period around a day, or today."""
    caller.must_cover(division)
    day, known = on or service.today, await as_known(service, counting)
    stands = await find_stands(service, counting, division, day)
    return TargetStandings(
        division=division,
        name=service.divisions.name(division),
        on=day,
        **known,
        standings=[
            TargetStanding(
                target=one.target,
                division=one.division,
                name=service.divisions.name(one.division),
                since=one.period.since,
                until=one.period.until,
                served=one.served,
                standing=one.judgement.standing,
                projection=one.judgement.projection,
                **asdict(one.value),
            )
            for one in stands
        ],
    )
