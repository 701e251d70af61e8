"""Waiting at the end of a feed: readers sleep until their audience is told something, and look again now and then."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from contracts.refusals import RefusedError

LOOK_AGAIN_AFTER = 10.0
"""Seconds between looks of a reader whom nobody woke: who releases is told of what other processes released too."""
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
    """Wakes readers that wait for what their audience is told next, and whoever wants to know of anything told."""

    def __init__(self) -> None:
        self._called: list[Callable[[], None]] = []
        self._told: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._waiting: Counter[str] = Counter()

    def wake(self, audience: str) -> None:
        """Wake the readers of an audience that wait, and call whoever wants to be called."""
        for call in self._called:
            call()
        if audience in self._told:
            self._told.pop(audience).set()

    def call_when_told(self, call: Callable[[], None]) -> None:
        """Call a function whenever an audience was told something."""
        self._called.append(call)

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

    async def read(self, audience: str, look: Callable[[], Awaitable[list[Any]]], wait: float) -> list[Any]:
        """Return what `look` finds; while it finds nothing, look again for at most `wait` seconds."""
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
                continue
