"""Every way offices type a day, read as one: sheets and forms have their dates read here."""

import re
from datetime import date, timedelta
from functools import lru_cache
from unicodedata import normalize

_EARLIEST = date(1900, 1, 1)
_SERIAL_ZERO = date(1899, 12, 30)
_CLOCK = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_SHAPES = (
    re.compile(r"([12]\d{3})\s*[-/.、]\s*(\d{1,2})\s*[-/.、]\s*(\d{1,2})" + _CLOCK, re.ASCII),
    re.compile(r"([12]\d{3})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?" + _CLOCK, re.ASCII),
    re.compile(r"([12]\d{3})(\d{2})(\d{2})", re.ASCII),
)
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?", re.ASCII)


@lru_cache(maxsize=4096)  # a register names few days, many times over
def read_date(text: str) -> date | None:
    """Read a day as offices type it; None where it is no day, has a two-digit year or lies before 1900.

    Understood: 2026-11-18, 2026/3/8, 2026.3.8, 20260903, 2026年11月18日, each also full-width or with a time
    of day, and the five-digit serial number that a spreadsheet shows when a date lost its format.
    """
    tidy = normalize("NFKC", text).strip()
    for shape in _SHAPES:
        if match := shape.fullmatch(tidy):
            return _day(int(match[1]), int(match[2]), int(match[3]))
    if match := _SERIAL.fullmatch(tidy):
        return _SERIAL_ZERO + timedelta(days=int(match[1]))
    return None


def _day(year: int, month: int, day: int) -> date | None:
    """Give a day that exists and is recent enough."""
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if found >= _EARLIEST else None
