"""The feed over HTTP: each request is made until something is decided, and what is refused for good is raised."""

import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from .effect import Json

LONGEST_PAUSE = 60.0
LATER = frozenset({408, 429})
"""What passes by itself, like everything from 500 on."""
NONE: Mapping[str, str] = {}
Taken = TypeVar("Taken")


class RefusedError(Exception):
    """What will be refused again: `not_subscribed`, `subscription_expired`, `outside_your_division` and others."""


class CompactedError(Exception):
    """What follows the position stands in the snapshot alone any more."""


@dataclass(frozen=True)
class Feed:
    """A district's feed; the token is read from its file for each request, since one lasts for hours at most."""

    client: httpx.Client
    name: str
    district: str
    token_file: Path

    def read(self, after: int, wait: float = 30) -> list[Json]:
        """Return the events after a position; wait for some for so many seconds."""
        events: list[Json] = self.ask("GET", "", read_json, after=after, limit=1000, wait=wait)
        return events

    def ask(
        self,
        method: str,
        path: str,
        take: Callable[[httpx.Response], Taken],
        headers: Mapping[str, str] = NONE,
        **parameters: Any,
    ) -> Taken:
        """Return what is taken from the answer to a request, made again until there is one.

        Raise CompactedError or RefusedError where asking again changes nothing.
        """
        for pause in _pauses():
            token = self.token_file.read_text(encoding="ascii").strip()
            signed = {"Authorization": f"Bearer {token}", **headers}
            asked = {"division": self.district, **parameters}
            try:
                with self.client.stream(method, f"/feeds/{self.name}{path}", params=asked, headers=signed) as answer:
                    if answer.is_success:
                        return take(answer)
                    answer.read()
            except httpx.TransportError as error:
                _wait(pause, type(error).__name__)
                continue
            if answer.status_code == 401:
                self._await_another(token)
            else:
                _wait(_pause_after(answer, pause), f"answered {answer.status_code}")
        raise AssertionError("pauses do not end")

    def _await_another(self, token: str) -> None:
        """Wait until there is another token: the same one would be refused again."""
        print(f"the token is over: put another one into {self.token_file}", file=sys.stderr)
        while self.token_file.read_text(encoding="ascii").strip() == token:
            time.sleep(1)


def read_json(answer: httpx.Response) -> Any:
    """Return the JSON of an answer."""
    answer.read()
    return answer.json()


def _pause_after(answer: httpx.Response, pause: float) -> float:
    """Return how long to wait after an answer that is no success; raise what asking again does not change."""
    status = answer.status_code
    if status == 410:
        raise CompactedError
    if status < 500 and status not in LATER:
        raise RefusedError(f"{status} {answer.text}")
    told = answer.headers.get("Retry-After", "")
    return max(pause, float(told)) if told.isdecimal() else pause


def _pauses() -> Iterator[float]:
    """Yield pauses that double up to the longest, half of each by chance: those who failed together come back apart."""
    pause = 1.0
    while True:
        yield pause * (1 + random.random()) / 2  # noqa: S311  # a pause
        pause = min(2 * pause, LONGEST_PAUSE)


def _wait(pause: float, why: str) -> None:
    print(f"{why}: goes on in {pause:.0f} s", file=sys.stderr)
    time.sleep(pause)
