"""What costly files cost: read in the loop that serves others, and by a worker; `python -m tests.bench.attacks`.

Both ways in turn, each in a service process of its own that is asked whether it lives, again and again, meanwhile.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fhir.resources.R4B.bundle import Bundle
from rich.console import Console
from rich.table import Table

from deploy.local.ports import free_port
from services.archives.fhir.reading import open_bundle
from services.runtime.sheets import files
from services.runtime.sheets.files import Book, Rows, read_book
from services.runtime.workers import Workers
from tests.support.attacks import bundle_of_nothing, workbook_of
from tests.support.instance import eventually

EVERY = 0.02
"""Seconds between two looks at processes, and between two questions whether the service lives."""
HZ, MEBIBYTE = os.sysconf("SC_CLK_TCK"), 1024
ATTACKS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "workbook of 10.5 million empty cells": ("sheet", lambda: workbook_of(cells=10_500_000)),
    "workbook of 90 million empty cells": ("sheet", lambda: workbook_of(cells=90_000_000)),
    "FHIR bundle of 3.1 million empty objects": ("bundle", lambda: bundle_of_nothing(entries=3_100_000)),
}


def read_sheet(content: bytes) -> Book:
    """Read a workbook as services do."""
    return read_book(content, "a.xlsx", _count)


def read_sheet_unbounded(content: bytes) -> Book:
    """Read a workbook as services do, however large it is."""
    files.MAX_CELLS = files.MAX_UNPACKED = files.MAX_RATIO = files.MAX_LINES = 10**12
    return read_sheet(content)


def _count(rows: Rows) -> int:
    return len(rows)


def serve(way: str, port: int) -> None:
    """Serve what reads a posted file in one of the two ways."""
    app, workers = FastAPI(), Workers()
    in_loop: dict[str, Callable[[bytes], object]] = {
        "sheet": read_sheet_unbounded,
        "bundle": Bundle.model_validate_json,
    }
    by_worker: dict[str, Callable[[bytes], object]] = {"sheet": read_sheet, "bundle": open_bundle}

    @app.get("/health/live")
    async def live() -> str:
        return "live"

    @app.post("/{kind}")
    async def read(kind: str, request: Request) -> str:
        content = await request.body()
        try:
            await workers.run(by_worker[kind], content) if way == "worker" else in_loop[kind](content)
        except Exception as refusal:
            return str(refusal) or type(refusal).__name__
        return "read"

    uvicorn.run(app, port=port, log_level="error")


@dataclass
class Cost:
    """What processes took: seconds of processor time and the most memory by process, and the longest silence."""

    seconds: dict[int, float] = field(default_factory=dict)
    mebibytes: dict[int, float] = field(default_factory=dict)
    silence: float = 0.0
    outcome: str = ""

    async def watch(self, root: int) -> None:
        """Look at a process and those that it started, until cancelled."""
        while True:
            for pid in (root, *_started_by(root)):
                self._note(pid)
            await asyncio.sleep(EVERY)

    def _note(self, pid: int) -> None:
        try:
            spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            peak = Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return
        if peak:
            self.seconds[pid] = (int(spent[11]) + int(spent[12])) / HZ
            self.mebibytes[pid] = int(peak[0]) / MEBIBYTE


def _started_by(root: int) -> Iterator[int]:
    for children in Path(f"/proc/{root}/task").glob("*/children"):
        try:
            found = list(map(int, children.read_text().split()))
        except (FileNotFoundError, ProcessLookupError):
            continue
        for pid in found:
            yield pid
            yield from _started_by(pid)


@asynccontextmanager
async def serving(way: str) -> AsyncIterator[tuple[int, httpx.AsyncClient]]:
    """Run a service process; yield its pid and a client."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.bench.attacks", way, str(port))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=600, trust_env=False) as client:
            await eventually(lambda: _lives(client))
            yield process.pid, client
    finally:
        process.terminate()
        await process.wait()


async def _lives(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health/live")).is_success
    except httpx.ConnectError:
        return False


async def measure(way: str, kind: str, content: bytes) -> Cost:
    """Return what one file costs in one way."""
    cost = Cost()
    async with serving(way) as (pid, client):
        watching = asyncio.create_task(cost.watch(pid))
        sending = asyncio.create_task(client.post(f"/{kind}", content=content))
        while not sending.done():
            asked = time.monotonic()
            await client.get("/health/live")
            cost.silence = max(cost.silence, time.monotonic() - asked)
            await asyncio.sleep(EVERY)
        cost.outcome = (await sending).json()
        watching.cancel()
    return cost


async def compare() -> None:
    """Measure every attack in both ways and print a row for each."""
    table = Table("file", "kB", "read", "CPU s", "memory MiB", "longest silence s", "outcome")
    for name, (kind, make) in ATTACKS.items():
        content = make()
        for way in ("loop", "worker"):
            cost = await measure(way, kind, content)
            seconds, peak = sum(cost.seconds.values()), max(cost.mebibytes.values())
            figures = (f"{seconds:.1f}", f"{peak:.0f}", f"{cost.silence:.2f}")
            table.add_row(
                name,
                str(len(content) // 1000),
                f"by a {way}" if way == "worker" else "in the loop",
                *figures,
                cost.outcome,
            )
    Console(width=160).print(table)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        from tests.bench.attacks import serve as serve_by_name  # what workers run has a module that they can import

        serve_by_name(sys.argv[1], int(sys.argv[2]))
    else:
        asyncio.run(compare())
