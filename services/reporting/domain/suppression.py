"""Suppression of small counts in what is published: they are hidden, and so much else that nobody can work them out.

What a reader can work out is bounded by linear programs over all that stands in the report, and over what follows
without standing in it: who is not in a numerator, whose registration is unknown, that residents change by arrivals,
departures and deaths. As long as a bound is too narrow, another number is hidden.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from scipy.optimize import linprog

from services.reporting.domain.contents import EVERYONE, HIDDEN, Column, Content, Line, Part, Table

SMALL = 5
"""Counts from 1 up to but not including this are hidden, and known no better than within so many."""


class Count(NamedTuple):
    """A count of people: of which division, of what, and of which group; `against` says that it is what lacks to it."""

    division: str
    counts: str
    group: str
    against: str = ""


class Equation(NamedTuple):
    """Some counts, each times its factor, make a constant."""

    factors: Mapping[Count, int]
    constant: int = 0


class CannotBePublishedError(ValueError):
    """A small count would be known whatever else is hidden."""


def suppress(content: Content) -> Content:
    """Return a report as it may be published, with HIDDEN in place of numbers, and without scores, which tell them."""
    values, totals = _counts_in(content)
    equations = list(_equations(content, values))
    hidden = find_hidden(values, equations, totals)
    tables = tuple(_without(table, hidden) for table in content.tables)
    return content.model_copy(update={"tables": tables, "scores": None, "deductions": ()})


def find_hidden(values: Mapping[Count, int], equations: Sequence[Equation], totals: Iterable[Count] = ()) -> set[Count]:
    """Return which counts are hidden: those that are small, and others so that no small one can be worked out.

    Those of the whole division, `totals`, are hidden last. A count `against` another is never shown, but follows.
    """
    last = set(totals)
    small = [count for count, value in values.items() if 0 < value < SMALL]
    hidden = {count._replace(against="") for count in small}
    for count in small:
        while not _is_safe(count, values, equations, hidden):
            around = _around(count, values, equations, hidden)
            if not around:
                raise CannotBePublishedError(count.counts)
            hidden.add(min(around, key=lambda one: _cost(one, count, values[one], one in last)))
    return hidden


def _cost(one: Count, of: Count, value: int, whole: bool) -> tuple[bool, bool, bool, str, str, str]:
    """Return by what it is chosen to hide one more: rather not a total, and counts of the same across divisions."""
    return whole, one[1:3] != of[1:3], value < SMALL, one.counts, one.group, one.division


def _is_safe(count: Count, values: Mapping[Count, int], equations: Sequence[Equation], hidden: set[Count]) -> bool:
    """Return whether nobody can know a count better than within SMALL."""
    known = {one: value for one, value in values.items() if one not in hidden and not one.against}
    unknown, linked = _component(count, equations, known)
    if not linked:
        return True  # nothing that is shown tells of it
    order = {one: place for place, one in enumerate(sorted(unknown))}
    rows = [[equation.factors.get(one, 0) for one in order] for equation in linked]
    right = [
        equation.constant - sum(f * known.get(one, 0) for one, f in equation.factors.items()) for equation in linked
    ]
    most = max(values.values()) + 2 * SMALL  # nobody knows as much
    aim = [float(one == count) for one in order]
    low, high = (
        linprog([sign * one for one in aim], A_eq=rows, b_eq=right, bounds=(0, most), method="highs").fun
        for sign in (1, -1)
    )
    return bool(-high - low >= SMALL - _ROUNDING)


_ROUNDING = 1e-6


def _component(
    count: Count, equations: Iterable[Equation], known: Mapping[Count, int]
) -> tuple[set[Count], list[Equation]]:
    """Return the unknown counts that hang together with one over equations, and those equations."""
    by_count: dict[Count, list[int]] = defaultdict(list)
    numbered = list(equations)
    for number, equation in enumerate(numbered):
        for one in equation.factors:
            if one not in known:
                by_count[one].append(number)
    found, asked, linked = {count}, [count], set[int]()
    while asked:
        for number in by_count[asked.pop()]:
            if number not in linked:
                linked.add(number)
                new = numbered[number].factors.keys() - known.keys() - found
                found |= new
                asked.extend(new)
    return found, [numbered[number] for number in sorted(linked)]


def _around(count: Count, values: Mapping[Count, int], equations: Sequence[Equation], hidden: set[Count]) -> set[Count]:
    """Return the counts still shown that stand in one equation with what hangs together with a count."""
    known = {one: value for one, value in values.items() if one not in hidden and not one.against}
    _, linked = _component(count, equations, known)
    return {one for equation in linked for one in equation.factors if one in known}


def _counts_in(content: Content) -> tuple[dict[Count, int], set[Count]]:
    values: dict[Count, int] = {}
    totals: set[Count] = set()
    for _, line, found in _lines(content):
        values |= found
        totals |= found.keys() if line.total else set()
    for missing, whole, part in _missing(content, values):
        values[missing] = values[whole] - sum(values[one] for one in part)
    return values, totals


def _lines(content: Content) -> Iterator[tuple[Table, Line, dict[Count, int]]]:
    for table in content.tables:
        for line in table.lines:
            yield table, line, dict(_counts_of(line, table.columns))


def _counts_of(line: Line, columns: Sequence[Column]) -> Iterator[tuple[Count, int]]:
    for column, cell in zip(columns, line.cells, strict=True):
        if column.counts and isinstance(cell, int):
            yield Count(line.division, column.counts, column.group), cell


def _missing(content: Content, values: Mapping[Count, int]) -> Iterator[tuple[Count, Count, list[Count]]]:
    """Yield what follows by subtraction: who is not in a numerator, and who is in no group; with whole and parts."""
    for table, line, found in _lines(content):
        for above, below in _rates(table.columns):
            part = Count(line.division, above, below.group)
            whole = Count(line.division, str(below.counts), below.group)
            if part in values and whole in values:
                yield part._replace(against=whole.counts), whole, [part]
        for whole in found:
            groups = [one for one in values if one[:2] == whole[:2] and one.group != EVERYONE and not one.against]
            if whole.group == EVERYONE and groups:
                yield whole._replace(against=EVERYONE), whole, groups


def _rates(columns: Sequence[Column]) -> Iterator[tuple[str, Column]]:
    """Yield what is counted above each denominator of people."""
    above = {(one.indicator, one.group): one.counts for one in columns if one.part is Part.NUMERATOR}
    for below in columns:
        counts = above.get((below.indicator, below.group)) if below.part is Part.DENOMINATOR else None
        if counts and below.counts:
            yield counts, below


def _equations(content: Content, values: Mapping[Count, int]) -> Iterator[Equation]:
    for missing, whole, parts in _missing(content, values):
        if values[missing] >= 0:
            yield Equation({whole: 1, missing: -1, **dict.fromkeys(parts, -1)})
    for table in content.tables:
        if table.adds_up:
            yield from _sums(table, values)
    yield from _added(values)
    yield from _balances(values)


def _sums(table: Table, values: Mapping[Count, int]) -> Iterator[Equation]:
    total = next(line.division for line in table.lines if line.total)
    for column in table.columns:
        counts = [Count(line.division, str(column.counts), column.group) for line in table.lines]
        factors = {one: 1 if one.division != total else -1 for one in counts}
        if all(one in values for one in counts) and sum(values[one] * factors[one] for one in counts) == 0:
            yield Equation(factors)


def _added(values: Mapping[Count, int]) -> Iterator[Equation]:
    """Yield that a count of several measures is the sum of theirs, which stand in the report or do not."""
    for whole in values:
        if "+" in whole.counts and not whole.against:
            parts = [whole._replace(counts=counts) for counts in whole.counts.split("+")]
            told = sum(values[one] for one in parts if one in values)
            factors = {one if one in values else one._replace(against=whole.counts): 1 for one in parts}
            if told == values[whole] or (told < values[whole] and factors.keys() - values.keys()):
                yield Equation({whole: -1, **factors})


_BALANCE = {"resident": 1, "flow.in": -1, "flow.out": 1, "flow.deaths": 1}
"""Residents, less who arrived, with who left or died, are those of the day before, whom a reader may know."""


def _balances(values: Mapping[Count, int]) -> Iterator[Equation]:
    for division, group in sorted({(one.division, one.group) for one in values if one.counts == "resident"}):
        factors = {Count(division, counts, group): factor for counts, factor in _BALANCE.items()}
        if all(one in values for one in factors):
            yield Equation(factors, sum(factor * values[one] for one, factor in factors.items()))


def _without(table: Table, hidden: set[Count]) -> Table:
    return table.model_copy(update={"lines": tuple(_line_without(line, table.columns, hidden) for line in table.lines)})


def _line_without(line: Line, columns: Sequence[Column], hidden: set[Count]) -> Line:
    gone = {
        (column.indicator, column.group)
        for column in columns
        if column.counts and Count(line.division, column.counts, column.group) in hidden
    }
    cells = tuple(
        HIDDEN if _is_gone(line, column, hidden, gone) else cell
        for column, cell in zip(columns, line.cells, strict=True)
    )
    return line.model_copy(update={"cells": cells})


def _is_gone(line: Line, column: Column, hidden: set[Count], gone: set[tuple[str, str]]) -> bool:
    """Return whether a cell is hidden: its count is, or it is a rate of a hidden one."""
    if column.part is Part.VALUE:
        return (column.indicator, column.group) in gone
    return bool(column.counts) and Count(line.division, str(column.counts), column.group) in hidden
