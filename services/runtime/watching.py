"""Facts as they are applied, for whoever keeps a service running: how far it is, and what it hears just now."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from contracts.envelope import Event
from services.runtime.clock import Clock

MOST_SHOWN = 200
"""Facts that wait to be shown; of more, the newest are, and how many were left out."""

Covers = Callable[[str], bool]
"""Whether somebody may see what happened in a division."""


class Applied(NamedTuple):
    """A batch that was applied: when, when its newest fact was recorded, and how many facts the process applied."""

    at: datetime
    recorded_at: datetime
    facts: int


class Seen(NamedTuple):
    """A fact without anything of what it says."""

    type: str
    division: str
    recorded_at: datetime
    event_id: str


class Watcher:
    """Somebody who watches facts go by."""

    def __init__(self, covers: Covers) -> None:
        self._covers = covers
        self._waiting: deque[Seen] = deque(maxlen=MOST_SHOWN)
        self._told = 0
        self._woken = asyncio.Event()

    def show(self, events: Sequence[Event[Any]]) -> None:
        """Show facts of divisions that are covered."""
        seen = [Seen(one.type, one.division, one.time, one.id) for one in events if self._covers(one.division)]
        if seen:
            self._waiting.extend(seen)
            self._told += len(seen)
            self._woken.set()

    async def take(self, within: float) -> tuple[list[Seen], int]:
        """Return the newest facts, oldest first, and how many before them were left out; wait for some, not longer."""
        try:
            async with asyncio.timeout(within):
                await self._woken.wait()
        except TimeoutError:
            return [], 0
        taken, left_out = list(self._waiting), self._told - len(self._waiting)
        self._waiting.clear()
        self._told = 0
        self._woken.clear()
        return taken, left_out


class Watching:
    """What this process applied, and who watches."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._watchers: set[Watcher] = set()
        self.last: Applied | None = None
        """The last batch that was applied; None if none was since the start."""

    def note(self, events: Sequence[Event[Any]]) -> None:
        """Note a batch that was applied."""
        before = self.last.facts if self.last else 0
        self.last = Applied(self._clock(), events[-1].time, before + len(events))
        for watcher in self._watchers:
            watcher.show(events)

    @contextmanager
    def watched(self, watcher: Watcher) -> Iterator[None]:
        """Show a watcher what is applied inside the block."""
        self._watchers.add(watcher)
        try:
            yield
        finally:
            self._watchers.discard(watcher)
