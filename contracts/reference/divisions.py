"""Division codes (GB/T 2260, GB/T 10114), who may see what by prefix, the names people write, and what became of both.

Districts and streets get renamed, merged and split. Facts keep the code they were recorded under; what stands in its
place is looked up when it is needed. Everything under an abolished code belongs to one division that stands, its
`successor`: the same one sees it, writes on and is sent to.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Self
from unicodedata import normalize

from pydantic import StringConstraints

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
from contracts.reference.identity import ETHNIC_GROUPS

DistrictCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
"""A county or district: 2 digits of province, 2 of city, 2 of district (GB/T 2260)."""
StreetCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]
"""A street, town or township: its district and 3 digits of its own (GB/T 10114)."""
Scope = Annotated[str, StringConstraints(pattern=r"^(?:[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9})?$")]
"""What somebody may see, as the beginning of a code: "" is the whole country, 9 digits are one street."""

_NO_NAMES = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
_FILLERS = re.compile(r"\s+|市辖区|(?:省|自治区)直辖县级行政区划")
_LONGEST = 24
_AFTER_DIGITS = ":"
"""Sorts after every digit."""
_INDEXES_KEPT = 512
"""Of how many divisions the names below them are kept to be looked up in: those that were asked for last."""
_SUFFIX = re.compile(r"(?:省|市|地区|盟|区|县|旗)$")
_PEOPLES = "|".join(sorted((group.removesuffix("族") for group in ETHNIC_GROUPS), key=len, reverse=True))
_AUTONOMOUS = re.compile(rf"(?P<stem>.{{2,4}}?)(?:(?:{_PEOPLES}|各)族?)*自治(?P<kind>[区州县旗])")


def covers(scope: str, code: str) -> bool:
    """Tell whether a code lies within a scope."""
    return code.startswith(scope)


def district_of(code: str) -> str:
    """Name the district of a street, or of a district itself."""
    return code[:6]


@dataclass(frozen=True, slots=True)
class Area:
    """All codes that begin with a prefix, without those that begin with one of some others."""

    prefix: str
    without: tuple[str, ...] = ()

    def __contains__(self, code: str) -> bool:
        """Tell whether a code lies in the area."""
        return code.startswith(self.prefix) and not code.startswith(self.without)


@dataclass(frozen=True, eq=False, repr=False)
class Divisions:
    """The divisions a deployment knows, unchanging: names by code, and changes.

    Where a day may be given, the changes up to and including that day are in force; without one, all of them are.
    """

    names: Mapping[str, str]
    former: Mapping[str, tuple[str, ...]]
    """The names that a code no longer bears, the last one last."""
    abolished: Mapping[str, Change]

    @classmethod
    def load(cls, folder: Path | None = None) -> "Divisions":
        """Load a folder of provinces.csv, cities.csv, areas.csv and streets.csv; without one, the whole country.

        Each table begins with the columns `code` and `name`. A folder may have a changes.csv too, with the columns
        `code`, `name`, `until` (the first day that the successors stand, 2016-07-07) and `successors` (codes with
        spaces between them). A district's change holds for its streets too: each goes where it is listed, else keeps
        its last three digits under a sole successor that has such a street.

        Raises DivisionsError where a table can't be used.
        """
        if folder is None:
            return _load_country()
        rows = (row for table in NAMED for row in read_names(read_text(folder / table), table))
        return cls._load(rows, read_text(folder / CHANGES) if (folder / CHANGES).exists() else None)

    @classmethod
    def _load(cls, rows: Iterable[tuple[str, str]], changes: str | None) -> Self:
        numbered = [] if changes is None else [*read_changes(changes)]
        divisions = cls.of(rows, (change for _, change in numbered))
        check_changes(numbered, divisions.names, divisions._became)  # noqa: SLF001  # its own
        return divisions

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str]], changes: Iterable[Change] = ()) -> Self:
        """Hold these codes, names and changes."""
        names = dict(rows)
        former: dict[str, tuple[str, ...]] = {}
        abolished: dict[str, Change] = {}
        for change in sorted(changes, key=lambda change: change.until):
            former[change.code] = (*former.get(change.code, ()), change.name)
            if change.abolishes:
                abolished[change.code] = change
        return cls(MappingProxyType(names), MappingProxyType(former), MappingProxyType(abolished))

    def has(self, code: str) -> bool:
        """Tell whether a code is known; a province or city may be filled up with noughts (320500)."""
        return _trimmed(code) in self.names

    def is_street(self, code: str) -> bool:
        """Tell whether a code is a street, or was one; in an abolished district any may have been."""
        return len(code) == 9 and self._is_known(code, None)

    def name(self, code: str) -> str:
        """Give a division's own name (元和街道), of an abolished one the last; an unknown code names itself."""
        known = _trimmed(code)
        return self.names.get(known) or self.former.get(known, (code,))[-1]

    def full_name(self, code: str) -> str:
        """Give the names from the province down (江苏省苏州市相城区); an unknown code names itself."""
        known = _trimmed(code)
        if known not in self.names and known not in self.former:
            return code
        above = [known[:length] for length in LENGTHS if length <= len(known)]
        ancestry = [self.name(part) for part in above if part in self.names or part in self.former]
        return "".join(dict.fromkeys(name for name in ancestry if name not in _NO_NAMES))

    def streets(self, scope: str = "") -> tuple[str, ...]:
        """List the streets of the tables within a scope, by code."""
        return tuple(code for code in self._listed(scope) if len(code) == 9)

    def stands(self, code: str, on: date | None = None) -> bool:
        """Tell whether a code is known and not abolished; since when it stands is not in the tables."""
        return (self.has(code) or code in self.abolished) and not self._became(code, on)

    def successors(self, code: str, on: date | None = None) -> tuple[str, ...]:
        """Give what stands in the place of an abolished code, in the end; () where it stands or is not known.

        Of a street whose new code is not known it is the district.
        """
        return tuple(dict.fromkeys(last for step in self._became(code, on) for last in self.standing(step, on)))

    def standing(self, code: str, on: date | None = None) -> tuple[str, ...]:
        """Give what stands where a code stood: its successors, else itself."""
        return self.successors(code, on) or (code,)

    def successor(self, code: str, on: date | None = None) -> str:
        """Give the one division that has everything under a code now, and is sent to: itself where it stands.

        After a split that is the successor listed first, until a clerk says where somebody belongs.
        """
        return self.standing(code, on)[0]

    def needs_choice(self, code: str, on: date | None = None) -> bool:
        """Tell whether a clerk must say which division it is now: the code was split, or a street's is not known."""
        found = self.successors(code, on)
        return len(found) > 1 or any(len(successor) != len(code) for successor in found)

    def overlap(self, one: str, other: str, on: date | None = None) -> bool:
        """Tell whether two codes have a successor in common, or are the same."""
        return not {*self.standing(one, on)}.isdisjoint(self.standing(other, on))

    def predecessors(self, code: str) -> tuple[str, ...]:
        """Give every code, listed or kept by its digits, that a code stands in the place of."""
        found: dict[str, None] = {}
        todo = [code]
        while todo:
            news = [old for old in self._directly_before(todo.pop()) if old not in found]
            found.update(dict.fromkeys(news))
            todo.extend(news)
        return tuple(found)

    def covers(self, scope: str, code: str, on: date | None = None) -> bool:
        """Tell whether what has everything under a code now lies within a scope.

        An abolished scope goes on covering what was its own and went where itself went. Whoever covers a division
        covers all that the division covers.
        """
        now = self.successor(code, on)
        return covers(scope, now) or (covers(scope, code) and covers(self.successor(scope, on), now))

    def areas(self, scope: str, on: date | None = None) -> tuple[Area, ...]:
        """Give the areas that together are exactly the codes that a scope covers, abolished ones too."""
        touched = self._touched.union(self.predecessors(scope))
        inside = {code for code in touched if self.covers(scope, code, on)}
        outside = sorted(touched - inside)
        found: list[Area] = []
        for prefix in (scope, *sorted(inside)):
            if not any(prefix in area for area in found):
                found.append(Area(prefix, tuple(code for code in outside if code.startswith(prefix))))
        return tuple(found)

    def find(self, text: str, on: date | None = None) -> str | None:
        """Find the code (2, 4, 6 or 9 digits) of the narrowest division that a text begins with, or None.

        Levels may be left out where that leaves one meaning, and 省, 市, 区 or 县 where only divisions follow:
        四川省德阳市中江县幸福路1号, 上海市杨浦区, 江苏昆山. 老家 is none. A former name gives the code that stands, on
        that day if one is given, but after a split the former code; a code that the tables have is given as it is.
        """
        code = self._find("", _tidy(text))
        if code is None or (on is None and code in self.names):
            return code
        standing = self.standing(code, on)
        return standing[0] if len(standing) == 1 else code

    def _find(self, parent: str, text: str) -> str | None:
        """Find the narrowest division below a parent that a text begins with."""
        if not text or len(parent) == 9:
            return None
        children = self._below(parent)
        for length in range(min(len(text), _LONGEST), 1, -1):
            code = children.get(text[:length])
            if code is None:
                continue
            below = self._find_below((code, *self.successors(code)), text[length:])
            if below or length == len(text) or text[:length] in map(_tidy, self._names_of(code)):
                return below or code
        return None

    def _find_below(self, parents: Iterable[str], text: str) -> str | None:
        """Find what follows an abolished division's name below it, else below what stands there."""
        return next((found for parent in parents if (found := self._find(parent, text))), None)

    def _names_of(self, code: str) -> tuple[str, ...]:
        """Give every name a code bears or bore."""
        return self.names.get(code, ""), *self.former.get(code, ())

    def _is_known(self, code: str, on: date | None) -> bool:
        return code in self.names or code in self.abolished or bool(self._became(code, on))

    def _became(self, code: str, on: date | None = None) -> tuple[str, ...]:
        """Take one step from a code to what stands in its place; () where it stands."""
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

    def _directly_before(self, code: str) -> Iterator[str]:
        yield from self._before.get(code, ())
        if len(code) == 9:
            for district in self._before.get(code[:6], ()):
                old = district + code[6:]
                if old not in self.abolished and _same_digits(self.abolished[district], old) == code:
                    yield old

    def _listed(self, scope: str) -> tuple[str, ...]:
        """Give the codes of the tables that begin with a scope, in order."""
        return self._codes[bisect_left(self._codes, scope) : bisect_left(self._codes, scope + _AFTER_DIGITS)]

    def _index_below(self, parent: str) -> Mapping[str, str]:
        """List under a division, or under the country (""), what may be written next: a name -> its code.

        A name stands under its parent, and further up too where it means one thing there, so that 江苏省昆山市
        is understood; what is nearer wins. A former name stands where no division bears it, were it two of them.
        """
        names = _written(parent, ((code, self.names[code]) for code in self._listed(parent)))
        former = ((code, name) for code, old in self.former.items() if covers(parent, code) for name in old)
        borne = {name for level in names for name in level}
        gone = {name: code for name, code in _clear(_written(parent, former)).items() if name not in borne}
        return gone | _clear(names)

    @cached_property
    def _codes(self) -> tuple[str, ...]:
        return tuple(sorted(self.names))

    @cached_property
    def _below(self) -> Callable[[str], Mapping[str, str]]:
        """Look up the names below a division, which are gathered when they are first asked for."""
        return lru_cache(maxsize=_INDEXES_KEPT)(self._index_below)

    @cached_property
    def last_abolition(self) -> date:
        """Give the last day from which a code stands no more; date.min where all stand."""
        return max((change.until for change in self.abolished.values()), default=date.min)

    @cached_property
    def _before(self) -> Mapping[str, list[str]]:
        """List under each code those that it is a listed successor of."""
        before: dict[str, list[str]] = defaultdict(list)
        for change in self.abolished.values():
            for successor in change.successors:
                before[successor].append(change.code)
        return before

    @cached_property
    def _touched(self) -> frozenset[str]:
        """Give the codes whose place is not that of what they begin with."""
        return frozenset(self.abolished).union(*map(self.predecessors, self.abolished))


