"""Series 时间序列: the days, weeks, months, quarters or years of a stretch of time, one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import islice

from services.reporting.domain.periods import Period, period_of

MOST = 400
"""Points that a series has at most: the days of a year and a month."""
_WEEK = timedelta(days=7)


class By(StrEnum):
    """What each point of a series is: 日, 周 (ISO 8601, from Monday to Sunday), 月, 季, 年."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_MONTHS = {By.MONTH: 1, By.QUARTER: 3, By.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Point:
    """A day, week, month, quarter or year in a series: its name, as 2026-W09 or 2026Q1, and its days."""

    name: str
    period: Period

    def is_over(self, today: date) -> bool:
        """Return whether its last day is past."""
        return self.period.until < today


def points_of(by: By, since: date, until: date) -> list[Point]:
    """Return the points, each with all its days, from that which has one day to that which has another.

    They are MOST + 1 at most, so that whoever asks can tell that there are too many.
    """
    return list(islice(_points(by, since, until), MOST + 1))


def _points(by: By, since: date, until: date) -> Iterator[Point]:
    day = since
    while day <= until:
        period = _period(by, day)
        yield Point(_name(by, period.since), period)
        day = period.until + timedelta(days=1)


def _period(by: By, day: date) -> Period:
    if by is By.DAY:
        return Period(day, day)
    if by is By.WEEK:
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + _WEEK - timedelta(days=1))
    return period_of(day, _MONTHS[by])


def _name(by: By, first: date) -> str:
    match by:
        case By.DAY:
            return first.isoformat()
        case By.WEEK:
            year, week, _ = first.isocalendar()
            return f"{year}-W{week:02d}"
        case By.MONTH:
            return f"{first:%Y-%m}"
        case By.QUARTER:
            return f"{first.year}Q{(first.month + 2) // 3}"
        case By.YEAR:
            return f"{first.year}"
