"""A report as comma-separated values, in UTF-8 with a byte order mark or in GB18030."""

from collections.abc import Iterator

from services.reporting.domain.contents import Cell
from services.reporting.exports.marks import Signed, about, below, title_of
from services.runtime.sheets.texts import write_csv


def write_utf8(signed: Signed) -> bytes:
    """Return the tables one below the other, in UTF-8 with a byte order mark."""
    return write_csv(_lines(signed), "utf-8-sig")


def write_gb18030(signed: Signed) -> bytes:
    """Return the tables one below the other, in GB18030, which older programs take a file for."""
    return write_csv(_lines(signed), "gb18030")


def _lines(signed: Signed) -> Iterator[list[str]]:
    yield [title_of(signed.content)]
    yield [about(signed)]
    for table in signed.content.shown:
        yield []
        yield [table.zh]
        yield ["区划代码", "区划", *(column.zh for column in table.columns)]
        for line in table.lines:
            yield [line.division, line.name, *map(_spell, line.cells)]
    yield []
    for text in below(signed):
        yield [text]


def _spell(cell: Cell) -> str:
    """Return a cell as it is, a rate from 0 to 1 with all digits that tell anything."""
    if cell is None:
        return ""
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)
