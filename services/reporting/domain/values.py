"""The value of an indicator, from counted numbers and yearly figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.reporting.figures import FigureKind
from contracts.reporting.groups import Group
from contracts.reporting.publications import Unit
from services.reporting.domain.counting import Numbers
from services.reporting.domain.figures import ESTIMATES, Denominator, Figures
from services.reporting.domain.indicators import ESTIMATE, FIGURE, Indicator, Reckoned, Source
from services.reporting.domain.periods import Period
from services.reporting.domain.person import ALL, FLOATING, REGISTERED, Slice

SLICES: Mapping[Group, Slice] = {
    Group.EVERYONE: ALL,
    Group.REGISTERED: Slice(REGISTERED),
    Group.FLOATING: Slice(FLOATING),
}
"""The groups of people of whom everything that is counted of persons can be told."""
SCALES: Mapping[Unit, int] = {Unit.RATE: 1, Unit.COUNT: 1, Unit.PER_1000: 1000}


DISTRICT = 6
"""Digits of a district's code; that of a city or province has fewer."""


@dataclass(frozen=True, slots=True)
class Place:
    """A division of which values are told: its code, its streets as they are now, and all codes that they count under.

    Something recorded under the code of an abolished street counts in the street that stands for it now.
    """

    division: str
    streets: Mapping[str, Sequence[str]]

    @property
    def codes(self) -> list[str]:
        """Return all codes under which something of the division is counted."""
        return [code for codes in self.streets.values() for code in codes]

    @property
    def is_wide(self) -> bool:
        """Return whether it is a city or province, which has districts."""
        return len(self.division) < DISTRICT

    def parts(self) -> list["Place"]:
        """Return its streets, each as a place; what counts in the district itself is in none of them."""
        return [Place(code, {code: codes}) for code, codes in sorted(self.streets.items()) if len(code) == 9]

    def districts(self) -> list["Place"]:
        """Return the districts of a city or province, each with its streets; a district and a street have none."""
        if not self.is_wide:
            return []
        found: dict[str, dict[str, Sequence[str]]] = {}
        for street, codes in sorted(self.streets.items()):
            found.setdefault(street[:DISTRICT], {})[street] = codes
        return [Place(district, streets) for district, streets in found.items()]


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted, and the yearly figures beside it."""

    numbers: Numbers
    figures: Figures


@dataclass(frozen=True, slots=True)
class Value:
    """The value of an indicator; None where the denominator is 0 or nobody told it.

    `origin` tells where an imported or estimated denominator is from, in words.
    """

    numerator: int
    denominator: float | None
    value: float | None
    origin: str | None = None


def evaluate(
    indicator: Indicator, place: Place, period: Period, counted: Counted, group: Group = Group.EVERYONE
) -> Value:
    """Return the value of an indicator in a place for a period; the group is one of SLICES."""
    above = _count(indicator.numerator, indicator, place, period, counted.numbers, group)
    if not indicator.denominator:
        return Value(above, None, float(above))
    below, origin = _below(indicator, place, period, counted, group)
    return Value(above, below, SCALES[indicator.unit] * above / below if below else None, origin)


def days_for(indicators: Iterable[Indicator], periods: Iterable[Period]) -> set[date]:
    """Return the days at whose ends numbers are needed for values within and at the end of periods."""
    reckoned = {one.reckoned for one in indicators}
    return {
        day
        for period in periods
        for day in ((period.before, period.until) if Reckoned.PERIOD in reckoned else (period.until,))
    }


def _count(
    measures: Sequence[str], indicator: Indicator, place: Place, period: Period, numbers: Numbers, group: Group
) -> int:
    codes, people = place.codes, SLICES[group]
    if indicator.reckoned is Reckoned.PERIOD:
        return sum(numbers.flow(name, period.since, period.until, codes, people) for name in measures)
    return sum(numbers.at(name, period.until, codes, people) for name in measures)


def _below(indicator: Indicator, place: Place, period: Period, counted: Counted, group: Group) -> Denominator:
    if indicator.source is Source.REGISTRY:
        return _count(indicator.denominator, indicator, place, period, counted.numbers, group), None
    told = [_told(indicator, one, period, counted, group) for one in place.districts() or [place]]
    values = [value for value, _ in told if value is not None]
    if not told or len(values) < len(told):
        return None, None
    return sum(values), "；".join(dict.fromkeys(origin for _, origin in told if origin))


def _told(indicator: Indicator, place: Place, period: Period, counted: Counted, group: Group) -> Denominator:
    """Return what a yearly figure of a district or street tells, or what is estimated from it."""
    (name,) = indicator.denominator
    streets = [part.division for part in place.parts()]
    of = (place.division, streets, period.until.year, group)
    if indicator.source is Source.IMPORTED:
        return counted.figures.find(FigureKind(name.removeprefix(FIGURE)), *of)
    return counted.figures.estimate(ESTIMATES[name.removeprefix(ESTIMATE)], *of)
