"""Waiting at the end of a feed: readers sleep until something is appended here, and look again now and then."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

LOOK_AGAIN_AFTER = 1.0
"""Seconds between looks, for what another replica appended."""


class Tail:
    """Wakes readers that wait for news."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Wake everyone who waits."""
        self._news.set()
        self._news = asyncio.Event()

    async def read(self, look: Callable[[], Awaitable[list[Any]]], wait: float) -> list[Any]:
        """Look until there is something or the wait (seconds) is over."""
        deadline = time.monotonic() + wait
        while True:
            news = self._news
            found = await look()
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            try:
                await asyncio.wait_for(news.wait(), min(left, LOOK_AGAIN_AFTER))
            except TimeoutError:
                continue
