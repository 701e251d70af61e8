"""Waiting at the end of a feed: readers sleep until this process appends something, and look again periodically."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from contracts.refusals import RefusedError

LOOK_AGAIN_AFTER = 1.0
"""Seconds between looks for entries that another replica appended."""
MOST_WAITING = 8
"""Requests of one reader that wait at once in one process."""


class TooManyWaitingError(RefusedError):
    """A reader waits at the end of the feed more often than it may."""

    code = "too_many_waiting"
    advice = (
        "同时等待的请求过多，请在前一个返回后再发。"
        "Too many of your requests wait for what comes; send the next one when one of them was answered."
    )
    status = 429


class Tail:
    """Wakes readers that wait for new entries."""

    def __init__(self) -> None:
        self._appended = asyncio.Event()
        self._waiting: Counter[str] = Counter()

    def wake(self) -> None:
        """Wake all readers that wait."""
        self._appended.set()
        self._appended = asyncio.Event()

    @contextmanager
    def seat(self, reader: str) -> Iterator[None]:
        """Let a reader wait once more inside the block; raise TooManyWaitingError if it waits too often already."""
        if self._waiting[reader] >= MOST_WAITING:
            raise TooManyWaitingError
        self._waiting[reader] += 1
        try:
            yield
        finally:
            self._waiting[reader] -= 1
            if not self._waiting[reader]:
                del self._waiting[reader]

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
