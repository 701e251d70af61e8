"""Days as numbers since 1970-01-01, and half-open intervals of them, in which numbers are counted."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from contracts.reference.calendar import day_of

OPEN = 1 << 30
"""The end of an interval that has none."""
_EPOCH = date(1970, 1, 1).toordinal()

Interval = tuple[int, int]
"""The first day, and the day after the last."""


def number_of(day: date) -> int:
    """Return the number of a day."""
    return day.toordinal() - _EPOCH


def day_from(number: int) -> date:
    """Return the day with a number."""
    return date.fromordinal(number + _EPOCH)


def read_day(text: str | None) -> int | None:
    """Return the number of a day in a row (ISO 8601); None if there is none."""
    return number_of(date.fromisoformat(text[:10])) if text else None


def read_moment(text: str) -> int:
    """Return the number of the statutory day that a moment in a row (RFC 3339) falls on."""
    return number_of(day_of(datetime.fromisoformat(text)))


def year_end(day: int) -> int:
    """Return the first day of the year after a day's."""
    return number_of(date(day_from(day).year + 1, 1, 1))


def birthday(birth: date, age: int) -> int:
    """Return the day on which somebody turns an age; 1 March for those born on 29 February, in a common year."""
    year = birth.year + age
    try:
        return number_of(birth.replace(year=year))
    except ValueError:
        return number_of(date(year, 3, 1))


def unite(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the days that lie in any interval, as intervals in order that do not touch."""
    united: list[Interval] = []
    for since, until in sorted(each for each in intervals if each[0] < each[1]):
        if united and since <= united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], until))
        else:
            united.append((since, until))
    return united


def intersect(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """Return the days that lie in an interval of both."""
    shared = (
        (max(since, begun), min(until, over)) for since, until in one for begun, over in other
    )  # both are short: the stays of a person, the years of an enrolment
    return [each for each in shared if each[0] < each[1]]
