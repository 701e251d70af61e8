"""Periods of statistics: a year, a quarter, a month, or from one day to another, as text and as days."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from contracts.reference.calendar import add_months

TEXT = r"^[0-9]{4}(?:-(?:0[1-9]|1[0-2])|Q[1-4])?$"
"""How a period is written: 2026, 2026Q2, 2026-06."""
_PARTS = re.compile(r"([0-9]{4})(?:-([0-9]{2})|Q([1-4]))?", re.ASCII)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """The days from the first to the last, both included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        """Return how many days there are."""
        return (self.until - self.since).days + 1

    @property
    def before(self) -> date:
        """Return the day before the first."""
        return self.since - _DAY

    def so_far(self, today: date) -> "Period":
        """Return the part of the period that has come, today included; it must have begun."""
        return Period(self.since, min(self.until, today))


def read_period(text: str) -> Period | None:
    """Return the period that a text such as 2026, 2026Q2 or 2026-06 means; None if it means none."""
    found = _PARTS.fullmatch(text)
    if found is None or not 2000 <= int(found[1]) <= 2099 or not 0 <= int(found[2] or 1) - 1 < 12:
        return None
    year, month, quarter = found.groups()
    if month:
        return period_of(date(int(year), int(month), 1), 1)
    if quarter:
        return period_of(date(int(year), 3 * int(quarter) - 2, 1), 3)
    return period_of(date(int(year), 1, 1), 12)


def period_of(day: date, months: int) -> Period:
    """Return the month (1), two months (2), quarter (3), half-year (6) or year (12) that a day lies in."""
    first = date(day.year, day.month - (day.month - 1) % months, 1)
    return Period(first, add_months(first, months) - _DAY)
