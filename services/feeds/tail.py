"""Waiting at the end of a feed: readers sleep until this process appends something, and look again periodically."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

LOOK_AGAIN_AFTER = 1.0
"""Seconds between looks for entries that another replica appended."""


class Tail:
    """Wakes readers that wait for new entries."""

    def __init__(self) -> None:
        self._appended = asyncio.Event()

    def wake(self) -> None:
        """Wake all readers that wait."""
        self._appended.set()
        self._appended = asyncio.Event()

    async def read(self, look: Callable[[], Awaitable[list[Any]]], wait: float) -> list[Any]:
        """Return what `look` finds; while it finds nothing, look again for at most `wait` seconds."""
        deadline = time.monotonic() + wait
        while True:
            appended = self._appended  # taken before looking, so that no append in between is missed
            found = await look()
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            try:
                await asyncio.wait_for(appended.wait(), min(left, LOOK_AGAIN_AFTER))
            except TimeoutError:
                continue
