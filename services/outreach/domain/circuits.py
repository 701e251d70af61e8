"""A gateway that failed several times in a row is left alone for a while, then asked with one message."""

from datetime import datetime, timedelta

FAILURES = 5
"""Failures in a row after which a gateway is left alone."""
LONGEST_PAUSE = timedelta(minutes=5)


class Circuit:
    """Whether a gateway may be asked; the pause doubles each time it fails again right after one."""

    def __init__(self, first_pause: timedelta) -> None:
        self._first_pause = first_pause
        self._failures = 0
        self._pause = timedelta()
        self._closed_until: datetime | None = None

    def room(self, now: datetime, most: int) -> int:
        """Return how many messages may be sent now: none in a pause, one after it, else the most."""
        if self._closed_until is None:
            return most
        return 1 if now >= self._closed_until else 0

    def note(self, now: datetime, *, reached: bool) -> None:
        """Note whether the gateway answered as it should."""
        if reached:
            self._failures, self._pause, self._closed_until = 0, timedelta(), None
            return
        self._failures += 1
        if self._failures >= FAILURES and (self._closed_until is None or now >= self._closed_until):
            self._pause = min(self._pause * 2 or self._first_pause, LONGEST_PAUSE)
            self._closed_until = now + self._pause
