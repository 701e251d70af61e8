"""HTTP in: the series of an indicator, day by day, week by week, month by month, quarter by quarter, year by year."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from contracts.reporting.groups import Group
from services.reporting.api.asking import INDICATOR, GroupAsked, Told, indicator_of, must_be_of_group
from services.reporting.api.dependencies import (
    FIRST_DAY,
    NOT_THEN,
    CountingThen,
    Reader,
    Since,
    Until,
    as_known,
    division_of,
)
from services.reporting.commands.values import find_counted, find_place
from services.reporting.domain.indicators import Indicator
from services.reporting.domain.series import MOST, By, Point, points_of
from services.reporting.domain.values import Counted, Place, evaluate
from services.runtime.parameters import Division, ServiceHere
from services.runtime.problems import Problem, refuses
from services.runtime.sheets.texts import write_csv

router = APIRouter(tags=["indicators"])

BAD_SERIES = (
    "from 已到且不早于 2000-01-01，to 不早于 from。'from' has come and is 2000-01-01 or later; 'to' is no earlier."
)
TOO_MANY = (
    f"最多 {MOST} 个时点，请缩短时段或放宽粒度。At most {MOST} points: ask for a shorter time, or for longer steps."
)
CSV = "text/csv; charset=utf-8"
HEADINGS = ("时段", "起", "止", "统计至", "已结束", "分子", "分母", "值", "分母来源")


class PointTold(Told):
    """The value of an indicator in a day, week, month, quarter or year, counted up to `on`; not `over`, to today."""

    name: str
    since: date
    until: date
    on: date
    over: bool


class Series(BaseModel):
    """The values of an indicator in a division, one for each day, week (ISO 8601), month, quarter or year that began.

    The first has the day `from`, the last the day `to`, or today; each is told whole. What was heard up to
    `counted_until` is in the numbers.
    """

    division: str
    division_name: str
    about: Indicator
    group: Group
    by: By
    as_of: datetime
    counted_until: datetime
    points: list[PointTold]


@router.get(
    "/indicators/{indicator}/series",
    summary="An indicator through the days, weeks, months, quarters or years 时间序列",
    response_model=Series,
    responses={
        200: {"content": {"text/csv": {}}},
        **refuses(
            *NOT_THEN,
            outside_your_division=403,
            unknown_indicator=404,
            unknown_division=422,
            bad_period=422,
            too_many_points=422,
            not_of_group=422,
        ),
    },
)
async def get_series(
    indicator: Annotated[str, Path(pattern=INDICATOR)],
    service: ServiceHere,
    counting: CountingThen,
    caller: Reader,
    division: Division,
    by: Annotated[By, Query(description="what each point is")],
    since: Since,
    until: Until,
    group: GroupAsked,
    form: Literal["json", "csv"] = "json",
) -> Series | Response:
    """Tell an indicator of a division through time; every number of GET /flows is the numerator of an indicator."""
    about = indicator_of(indicator)
    division = division_of(service, caller, division)
    must_be_of_group(about, group)
    today = service.today
    points = _points(by, since, until, today)
    known = await as_known(service, counting)
    found = await find_place(service, counting, division)
    counted = await find_counted(service, counting, found, [about], [each.period.so_far(today) for each in points])
    series = Series(
        division=division,
        division_name=service.divisions.name(division),
        about=about,
        group=group,
        by=by,
        **known,
        points=await asyncio.to_thread(_told, about, found.place, points, today, counted, group),
    )
    return series if form == "json" else await asyncio.to_thread(_as_file, series)


def _points(by: By, since: date, until: date, today: date) -> list[Point]:
    """Return the points that have begun; raise Problem (422) if the days are wrong, or there are too many."""
    if not FIRST_DAY <= since <= min(until, today):
        raise Problem(422, "bad_period", BAD_SERIES, field="from")
    points = points_of(by, since, min(until, today))
    if len(points) > MOST:
        raise Problem(422, "too_many_points", TOO_MANY, field="by")
    return points


def _told(
    indicator: Indicator, place: Place, points: Sequence[Point], today: date, counted: Counted, group: Group
) -> list[PointTold]:
    return [
        PointTold(
            name=point.name,
            since=point.period.since,
            until=point.period.until,
            on=point.period.so_far(today).until,
            over=point.is_over(today),
            **asdict(evaluate(indicator, place, point.period.so_far(today), counted, group)),
        )
        for point in points
    ]


def _as_file(series: Series) -> Response:
    name = f"{series.about.code}-{series.division}-{series.by}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(write_csv(_lines(series)), media_type=CSV, headers=headers)


def _lines(series: Series) -> Iterator[list[str]]:
    yield [series.about.zh, series.division_name]
    yield [*HEADINGS]
    for each in series.points:
        days = [day.isoformat() for day in (each.since, each.until, each.on)]
        numbers = ["" if number is None else f"{number:.10g}" for number in (each.denominator, each.value)]
        yield [each.name, *days, "是" if each.over else "否", str(each.numerator), *numbers, each.origin or ""]
