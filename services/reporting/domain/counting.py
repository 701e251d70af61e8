"""Counters: what changes in them when contributions do, and how a number is read from them.

A counter document holds the steps of one family of measures (`resident` of `resident.65`) in one division: those of a
month by day, those of a year by month. A number at the end of a day is the sum of all steps up to it; the steps of the
months that are over come from the years' documents.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from services.reporting.domain.days import OPEN, day_from, number_of
from services.reporting.domain.person import ALL, Contribution, Slice


class Step(NamedTuple):
    """On a day the number of a measure in a division changes, for a slice of the people."""

    measure: str
    division: str
    slice: str
    day: int


Steps = Counter[Step]


def difference(old: Iterable[Contribution], new: Iterable[Contribution]) -> Steps:
    """Return by how much each step changes when contributions are replaced."""
    changed: Steps = Counter()
    for contributions, sign in ((old, -1), (new, 1)):
        for each in contributions:
            count = sign * each.weight
            changed[Step(each.measure, each.division, each.slice, each.since)] += count
            if each.until < OPEN:
                changed[Step(each.measure, each.division, each.slice, each.until)] -= count
    return Counter({step: count for step, count in changed.items() if count})


def increments(steps: Mapping[Step, int]) -> dict[str, dict[str, int]]:
    """Return what to add where: by counter document the paths in it, each with a number."""
    found: dict[tuple[str, str, str], dict[tuple[str, int], int]] = defaultdict(lambda: defaultdict(int))
    for (measure, division, told, on), count in steps.items():
        kind, field = _names(measure, told)
        year, year_and_month, month, day = _parts(on)
        found[division, kind, year][field, month] += count
        found[division, kind, year_and_month][field, day] += count
    named = (
        (f"{division}:{kind}:{period}", {f"{field}.{part}": count for (field, part), count in paths.items() if count})
        for (division, kind, period), paths in found.items()
    )
    return {name: paths for name, paths in named if paths}


@lru_cache(maxsize=8192)
def _names(measure: str, told: str) -> tuple[str, str]:
    return family(measure), f"d.{stored_name(measure)}.{told}"


@lru_cache(maxsize=8192)
def _parts(on: int) -> tuple[str, str, int, int]:
    day = day_from(on)
    return f"{day.year:04d}", f"{day.year:04d}{day.month:02d}", day.month, day.day


def family(measure: str) -> str:
    """Return the first part of a measure's name, which tells the document it is kept in."""
    return measure.partition(".")[0]


def stored_name(measure: str) -> str:
    """Return a measure's name as a field of a document, where a dot would mean a field within."""
    return measure.replace(".", ":")


def documents_for(
    divisions: Mapping[str, int], measures: Iterable[str], days: Collection[date], by_day: Collection[str] = ()
) -> list[str]:
    """Return which counter documents tell the numbers at the ends of days; `divisions` with the first year of each.

    Of measures `by_day` they tell the numbers at the days in between too.
    """
    last = max(days)
    ends = {(day.year, day.month) for day in days if not _is_last(day)}
    between = {family(measure): _months(min(days), last) for measure in by_day}
    names = []
    for division, first in divisions.items():
        for kind in {family(measure) for measure in measures}:
            place, months = f"{division}:{kind}", between.get(kind, ends)
            names += [f"{place}:{year:04d}" for year in range(first, last.year + 1)]
            names += [f"{place}:{year:04d}{month:02d}" for year, month in months if year >= first]
    return names


