"""Division codes (GB/T 2260, GB/T 10114), who may see what by prefix, and the names that people write."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Self
from unicodedata import normalize

from pydantic import StringConstraints

from contracts.identity import ETHNIC_GROUPS

DistrictCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
"""A county or district: 2 digits of province, 2 of city, 2 of district (GB/T 2260)."""
StreetCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]
"""A street, town or township: its district and 3 digits of its own (GB/T 10114)."""
Scope = Annotated[str, StringConstraints(pattern=r"^(?:[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9})?$")]
"""What somebody may see, as the beginning of a code: "" is the whole country, 9 digits are one street."""

_TABLES = ("provinces.csv", "cities.csv", "areas.csv", "streets.csv")
_NO_NAMES = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
_FILLERS = re.compile(r"\s+|市辖区|(?:省|自治区)直辖县级行政区划")
_LENGTHS = (2, 4, 6, 9)
_LONGEST = 24
_SUFFIX = re.compile(r"(?:省|市|地区|盟|区|县|旗)$")
_PEOPLES = "|".join(sorted((group.removesuffix("族") for group in ETHNIC_GROUPS), key=len, reverse=True))
_AUTONOMOUS = re.compile(rf"(?P<stem>.{{2,4}}?)(?:(?:{_PEOPLES}|各)族?)*自治(?P<kind>[区州县旗])")


class DivisionsError(ValueError):
    """A table of divisions can't be used; the text says which file and why."""


def covers(scope: str, code: str) -> bool:
    """Tell whether a code lies within a scope."""
    return code.startswith(scope)


def district_of(code: str) -> str:
    """Name the district of a street, or of a district itself."""
    return code[:6]


@dataclass(frozen=True, slots=True, eq=False)
class Divisions:
    """The divisions a deployment knows, unchanging: names by code, and codes by name within each division."""

    names: Mapping[str, str]
    within: Mapping[str, Mapping[str, str]]

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """Load a folder of provinces.csv, cities.csv, areas.csv and streets.csv; without one, the demo's.

        Each table begins with the columns `code` and `name`. Raises DivisionsError where one can't be used.
        """
        if folder is None:
            demo = files("contracts").joinpath("divisions.csv").read_text(encoding="utf-8")
            return cls.of(_rows(demo, "divisions.csv"))
        return cls.of(row for table in _TABLES for row in _rows(_text(folder / table), table))

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str]]) -> Self:
        """Hold these codes and names."""
        names = dict(rows)
        return cls(MappingProxyType(names), MappingProxyType(_index(names)))

    def has(self, code: str) -> bool:
        """Tell whether a code is known; a province or city may be filled up with noughts (320500)."""
        return _trimmed(code) in self.names

    def is_street(self, code: str) -> bool:
        """Tell whether a code is a known street."""
        return len(code) == 9 and code in self.names

    def name(self, code: str) -> str:
        """Give a division's own name (元和街道); an unknown code names itself."""
        return self.names.get(_trimmed(code), code)

    def full_name(self, code: str) -> str:
        """Give the names from the province down (江苏省苏州市相城区); an unknown code names itself."""
        known = _trimmed(code)
        if known not in self.names:
            return code
        ancestry = [self.names.get(known[:length], "") for length in _LENGTHS if length <= len(known)]
        return "".join(dict.fromkeys(name for name in ancestry if name not in _NO_NAMES))

    def streets(self, scope: str = "") -> tuple[str, ...]:
        """List the streets within a scope, by code."""
        return tuple(sorted(code for code in self.names if len(code) == 9 and covers(scope, code)))

    def find(self, text: str) -> str | None:
        """Find the code (2, 4, 6 or 9 digits) of the narrowest division that a text begins with, or None.

        Levels may be left out where that leaves one meaning, and 省, 市, 区 or 县 where only divisions follow:
        四川省德阳市中江县幸福路1号, 上海市杨浦区, 江苏昆山. 老家 is none.
        """
        return self._find("", _tidy(text))

    def _find(self, parent: str, text: str) -> str | None:
        """Find the narrowest division below a parent that a text begins with."""
        children = self.within.get(parent)
        if not children or not text:
            return None
        for length in range(min(len(text), _LONGEST), 1, -1):
            code = children.get(text[:length])
            if code is None:
                continue
            below = self._find(code, text[length:])
            if below or length == len(text) or text[:length] == _tidy(self.names[code]):
                return below or code
        return None


def _text(path: Path) -> str:
    """Read one table."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DivisionsError(f"{path}: {error}") from error


def _rows(text: str, table: str) -> Iterator[tuple[str, str]]:
    """Read the codes and names of one table."""
    lines = csv.reader(text.splitlines())
    if next(lines, [])[:2] != ["code", "name"]:
        raise DivisionsError(f"{table}: the first line must begin with code,name")
    for row in lines:
        if len(row) < 2 or len(row[0]) not in _LENGTHS or not row[0].isdigit() or not row[1]:
            raise DivisionsError(f"{table}, line {lines.line_num}: no code of 2 to 9 digits with a name")
        yield row[0], row[1]


def _tidy(text: str) -> str:
    """Write a name the one way: half-width, without spaces and without the fillers of the code tables."""
    return _FILLERS.sub("", normalize("NFKC", text))


def _trimmed(code: str) -> str:
    """Cut the noughts by which GB/T 2260 fills up a province or a city: 320000 is 32, 320500 is 3205."""
    if len(code) != 6 or not code.endswith("00"):
        return code
    return code[:2] if code.endswith("0000") else code[:4]


def _index(names: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """List under each division, and under the country (""), what may be written next: a name -> its code.

    A name stands under its parent, and further up too where it means one thing there, so that 江苏省昆山市
    is understood; what is nearer wins.
    """
    within: dict[str, dict[str, str]] = {}
    for steps in range(1, len(_LENGTHS)):
        for (parent, written), codes in _written(names, steps).items():
            if len(codes) == 1:
                within.setdefault(parent, {}).setdefault(written, codes[0])
    return within


def _written(names: Mapping[str, str], steps: int) -> dict[tuple[str, str], list[str]]:
    """Gather which codes each way of writing stands for, that many steps below a division."""
    codes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for code, name in names.items():
        above = _LENGTHS.index(len(code)) - steps
        if above < -1 or name in _NO_NAMES or (len(code) == 9 and steps > 2):
            continue
        parent = code[: _LENGTHS[above]] if above >= 0 else ""
        codes[parent, _tidy(name)].append(code)
        if not (len(code) == 9 or (len(code) == 6 and not parent)):
            for short in _short(name):
                codes[parent, short].append(code)
    return codes


def _short(name: str) -> set[str]:
    """Give the shorter ways to write a name: 苏州 for 苏州市, 凉山 and 凉山州 for 凉山彝族自治州."""
    if autonomous := _AUTONOMOUS.fullmatch(name):
        stem = autonomous["stem"]
        return {stem, stem + autonomous["kind"]}
    stem = _SUFFIX.sub("", name)
    return {stem} - {name} if len(stem) > 1 else set()
