"""Systems that follow a feed over HTTP: many cursors, each of which asks for what is behind its position and waits.

They speak HTTP/1.1 over plain sockets: a full client library would take the CPU that the service is measured on. They
stand for other machines, so they run where nobody else wants the CPU (SCHED_IDLE).
"""

import asyncio
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Self

from tests.bench.children import Start

HOST = "127.0.0.1"
MOST_CONNECTIONS = 450
"""At once, all together: a process of a service bears 500."""


class Asking(NamedTuple):
    """How many cursors ask: each once in so many seconds, and waits so long; all of them in so many turns."""

    cursors: int
    every: float
    wait: float
    turns: int


@dataclass
class Followed:
    """What came of following: requests, turns that were skipped or refused, events, cursors that were told something.

    `delays` are the seconds from the release in which something was told until who waited for it had it, `behind` the
    most seconds by which a request was made after its turn.
    """

    requests: int = 0
    skipped: int = 0
    refused: int = 0
    events: int = 0
    told: int = 0
    behind: float = 0.0
    delays: list[float] = field(default_factory=list)


class TooManyError(ConnectionError):
    """So many requests of the account wait that the service takes no more."""


class Reader:
    """One connection that stays open, with one request under way at a time."""

    def __init__(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._port, self._reader, self._writer = port, reader, writer

    @classmethod
    async def connect(cls, port: int) -> Self:
        """Open a connection to feeds."""
        return cls(port, *await asyncio.open_connection(HOST, port))

    async def read(self, token: str, after: int, limit: int, wait: float = 0) -> bytes:
        """Return what is told after a position, as it is answered."""
        if self._reader.at_eof():  # nothing was asked for so long that the service hung up
            self._writer.close()
            self._reader, self._writer = await asyncio.open_connection(HOST, self._port)
        asked = f"GET /feeds/stays?after={after}&limit={limit}&wait={wait}"
        self._writer.write(f"{asked} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        content = await self._reader.readexactly(length)
        if head.startswith(b"HTTP/1.1 429"):
            raise TooManyError
        if not head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(f"{head[:30]!r} {content[:200]!r}")
        return content

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


class Cursors:
    """Positions of many systems, each with its turn in every round."""

    def __init__(self, tokens: Sequence[str], count: int, wait: float) -> None:
        self.followed = Followed()
        self._tokens, self._wait = tokens, wait
        self._positions: list[int | None] = [None] * count
        self._newest = 0
        self._turn = 0
        self._asking: set[int] = set()
        self._free: asyncio.LifoQueue[Reader] = asyncio.LifoQueue()

    async def connect(self, port: int) -> None:
        """Open the connections that they share."""
        for _ in range(MOST_CONNECTIONS):
            self._free.put_nowait(await Reader.connect(port))

    async def find_newest(self) -> None:
        """Read to the end: a cursor that has its first turn stands where its system left off, behind the newest."""
        reader = await self._free.get()
        while events := json.loads(await reader.read(self._tokens[0], self._newest, 1000)):
            self._newest = events[-1]["position"]
        self._free.put_nowait(reader)

    async def ask_in_turns(self, every: float, until: asyncio.Future[None]) -> None:
        """Let each cursor ask once in so many seconds; none waits for another's answer, the end for all of them."""
        began, first, count = time.monotonic(), self._turn, len(self._positions)
        async with asyncio.TaskGroup() as asking:
            while not until.done():
                due = began + (self._turn - first) * every / count
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                cursor = self._turn % count
                self._turn += 1
                if cursor in self._asking:
                    self.followed.skipped += 1  # nobody asks before the last answer came
                else:
                    asking.create_task(self._ask(cursor, due))

    async def _ask(self, cursor: int, due: float) -> None:
        self._asking.add(cursor)
        reader = await self._free.get()
        self.followed.behind = max(self.followed.behind, time.monotonic() - due)
        known, asked = self._positions[cursor], time.time()
        position = self._newest if known is None else known
        token = self._tokens[cursor % len(self._tokens)]
        try:
            events = json.loads(await reader.read(token, position, 1000, self._wait))
        except TooManyError:
            events, self.followed.refused = [], self.followed.refused + 1
        self._free.put_nowait(reader)
        self._asking.remove(cursor)
        self.followed.requests += 1
        if events:
            self._take(cursor, position, events, asked)

    def _take(self, cursor: int, position: int, events: list[dict[str, Any]], asked: float) -> None:
        if [event["position"] for event in events] != list(range(position + 1, position + len(events) + 1)):
            raise ValueError(f"Not what is told after {position}.")
        self.followed.events += len(events)
        self.followed.told += self._positions[cursor] is None
        self._positions[cursor] = events[-1]["position"]
        self._newest = max(self._newest, events[-1]["position"])
        told = moment_of(events[0])
        if told > asked:  # it waited already
            self.followed.delays.append(time.time() - told)


def moment_of(event: dict[str, Any]) -> float:
    """Return when an event was told to an audience that is told at any moment, in seconds since 1970."""
    return datetime.fromisoformat(event["time"]).timestamp()


async def follow(start: Start, port: int, tokens: Sequence[str], asking: Asking) -> Followed:
    """Let cursors ask, from a start on until the next one, in turns."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    cursors = Cursors(tokens, asking.cursors, asking.wait)
    await cursors.connect(port)
    for _ in range(asking.turns):
        await start()
        await cursors.find_newest()
        await cursors.ask_in_turns(asking.every, asyncio.ensure_future(start()))
    return cursors.followed
