"""Find the rows of a sheet that are its headings, and map its columns to fields."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from pydantic import BaseModel

from services.runtime.sheets.files import LOOKED_AT, Rows, Sheet, SheetError
from services.runtime.sheets.meanings import Meaning, Unit, Vocabulary, read_heading, tidy_base, tidy_heading

LONGEST_HEADING = 30

_DATA = re.compile(r"\d{6}|\d{4}[-/.年]\d")


class MappedColumn(BaseModel):
    """A column of a sheet: its letter, its heading as written, and the field that it carries, None if unknown."""

    column: str
    heading: str
    field: str | None = None
    resembles: str | None = None
    """The usual heading that is most like a heading that was not understood."""
    converted_from: str | None = None
    """The unit of its values in the sheet, if they are converted."""


@dataclass(frozen=True, slots=True)
class Header:
    """The headings of a sheet, and the column (from 0) that carries each field.

    `last` is the last row of headings (from 1), `rows` how many there are: 1 or 2. `cells` are the headings, those of
    two rows joined. `units` are the units of fields whose values are converted.
    """

    last: int
    rows: int
    cells: tuple[str, ...]
    columns: Mapping[str, int]
    units: Mapping[str, str]
    mapped: tuple[MappedColumn, ...]


def count_fields(rows: Rows, vocabulary: Vocabulary) -> int:
    """Return how many fields a text table has: those of the row with the most, among the first LOOKED_AT rows."""
    return max((len(_fields_in(_meanings([row], vocabulary))) for row in rows[:LOOKED_AT]), default=0)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One or two rows that may be a sheet's headings, from `row` (from 0) on.

    `fields` is how many fields they name, `needed` how many of the needed alternatives they satisfy.
    """

    row: int
    rows: int
    fields: int
    needed: int


def find_headings(sheet: Sheet, vocabulary: Vocabulary) -> Candidate | None:
    """Return the first rows that name the most needed fields; None if no row names any."""
    best: Candidate | None = None
    for row in range(min(len(sheet.rows), LOOKED_AT)):
        if best and best.needed == len(vocabulary.needed) and row > best.row:
            break  # below are people
        for candidate in _candidates(sheet, row, vocabulary):
            if candidate.needed and (best is None or _rank(candidate) > _rank(best)):
                best = candidate
    return best


def _candidates(sheet: Sheet, row: int, vocabulary: Vocabulary) -> Iterator[Candidate]:
    """Yield a row as headings; then the row and the next one, if the two name more fields than either alone."""
    if not _are_headings(sheet.rows[row]):
        return
    alone, below = (_fields_in(_meanings(sheet.rows[at : at + 1], vocabulary)) for at in (row, row + 1))
    yield Candidate(row, 1, len(alone), vocabulary.count_needed(alone))
    if _are_headings(*sheet.rows[row + 1 : row + 2]):
        both = _fields_in(_meanings(_heading_rows(sheet, row, 2), vocabulary))
        if len(both) > max(len(alone), len(below)):
            yield Candidate(row, 2, len(both), vocabulary.count_needed(both))


def _rank(candidate: Candidate) -> tuple[int, int]:
    return candidate.needed, candidate.fields


def _are_headings(cells: Sequence[str] = ()) -> bool:
    """Return whether a row may be headings: it has texts, and none is a day or a long number."""
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and not any(_DATA.search(normalize("NFKC", cell)) for cell in filled)


def _heading_rows(sheet: Sheet, row: int, rows: int) -> Rows:
    """Return rows of headings, with the heading of a group repeated above each of its columns."""
    taken = [list(cells) for cells in sheet.rows[row : row + rows]]
    if len(taken) < 2:
        return taken
    upper, lower = taken
    width = max(len(upper), len(lower))
    upper += [""] * (width - len(upper))
    lower += [""] * (width - len(lower))
    for (top, left), (_, right) in sheet.merged:
        if top == row:
            upper[left : right + 1] = [upper[left]] * (min(right + 1, width) - left)
    if not sheet.merged:
        for column in range(1, width):
            if not upper[column].strip() and lower[column].strip():
                upper[column] = upper[column - 1]
    return taken


def _meanings(rows: Rows, vocabulary: Vocabulary) -> list[Meaning]:
    if len(rows) == 1:
        return [read_heading(cell, vocabulary) for cell in rows[0]]
    return [_joined_meaning(upper, lower, vocabulary) for upper, lower in zip(*rows, strict=True)] if rows else []


def _joined_meaning(upper: str, lower: str, vocabulary: Vocabulary) -> Meaning:
    return read_heading(lower, vocabulary, upper) if lower.strip() else read_heading(upper, vocabulary)


def _fields_in(meanings: Iterable[Meaning]) -> set[str]:
    return {meaning.name for meaning in meanings if meaning.name}


