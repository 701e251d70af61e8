"""HTTP in: from where people came and where they left for."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from contracts.reporting.groups import Group
from services.reporting.api.asking import GroupAsked
from services.reporting.api.dependencies import (
    NOT_THEN,
    CountingThen,
    Reader,
    Since,
    Until,
    as_known,
    division_of,
    must_be_period,
)
from services.reporting.domain.counting import Numbers, family
from services.reporting.domain.matrix import MOVED, Between, Way, count_moves, home_of, widen
from services.reporting.domain.periods import Period
from services.reporting.domain.values import SLICES
from services.reporting.views.contributions import find_families, find_places
from services.runtime.parameters import Division, Limit, ServiceHere
from services.runtime.problems import refuses
from services.runtime.service import Service

router = APIRouter(tags=["reporting"])


class Cell(BaseModel):
    """How often people moved from one division to another."""

    origin: str
    origin_name: str
    destination: str
    destination_name: str
    moves: int


class Moves(BaseModel):
    """All moves of a way: the most frequent in `cells`, the others; `unknown` are those whose other place nobody told.

    Hence moves = the sum of `cells` + others + unknown.
    """

    moves: int
    cells: list[Cell]
    others: int
    unknown: int


class Matrix(BaseModel):
    """Moves to a division 流入来源地 and from it 流出去向 in a period, both days included.

    Both sides are told at the level `between`, the own one no wider than the division that was asked for. A place of
    which only the province or city was told stays as wide as that; who went abroad has no destination. What was heard
    up to `counted_until` is in the numbers.
    """

    division: str
    name: str
    since: date
    until: date
    between: Between
    group: Group
    as_of: datetime
    counted_until: datetime
    arrivals: Moves
    departures: Moves


@dataclass(frozen=True)
class _Asked:
    division: str
    between: Between
    period: Period
    group: Group
    limit: int


@router.get(
    "/flows/matrix",
    summary="Where people came from and where they left for 流入来源地、流出去向",
    responses=refuses(*NOT_THEN, outside_your_division=403, unknown_division=422, bad_period=422, not_of_group=422),
)
async def get_matrix(
    service: ServiceHere,
    counting: CountingThen,
    caller: Reader,
    division: Division,
    since: Since,
    until: Until,
    between: Annotated[Between, Query(description="the level of both sides")],
    group: GroupAsked,
    limit: Limit = 100,
) -> Matrix:
    """Tell the most frequent moves to and from a division, between provinces, cities or districts."""
    division = division_of(service, caller, division)
    must_be_period(since, until)
    known = await as_known(service, counting)
    places = await find_places(service.database, counting.build, service.areas(division))
    families = {*Way, *map(family, MOVED.values())}
    days = (since - timedelta(days=1), until)
    numbers = await find_families(service.database, counting.build, places, families, days)
    asked = _Asked(division, between, Period(since, until), group, limit)
    return Matrix(
        division=division,
        name=service.divisions.name(division),
        since=since,
        until=until,
        between=between,
        group=group,
        **known,
        arrivals=await asyncio.to_thread(_told, service, Way.ARRIVALS, numbers, asked, places),
        departures=await asyncio.to_thread(_told, service, Way.DEPARTURES, numbers, asked, places),
    )


def _told(service: Service, way: Way, numbers: Numbers, asked: _Asked, places: Mapping[str, int]) -> Moves:
    @cache
    def current(code: str) -> str:
        return service.divisions.unpadded(service.divisions.successor(code, service.today))

    counted = count_moves(
        way,
        numbers,
        asked.period,
        SLICES[asked.group],
        lambda street: home_of(current(street), asked.between, asked.division),
        lambda code: widen(current(code), asked.between),
    )
    moves = numbers.flow(MOVED[way], asked.period.since, asked.period.until, places, SLICES[asked.group])
    first = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[: asked.limit]
    return Moves(
        moves=moves,
        cells=[_shape(service, origin, destination, count) for (origin, destination), count in first],
        others=counted.total() - sum(count for _, count in first),
        unknown=moves - counted.total(),
    )


def _shape(service: Service, origin: str, destination: str, moves: int) -> Cell:
    name = service.divisions.name
    return Cell(
        origin=origin,
        origin_name=name(origin),
        destination=destination,
        destination_name=name(destination),
        moves=moves,
    )
