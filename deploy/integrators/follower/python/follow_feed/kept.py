"""The position and what was made of everything up to it, kept in one transaction: never one without the other."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import effect
from .effect import Json

TABLES = "CREATE TABLE IF NOT EXISTS reached (only INTEGER PRIMARY KEY CHECK (only = 1), position INTEGER NOT NULL)"


class GapError(Exception):
    """Positions jump: what lies between was not told."""

    def __init__(self, last: int, found: int) -> None:
        super().__init__(f"position {found} follows {last}: nothing from there on was taken")
        self.last = last
        self.found = found


class Kept:
    """What is kept of one feed in a file."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, timeout=30, isolation_level=None)
        self._database.execute("PRAGMA synchronous = FULL")
        for table in (TABLES, effect.TABLES):
            self._database.execute(table)

    @property
    def position(self) -> int | None:
        """Return the last position that was taken; None before a snapshot was."""
        row = self._database.execute("SELECT position FROM reached").fetchone()
        return row[0] if row else None

    def begin(self, position: int, lines: Iterable[Json]) -> None:
        """Begin, or begin again, with the lines of a snapshot."""
        with self._transaction():
            effect.forget(self._database)
            for line in lines:
                effect.count(self._database, line, line["count"])
            self._reach(position)

    def add(self, events: Iterable[Json]) -> None:
        """Take events in order, leaving out those that came before; raise GapError if one is missing, and take none."""
        with self._transaction():
            last = before = self.position or 0
            for event in events:
                if event["position"] <= last:
                    continue
                if event["position"] > last + 1:
                    raise GapError(last, event["position"])
                effect.count(self._database, event)
                last = event["position"]
            if last > before:
                self._reach(last)

    def read(self) -> Iterator[Json]:
        """Yield what was made of it."""
        return effect.read(self._database)

    def _reach(self, position: int) -> None:
        self._database.execute("REPLACE INTO reached VALUES (1, ?)", (position,))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")  # the position is read inside, so that two processes can't both go on
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
