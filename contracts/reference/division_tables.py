"""The tables that divisions are loaded from: codes with names, and the changes of codes.

Two tables of the whole country come with the code:

`divisions.csv` has 31 provinces, 342 cities, 2,978 districts and 41,352 streets, without Taiwan, Hong Kong and Macau.
The source is the National Bureau of Statistics' codes of divisions for statistics 统计用区划代码, edition 2023 (as of
2023-06-30, published on 2023-09-11), taken code by code and name by name from
github.com/modood/Administrative-divisions-of-China at 57a0aa9 (WTFPL 2). The Bureau counts some development zones and
farms as districts or streets that are no administrative divisions (320576 苏州工业园区).

`division_changes.csv` has the districts that were renamed, or merged into one successor, from 2010 to 2023, after
github.com/yescallop/areacodes at eed219a (CC0), which follows the Ministry of Civil Affairs. That source gives the
year; `until` is then its last day. Streets are listed where their digits now mean another street. Left out as a whole
are districts whose streets can't be identified by name, districts that were divided, and districts that joined an older
one before the Bureau's edition of 2015. One known deviation: the streets of 清河区 and 清浦区 of 淮安 keep their digits
here, although 清江浦区 has renumbered them (淮海街道 was 320802003 and is 320812008).
"""

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

NAMED = ("provinces.csv", "cities.csv", "areas.csv", "streets.csv")
CHANGES = "changes.csv"
LENGTHS = (2, 4, 6, 9)
"""The digits of a province, a city, a district and a street."""

Step = Callable[[str], Iterable[str]]
"""Returns the direct successors of a code."""


class DivisionsError(ValueError):
    """A table of divisions can't be used; the text says which file, which line and why."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a district or street: its name before the day `until`, and its successors from that day on.

    One successor is a renaming or a merger, several are a split; the first of them takes over what is not listed
    otherwise. A code among its own successors stays in force: it only got another name, or gave a part away.
    """

    code: str
    name: str
    until: date
    successors: tuple[str, ...]

    @property
    def abolishes(self) -> bool:
        """Return whether the change ends the code."""
        return self.code not in self.successors


def read_text(path: Path) -> str:
    """Return the text of one table; raise DivisionsError if it can't be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DivisionsError(f"{path}: {error}") from error


def read_names(text: str, table: str) -> Iterator[tuple[str, str]]:
    """Yield the codes and names of one table; raise DivisionsError at a line that has none."""
    lines = csv.reader(text.splitlines())
    if next(lines, [])[:2] != ["code", "name"]:
        raise DivisionsError(f"{table}: the first line must begin with code,name")
    for row in lines:
        if len(row) < 2 or len(row[0]) not in LENGTHS or not row[0].isdigit() or not row[1]:
            raise DivisionsError(f"{table}, line {lines.line_num}: no code of 2 to 9 digits with a name")
        yield row[0], row[1]


def read_changes(text: str) -> Iterator[tuple[int, Change]]:
    """Yield the changes of a table with their line numbers; raise DivisionsError at a line that is no change."""
    lines = csv.reader(text.splitlines())
    if next(lines, [])[:4] != ["code", "name", "until", "successors"]:
        raise DivisionsError(f"{CHANGES}: the first line must begin with code,name,until,successors")
    for row in lines:
        try:
            code, name, until, successors = row[:4]
            change = Change(code, name, date.fromisoformat(until), tuple(successors.split()))
        except ValueError as error:
            raise DivisionsError(f"{CHANGES}, line {lines.line_num}: {error}") from error
        if (
            not name
            or not change.successors
            or not all(_same_level(code, successor) for successor in change.successors)
        ):
            raise DivisionsError(f"{CHANGES}, line {lines.line_num}: no name, or no codes of districts or of streets")
        yield lines.line_num, change


def check_changes(numbered: Sequence[tuple[int, Change]], named: Collection[str], step: Step) -> None:
    """Raise DivisionsError if a code is abolished twice, has an unknown successor or comes back to itself."""
    listed = {change.code: change.successors for _, change in numbered if change.abolishes}
    lines: dict[str, int] = {}
    for line, change in numbered:
        if missing := [code for code in change.successors if code not in named and code not in listed]:
            raise DivisionsError(f"{CHANGES}, line {line}: there is no {missing[0]}")
        if change.abolishes and lines.setdefault(change.code, line) != line:
            raise DivisionsError(f"{CHANGES}, line {line}: {change.code} is abolished in line {lines[change.code]}")
    for follow in (lambda code: listed.get(code, ()), step):
        if circle := _find_circle(lines, follow):
            line = min(lines[code] for code in circle if code in lines)
            raise DivisionsError(f"{CHANGES}, line {line}: round in a circle, {' to '.join(reversed(circle))}")


def _same_level(code: str, successor: str) -> bool:
    return len(code) == len(successor) and len(code) in {6, 9} and code.isdigit() and successor.isdigit()


def _find_circle(codes: Iterable[str], step: Step) -> list[str] | None:
    """Return the codes of a circle that following steps from the given codes runs into; None if there is none."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    todo, seen = [*codes], set[str]()
    while todo:
        code = todo.pop()
        if code not in seen:
            seen.add(code)
            following = [*step(code)]
            sorter.add(code, *following)
            todo.extend(following)
    try:
        sorter.prepare()
    except CycleError as error:
        return list(error.args[1])
    return None
