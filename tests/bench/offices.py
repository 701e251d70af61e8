"""Offices that report arrivals over HTTP: so many at a time, or at fixed moments whatever the answers do.

They speak HTTP/1.1 over plain sockets: a full client library would take the CPU that the services are measured on.
"""

import asyncio
import json
import time
from collections.abc import Iterable
from typing import Any, Self

from tests.bench.children import Start
from tests.bench.population import invent

HOST = "127.0.0.1"
MOST_CONNECTIONS = 256


class Office:
    """One connection that stays open, with one report under way at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader, self._writer = reader, writer
        self._head = (
            f"POST /arrivals HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()

    @classmethod
    async def connect(cls, port: int, token: str) -> Self:
        """Open a connection to registration."""
        return cls(*await asyncio.open_connection(HOST, port), token)

    async def report(self, body: bytes) -> dict[str, Any]:
        """Report an arrival; it must be accepted."""
        self._writer.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        content = await self._reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 201"):
            raise ConnectionError(f"{head[:30]!r} {content[:200]!r}")
        answer: dict[str, Any] = json.loads(content)
        return answer


async def keep_reporting(start: Start, port: int, token: str, at_a_time: int, first: int, count: int) -> float:
    """Report people one by one, so many at a time; give the moment of the first (monotonic)."""
    bodies = iter(_bodies(first, count))
    offices = [await Office.connect(port, token) for _ in range(at_a_time)]
    await start()
    began = time.monotonic()
    await asyncio.gather(*(_report_all(office, bodies) for office in offices))
    return began


async def report_on_time(
    start: Start, port: int, token: str, per_second: float, first: int, count: int
) -> dict[str, float]:
    """Report people at fixed moments, however long answers take; give each stay's appointed moment (monotonic)."""
    bodies = _bodies(first, count)
    free: asyncio.LifoQueue[Office] = asyncio.LifoQueue()
    for _ in range(MOST_CONNECTIONS):
        free.put_nowait(await Office.connect(port, token))
    appointed: dict[str, float] = {}

    async def report(moment: float, body: bytes) -> None:
        office = await free.get()
        answer = await office.report(body)
        appointed[answer["stay_id"]] = moment
        free.put_nowait(office)

    await start()
    began = time.monotonic() + 0.1
    async with asyncio.TaskGroup() as reports:
        for index, body in enumerate(bodies):
            moment = began + index / per_second
            await asyncio.sleep(max(0.0, moment - time.monotonic()))
            reports.create_task(report(moment, body))
    return appointed


async def _report_all(office: Office, bodies: Iterable[bytes]) -> None:
    for body in bodies:
        await office.report(body)


def _bodies(first: int, count: int) -> list[bytes]:
    return [person.model_dump_json().encode() for person in invent(first, count)]
