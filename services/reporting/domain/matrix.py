"""The origin-destination matrix 流入来源地、流出去向: from where people came to where, and where they left for."""

from collections import Counter
from collections.abc import Callable
from enum import StrEnum

from services.reporting.domain.counting import Numbers
from services.reporting.domain.periods import Period
from services.reporting.domain.person import Slice

Move = tuple[str, str]
"""The origin and the destination."""


class Between(StrEnum):
    """Between which divisions people moved: 省, 市, 区县."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"


class Way(StrEnum):
    """The family of measures that counts arrivals by where from, or departures by where to."""

    ARRIVALS = "origin"
    DEPARTURES = "destination"


MOVED = {Way.ARRIVALS: "flow.in", Way.DEPARTURES: "flow.out"}
"""The measure of all moves of a way, whether or not somebody told the other place."""
_DIGITS = {Between.PROVINCE: 2, Between.CITY: 4, Between.DISTRICT: 6}


def widen(code: str, between: Between) -> str:
    """Return the province, city or district that a code lies in; a wider code as it is."""
    return code[: _DIGITS[between]]


def home_of(code: str, between: Between, asked: str) -> str:
    """Return the division that a street counts in: that of a level, but none wider than the one that was asked for."""
    return max(widen(code, between), asked, key=len)


def count_moves(
    way: Way, numbers: Numbers, period: Period, people: Slice, home: Callable[[str], str], away: Callable[[str], str]
) -> Counter[Move]:
    """Return how often people moved in a period, from which division to which.

    The way's family was read as a whole; `home` and `away` return what the codes of either side count in.
    """
    found: Counter[Move] = Counter()
    for measure, street in numbers.counted(way):
        count = numbers.flow(measure, period.since, period.until, [street], people)
        here, elsewhere = home(street), away(measure.partition(".")[2])
        found[(elsewhere, here) if way is Way.ARRIVALS else (here, elsewhere)] += count
    return +found
