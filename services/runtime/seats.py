"""Who waits for what comes: so many requests of one caller at once, and so many of all in one process."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from contracts.refusals import RefusedError
from services.runtime.connections import FULL
from services.runtime.problems import Problem

MOST_WAITING, MOST_IN_ALL = 8, 2000
"""Requests that wait at once in one process: of one caller, and of all."""


class TooManyWaitingError(RefusedError):
    """A caller waits for what comes more often than it may."""

    code = "too_many_waiting"
    advice = (
        "同时等待的请求过多，请在前一个返回后再发。"
        "Too many of your requests wait for what comes; send the next one when one of them was answered."
    )
    status = 429


class Seats:
    """The seats of whoever waits."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, caller: str) -> Iterator[None]:
        """Let a caller wait once more inside the block.

        Raise TooManyWaitingError if it waits too often already, a problem with status 503 if too many others do.
        """
        if self._taken[caller] >= MOST_WAITING:
            raise TooManyWaitingError
        if self._taken.total() >= MOST_IN_ALL:
            raise Problem(503, "too_many_connections", FULL)
        self._taken[caller] += 1
        try:
            yield
        finally:
            self._taken[caller] -= 1
            if not self._taken[caller]:
                del self._taken[caller]
