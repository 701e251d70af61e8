"""The health days 宣传日 and campaigns of a year, fixed, by window or by the lunar calendar, and how far each is."""

from collections.abc import Iterable, Mapping
from csv import DictReader
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

from borax.calendars.lunardate import InvalidLunarDateError, LunarDate

from contracts.outreach.activities import ActivityKind, ActivityState
from contracts.refusals import RefusedError

LUNAR = "L"
"""The mark of a month and day of the lunar calendar: L01-01 is 春节."""
FIRST_YEAR, LAST_YEAR = 1901, 2099
"""The years for which the lunar calendar is known from their first day to their last."""


class NoSuchLunarDateError(RefusedError):
    """The lunar calendar has no such day in that year."""

    code = "no_such_lunar_date"
    advice = "该年农历没有这一天，请核对月、日和闰月。The lunar year has no such day; check month, day and leap month."
    status = 422


class Progress(StrEnum):
    """How far an occasion is: nothing is due, to be planned, late to plan, planned, held, or missed."""

    OPTIONAL = "optional"
    OPEN = "open"
    LATE = "late"
    PLANNED = "planned"
    HELD = "held"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class HealthDay:
    """A health day or campaign as plans name it: `minimum` activities of one of `kinds` (any, if none is named)."""

    code: str
    title: str
    title_en: str
    starts: str
    ends: str
    lead_days: int
    kinds: tuple[ActivityKind, ...]
    minimum: int
    source: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """A health day in a year: its first and last day, and the last day on which it is planned in time."""

    day: HealthDay
    starts_on: date
    ends_on: date
    plan_by: date


@dataclass(frozen=True, slots=True)
class Counted:
    """How many activities of a kind and state an occasion has."""

    occasion: str
    kind: ActivityKind
    state: ActivityState
    count: int


def _read() -> Mapping[str, HealthDay]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        days = [
            HealthDay(
                row["code"],
                row["title"],
                row["title_en"],
                row["starts"],
                row["ends"],
                int(row["lead_days"]),
                tuple(map(ActivityKind, row["kinds"].split())),
                int(row["minimum"]),
                row["source"],
            )
            for row in DictReader(file)
        ]
    return {day.code: day for day in days}


HEALTH_DAYS = _read()


def occasions_of(year: int) -> list[Occasion]:
    """Return the occasions that begin in a year, in order; one whose lunar day the year does not have is left out."""
    found = (_occasion(day, year) for day in HEALTH_DAYS.values())
    return sorted((one for one in found if one), key=lambda one: (one.starts_on, one.day.code))


def from_lunar(year: int, month: int, day: int, *, leap: bool = False) -> date:
    """Return the day of a date of the lunar calendar; raise NoSuchLunarDateError if that year has none."""
    try:
        solar: date = LunarDate(year, month, day, int(leap)).to_solar_date()
    except InvalidLunarDateError as error:
        raise NoSuchLunarDateError from error
    return solar


def progress_of(occasion: Occasion, counted: Iterable[Counted], today: date) -> Progress:
    """Return how far an occasion is by the activities that are planned and held for it."""
    due = occasion.day.minimum
    mine = [
        one
        for one in counted
        if one.occasion == occasion.day.code and (not occasion.day.kinds or one.kind in occasion.day.kinds)
    ]
    held = sum(one.count for one in mine if one.state in (ActivityState.HELD, ActivityState.EVALUATED))
    planned = sum(one.count for one in mine if one.state in (ActivityState.PLANNED, ActivityState.PUBLICISED))
    if held >= max(due, 1):
        return Progress.HELD
    if today > occasion.ends_on:
        return Progress.MISSED if due else Progress.OPTIONAL
    if held + planned >= max(due, 1):
        return Progress.PLANNED
    if not due:
        return Progress.OPTIONAL
    return Progress.LATE if today > occasion.plan_by else Progress.OPEN


def _occasion(day: HealthDay, year: int) -> Occasion | None:
    starts_on, ends_on = _day_in(day.starts, year), _day_in(day.ends, year)
    if starts_on is None or ends_on is None:
        return None
    return Occasion(day, starts_on, ends_on, starts_on - timedelta(days=day.lead_days))


def _day_in(written: str, year: int) -> date | None:
    """Return a month and day, solar or lunar, in a solar year; None if it has none."""
    month, day = map(int, written.removeprefix(LUNAR).split("-"))
    if not written.startswith(LUNAR):
        return date(year, month, day)
    for lunar_year in (year - 1, year):  # the last month of the lunar year lies in January or February
        try:
            solar = from_lunar(lunar_year, month, day)
        except NoSuchLunarDateError:
            continue
        if solar.year == year:
            return solar
    return None
