"""Write comma-separated values, no cell of which a spreadsheet program takes for a formula."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

_CALCULATED = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheet programs take for the beginning of a formula."""


def write_csv(lines: Iterable[Sequence[str]], encoding: str = "utf-8-sig") -> bytes:
    """Return lines as CSV in an encoding; UTF-8 gets a byte order mark, by which spreadsheet programs know it."""
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_inert(cell) for cell in line] for line in lines)
    return text.getvalue().encode(encoding)


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_CALCULATED) else cell