def read_header(sheet: Sheet, vocabulary: Vocabulary, candidate: Candidate) -> Header:
    """Return the headings of a sheet and the column of each field.

    Raise SheetError if a needed column is missing, two columns carry one field, or a unit can't be converted.
    """
    row, rows = candidate.row, candidate.rows
    headings = _heading_rows(sheet, row, rows)
    cells = (
        tuple(headings[0]) if rows == 1 else tuple(_join(upper, lower) for upper, lower in zip(*headings, strict=True))
    )
    filled = _filled_columns(sheet.rows[row + rows :])
    columns: dict[str, list[int]] = defaultdict(list)
    units: dict[int, Unit] = {}
    for column, meaning in enumerate(_meanings(headings, vocabulary)):
        if meaning.name:
            columns[meaning.name].append(column)
        if meaning.unit:
            units[column] = meaning.unit
    taken = {name: _choose_column(vocabulary.usual[name], found, cells, filled) for name, found in columns.items()}
    converted = _units_to_convert(
        vocabulary, {name: (column, units[column]) for name, column in taken.items() if column in units}, cells, filled
    )
    mapped = _map_columns(cells, taken, units, vocabulary)
    _must_have_needed(vocabulary, taken, mapped)
    return Header(row + rows, rows, cells, taken, converted, mapped)


def _join(upper: str, lower: str) -> str:
    """Return the heading of a group and that of a column below it as one, which reads the same in a single row."""
    if not lower.strip() or tidy_heading(lower) == tidy_heading(upper):
        return upper
    return f"{upper.strip()}{lower.strip()}"


def _filled_columns(rows: Rows) -> set[int]:
    return {column for row in rows for column, cell in enumerate(row) if cell and not cell.isspace()}


def _choose_column(usual: str, columns: Sequence[int], cells: Sequence[str], filled: Collection[int]) -> int:
    """Return the column of a field, the filled one of several; raise SheetError if several are filled."""
    candidates = [column for column in columns if column in filled]
    if len(candidates) > 1:
        named = "、".join(f"{letter_of(column)} {_shorten(cells[column])}" for column in candidates)
        raise SheetError("columns_clash", f"{usual}：{named}")
    return candidates[0] if candidates else columns[0]


def _units_to_convert(
    vocabulary: Vocabulary, named: Mapping[str, tuple[int, Unit]], cells: Sequence[str], filled: Collection[int]
) -> dict[str, str]:
    """Return the units of fields whose values are converted; raise SheetError if that would not be exact."""
    for name, (column, (_, factor)) in named.items():
        if factor is None and column in filled:
            own = next(unit for unit, by in vocabulary.units[name].items() if by == 1)
            raise SheetError("other_unit", f"{_shorten(cells[column])} → {vocabulary.usual[name]}({own})")
    return {name: unit for name, (_, (unit, factor)) in named.items() if factor != 1}


def _map_columns(
    cells: Sequence[str], taken: Mapping[str, int], units: Mapping[int, Unit], vocabulary: Vocabulary
) -> tuple[MappedColumn, ...]:
    of_column = {column: name for name, column in taken.items()}
    mapped = []
    for column, heading in enumerate(cells):
        if not heading.strip():
            continue
        name, (unit, factor) = of_column.get(column), units.get(column, ("", 1))
        mapped.append(
            MappedColumn(
                column=letter_of(column),
                heading=_shorten(heading),
                field=name,
                resembles=None if name else vocabulary.nearest(tidy_base(heading)),
                converted_from=unit if factor != 1 else None,
            )
        )
    return tuple(mapped)


def _must_have_needed(vocabulary: Vocabulary, taken: Mapping[str, int], mapped: Iterable[MappedColumn]) -> None:
    """Raise SheetError if a needed column is missing, with the headings that were not understood."""
    missing = [alternative for alternative in vocabulary.needed if not any(name in taken for name in alternative)]
    if not missing:
        return
    wanted = "、".join("/".join(vocabulary.usual[name] for name in alternative) for alternative in missing)
    unknown = "、".join(
        f"{column.heading}（似 {column.resembles}）" if column.resembles else column.heading
        for column in mapped
        if column.field is None
    )
    hint = f"；未识别 not understood：{unknown}" if unknown else ""
    raise SheetError("missing_column", f"缺 missing：{wanted}{hint}")


def _shorten(heading: str) -> str:
    """Return a heading that may be repeated: shortened, and without long numbers, which may identify somebody."""
    return re.sub(r"\d{5,}", "…", " ".join(normalize("NFKC", heading).split()))[:LONGEST_HEADING]


def letter_of(column: int) -> str:
    """Return the letters of a column in spreadsheet programs (0 is A, 26 is AA)."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
