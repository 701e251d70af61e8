"""Conservation 守恒: nobody comes to be a resident, or ceases to be one, but by an arrival, a departure or a death.

Residents before, and arrivals, less departures and deaths, are the residents after. And whoever is in transit 在途 or
lost 失访 before, and departures, less whoever was found elsewhere and who went abroad, are those in transit or lost
after. Both hold in each division on each day, and for what each person contributes.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.reporting.domain.counting import Numbers, difference
from services.reporting.domain.days import day_from
from services.reporting.domain.periods import Period, period_of
from services.reporting.domain.person import Contribution


class Law(StrEnum):
    """What is conserved: residents 在住, or those who left and were not found 未落实."""

    RESIDENTS = "residents"
    UNPLACED = "unplaced"


SIGNS: Mapping[Law, Mapping[str, int]] = {
    Law.RESIDENTS: {"resident": 1, "resident.contested": 1, "flow.in": -1, "flow.out": 1, "flow.deaths": 1},
    Law.UNPLACED: {
        "resident.in_transit": 1,
        "resident.lost": 1,
        "flow.out": -1,
        "flow.out.found": 1,
        "flow.out.abroad": 1,
    },
}
"""The measures of each law with the signs by which their changes sum up to 0."""
MEASURES = sorted({measure for signs in SIGNS.values() for measure in signs})


@dataclass(frozen=True, slots=True)
class Residents:
    """Residents before a period, contested stays included, what changed them, and those after.

    `unexplained` are those too many after it: after - (before + arrivals - departures - deaths); 0 where all is well.
    """

    before: int
    arrivals: int
    departures: int
    deaths: int
    after: int
    unexplained: int


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Who left and was in transit or lost before a period, what became of them and of who left in it, and who still is.

    `unexplained` are those too many after it: in_transit + lost - (before + departures - found - abroad).
    """

    before: int
    departures: int
    found: int
    abroad: int
    in_transit: int
    lost: int
    unexplained: int


@dataclass(frozen=True, slots=True)
class Break:
    """A law does not hold in a division on a day: so many too many, or too few."""

    division: str
    law: Law
    day: date
    unexplained: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The counter of a measure by day and the one by month tell a month differently: one of the two is wrong."""

    division: str
    measure: str
    month: date
    by_day: int
    by_month: int


def balance_residents(numbers: Numbers, period: Period, divisions: Collection[str]) -> Residents:
    """Return the balance of the residents of some divisions over a period."""
    moved = {measure: numbers.flow(measure, period.since, period.until, divisions) for measure in MEASURES}
    before, after = (
        sum(numbers.at(measure, day, divisions) for measure in ("resident", "resident.contested"))
        for day in (period.before, period.until)
    )
    unexplained = _sum(Law.RESIDENTS, moved)
    return Residents(before, moved["flow.in"], moved["flow.out"], moved["flow.deaths"], after, unexplained)


def balance_unplaced(numbers: Numbers, period: Period, divisions: Collection[str]) -> Unplaced:
    """Return the balance of those who left some divisions and are in transit or lost, over a period."""
    moved = {measure: numbers.flow(measure, period.since, period.until, divisions) for measure in MEASURES}
    in_transit, lost = "resident.in_transit", "resident.lost"
    return Unplaced(
        before=sum(numbers.at(measure, period.before, divisions) for measure in (in_transit, lost)),
        departures=moved["flow.out"],
        found=moved["flow.out.found"],
        abroad=moved["flow.out.abroad"],
        in_transit=numbers.at(in_transit, period.until, divisions),
        lost=numbers.at(lost, period.until, divisions),
        unexplained=_sum(Law.UNPLACED, moved),
    )


def _sum(law: Law, moved: Mapping[str, int]) -> int:
    return sum(sign * moved[measure] for measure, sign in SIGNS[law].items())


def find_breaks(numbers: Numbers, period: Period, division: str) -> Iterator[Break]:
    """Yield the days of a period on which a law does not hold in a division; the period was read by day."""
    for law, signs in SIGNS.items():
        summed: Counter[date] = Counter()
        for measure, sign in signs.items():
            for day, count in numbers.by_day(measure, period.since, period.until, [division]).items():
                summed[day] += sign * count
        yield from (Break(division, law, day, count) for day, count in sorted(summed.items()) if count)


def find_disagreements(numbers: Numbers, period: Period, division: str) -> Iterator[Disagreement]:
    """Yield the months of a period of which a division's counters tell different things; it was read by day."""
    since, until = period_of(period.since, 1).since, period_of(period.until, 1).until
    for measure in MEASURES:
        by_month = numbers.by_month(measure, since, until, [division])
        by_day: Counter[date] = Counter()
        for day, count in numbers.by_day(measure, since, until, [division]).items():
            by_day[day.replace(day=1)] += count
        for month in sorted({*by_month, *by_day}):
            if by_day[month] != by_month.get(month, 0):
                yield Disagreement(division, measure, month, by_day[month], by_month.get(month, 0))


def find_breaks_of(
    contributions: Iterable[Contribution], period: Period, divisions: Collection[str]
) -> Iterator[Break]:
    """Yield where and when in a period what one person contributes breaks a law."""
    summed: Counter[tuple[str, Law, date]] = Counter()
    for step, count in difference([], (each for each in contributions if each.division in divisions)).items():
        for law, signs in SIGNS.items():
            if step.measure in signs:
                summed[step.division, law, day_from(step.day)] += signs[step.measure] * count
    for (division, law, day), count in sorted(summed.items()):
        if count and period.since <= day <= period.until:
            yield Break(division, law, day, count)
