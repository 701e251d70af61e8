"""A receiver of webhooks: a real HTTP server, which keeps what it was sent, and may be slow, lie, hang or send away."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from anyio.from_thread import start_blocking_portal


@dataclass(frozen=True)
class Delivery:
    """What came in one request."""

    target: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.body)
        return found

    @property
    def positions(self) -> list[int]:
        return [event["position"] for event in self.events]


@dataclass
class Receiver:
    """What a receiver answers, and what it got."""

    status: int = 204
    then: list[int] = field(default_factory=list)
    """What it answers first, one after the other, before `status`."""
    delay: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    hangs: bool = False
    """Whether it takes what is sent and never answers."""
    port: int = 0
    got: list[Delivery] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    @property
    def url(self) -> str:
        """Return where it is."""
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def positions(self) -> list[int]:
        """Return all positions in the order in which they came."""
        return [position for delivery in self.got for position in delivery.positions]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and hang up."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._answer(reader, writer)
        self.at_once -= 1
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.got.append(Delivery(first.split(" ")[1], headers, body, time.monotonic()))
        if self.hangs:
            await reader.read()  # until the other side gives up
            return
        await asyncio.sleep(self.delay)
        status = self.then.pop(0) if self.then else self.status
        told = {"Content-Length": str(len(self.content)), **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        writer.write(f"HTTP/1.1 {status} As It Is\r\n{head}\r\n".encode() + self.content)
        await writer.drain()


@asynccontextmanager
async def receiving(receiver: Receiver, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Run a receiver until the block ends."""
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", receiver.port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


@contextmanager
def receiving_beside(receiver: Receiver) -> Iterator[Receiver]:
    """Run a receiver until the block ends, in a thread of its own, for a test without an event loop."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(receiving(receiver)) as running:
        yield running
