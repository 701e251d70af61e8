"""Find the rows of a sheet that are its headings, and map its columns to fields."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from pydantic import BaseModel

from services.runtime.sheets.files import LOOKED_AT, Rows, Sheet, SheetError
from services.runtime.sheets.meanings import Meaning, Unit, Vocabulary, find_resembling, read_heading, without_brackets

LONGEST_HEADING = 30

_DATA = re.compile(r"\d{6}|\d{4}[-/.年]\d")
_FORM = re.compile(r":\s*\S|填报|填表|制表|审核|经办")
"""What stands above the headings of a form and is no group: 填报单位：某街道."""


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
    """Yield a row as headings or, if the two say more than either of them, together with the next one."""
    alone, below = (_meanings(sheet.rows[one : one + 1], vocabulary) for one in (row, row + 1))
    if not _are_headings(sheet.rows[row], alone, vocabulary):
        return
    if sheet.rows[row + 1 : row + 2] and _are_headings(sheet.rows[row + 1], below, vocabulary):
        rows = _heading_rows(sheet, row, 2)
        both = _meanings(rows, vocabulary)
        if not _is_title(*rows) and _says_more(both, alone, below):
            yield _candidate(row, 2, both, vocabulary)
            return
    yield _candidate(row, 1, alone, vocabulary)


def _is_title(upper: Sequence[str], lower: Sequence[str]) -> bool:
    """Return whether one text stands over everything, which is the title of a table and no group."""
    said = {above.strip() for above, heading in zip(upper, lower, strict=True) if above.strip() or heading.strip()}
    return len(said) == 1


def _candidate(row: int, rows: int, meanings: Sequence[Meaning], vocabulary: Vocabulary) -> Candidate:
    fields = _fields_in(meanings)
    return Candidate(row, rows, len(fields), vocabulary.count_needed(fields))


def _says_more(both: Sequence[Meaning], alone: Sequence[Meaning], below: Sequence[Meaning]) -> bool:
    """Return whether two rows say together what neither says: more fields, whose they are, or their units."""
    fields, above, lower = (len(_fields_in(meanings)) for meanings in (both, alone, below))
    if fields > max(above, lower):
        return True
    if fields < above or not lower:
        return fields == above and sum(bool(one.unit) for one in both) > sum(bool(one.unit) for one in alone)
    return any(one.name and one.name != joined.name for joined, one in zip(both, below, strict=False))


def _rank(candidate: Candidate) -> tuple[int, int]:
    return candidate.needed, candidate.fields


def _are_headings(cells: Sequence[str], meanings: Sequence[Meaning], vocabulary: Vocabulary) -> bool:
    """Return whether a row may be headings: words, and among them no day and no long number, unless in brackets.

    A row that names two columns that are needed is one whatever else stands in it.
    """
    filled = [without_brackets(cell) for cell in cells if cell.strip()]
    if filled and not any(map(_DATA.search, filled)):
        return True
    return vocabulary.count_needed(_fields_in(meanings)) > 1


def _heading_rows(sheet: Sheet, row: int, rows: int) -> Rows:
    """Return rows of headings; the heading of a group stands over each of its columns."""
    taken = [list(cells) for cells in sheet.rows[row : row + rows]]
    if len(taken) < 2:
        return taken
    upper, lower = taken
    width = max(len(upper), len(lower))
    upper += [""] * (width - len(upper))
    lower += [""] * (width - len(lower))
    groups = [(left, right) for (top, left), (_, right) in sheet.merged if top == row and left < min(right, width)]
    for left, right in groups:
        upper[left : right + 1] = [upper[left]] * (min(right + 1, width) - left)
    if not groups:
        for column in range(1, width):
            if not upper[column].strip() and lower[column].strip():
                upper[column] = upper[column - 1]
    for column in range(width):
        if lower[column].strip() and _FORM.search(normalize("NFKC", upper[column])):
            upper[column] = ""
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
    """Return which column carries which field.

    Raise SheetError if a needed column is missing, two columns are one field, or a unit can't be converted.
    """
    row, rows = candidate.row, candidate.rows
    headings = _heading_rows(sheet, row, rows)
    cells = tuple(headings[0])
    if rows > 1:
        cells = tuple(_join(upper, lower, vocabulary) for upper, lower in zip(*headings, strict=True))
    filled = _filled_columns(sheet.rows[row + rows :], cells)
    columns: dict[str, list[int]] = defaultdict(list)
    units: dict[int, Unit] = {}
    for column, meaning in enumerate(_meanings(headings, vocabulary)):
        if meaning.name:
            columns[meaning.name].append(column)
        if meaning.unit:
            units[column] = meaning.unit
    taken = {name: _choose_column(vocabulary.usual[name], which, cells, filled) for name, which in columns.items()}
    converted = _units_to_convert(
        vocabulary, {name: (column, units[column]) for name, column in taken.items() if column in units}, cells, filled
    )
    mapped = _map_columns(cells, taken, units, filled, vocabulary)
    _must_have_needed(vocabulary, taken, mapped)
    return Header(row + rows, rows, cells, taken, converted, mapped)


def _join(upper: str, lower: str, vocabulary: Vocabulary) -> str:
    """Return one heading for that of a group and that of one of its columns, which says the same when it is read."""
    meaning = _joined_meaning(upper, lower, vocabulary)
    name, unit = meaning
    usual = [f"{vocabulary.usual[name]}({unit[0]})" if unit else vocabulary.usual[name]] if name else []
    written = [one for one in (lower.strip(), f"{upper.strip()}{lower.strip()}", *usual) if one]
    return next((one for one in written if read_heading(one, vocabulary) == meaning), "")


def _filled_columns(rows: Rows, headings: Sequence[str]) -> set[int]:
    """Return the columns in which something stands besides their heading."""
    return {
        column
        for row in rows
        for column, cell in enumerate(row)
        if cell and not cell.isspace() and not (column < len(headings) and cell == headings[column])
    }


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
    cells: Sequence[str],
    taken: Mapping[str, int],
    units: Mapping[int, Unit],
    filled: Collection[int],
    vocabulary: Vocabulary,
) -> tuple[MappedColumn, ...]:
    of_column = {column: name for name, column in taken.items()}
    described = []
    for column, heading in enumerate(cells):
        if not heading.strip() and column not in filled:
            continue
        name, (unit, factor) = of_column.get(column), units.get(column, ("", 1))
        described.append(
            MappedColumn(
                column=letter_of(column),
                heading=_shorten(heading),
                field=name,
                resembles=None if name else find_resembling(heading, vocabulary),
                converted_from=unit if factor != 1 else None,
            )
        )
    return tuple(described)


def _must_have_needed(vocabulary: Vocabulary, taken: Mapping[str, int], mapped: Iterable[MappedColumn]) -> None:
    """Refuse a sheet without a column that is needed, naming what was not understood and what that resembles."""
    missing = [alternative for alternative in vocabulary.needed if not any(name in taken for name in alternative)]
    if not missing:
        return
    wanted = "、".join("/".join(vocabulary.usual[name] for name in alternative) for alternative in missing)
    strange = [column for column in mapped if column.field is None and column.heading]
    told = "、".join(f"{one.heading}（似 {one.resembles}）" if one.resembles else one.heading for one in strange)
    raise SheetError("missing_column", f"缺 missing：{wanted}" + (f"；未识别 not understood：{told}" if told else ""))


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
