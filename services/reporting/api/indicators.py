"""HTTP in: the indicators that there are, what each means, and their values."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path

from contracts.reporting.groups import Group
from services.reporting.api.asking import (
    INDICATOR,
    Asked,
    GroupAsked,
    PeriodAsked,
    Told,
    indicator_of,
    must_be_of_group,
)
from services.reporting.api.dependencies import NOT_THEN, CountingThen, Reader
from services.reporting.commands.values import find_counted, find_place
from services.reporting.domain.figures import ESTIMATES, Estimate
from services.reporting.domain.indicators import INDICATORS, Indicator, Level
from services.reporting.domain.periods import Period
from services.reporting.domain.values import Counted, Place, evaluate
from services.runtime.parameters import Division, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["indicators"])

Code = Annotated[str, Path(pattern=INDICATOR)]
EQUAL = (Group.REGISTERED, Group.FLOATING)
"""Whose values stand side by side for equal service 均等化."""


class StreetTold(Told):
    """The value of a street."""

    street: str
    name: str | None


class DistrictTold(Told):
    """The value of a district."""

    district: str
    name: str | None


class IndicatorTold(Told):
    """The value of an indicator; of a sliced one also those of registered and of floating people, side by side."""

    indicator: str
    equal: dict[Group, Told] | None


class Values(Asked):
    """The values of a division in a period, of a group of people."""

    group: Group
    indicators: list[IndicatorTold]


class OneValue(Asked, IndicatorTold):
    """The value of one indicator, with what it means, and those of the streets; of a city or province of districts."""

    about: Indicator
    group: Group
    districts: list[DistrictTold]
    streets: list[StreetTold]


@router.get("/indicators", summary="The indicators 指标")
async def get_indicators(_: Reader) -> list[Indicator]:
    """List the indicators: what each means in words, the measures that make it, its edition."""
    return list(INDICATORS.values())


@router.get("/indicators/estimates", summary="What is estimated from yearly figures 估算")
async def get_estimates(_: Reader) -> list[Estimate]:
    """List the denominators that are estimated, each with its factor and where that is from."""
    return list(ESTIMATES.values())


@router.get(
    "/indicators/values",
    summary="All indicators of a division 指标值",
    responses=refuses(*NOT_THEN, outside_your_division=403, unknown_division=422, bad_period=422, not_of_group=422),
)
async def get_values(
    service: ServiceHere,
    counting: CountingThen,
    caller: Reader,
    division: Division,
    period: PeriodAsked,
    group: GroupAsked,
) -> Values:
    """Tell every indicator of a division in a period; for a group of people, those that can be told of it."""
    asked = await period.of(service, caller, division, counting)
    wanted = [one for one in INDICATORS.values() if one.sliced or group is Group.EVERYONE]
    found = await find_place(service, counting, asked.division)
    counted = await find_counted(service, counting, found, wanted, [asked.period])
    told = await asyncio.to_thread(_all_told, wanted, found.place, asked.period, counted, group)
    return Values(**dict(asked), group=group, indicators=told)


@router.get(
    "/indicators/{indicator}",
    summary="An indicator's value, street by street, with equal service 均等化",
    responses=refuses(
        *NOT_THEN,
        outside_your_division=403,
        unknown_indicator=404,
        unknown_division=422,
        bad_period=422,
        not_of_group=422,
    ),
)
async def get_value(
    indicator: Code,
    service: ServiceHere,
    counting: CountingThen,
    caller: Reader,
    division: Division,
    period: PeriodAsked,
    group: GroupAsked,
) -> OneValue:
    """Tell one indicator of a division and of its streets in a period, or of a city or province and its districts."""
    about = indicator_of(indicator)
    asked = await period.of(service, caller, division, counting)
    must_be_of_group(about, group)
    found = await find_place(service, counting, asked.division)
    counted = await find_counted(service, counting, found, [about], [asked.period])
    parts = found.place.parts() if about.level is Level.STREET and not found.place.is_wide else []
    return OneValue(
        **dict(asked),
        **dict(_told(about, found.place, asked.period, counted, group)),
        group=group,
        about=about,
        districts=[
            DistrictTold(
                district=part.division,
                name=service.divisions.name(part.division),
                **asdict(evaluate(about, part, asked.period, counted, group)),
            )
            for part in found.place.districts()
        ],
        streets=[
            StreetTold(
                street=part.division,
                name=service.divisions.name(part.division),
                **asdict(evaluate(about, part, asked.period, counted, group)),
            )
            for part in parts
        ],
    )


def _all_told(
    indicators: Sequence[Indicator], place: Place, period: Period, counted: Counted, group: Group
) -> list[IndicatorTold]:
    return [_told(one, place, period, counted, group) for one in indicators]


def _told(indicator: Indicator, place: Place, period: Period, counted: Counted, group: Group) -> IndicatorTold:
    value = evaluate(indicator, place, period, counted, group)
    equal = {one: Told(**asdict(evaluate(indicator, place, period, counted, one))) for one in EQUAL}
    return IndicatorTold(indicator=indicator.code, **asdict(value), equal=equal if indicator.sliced else None)
