"""Write registers as offices keep them: the columns of an import, so that what is exported can be read again."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from services.outreach.intake.columns import COLUMNS, RegisterKind
from services.runtime.sheets.workbooks import Page, write_workbook

STREET = "街道代码"


def write_lines(kind: RegisterKind, rows: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    """Return rows as lines of text below their headings: the street, then the columns of the kind."""
    columns = COLUMNS[kind]
    spoken = {name: _first_words(words) for name, words in (columns.words or {}).items()}
    lines = [[STREET, *columns.usual.values()]]
    for row in rows:
        cells = [_spell(row.get(name), spoken.get(name, {})) for name in columns.usual]
        lines.append([row["street"], *cells])
    return lines


def as_workbook(name: str, lines: Sequence[Sequence[str]]) -> bytes:
    """Return lines as a workbook (.xlsx) of text cells."""
    return write_workbook([Page(name, lines)])


def _spell(value: Any, words: Mapping[str, str]) -> str:
    return "" if value is None else words.get(str(value), str(value))


def _first_words(words: Mapping[str, StrEnum]) -> dict[str, str]:
    """Return the usual word of each value."""
    return {value.value: word for word, value in reversed(list(words.items()))}
