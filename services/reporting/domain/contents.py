"""What a report says: tables of numbers by division, and texts with numbers in them; all exports are made of it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Moment

HIDDEN = "*"
"""Stands in place of a number that is too small to be published, or would give one away."""

EVERYONE = "everyone"
"""The group of all people."""

Cell = int | float | str | None
"""A number, None where there is none (such as a rate of nobody), or HIDDEN."""

_PLACE = re.compile(r"\{([a-z0-9_]+)\}")


class Part(StrEnum):
    """What of an indicator stands in a column; a rate is from 0 to 1, or so many of 1000."""

    COUNT = "count"
    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"
    VALUE = "value"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Column(_Frozen):
    """A column: part of an indicator, of everybody or of a group, and its headings.

    `counts` names what is counted, the same name for the same number wherever it stands; None if the number is no count
    of people. `percent` says that it is shown in percent.
    """

    indicator: str
    part: Part
    group: str
    zh: str
    en: str
    counts: str | None = None
    percent: bool = False


class Line(_Frozen):
    """The numbers of a division; `total` says that it is the whole that the other lines add up to."""

    division: str
    name: str
    cells: tuple[Cell, ...]
    total: bool = False


class Table(_Frozen):
    """A table with its headings; `chart` names the indicator that is drawn, by division."""

    code: str
    zh: str
    en: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    chart: str | None = None

    @property
    def adds_up(self) -> bool:
        """Return whether there are lines that add up to the total."""
        return len(self.lines) > 1


class Content(_Frozen):
    """All that a report says, as it is signed.

    `paragraphs` have the names of indicators in braces where their numbers for the whole division stand. An assessment
    has a table of `scores` and the `deductions` in words: none of it adds up, and none is published.
    """

    template: str
    zh: str
    en: str
    division: str
    name: str
    period: str
    since: date
    until: date
    heard_at: Moment
    paragraphs: tuple[str, ...] = ()
    deductions: tuple[str, ...] = ()
    scores: Table | None = None
    tables: tuple[Table, ...]

    @property
    def shown(self) -> tuple[Table, ...]:
        """Return the tables that people read, the scores first."""
        return self.tables if self.scores is None else (self.scores, *self.tables)


def show(cell: Cell, column: Column) -> str:
    """Return a cell as text: a rate in percent with one digit, a dash where there is no number."""
    if cell is None:
        return "—"
    if isinstance(cell, str):
        return cell
    if column.part is Part.VALUE:
        return f"{100 * cell:.1f}%" if column.percent else f"{cell:.1f}"
    return str(cell)


def tell(content: Content) -> list[str]:
    """Return the paragraphs with the numbers of the whole division in them, and what was deducted."""
    told = {"name": content.name, "since": _day(content.since), "until": _day(content.until)}
    for name, text in _told(content.tables):
        told.setdefault(name, text)
    return [*(_PLACE.sub(lambda found: told[found[1]], text) for text in content.paragraphs), *content.deductions]


def places_in(text: str) -> list[str]:
    """Return the names of what a paragraph has places for."""
    return _PLACE.findall(text)


def _told(tables: Sequence[Table]) -> Iterator[tuple[str, str]]:
    for table in tables:
        total = next(line for line in table.lines if line.total)
        for column, cell in zip(table.columns, total.cells, strict=True):
            if column.part in {Part.COUNT, Part.VALUE}:
                yield column.indicator, show(cell, column)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def values_of(content: Content) -> Mapping[tuple[str, str, str, str], Cell]:
    """Return every cell by division, indicator, group and part."""
    return {
        (line.division, column.indicator, column.group, column.part.value): cell
        for table in content.shown
        for line in table.lines
        for column, cell in zip(table.columns, line.cells, strict=True)
    }
