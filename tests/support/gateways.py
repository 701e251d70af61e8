"""A gateway for text messages that is slow, goes down and lies: a real HTTP server, which counts what people get."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

ANSWERS = {200: "OK", 202: "Accepted", 400: "Bad Request", 404: "Not Found", 429: "Too Many Requests", 500: "Error"}
HANGS = 30.0
"""Seconds that an answer takes which nobody waits for."""


DOES = {
    "takes": 71,
    "is busy": 8,
    "hangs up": 4,
    "breaks": 3,
    "takes and hangs up": 5,
    "takes and breaks": 4,
    "takes and mumbles": 3,
    "hangs": 2,
}
"""What it does, and how often in a hundred."""
NOT_TAKING = ("is busy", "hangs up", "breaks")
SAYS: dict[str, tuple[int, dict[str, str]]] = {
    "is busy": (429, {}),
    "breaks": (500, {}),
    "takes and breaks": (500, {}),
    "takes and mumbles": (200, {"error": "what?"}),
}


@dataclass
class Gateway:
    """What the gateway does by chance, and what it did."""

    seed: int = 1
    knows_keys: bool = True
    only: str = ""
    """What it always does, if not what it does by chance."""
    refused: frozenset[str] = frozenset()
    """Phones that it never takes."""
    port: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    """How often it was asked to send, by key."""
    got: Counter[str] = field(default_factory=Counter)
    """How many messages people got, by phone."""
    taken: dict[str, str] = field(default_factory=dict)
    """The phone by key of what it took."""
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    @property
    def url(self) -> str:
        """Return where it is."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests on a connection until it is closed, or dropped by chance."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._answer(reader, writer):
                pass
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(next((line[16:] for line in head.split("\r\n") if line.startswith("content-length: ")), "0"))
        body = await reader.readexactly(length)
        if head.startswith("get "):
            key = head.split(" ")[1].rpartition("/")[2]
            return await _say(writer, 200 if key in self.taken else 404, {"id": f"g-{key}"})
        asked = json.loads(body)
        self.asked[asked["key"]] += 1
        self.texts.append(asked["text"])
        return await self._take(writer, asked["key"], asked["to"])

    async def _take(self, writer: asyncio.StreamWriter, key: str, phone: str) -> bool:
        """Take a message or not, and tell the truth about it or not."""
        if phone in self.refused:
            return await _say(writer, 400, {})
        does = self.only or self._chance.choices(list(DOES), list(DOES.values()))[0]
        if does not in NOT_TAKING:
            if not (self.knows_keys and key in self.taken):
                self.got[phone] += 1
            self.taken[key] = phone
        if does == "hangs":
            await asyncio.sleep(HANGS)
        if does.endswith("hangs up"):
            return False
        return await _say(writer, *SAYS.get(does, (202, {"id": f"g-{key}"})))


async def _say(writer: asyncio.StreamWriter, status: int, body: object) -> bool:
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} {ANSWERS[status]}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    await writer.drain()
    return True


@asynccontextmanager
async def gateway_at_work(gateway: Gateway) -> AsyncIterator[Gateway]:
    """Run a gateway until the block ends."""
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", gateway.port)
    gateway.port = server.sockets[0].getsockname()[1]
    try:
        yield gateway
    finally:
        server.close()
