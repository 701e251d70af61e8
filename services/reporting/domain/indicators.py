"""Indicators 指标 as data: what each one means, in words, and which measures make it.

A numerator or denominator is a sum of measures, or a yearly figure (`figure.`) or an estimate from one (`estimate.`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from csv import DictReader
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

from contracts.reporting.figures import FigureKind
from contracts.reporting.publications import Unit
from services.reporting.domain.figures import ESTIMATES

FIGURE, ESTIMATE = "figure.", "estimate."
_CODE = re.compile(r"[a-z][a-z0-9_]*")
_MEASURE = re.compile(r"[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_\-]+)*")


class Reckoned(StrEnum):
    """Over what an indicator is reckoned: as it stands at the end, since the year began, or within the period."""

    END = "end"
    YEAR = "year"
    PERIOD = "period"


class Better(StrEnum):
    """Which values are better."""

    HIGHER = "higher"
    LOWER = "lower"
    NONE = "none"


class Source(StrEnum):
    """Where the denominator comes from: what is registered 登记, a yearly figure 年报, or an estimate 估算."""

    REGISTRY = "registry"
    IMPORTED = "imported"
    ESTIMATE = "estimate"


class Level(StrEnum):
    """The narrowest division for which an indicator says something."""

    STREET = "street"
    DISTRICT = "district"


class IndicatorsError(ValueError):
    """The table of indicators can't be used; the text says which row and why."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """What an indicator means, in words, and which measures make it; `edition` names what defines it so.

    Only a `sliced` one can be told of some people alone, such as those whose household is registered elsewhere.
    """

    code: str
    zh: str
    en: str
    formula_zh: str
    formula_en: str
    excluded_zh: str
    excluded_en: str
    numerator: Sequence[str]
    denominator: Sequence[str]
    reckoned: Reckoned
    unit: Unit
    better: Better
    source: Source
    sliced: bool
    level: Level
    edition: str

    @property
    def measures(self) -> list[str]:
        """Return the measures that are counted for it."""
        return [name for name in (*self.numerator, *self.denominator) if not name.startswith((FIGURE, ESTIMATE))]


def _read(path: Path) -> Mapping[str, Indicator]:
    with path.open(encoding="utf-8", newline="") as file:
        return read_indicators(DictReader(file, strict=True))


def read_indicators(rows: Iterable[Mapping[str, str]]) -> Mapping[str, Indicator]:
    """Return indicators by code from the rows of a table; raise IndicatorsError if one can't be used."""
    found: dict[str, Indicator] = {}
    for row in rows:
        indicator = _indicator(row)
        if indicator.code in found:
            raise IndicatorsError(f"{indicator.code}: stands in the table twice")
        found[indicator.code] = indicator
    return found


def _indicator(row: Mapping[str, str]) -> Indicator:
    if row.keys() != {field.name for field in fields(Indicator)}:
        raise IndicatorsError(f"{row.get('code')}: other columns than {[field.name for field in fields(Indicator)]}")
    code = row["code"]
    try:
        typed = Indicator(
            **{name: row[name] for name in _TEXTS},
            numerator=_terms(row["numerator"]),
            denominator=_terms(row["denominator"]),
            reckoned=Reckoned(row["reckoned"]),
            unit=Unit(row["unit"]),
            better=Better(row["better"]),
            source=Source(row["source"]),
            sliced={"yes": True, "no": False}[row["sliced"]],
            level=Level(row["level"]),
        )
    except (ValueError, KeyError) as error:
        raise IndicatorsError(f"{code}: {error}") from error
    for fault in _faults(typed):
        raise IndicatorsError(f"{code}: {fault}")
    return typed


_TEXTS = ("code", "zh", "en", "formula_zh", "formula_en", "excluded_zh", "excluded_en", "edition")


def _terms(text: str) -> tuple[str, ...]:
    return tuple(text.split("+")) if text else ()


def _faults(indicator: Indicator) -> Iterable[str]:
    """Yield what is wrong with an indicator."""
    if not _CODE.fullmatch(indicator.code):
        yield "not a code"
    if not all((indicator.zh, indicator.en, indicator.formula_zh, indicator.formula_en, indicator.edition)):
        yield "says too little"
    if bool(indicator.excluded_zh) != bool(indicator.excluded_en):
        yield "tells what is excluded in one language"
    if not indicator.numerator or (indicator.unit is Unit.COUNT) == bool(indicator.denominator):
        yield "a rate has two parts, a count one"
    if _is_told(indicator.numerator) or (_is_told(indicator.denominator) and len(indicator.denominator) > 1):
        yield "what is not counted is a whole denominator"
    if _source_of(indicator.denominator) is not indicator.source:
        yield f"its denominator is not {indicator.source}"
    for term in (*indicator.numerator, *indicator.denominator):
        if not _is_known(term):
            yield f"{term!r} is no measure"


def _is_told(terms: Iterable[str]) -> bool:
    return any(term.startswith((FIGURE, ESTIMATE)) for term in terms)


def _is_known(term: str) -> bool:
    """Return whether a term is a figure or an estimate that there is, or has the form of a measure."""
    if term.startswith(FIGURE):
        return term.removeprefix(FIGURE) in set(FigureKind)
    if term.startswith(ESTIMATE):
        return term.removeprefix(ESTIMATE) in ESTIMATES
    return _MEASURE.fullmatch(term) is not None


def _source_of(denominator: Sequence[str]) -> Source:
    if any(term.startswith(ESTIMATE) for term in denominator):
        return Source.ESTIMATE
    return Source.IMPORTED if any(term.startswith(FIGURE) for term in denominator) else Source.REGISTRY


INDICATORS = _read(Path(__file__).with_suffix(".csv"))
