"""Lines that callers can cause: each kind once a minute and then how often, so many in all, lest a flood fill the disk.

What a caller causes beyond `MOST_OF_ONE` kinds, and all of them together beyond `MOST`, is counted in one line.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

WINDOW = 60.0
"""Seconds in which a kind of line is written once."""
MOST_OF_ONE, MOST = 20, 300
"""Kinds of lines in a window: that one caller may cause, and in all."""
OTHERS = "others, counted together"

Write = Callable[[int, str, Mapping[str, Any]], None]


class _Kind(NamedTuple):
    """What makes two lines the same."""

    level: int
    event: str
    values: tuple[tuple[str, str | int], ...]


class Repeating:
    """Lines of a process that may come again and again."""

    def __init__(self, write: Write, clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._clock = clock
        self._began = clock()
        self._again: dict[_Kind, int] = {}
        self._caused_by: Counter[str] = Counter()

    def tell(
        self, caller: str, level: int, event: str, values: Mapping[str, str | int], error: BaseException | None = None
    ) -> None:
        """Write a line at once if it is the first of its kind in a minute, with the error if one caused it."""
        if self._clock() - self._began >= WINDOW:
            self.tell_counts()
        kind = self._fit(caller, _Kind(level, event, (*values.items(), *_class_of(error))))
        if kind in self._again:
            self._again[kind] += 1
            return
        self._again[kind] = 0
        self._caused_by[caller] += 1
        told = dict(kind.values)
        self._write(level, event, told | {"error": error} if "error" in told else told)

    def tell_counts(self) -> None:
        """Write of each kind how often it came again, and begin a new window."""
        for kind, count in self._again.items():
            if count:
                self._write(kind.level, kind.event, _without_error(kind) | {"count": count})
        self.begin_anew()

    def begin_anew(self) -> None:
        """Begin a new window without a word about the last."""
        self._again.clear()
        self._caused_by.clear()
        self._began = self._clock()

    def _fit(self, caller: str, kind: _Kind) -> _Kind:
        """Return the kind under which a line is told: its own, its caller's one for all others, or everybody's."""
        if kind in self._again:
            return kind
        if len(self._again) >= MOST:
            return _Kind(logging.WARNING, kind.event, (("reason", OTHERS),))
        if self._caused_by[caller] >= MOST_OF_ONE:
            return _Kind(logging.WARNING, kind.event, (("subject", caller), ("reason", OTHERS)))
        return kind


def _class_of(error: BaseException | None) -> tuple[tuple[str, str], ...]:
    return () if error is None else (("error", type(error).__name__),)


def _without_error(kind: _Kind) -> dict[str, str | int]:
    return {name: value for name, value in kind.values if name != "error"}
