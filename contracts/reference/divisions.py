"""Division codes (GB/T 2260, GB/T 10114): who may see what by prefix, and what became of codes that were abolished.

Districts and streets get renamed, merged and split. Facts keep the code they were recorded under; its successors are
looked up when they are needed. Everything under an abolished code belongs to exactly one current division, its
`successor`: the one that may see it, writes on and is sent to.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import StringConstraints

from contracts.reference.division_names import PLACEHOLDERS, DivisionNames
from contracts.reference.division_tables import (
    CHANGES,
    LENGTHS,
    NAMED,
    Change,
    check_changes,
    read_changes,
    read_names,
    read_text,
)

DistrictCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
"""A county or district: 2 digits of province, 2 of city, 2 of district (GB/T 2260)."""
StreetCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]
"""A street, town or township: its district and 3 digits of its own (GB/T 10114)."""
DivisionCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}(?:[0-9]{3})?$")]
"""A district (6 digits) or a street (9)."""
Scope = Annotated[str, StringConstraints(pattern=r"^(?:[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9})?$")]
"""What somebody may see, as the beginning of a code: "" is the whole country, 9 digits are one street."""

_AFTER_DIGITS = ":"
"""Sorts after every digit."""


def covers(scope: str, code: str) -> bool:
    """Return whether a code lies within a scope."""
    return code.startswith(scope)


def district_of(code: str) -> str:
    """Return the 6-digit district of a street, or of a district itself."""
    return code[:6]


@dataclass(frozen=True, slots=True)
class Area:
    """All codes that begin with a prefix, except those that begin with one of `without`."""

    prefix: str
    without: tuple[str, ...] = ()

    def __contains__(self, code: str) -> bool:
        """Return whether a code lies in the area."""
        return code.startswith(self.prefix) and not code.startswith(self.without)


@dataclass(frozen=True, eq=False, repr=False)
class Divisions:
    """The divisions that a deployment knows, immutable: names by code, and changes.

    Methods with an `on` apply the changes up to and including that day; without one, all changes.
    """

    names: Mapping[str, str]
    former: Mapping[str, tuple[str, ...]]
    """The former names of each code, the most recent last."""
    abolished: Mapping[str, Change]

    @classmethod
    def load(cls, folder: Path | None = None) -> "Divisions":
        """Load a folder of provinces.csv, cities.csv, areas.csv and streets.csv; without one, the whole country.

        Each table begins with the columns `code` and `name`. A folder may have a changes.csv too, with the columns
        `code`, `name`, `until` (the first day on which the successors are in force, 2016-07-07) and `successors`
        (codes separated by spaces). A change of a district applies to its streets too: each goes to the successor that
        is listed for it, else it keeps its last three digits if the district has one successor with such a street.

        Raise DivisionsError if a table can't be used.
        """
        if folder is None:
            return _load_country()
        rows = (row for table in NAMED for row in read_names(read_text(folder / table), table))
        return cls._load(rows, read_text(folder / CHANGES) if (folder / CHANGES).exists() else None)

    @classmethod
    def _load(cls, rows: Iterable[tuple[str, str]], changes: str | None) -> Self:
        numbered = [] if changes is None else [*read_changes(changes)]
        divisions = cls.of(rows, (change for _, change in numbered))
        check_changes(numbered, divisions.names, divisions._direct_successors)  # noqa: SLF001  # its own
        return divisions

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str]], changes: Iterable[Change] = ()) -> Self:
        """Return divisions with these codes, names and changes."""
        names = dict(rows)
        former: dict[str, tuple[str, ...]] = {}
        abolished: dict[str, Change] = {}
        for change in sorted(changes, key=lambda change: change.until):
            former[change.code] = (*former.get(change.code, ()), change.name)
            if change.abolishes:
                abolished[change.code] = change
        return cls(MappingProxyType(names), MappingProxyType(former), MappingProxyType(abolished))

    def has(self, code: str) -> bool:
        """Return whether a code is in the tables; a province or city may be padded with zeros (320500)."""
        return _without_padding(code) in self.names

    def unpadded(self, code: str) -> str:
        """Return a province or city without the zeros that pad it (3205 for 320500); any other code as it is."""
        return code if code in self.names else _without_padding(code)

    def is_street(self, code: str) -> bool:
        """Return whether a code is or was a street; in an abolished district, any 9 digits may have been one."""
        return len(code) == 9 and self._is_known(code, None)

    def name(self, code: str) -> str:
        """Return a division's own name (元和街道), its last one if it was abolished; the code if it is not known."""
        known = _without_padding(code)
        return self.names.get(known) or self.former.get(known, (code,))[-1]

    def full_name(self, code: str) -> str:
        """Return the names from the province down (江苏省苏州市相城区); the code if it is not known."""
        known = _without_padding(code)
        if known not in self.names and known not in self.former:
            return code
        above = [known[:length] for length in LENGTHS if length <= len(known)]
        ancestry = [self.name(part) for part in above if part in self.names or part in self.former]
        return "".join(dict.fromkeys(name for name in ancestry if name not in PLACEHOLDERS))

    def below(self, code: str) -> tuple[str, ...]:
        """Return the divisions of the tables one level below one, in the order of their codes; "" is the country."""
        length = next((length for length in LENGTHS if length > len(code)), None)
        return tuple(each for each in self._codes_within(code) if len(each) == length)

    def streets(self, scope: str = "") -> tuple[str, ...]:
        """Return the streets of the tables within a scope, in the order of their codes."""
        return tuple(code for code in self._codes_within(scope) if len(code) == 9)

    def stands(self, code: str, on: date | None = None) -> bool:
        """Return whether a code is known and not abolished; the tables don't tell since when it has existed."""
        return (self.has(code) or code in self.abolished) and not self._direct_successors(code, on)

    def successors(self, code: str, on: date | None = None) -> tuple[str, ...]:
        """Return the current codes in place of an abolished one; () if it stands or is not known.

        For a street whose new code is not known, the only successor is its district's.
        """
        direct = self._direct_successors(code, on)
        return tuple(dict.fromkeys(last for step in direct for last in self.standing(step, on)))

    def standing(self, code: str, on: date | None = None) -> tuple[str, ...]:
        """Return the current codes in place of a code: its successors, else the code itself."""
        return self.successors(code, on) or (code,)

    def successor(self, code: str, on: date | None = None) -> str:
        """Return the one division that everything under a code belongs to now; the code itself if it stands.

        After a split this is the successor listed first, until a clerk decides where each person belongs.
        """
        return self.standing(code, on)[0]

    def needs_choice(self, code: str, on: date | None = None) -> bool:
        """Return whether a clerk must choose the current division: the code was split, or a street's is not known."""
        found = self.successors(code, on)
        return len(found) > 1 or any(len(successor) != len(code) for successor in found)

    def overlap(self, one: str, other: str, on: date | None = None) -> bool:
        """Return whether two codes are the same or have a successor in common."""
        return not {*self.standing(one, on)}.isdisjoint(self.standing(other, on))

    def predecessors(self, code: str) -> tuple[str, ...]:
        """Return every abolished code that a code succeeds, directly or over several changes."""
        found: dict[str, None] = {}
        todo = [code]
        while todo:
            news = [old for old in self._direct_predecessors(todo.pop()) if old not in found]
            found.update(dict.fromkeys(news))
            todo.extend(news)
        return tuple(found)

    def covers(self, scope: str, code: str, on: date | None = None) -> bool:
        """Return whether the current division of a code lies within a scope.

        An abolished scope still covers what was its own and went to the same successor as itself. A scope that covers
        a division covers everything that the division covers.
        """
        now = self.successor(code, on)
        return covers(scope, now) or (covers(scope, code) and covers(self.successor(scope, on), now))

    def areas(self, scope: str, on: date | None = None) -> tuple[Area, ...]:
        """Return areas that together are exactly the codes that a scope covers, abolished ones included."""
        moved = self._moved.union(self.predecessors(scope))
        inside = {code for code in moved if self.covers(scope, code, on)}
        outside = sorted(moved - inside)
        found: list[Area] = []
        for prefix in (scope, *sorted(inside)):
            if not any(prefix in area for area in found):
                found.append(Area(prefix, tuple(code for code in outside if code.startswith(prefix))))
        return tuple(found)

    def find(self, text: str, on: date | None = None) -> str | None:
        """Return the code (2, 4, 6 or 9 digits) of the narrowest division that a text begins with; None if none.

        Levels may be left out where the rest is unambiguous, and 省, 市, 区 or 县 where another division follows:
        四川省德阳市中江县幸福路1号, 上海市杨浦区, 江苏昆山; 老家 is none. A former name leads to its successor (on that
        day, if one is given), but after a split to the former code. Without a day, a code of the tables stays as it is.
        Between levels there may be separators: 江苏-苏州-昆山, 江苏 / 苏州 / 昆山.
        """
        located = self.locate(text, on)
        return located[0] if located else None

    def locate(self, text: str, on: date | None = None) -> tuple[str, str] | None:
        """Return what `find` does and the rest of the text, which names no division below, without separators."""
        located = self._by_name.locate(text)
        if located is None:
            return None
        code, rest = located
        standing = (code,) if on is None and code in self.names else self.standing(code, on)
        return (standing[0] if len(standing) == 1 else code), rest

    def _is_known(self, code: str, on: date | None) -> bool:
        return code in self.names or code in self.abolished or bool(self._direct_successors(code, on))

    def _direct_successors(self, code: str, on: date | None = None) -> tuple[str, ...]:
        """Return the codes in place of an abolished one after its own change alone; () if it stands."""
        if own := self._abolition(code, on):
            return own.successors
        district = self._abolition(code[:6], on) if len(code) == 9 else None
        if district is None:
            return ()
        same = _same_digits(district, code)
        return (same,) if same and self._is_known(same, on) else district.successors

    def _abolition(self, code: str, on: date | None) -> Change | None:
        change = self.abolished.get(code)
        return change if change and (on is None or change.until <= on) else None

    def _direct_predecessors(self, code: str) -> Iterator[str]:
        yield from self._listed_predecessors.get(code, ())
        if len(code) == 9:
            for district in self._listed_predecessors.get(code[:6], ()):
                old = district + code[6:]
                if old not in self.abolished and _same_digits(self.abolished[district], old) == code:
                    yield old

    def _codes_within(self, scope: str) -> tuple[str, ...]:
        """Return the codes of the tables that begin with a scope, in order."""
        return self._codes[bisect_left(self._codes, scope) : bisect_left(self._codes, scope + _AFTER_DIGITS)]

    @cached_property
    def last_abolition(self) -> date:
        """Return the last day on which a code was abolished; date.min if all stand."""
        return max((change.until for change in self.abolished.values()), default=date.min)

    @cached_property
    def _codes(self) -> tuple[str, ...]:
        return tuple(sorted(self.names))

    @cached_property
    def _by_name(self) -> DivisionNames:
        return DivisionNames(self.names, self.former, self._codes_within, self.successors)

    @cached_property
    def _listed_predecessors(self) -> Mapping[str, list[str]]:
        """Return for each code the abolished codes whose change lists it as a successor."""
        before: dict[str, list[str]] = defaultdict(list)
        for change in self.abolished.values():
            for successor in change.successors:
                before[successor].append(change.code)
        return before

    @cached_property
    def _moved(self) -> frozenset[str]:
        """Return the codes that may belong elsewhere than the prefixes they begin with."""
        return frozenset(self.abolished).union(*map(self.predecessors, self.abolished))


def _same_digits(change: Change, street: str) -> str | None:
    """Return the street with the same last digits in an abolished district's successor; None if it has several."""
    return change.successors[0] + street[6:] if len(change.successors) == 1 else None


def _without_padding(code: str) -> str:
    """Return a code without the zeros with which GB/T 2260 pads a province or city: 32 for 320000, 3205 for 320500."""
    if len(code) != 6 or not code.endswith("00"):
        return code
    return code[:2] if code.endswith("0000") else code[:4]


@cache
def _load_country() -> Divisions:
    """Return the whole country; the tables have some megabytes, so they are loaded once in a process."""
    here = files("contracts.reference")
    rows = read_names(here.joinpath("divisions.csv").read_text(encoding="utf-8"), "divisions.csv")
    return Divisions._load(rows, here.joinpath("division_changes.csv").read_text(encoding="utf-8"))  # noqa: SLF001  # the class's own module
