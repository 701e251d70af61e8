"""Assessment 考核: points for indicators by a table of weights and bands, ranks, and the money that is tied to them."""

from collections.abc import Iterable, Mapping, Sequence
from csv import DictReader
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from contracts.reporting.publications import Unit
from services.reporting.domain.indicators import INDICATORS, Better, Indicator
from services.reporting.domain.periods import Period, period_of
from services.reporting.domain.values import Counted, Place, Value, evaluate

EDITION = "quarterly_2026"
"""The edition of the tables by which streets are assessed."""


class Assessed(StrEnum):
    """When an indicator is assessed: in every period, or in those that end with the year, which it counts in all."""

    ALWAYS = "always"
    YEAR_END = "year_end"


@dataclass(frozen=True, slots=True)
class Band:
    """From a value on, or down to it where lower is better, a share of the points is given."""

    value: float
    share: float


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an assessment: the points of an indicator, and its bands, the best first."""

    edition: str
    indicator: str
    points: float
    assessed: Assessed
    bands: Sequence[Band]
    source: str


@dataclass(frozen=True, slots=True)
class Funding:
    """From a score on, a share of the money is paid."""

    edition: str
    from_score: float
    share: float
    words_zh: str
    words_en: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The points that a division got for a part, of how many, and why some were deducted; None where nothing tells."""

    part: Part
    value: Value
    got: float | None
    why_zh: str
    why_en: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """A division's score from 0 to 100, its rank among its equals, and the money that follows; None if nothing tells.

    The score is the points that were got over those of the parts that can be told, so that no street loses points for
    people that it has not.
    """

    place: Place
    marks: Sequence[Mark]
    score: float | None
    rank: int | None = None
    funding: Funding | None = None


def _rows(name: str) -> list[Mapping[str, str]]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        return list(DictReader(file, strict=True))


def _read_parts() -> tuple[Part, ...]:
    return tuple(
        Part(
            row["edition"],
            INDICATORS[row["indicator"]].code,
            float(row["points"]),
            Assessed(row["assessed"]),
            tuple(Band(*map(float, band.split(":"))) for band in row["bands"].split()),
            row["source"],
        )
        for row in _rows("assessment.csv")
    )


def _read_funding() -> tuple[Funding, ...]:
    return tuple(
        Funding(row["edition"], float(row["from_score"]), float(row["share"]), row["words_zh"], row["words_en"])
        for row in _rows("funding.csv")
    )


PARTS = _read_parts()
FUNDING = _read_funding()


def parts_for(period: Period, edition: str = EDITION) -> list[Part]:
    """Return what is assessed in a period: those that the year counts in all only in one that ends with the year."""
    ends_year = period.until == period_of(period.until, 12).until
    return [one for one in PARTS if one.edition == edition and (ends_year or one.assessed is Assessed.ALWAYS)]


def assess(places: Iterable[Place], parts: Sequence[Part], period: Period, counted: Counted) -> list[Assessment]:
    """Return the assessments of divisions in a period, the best first; equal scores have equal ranks."""
    found = [_assess(place, parts, period, counted) for place in places]
    scores = [one.score for one in found if one.score is not None]
    ranked = [
        Assessment(one.place, one.marks, one.score, _rank(one.score, scores), funding_for(one.score)) for one in found
    ]
    return sorted(ranked, key=lambda one: -1 if one.score is None else one.score, reverse=True)


def funding_for(score: float | None, edition: str = EDITION) -> Funding | None:
    """Return the money that follows from a score; None without a score."""
    rows = [row for row in FUNDING if row.edition == edition and score is not None and row.from_score <= score]
    return max(rows, key=lambda row: row.from_score, default=None)


def share_of(part: Part, value: float) -> float:
    """Return the share of a part's points that a value is worth."""
    lower = INDICATORS[part.indicator].better is Better.LOWER
    shares = (band.share for band in part.bands if (value <= band.value if lower else value >= band.value))
    return max(shares, default=0.0)


def _rank(score: float | None, scores: Sequence[float]) -> int | None:
    return None if score is None else 1 + sum(other > score for other in scores)


def _assess(place: Place, parts: Sequence[Part], period: Period, counted: Counted) -> Assessment:
    marks = [_mark(part, evaluate(INDICATORS[part.indicator], place, period, counted)) for part in parts]
    told = [mark for mark in marks if mark.got is not None]
    most = sum(mark.part.points for mark in told)
    score = round(100 * sum(mark.got or 0.0 for mark in told) / most, 2) if most else None
    return Assessment(place, marks, score)


def _mark(part: Part, value: Value) -> Mark:
    indicator = INDICATORS[part.indicator]
    if value.value is None:
        return Mark(part, value, None, f"{indicator.zh}：无数据，不计分", f"{indicator.en}: no data, not counted")
    got = part.points * share_of(part, value.value)
    shown, lost = _show(indicator, value.value), part.points - got
    zh, en = f"{indicator.zh} {shown}，得{got:g}分", f"{indicator.en} {shown}: {got:g} points"
    if not lost:
        return Mark(part, value, got, zh, en)
    full = _show(indicator, part.bands[0].value)
    return Mark(
        part,
        value,
        got,
        f"{zh}，扣{lost:g}分（满分{part.points:g}分，要求{_at(indicator, '不超过', '不低于')}{full}）",
        f"{en}, {lost:g} deducted (of {part.points:g}, for {_at(indicator, 'at most', 'at least')} {full})",
    )


def _at(indicator: Indicator, most: str, least: str) -> str:
    return most if indicator.better is Better.LOWER else least


def _show(indicator: Indicator, value: float) -> str:
    return f"{100 * value:.1f}%" if indicator.unit is Unit.RATE else f"{value:g}"
