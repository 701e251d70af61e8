"""Yearly figures that denominators are taken from, and what is estimated from them, by a table."""

from collections.abc import Collection, Iterable, Mapping
from csv import DictReader
from dataclasses import dataclass, field
from pathlib import Path

from contracts.refusals import RefusedError
from contracts.reporting.figures import Figure, FigureKind, FigureRecorded, FigureWithdrawn
from contracts.reporting.groups import Group

GROUPS = (Group.EVERYONE, Group.REGISTERED, Group.FLOATING)
"""Of whom a yearly figure may be."""


class YearAheadError(RefusedError):
    """The year has not begun."""

    code = "year_ahead"
    advice = "年份尚未开始，请核对。The year has not begun; check it."
    field = "year"
    status = 422


class NoFiguresOfGroupError(RefusedError):
    """Yearly figures tell of everyone, of registered and of floating people, and of nobody else."""

    code = "no_figures_of_group"
    advice = "年报数只分全体、户籍、流动。Yearly figures are of everyone, registered or floating people."
    field = "group"
    status = 422


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number that is estimated from a yearly figure by a factor, and where the factor is from."""

    code: str
    zh: str
    en: str
    figure: FigureKind
    factor: float
    source: str


def _read() -> Mapping[str, Estimate]:
    with Path(__file__).with_name("estimates.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: Estimate(
                row["code"], row["zh"], row["en"], FigureKind(row["figure"]), float(row["factor"]), row["source"]
            )
            for row in DictReader(file)
        }


ESTIMATES = _read()

Denominator = tuple[float | None, str | None]
"""A number, None if nobody told it, and where it is from."""


@dataclass(frozen=True)
class Figures:
    """The yearly figures that are known, to be asked for a division, or for the sum of its streets."""

    known: Mapping[tuple[str, int, FigureKind, Group], Figure] = field(default_factory=dict)

    @classmethod
    def of(cls, figures: Iterable[Figure]) -> "Figures":
        """Return figures to be asked; those that were withdrawn are left out."""
        standing = (one for one in figures if not one.withdrawn)
        return cls({(one.division, one.year, one.kind, one.group): one for one in standing})

    def find(self, kind: FigureKind, division: str, streets: Collection[str], year: int, group: Group) -> Denominator:
        """Return a division's own figure for a year, or the sum of its streets' if each has one."""
        own = self.known.get((division, year, kind, group))
        if own:
            return own.value, f"{own.origin} {year}"
        parts = [self.known.get((street, year, kind, group)) for street in sorted(streets)]
        told = [part for part in parts if part]
        if not told or len(told) < len(parts):
            return None, None
        return sum(part.value for part in told), f"{'、'.join(sorted({part.origin for part in told}))} {year}"

    def estimate(
        self, estimate: Estimate, division: str, streets: Collection[str], year: int, group: Group
    ) -> Denominator:
        """Return what is estimated from a figure."""
        value, origin = self.find(estimate.figure, division, streets, year, group)
        return (None, None) if value is None else (round(value * estimate.factor, 1), f"{estimate.source}；{origin}")


def record(known: Figure | None, figure: Figure, year: int) -> FigureRecorded | None:
    """Return the fact that a figure was told; None if it is recorded.

    Raise YearAheadError or NoFiguresOfGroupError if that can't be. `year` is the present one.
    """
    if figure.year > year:
        raise YearAheadError
    if figure.group not in GROUPS:
        raise NoFiguresOfGroupError
    return None if known == figure else FigureRecorded(figure=figure)


def withdraw(figure: Figure) -> FigureWithdrawn | None:
    """Return the fact that a figure was withdrawn; None if that is recorded."""
    return None if figure.withdrawn else FigureWithdrawn(figure=figure.model_copy(update={"withdrawn": True}))
