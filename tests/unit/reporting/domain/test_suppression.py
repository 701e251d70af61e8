"""What is published is attacked by somebody who knows how tables add up: no small count can be worked out."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from services.reporting.domain.contents import HIDDEN, Cell, Column, Content, Line, Part, Table
from services.reporting.domain.suppression import suppress

DISTRICT, STREETS = "320507", ("320507001", "320507002", "320507003", "320507004")


def column(indicator: str, part: Part, counts: str | None, group: str = "everyone") -> Column:
    return Column(indicator=indicator, part=part, group=group, zh=indicator, en=indicator, counts=counts)


FLOWS = [
    column("residents", Part.COUNT, "resident"),
    column("inflow", Part.COUNT, "flow.in"),
    column("outflow", Part.COUNT, "flow.out"),
    column("deaths", Part.COUNT, "flow.deaths"),
]
RATES = [
    column("archive_rate", Part.NUMERATOR, "resident.archived"),
    column("archive_rate", Part.DENOMINATOR, "resident"),
    column("archive_rate", Part.VALUE, None),
    column("contested_rate", Part.NUMERATOR, "resident.contested"),
    column("contested_rate", Part.DENOMINATOR, "resident+resident.contested"),
    column("contested_rate", Part.VALUE, None),
]
GROUPS = [
    column("residents", Part.COUNT, "resident"),
    column("residents", Part.COUNT, "resident", "registered"),
    column("residents", Part.COUNT, "resident", "floating"),
]
ACTIVITIES = [column("lectures", Part.COUNT, None)]


def content(*tables: tuple[Sequence[Column], Mapping[str, Sequence[Cell]]]) -> Content:
    """Return a report of tables: their columns, and the numbers of each street; totals are added up."""
    return Content(
        template="monthly_flow",
        zh="流动人口月报",
        en="Monthly flow",
        division=DISTRICT,
        name="相城区",
        period="2026-03",
        since=date(2026, 3, 1),
        until=date(2026, 3, 31),
        heard_at=datetime(2026, 4, 1, tzinfo=UTC),
        tables=tuple(table(str(place), columns, rows) for place, (columns, rows) in enumerate(tables)),
    )


def table(code: str, columns: Sequence[Column], rows: Mapping[str, Sequence[Cell]]) -> Table:
    lines = [Line(division=street, name=street, cells=tuple(cells)) for street, cells in rows.items()]
    sums = [sum(cell for cell in cells if isinstance(cell, int)) for cells in zip(*rows.values(), strict=True)]
    total = [None if one.part is Part.VALUE else value for one, value in zip(columns, sums, strict=True)]
    lines.append(Line(division=DISTRICT, name="合计", cells=tuple(total), total=True))
    return Table(code=code, zh=code, en=code, columns=tuple(columns), lines=tuple(lines))


def cells_of(said: Content, place: int = 0) -> list[tuple[Cell, ...]]:
    return [line.cells for line in said.tables[place].lines]


def test_a_small_count_is_hidden_with_another_so_that_the_total_does_not_give_it_away() -> None:
    said = content((FLOWS[1:2], {STREETS[0]: [3], STREETS[1]: [40], STREETS[2]: [60]}))

    published = suppress(said)

    assert cells_of(published) == [(HIDDEN,), (HIDDEN,), (60,), (103,)]


def test_nothing_and_what_is_large_enough_is_told() -> None:
    said = content((FLOWS[1:2], {STREETS[0]: [0], STREETS[1]: [5]}), (ACTIVITIES, {STREETS[0]: [1], STREETS[1]: [2]}))

    assert suppress(said) == said


def test_who_lacks_to_a_denominator_is_a_small_count_too_and_the_rate_goes_with_it() -> None:
    rows: Mapping[str, Sequence[Cell]] = {STREETS[0]: [98, 100, 0.98], STREETS[1]: [20, 60, 0.33]}

    published = suppress(content((RATES[:3], rows)))

    assert cells_of(published)[:2] == [(HIDDEN, 100, HIDDEN), (HIDDEN, 60, HIDDEN)]


def test_deaths_do_not_follow_from_residents_and_those_who_came_and_left() -> None:
    rows = {street: [500 + place, 30, 20, 2 * place] for place, street in enumerate(STREETS)}

    published = suppress(content((FLOWS, rows)))

    for line in published.tables[0].lines[1:3]:
        assert line.cells[3] == HIDDEN
        assert HIDDEN in line.cells[:3]


def test_numbers_that_do_not_add_up_are_hidden_for_themselves() -> None:
    rows: Mapping[str, Sequence[Cell]] = {STREETS[0]: [3, 40, 0.1, 4, 9, 0.4], STREETS[1]: [30, 50, 0.6, 60, 9, None]}

    published = suppress(content((RATES, rows)))

    assert cells_of(published)[0][0] == HIDDEN


numbers = st.one_of(st.integers(0, 8), st.integers(0, 60))


@st.composite
def reports(draw: st.DrawFn) -> Content:
    streets = STREETS[: draw(st.integers(1, 4))]
    flows, rates, groups = {}, {}, {}
    for street in streets:
        floating, registered, unknown, contested = (draw(numbers) for _ in range(4))
        residents = floating + registered + unknown
        archived = draw(st.integers(0, residents))
        flows[street] = [residents, *(draw(numbers) for _ in range(3))]
        rates[street] = [archived, residents, 0.5, contested, residents + contested, 0.5]
        groups[street] = [residents, registered, floating]
    return content((FLOWS, flows), (RATES, rates), (GROUPS, groups))


@settings(max_examples=60, deadline=None)
@given(reports())
def test_whoever_solves_all_that_is_published_knows_no_small_count_better_than_within_five(said: Content) -> None:
    published = suppress(said)

    for name, value in small_counts(said):
        low, high = Attack(published, said).bounds(name)
        assert high - low >= 5 - 1e-6, (name, value, low, high)


@settings(max_examples=30, deadline=None)
@given(reports())
def test_a_number_that_is_shown_is_the_true_one(said: Content) -> None:
    published = suppress(said)

    for place in range(len(said.tables)):
        for shown, true in zip(cells_of(published, place), cells_of(said, place), strict=True):
            assert all(one in {HIDDEN, other} for one, other in zip(shown, true, strict=True))


def test_the_attack_finds_what_is_hidden_badly() -> None:
    said = content((FLOWS[1:2], {STREETS[0]: [3], STREETS[1]: [40]}))
    badly = said.model_copy(update={"tables": (hide_first(said.tables[0]),)})

    assert Attack(badly, said).bounds((STREETS[0], "flow.in", "everyone")) == pytest.approx((3, 3))


def hide_first(told: Table) -> Table:
    first = told.lines[0].model_copy(update={"cells": (HIDDEN,)})
    return told.model_copy(update={"lines": (first, *told.lines[1:])})


Name = tuple[str, str, str]


def named_cells(said: Content) -> Iterator[tuple[Name, Cell]]:
    for one in said.tables:
        for line in one.lines:
            for column, cell in zip(one.columns, line.cells, strict=True):
                if column.counts:
                    yield (line.division, column.counts, column.group), cell


def small_counts(said: Content) -> list[tuple[Name, int]]:
    return [(name, cell) for name, cell in named_cells(said) if isinstance(cell, int) and 0 < cell < 5]


class Attack:
    """Somebody who has the publication, and knows how many residents there were the day before."""

    def __init__(self, published: Content, said: Content) -> None:
        self.cells = dict(named_cells(published))
        self.names = list(self.cells)
        self.equal: list[tuple[dict[Name, int], float]] = []
        self.at_most: list[tuple[dict[Name, int], float]] = []
        for name, cell in self.cells.items():
            if cell != HIDDEN:
                self.equal.append(({name: 1}, float(str(cell))))
        self._know_sums()
        self._know_each_division(dict(named_cells(said)))

    def _know_sums(self) -> None:
        for counts, group in {name[1:] for name in self.names}:
            parts = {name: 1 for name in self.names if name[1:] == (counts, group) and name[0] != DISTRICT}
            self.equal.append(({**parts, (DISTRICT, counts, group): -1}, 0))

    def _know_each_division(self, true: Mapping[Name, Cell]) -> None:
        for division in {name[0] for name in self.names}:
            here = {name[1:]: name for name in self.names if name[0] == division}
            all_of = here.get(("resident", "everyone"))
            if all_of is None:
                continue
            if archived := here.get(("resident.archived", "everyone")):
                self.at_most.append(({archived: 1, all_of: -1}, 0))
            if contested := here.get(("resident.contested", "everyone")):
                both = here["resident+resident.contested", "everyone"]
                self.equal.append(({both: 1, contested: -1, all_of: -1}, 0))
            groups = [name for (counts, group), name in here.items() if counts == "resident" and group != "everyone"]
            if groups:
                self.at_most.append(({**dict.fromkeys(groups, 1), all_of: -1}, 0))
            if deaths := here.get(("flow.deaths", "everyone")):
                moved = {here["flow.in", "everyone"]: -1, here["flow.out", "everyone"]: 1, deaths: 1, all_of: 1}
                self.equal.append((moved, sum(factor * int(str(true[one])) for one, factor in moved.items())))

    def bounds(self, name: Name) -> tuple[float, float]:
        """Return between which numbers a count lies, for all that is known."""
        low, high = (self._reach(name, sign) for sign in (1, -1))
        return low, high

    def _reach(self, name: Name, sign: int) -> float:
        aim = [sign * (one == name) for one in self.names]
        upper = {"A_ub": self._rows(self.at_most), "b_ub": [one[1] for one in self.at_most]} if self.at_most else {}
        found = linprog(aim, A_eq=self._rows(self.equal), b_eq=[one[1] for one in self.equal], bounds=(0, 1e5), **upper)
        assert found.status == 0, found.message
        return sign * float(found.fun)

    def _rows(self, known: Sequence[tuple[dict[Name, int], float]]) -> list[list[int]]:
        return [[factors.get(one, 0) for one in self.names] for factors, _ in known]
