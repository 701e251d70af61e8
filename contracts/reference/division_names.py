"""The names of divisions as people write them: which code a text means, with levels left out or under a former name."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from unicodedata import normalize

from contracts.reference.division_tables import LENGTHS
from contracts.reference.identity import ETHNIC_GROUPS

PLACEHOLDERS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
"""What the code tables have in place of a name where a code only groups divisions; nobody writes it."""

_FILLERS = re.compile(r"市辖区|(?:省|自治区)直辖县级行政区划")
_SEPARATORS = re.compile(r"[\s\-‐‑‒–—―−/\\>→|,，、;·•・._]+")
_LONGEST_NAME = 24
"""Characters of a name that are compared at most."""
_INDEXES_KEPT = 512
"""Of how many parents the index of names below is kept: the ones looked up last."""
_SUFFIX = re.compile(r"(?:省|市|地区|盟|区|县|旗)$")
_PEOPLES = "|".join(sorted((group.removesuffix("族") for group in ETHNIC_GROUPS), key=len, reverse=True))
_AUTONOMOUS = re.compile(rf"(?P<stem>.{{2,4}}?)(?:(?:{_PEOPLES}|各)族?)*自治(?P<kind>[区州县旗])")

CodesOf = Callable[[str], Sequence[str]]
"""Returns the codes that belong to a code."""


class DivisionNames:
    """An index of the names that divisions bear or bore, built below a parent when a text leads there."""

    def __init__(
        self,
        names: Mapping[str, str],
        former: Mapping[str, tuple[str, ...]],
        codes_within: CodesOf,
        successors: CodesOf,
    ) -> None:
        """Index current and former names by code; `codes_within` lists the current codes that begin with a prefix."""
        self._names = names
        self._former = former
        self._codes_within = codes_within
        self._successors = successors
        self._codes_below = lru_cache(maxsize=_INDEXES_KEPT)(self._index_below)

    def locate(self, text: str) -> tuple[str, str] | None:
        """Return the code of the narrowest division that a text begins with, and the rest; None if there is none."""
        parts = [part for part in _SEPARATORS.split(_FILLERS.sub("", normalize("NFKC", text))) if part]
        ends = frozenset(accumulate(map(len, parts)))
        joined = "".join(parts)
        found = self._find("", joined, 0, ends)
        return (found[0], joined[found[1] :]) if found else None

    def _find(self, parent: str, text: str, start: int, ends: frozenset[int]) -> tuple[str, int] | None:
        """Return the narrowest division below a parent that a text has from `start` on, and where its name ends.

        The text has no separators; `ends` is where they were, and the end. Only there may a short form end that no
        division follows.
        """
        if start == len(text) or len(parent) == 9:
            return None
        codes = self._codes_below(parent)
        for end in range(min(len(text), start + _LONGEST_NAME), start + 1, -1):
            name = text[start:end]
            code = codes.get(name)
            if code is None:
                continue
            below = self._find_below_any((code, *self._successors(code)), text, end, ends)
            if below or end in ends or name in map(_normalise, self._all_names(code)):
                return below or (code, end)
        return None

    def _find_below_any(
        self, parents: Iterable[str], text: str, start: int, ends: frozenset[int]
    ) -> tuple[str, int] | None:
        """Return the first match below the given parents, in their order."""
        return next((found for parent in parents if (found := self._find(parent, text, start, ends))), None)

    def _all_names(self, code: str) -> tuple[str, ...]:
        return self._names.get(code, ""), *self._former.get(code, ())

    def _index_below(self, parent: str) -> Mapping[str, str]:
        """Return what may be written next below a division, or below the country (""): spelling -> code.

        A name is listed under its parent, and under higher levels too where it is unambiguous there, so that
        江苏省昆山市 is understood; the nearer level wins. A former name counts only where no current division bears it,
        and where it is unambiguous.
        """
        current = _gather_spellings(parent, ((code, self._names[code]) for code in self._codes_within(parent)))
        former = ((code, name) for code, old in self._former.items() if code.startswith(parent) for name in old)
        borne = {name for level in current for name in level}
        gone = {
            name: code for name, code in _unambiguous(_gather_spellings(parent, former)).items() if name not in borne
        }
        return gone | _unambiguous(current)


def _normalise(text: str) -> str:
    """Return a name half-width, without separators and without the fillers of the code tables."""
    return _SEPARATORS.sub("", _FILLERS.sub("", normalize("NFKC", text)))


def _gather_spellings(parent: str, named: Iterable[tuple[str, str]]) -> list[dict[str, list[str]]]:
    """Return, for each level below a parent from the nearest down, the codes that each spelling stands for."""
    levels: dict[int, dict[str, list[str]]] = {length: defaultdict(list) for length in LENGTHS if length > len(parent)}
    if len(parent) < 4:
        levels.pop(9)
    for code, name in named:
        codes = levels.get(len(code))
        if codes is None or name in PLACEHOLDERS:
            continue
        codes[_normalise(name)].append(code)
        if not (len(code) == 9 or (len(code) == 6 and not parent)):
            for short in _short_forms(name):
                codes[short].append(code)
    return [*levels.values()]


def _unambiguous(levels: Iterable[Mapping[str, list[str]]]) -> dict[str, str]:
    """Return the spellings that stand for one code on their level; the nearest level wins."""
    found: dict[str, str] = {}
    for level in levels:
        for name, codes in level.items():
            if len(codes) == 1:
                found.setdefault(name, codes[0])
    return found


def _short_forms(name: str) -> set[str]:
    """Return the shorter ways to write a name: 苏州 for 苏州市, 凉山 and 凉山州 for 凉山彝族自治州."""
    if autonomous := _AUTONOMOUS.fullmatch(name):
        stem = autonomous["stem"]
        return {stem, stem + autonomous["kind"]}
    stem = _SUFFIX.sub("", name)
    return {stem} - {name} if len(stem) > 1 else set()
