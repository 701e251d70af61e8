"""HTTP in: the year's health days, how far a division is with each, and the same as an .ics file."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from icalendar import Calendar as ICalendar
from icalendar import Event as ICalendarEvent
from pydantic import BaseModel

from contracts.outreach.activities import ActivityKind, ActivityState
from services.outreach.api.dependencies import Reader
from services.outreach.domain.calendar import (
    FIRST_YEAR,
    LAST_YEAR,
    Counted,
    NoSuchLunarDateError,
    Occasion,
    Progress,
    from_lunar,
    occasions_of,
    progress_of,
)
from services.outreach.views.activities import count_by_occasion
from services.runtime.parameters import Division, ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["calendar"])

Year = Annotated[int, Query(ge=FIRST_YEAR, le=LAST_YEAR)]


class OccasionShown(BaseModel):
    """A health day of a year, by when it is to be planned, what it asks for, and how far the division is with it."""

    code: str
    title: str
    title_en: str
    starts_on: date
    ends_on: date
    plan_by: date
    kinds: tuple[ActivityKind, ...]
    minimum: int
    source: str
    progress: Progress


class LunarDay(BaseModel):
    """The day of a date of the lunar calendar."""

    day: date


@router.get("/calendar", summary="Health days 宣传日 of a year", responses=refuses(outside_your_division=403))
async def get_calendar(service: ServiceHere, caller: Reader, division: Division, year: Year) -> list[OccasionShown]:
    """List the year's health days and campaigns, and whether the division has planned and held what each asks for."""
    caller.must_cover(division)
    first, last = date(year, 1, 1), date(year, 12, 31)
    rows = await count_by_occasion(service.database, service.areas(division), first, last)
    counted = [Counted(code, ActivityKind(kind), ActivityState(state), count) for code, kind, state, count in rows]
    return [_show(one, progress_of(one, counted, service.today)) for one in occasions_of(year)]


@router.get(
    "/calendar.ics",
    summary="Health days of a year as iCalendar",
    response_class=Response,
    responses={200: {"content": {"text/calendar": {}}, "description": "RFC 5545"}},
)
async def get_icalendar(_: Reader, service: ServiceHere, year: Year) -> Response:
    """Return the year's health days as all-day events (RFC 5545); each tells until when to plan it."""
    written = write_icalendar(occasions_of(year), service.clock())
    return Response(written, media_type="text/calendar; charset=utf-8")


@router.get("/calendar/lunar", summary="The day of a lunar date", responses=refuses(NoSuchLunarDateError))
async def get_lunar(
    _: Reader,
    year: Year,
    lunar_month: Annotated[int, Query(ge=1, le=12)],
    lunar_day: Annotated[int, Query(ge=1, le=30)],
    leap: bool = False,
) -> LunarDay:
    """Return the day on which a date of the lunar calendar falls, such as 重阳 (9, 9)."""
    return LunarDay(day=from_lunar(year, lunar_month, lunar_day, leap=leap))


def write_icalendar(occasions: list[Occasion], now: datetime) -> bytes:
    """Return occasions as an iCalendar file (RFC 5545)."""
    calendar = ICalendar()
    calendar.add("prodid", "-//Houniao//health days//ZH")
    calendar.add("version", "2.0")
    for one in occasions:
        event = ICalendarEvent()
        event.add("uid", f"{one.day.code}-{one.starts_on.year}@houniao")
        event.add("dtstamp", now.astimezone(UTC))
        event.add("dtstart", one.starts_on)
        event.add("dtend", one.ends_on + timedelta(days=1))
        event.add("summary", f"{one.day.title} {one.day.title_en}")
        event.add("description", f"{one.plan_by.isoformat()}前做好计划。Plan it by {one.plan_by.isoformat()}.")
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def _show(one: Occasion, progress: Progress) -> OccasionShown:
    return OccasionShown(
        code=one.day.code,
        title=one.day.title,
        title_en=one.day.title_en,
        starts_on=one.starts_on,
        ends_on=one.ends_on,
        plan_by=one.plan_by,
        kinds=one.day.kinds,
        minimum=one.day.minimum,
        source=one.day.source,
        progress=progress,
    )
