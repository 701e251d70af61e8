"""Followers of feeds as integrators run them, which may be killed at any point, and the door of feeds before them."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy.local.ports import free_port
from tests.support.instance import REPOSITORY
from tests.support.node import NODE

FOLLOWER = REPOSITORY / "deploy/integrators/follower"
COMMANDS: dict[str, tuple[str, ...]] = {
    "python": (sys.executable, "-m", "follow_feed"),
    "node": (NODE, str(FOLLOWER / "node/follow.mjs")),
}
"""How a follower is run, with nothing of ours."""
KILLING = {
    "python": (sys.executable, str(REPOSITORY / "tests/support/killing.py")),
    "node": (NODE, "--import", str(REPOSITORY / "tests/support/killing.mjs"), *COMMANDS["node"][1:]),
}
"""How a follower is run that is killed where it is about to write for the time that `KILLED_AT` says."""


@dataclass
class Door:
    """The door of feeds: it lets everything through to the service, but for what a test has it do before."""

    behind: ASGIApp
    port: int = field(default_factory=free_port)
    answers: list[tuple[int, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    """What it answers itself first, one after the other: status, headers, body."""
    breaks_off_after: int | None = None
    """After how many bytes of a snapshot it hangs up, once."""
    then_hangs_after: int | None = None
    """After how many bytes of a snapshot it says nothing more, once, after it hung up."""
    left_out: int | None = None
    """The position of an event that it leaves out of each page."""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """What was asked: method and path, the token, the part that was asked for."""

    @property
    def url(self) -> str:
        """Return where it is."""
        return f"http://127.0.0.1:{self.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append((f"{scope['method']} {scope['path']}", headers["authorization"], headers.get("range", "")))
        if self.answers:
            await self._answer(send, *self.answers.pop(0))
        elif scope["path"].endswith("/content") and (self.breaks_off_after or self.then_hangs_after):
            await self._break_off(scope, receive, send)
        elif self.left_out and scope["path"] == "/feeds/stays":
            await self._leave_out(scope, receive, send, self.left_out)
        else:
            await self.behind(scope, receive, send)

    async def _answer(self, send: Send, status: int, headers: dict[str, str], body: dict[str, Any]) -> None:
        told = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    async def _break_off(self, scope: Scope, receive: Receive, send: Send) -> None:
        hangs = not self.breaks_off_after
        left = self.breaks_off_after or self.then_hangs_after or 0
        if hangs:
            self.then_hangs_after = None
        self.breaks_off_after = None

        async def send_some(message: Message) -> None:
            nonlocal left
            if message["type"] == "http.response.start":
                await send(message)
                return
            some = message.get("body", b"")[:left]
            left -= len(some)
            await send({"type": "http.response.body", "body": some, "more_body": True})
            if not left and hangs:
                await asyncio.Event().wait()
            if not left:
                raise ConnectionAbortedError

        await self.behind(scope, receive, send_some)

    async def _leave_out(self, scope: Scope, receive: Receive, send: Send, position: int) -> None:
        async def send_others(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [(name, value) for name, value in message["headers"] if name != b"content-length"]
            else:
                events = [event for event in json.loads(message["body"]) if event["position"] != position]
                message["body"] = json.dumps(events).encode()
            await send(message)

        await self.behind(scope, receive, send_others)


@dataclass
class Follower:
    """A follower in a folder of its own."""

    language: str
    door: Door
    folder: Path
    district: str
    audience: str = ""
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir()

    @property
    def token_file(self) -> Path:
        return self.folder / "token"

    @property
    def secret_file(self) -> Path:
        return self.folder / "secret"

    @property
    def said(self) -> str:
        """Return what it said on standard error."""
        return (self.folder / "said").read_text(encoding="utf-8")

    async def start(self, command: str = "follow", killed_at: int = 0) -> asyncio.subprocess.Process:
        """Start it, to be killed where it is about to write for the time that is given."""
        run = KILLING[self.language] if killed_at else COMMANDS[self.language]
        with (self.folder / "said").open("ab") as said:
            self.process = await asyncio.create_subprocess_exec(
                *run, command, env=self._environment(killed_at), cwd=self.folder, stdout=said, stderr=said
            )
        return self.process

    async def kill(self) -> None:
        """Kill it (SIGKILL), if it runs."""
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def ends(self) -> int:
        """Wait until it ends by itself, and return its exit code."""
        assert self.process is not None
        async with asyncio.timeout(30):
            return await self.process.wait()

    async def says(self, what: str) -> bool:
        """Return whether it said something on standard error."""
        return what in self.said

    async def has_of_snapshot(self, size: int) -> bool:
        """Return whether it has so many bytes of a snapshot."""
        return [file.stat().st_size for file in self.folder.glob("*.snapshot")] == [size]

    async def has_begun(self) -> int | None:
        """Return the position of the snapshot that it took; None before."""
        return self.position

    @property
    def position(self) -> int | None:
        """Return the position that it keeps; None before it has a snapshot."""
        kept = self.folder / f"stays-{self.district}.{'json' if self.language == 'node' else 'sqlite'}"
        if not kept.exists():
            return None
        if self.language == "node":
            return int(json.loads(kept.read_text())["position"])
        with closing(sqlite3.connect(f"file:{kept}?mode=ro", uri=True)) as database:
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'reached'").fetchone():
                return None
            row = database.execute("SELECT position FROM reached").fetchone()
            return int(row[0]) if row else None

    async def counted(self) -> Counter[str]:
        """Return what it says that it counted."""
        shown = await asyncio.create_subprocess_exec(
            *COMMANDS[self.language], "show", env=self._environment(0), cwd=self.folder, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await shown.communicate()
        assert shown.returncode == 0
        return count(json.loads(line) for line in output.splitlines())

    def _environment(self, killed_at: int) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(FOLLOWER / "python"),
            "URL": self.door.url,
            "DISTRICT": self.district,
            "TOKEN_FILE": str(self.token_file),
            "SECRET_FILE": str(self.secret_file),
            "PORT": str(self.port),
            "KILLED_AT": str(killed_at),
        }


def count(rows: Iterable[dict[str, Any]]) -> Counter[str]:
    """Return how many events there are of each kind and data; a row without a count is one event."""
    counted: Counter[str] = Counter()
    for row in rows:
        counted[json.dumps([row["type"], row["data"]], sort_keys=True)] += row.get("count", 1)
    return counted


KILLED = -signal.SIGKILL
