"""The age pyramid 人口金字塔: residents by five years of age, sex and household registration."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.reporting.domain.counting import Numbers
from services.reporting.domain.person import FLOATING, REGISTERED, UNKNOWN, Slice
from services.reporting.domain.population import BANDS, band_name

RESIDENT = "resident"
MEASURES = (RESIDENT, *map(band_name, BANDS))
"""What a pyramid is read from."""


@dataclass(frozen=True, slots=True)
class BySex:
    """How many are men, women, or of a sex that nobody told."""

    male: int
    female: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Band:
    """The residents of an age, `low` to `high` years with both included; of 85 and more `high` is None.

    `registered` 户籍 and `floating` 流动; `unknown` of whom nobody told where the household is registered.
    """

    low: int | None
    high: int | None
    registered: BySex
    floating: BySex
    unknown: BySex


def bands_of(numbers: Numbers, on: date, places: Collection[str]) -> list[Band]:
    """Return the bands of some divisions at the end of a day, the youngest first."""
    return [
        Band(low, None if low == BANDS[-1] else low + 4, *_by_registration(numbers, band_name(low), on, places))
        for low in BANDS
    ]


def ageless(numbers: Numbers, on: date, places: Collection[str], bands: Sequence[Band]) -> Band:
    """Return the residents whose birth nobody told: all that are in no band."""
    everyone = Band(None, None, *_by_registration(numbers, RESIDENT, on, places))
    return Band(
        None,
        None,
        *(
            _without(getattr(everyone, name), [getattr(band, name) for band in bands])
            for name in ("registered", "floating", "unknown")
        ),
    )


def _by_registration(numbers: Numbers, measure: str, on: date, places: Collection[str]) -> Iterator[BySex]:
    for registration in (REGISTERED, FLOATING, UNKNOWN):
        yield BySex(*(numbers.at(measure, on, places, Slice(registration, sex)) for sex in "mwu"))


def _without(all_of_them: BySex, parts: Sequence[BySex]) -> BySex:
    return BySex(
        all_of_them.male - sum(part.male for part in parts),
        all_of_them.female - sum(part.female for part in parts),
        all_of_them.unknown - sum(part.unknown for part in parts),
    )
