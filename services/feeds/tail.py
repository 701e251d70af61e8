"""Waiting at the end of a feed: readers sleep until their audience is told something, and look again now and then."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from services.runtime.seats import Seats

LOOK_AGAIN_AFTER = 10.0
"""Seconds between looks of a reader whom nobody woke: who releases is told of what other processes released too."""


class Tail:
    """Wakes readers that wait for what their audience is told next, and whoever wants to know of anything told."""

    def __init__(self) -> None:
        self._called: list[Callable[[], None]] = []
        self._told: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.seats = Seats()

    def wake(self, audience: str) -> None:
        """Wake the readers of an audience that wait, and call whoever wants to be called."""
        for call in self._called:
            call()
        if audience in self._told:
            self._told.pop(audience).set()

    def call_when_told(self, call: Callable[[], None]) -> None:
        """Call a function whenever an audience was told something."""
        self._called.append(call)

    async def read(self, audience: str, look: Callable[[], Awaitable[list[Any]]], wait: float) -> list[Any]:
        """Return what `look` finds; while it finds nothing, look again when woken and now and then, for `wait` seconds.

        When these are over it is not looked once more: whoever asks again looks at once.
        """
        deadline = time.monotonic() + wait
        while True:
            told = self._told[audience]  # taken before looking, so that nothing that is told in between is missed
            found = await look()
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            try:
                await asyncio.wait_for(told.wait(), min(left, LOOK_AGAIN_AFTER))
            except TimeoutError:
                if left <= LOOK_AGAIN_AFTER:
                    return found