def _months(since: date, until: date) -> set[tuple[int, int]]:
    first, last = since.year * 12 + since.month - 1, until.year * 12 + until.month - 1
    return {(month // 12, month % 12 + 1) for month in range(first, last + 1)}


def _is_last(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


class _Sums:
    """The sums of some steps in order: each day, or month, with the sum of all steps up to it."""

    def __init__(self, steps: Mapping[int, int]) -> None:
        self._keys = sorted(steps)
        self._sums = [0, *accumulate(map(steps.__getitem__, self._keys))]

    def between(self, since: int, until: int) -> dict[int, int]:
        """Return the steps from one day or month to another, both included."""
        first, last = bisect_left(self._keys, since), bisect_right(self._keys, until)
        return {self._keys[at]: self._sums[at + 1] - self._sums[at] for at in range(first, last)}

    def upto(self, key: int) -> int:
        """Return the sum of the steps up to a day or month, itself included."""
        return self._sums[bisect_right(self._keys, key)]


class _Kept(NamedTuple):
    """The steps of a slice in a counter document, see `_period`; they are summed up when somebody asks."""

    in_month: bool
    base: int
    counts: Mapping[str, int]


class Numbers:
    """Numbers read from counter documents, which must be all that `documents_for` names.

    Of the years before a day, `since`, before which nothing is asked, the sum is enough.
    """

    def __init__(self, documents: Iterable[Mapping[str, Any]], since: date = date.min) -> None:
        self._summed_before = since.year * 12
        self._steps: dict[tuple[str, str], dict[str, list[_Kept]]] = {}
        for document in documents:
            division, _, period = document["_id"].split(":")
            in_month, base = _period(period)
            for name, slices in document.get("d", {}).items():
                known = self._steps.setdefault((name, division), {})
                for told, counts in slices.items():
                    known.setdefault(told, []).append(_Kept(in_month, base, counts))
        self._sums: dict[tuple[str, str, Slice], tuple[_Sums, _Sums]] = {}

    def at(self, measure: str, on: date, divisions: Iterable[str], people: Slice = ALL) -> int:
        """Return the number of a measure in some divisions at the end of a day."""
        return sum(self._at(measure, on, division, people) for division in divisions)

    def flow(self, measure: str, since: date, until: date, divisions: Iterable[str], people: Slice = ALL) -> int:
        """Return by how much a number grew in a period, both days included: how often something happened in it."""
        names, before = tuple(divisions), since - timedelta(days=1)
        return self.at(measure, until, names, people) - self.at(measure, before, names, people)

    def counted(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield each measure of a family with each division in which it has steps; the family was read as a whole."""
        for name, division in self._steps:
            measure = name.replace(":", ".")
            if family(measure) == kind:
                yield measure, division

    def by_day(self, measure: str, since: date, until: date, divisions: Collection[str]) -> Mapping[date, int]:
        """Return by how much a number changed on each day of a period on which it did; the period was read by day."""
        first, last = number_of(since), number_of(until)
        found: Counter[int] = Counter()
        for division in divisions:
            found.update(self._summed(measure, division, ALL)[1].between(first, last))
        return {day_from(day): count for day, count in sorted(found.items()) if count}

    def by_month(self, measure: str, since: date, until: date, divisions: Collection[str]) -> Mapping[date, int]:
        """Return by how much a number changed in each month, by its first day, from the month of a day to another's."""
        first, last = (day.year * 12 + day.month for day in (since, until))
        found: Counter[int] = Counter()
        for division in divisions:
            found.update(self._summed(measure, division, ALL)[0].between(first, last))
        months = ((date((month - 1) // 12, (month - 1) % 12 + 1, 1), count) for month, count in sorted(found.items()))
        return {month: count for month, count in months if count}

    def _at(self, measure: str, on: date, division: str, people: Slice) -> int:
        months, days = self._summed(measure, division, people)
        month = on.year * 12 + on.month
        if _is_last(on):
            return months.upto(month)
        first = number_of(on.replace(day=1))
        return months.upto(month - 1) + days.upto(number_of(on)) - days.upto(first - 1)

    def _summed(self, measure: str, division: str, people: Slice) -> tuple[_Sums, _Sums]:
        key = stored_name(measure), division, people
        if key not in self._sums:
            self._sums[key] = self._sum(*key)
        return self._sums[key]

    def _sum(self, name: str, division: str, people: Slice) -> tuple[_Sums, _Sums]:
        months: dict[int, int] = defaultdict(int)
        days: dict[int, int] = defaultdict(int)
        for told, steps in self._steps.get((name, division), {}).items():
            if told in people:
                for in_month, base, counts in steps:
                    if not in_month and base < self._summed_before:
                        months[base + 12] += sum(counts.values())
                        continue
                    found = days if in_month else months
                    for part, count in counts.items():
                        found[base + _PARTS[part]] += count
        return _Sums(months), _Sums(days)


_PARTS = {str(part): part for part in range(1, 32)}
"""Days of a month and months of a year, as they are named in a document."""


@lru_cache(maxsize=8192)
def _period(name: str) -> tuple[bool, int]:
    """Return whether the steps of a counter document are those of a month, and what to add to their parts."""
    if len(name) == len("2026"):
        return False, int(name) * 12
    return True, number_of(date(int(name[:4]), int(name[4:]), 1)) - 1