def _same_digits(change: Change, street: str) -> str | None:
    """Give the street with the same last digits under an abolished district's sole successor."""
    return change.successors[0] + street[6:] if len(change.successors) == 1 else None


def _tidy(text: str) -> str:
    """Write a name the one way: half-width, without spaces and without the fillers of the code tables."""
    return _FILLERS.sub("", normalize("NFKC", text))


def _trimmed(code: str) -> str:
    """Cut the noughts by which GB/T 2260 fills up a province or a city: 320000 is 32, 320500 is 3205."""
    if len(code) != 6 or not code.endswith("00"):
        return code
    return code[:2] if code.endswith("0000") else code[:4]


def _clear(written: Iterable[Mapping[str, list[str]]]) -> dict[str, str]:
    """Keep, of what was gathered level by level, the ways of writing that mean one thing; the nearest level wins."""
    found: dict[str, str] = {}
    for level in written:
        for name, codes in level.items():
            if len(codes) == 1:
                found.setdefault(name, codes[0])
    return found


def _written(parent: str, named: Iterable[tuple[str, str]]) -> list[dict[str, list[str]]]:
    """Gather, level by level below a division, which codes each way of writing stands for."""
    levels: dict[int, dict[str, list[str]]] = {length: defaultdict(list) for length in LENGTHS if length > len(parent)}
    if len(parent) < 4:
        levels.pop(9)
    for code, name in named:
        codes = levels.get(len(code))
        if codes is None or name in _NO_NAMES:
            continue
        codes[_tidy(name)].append(code)
        if not (len(code) == 9 or (len(code) == 6 and not parent)):
            for short in _short(name):
                codes[short].append(code)
    return [*levels.values()]


def _short(name: str) -> set[str]:
    """Give the shorter ways to write a name: 苏州 for 苏州市, 凉山 and 凉山州 for 凉山彝族自治州."""
    if autonomous := _AUTONOMOUS.fullmatch(name):
        stem = autonomous["stem"]
        return {stem, stem + autonomous["kind"]}
    stem = _SUFFIX.sub("", name)
    return {stem} - {name} if len(stem) > 1 else set()


DivisionCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}(?:[0-9]{3})?$")]
"""A district (6 digits) or a street (9)."""


@cache
def _load_country() -> Divisions:
    """Load the tables that come along, once in a process: they are some megabytes, and nothing changes them."""
    here = files("contracts.reference")
    rows = read_names(here.joinpath("divisions.csv").read_text(encoding="utf-8"), "divisions.csv")
    return Divisions._load(rows, here.joinpath("division_changes.csv").read_text(encoding="utf-8"))  # noqa: SLF001
