"""Whether a feed grows too long: reading one of a million events to its end, and taking its snapshot.

Two audiences were told as many as are named, in releases as feeds makes them, and are read over HTTP from a process of
its own: page by page to the end, then a page of the first tenth and one of the last in turns, so that a slow moment of
the machine falls on both. A snapshot is made in that process too, of the shorter feed first: how much memory it took at
most is what Linux says.
"""

import asyncio
import time
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpx
from pymongo import MongoClient

from contracts.feeds.feeds import Attribute
from contracts.feeds.subscriptions import AgeBand
from deploy.local.services import ServiceProcess
from deploy.local.stack import Stack
from services.feeds.domain.releases import Release, release
from services.feeds.views import releases
from services.feeds.views.releases import Progress
from services.runtime.mongo import connect, database_of
from tests.bench.children import Start, children
from tests.bench.cursors import DATABASE, client_of, running_feeds, subscribe, token_of
from tests.bench.followers import Reader
from tests.support.instance import eventually
from tests.support.joining import KEY, make_crowd
from tests.support.subscriptions import make_terms

A_RELEASE, A_READ = 2000, 1000
CROWDS = 20
"""So many releases differ from each other; then they come again, a year later each time."""
TURNS = 100
FILLED_WITHIN, MADE_WITHIN = 1_800.0, 1_800.0
RESET_PEAK = "5"
Costs = dict[str, float]


def measure_long_feed(stack: Stack, client: MongoClient[dict[str, Any]], sizes: tuple[int, int]) -> Costs:
    """Return events a second, seconds and mebibytes of a short and a long feed, and how many times as much it is."""
    client.drop_database(DATABASE)
    with running_feeds(stack) as process:
        return asyncio.run(_measure(stack, process, sizes))


async def _measure(stack: Stack, process: ServiceProcess, sizes: tuple[int, int]) -> Costs:
    accounts = ("short", "long")
    for account, size in zip(accounts, sizes, strict=True):
        named = await subscribe(stack, process, account)
        with children({"filling": (tell, (stack.mongodb_url(), named, size))}) as running:
            running["filling"].start()
            await asyncio.to_thread(running["filling"].result, FILLED_WITHIN)
    costs = Costs()
    for account in accounts:
        async with client_of(stack, process, "integrator", account) as client:
            seconds, mebibytes = await _take_snapshot(client, process)
        costs |= {f"snapshot of the {account}, s": seconds, f"snapshot of the {account}, peak MiB": mebibytes}
    costs["snapshot, peak, times"] = costs["snapshot of the long, peak MiB"] / costs["snapshot of the short, peak MiB"]
    reader = await Reader.connect(stack.service_port("feeds"))
    token = token_of(stack, "integrator", "long")
    costs["read to the end, events/s"] = await _read_all(reader, token, sizes[1])
    first, last = await _read_in_turns(reader, token, sizes[1])
    reader.close()
    return costs | {"the last tenth, times as fast as the first": first / last}


async def tell(start: Start, url: str, audience: str, events: int) -> None:
    """Tell an audience so many events, in releases as they are made of many people."""
    database = database_of(connect(url), DATABASE)
    made = cache(partial(_release, audience))
    await start()
    progress = Progress()
    while progress.end < events:
        told = made(progress.number % CROWDS).events[: events - progress.end]
        again = [_repeat(event, progress.number) for event in told]
        progress = Progress(progress.number + 1, progress.end + len(again), "2026-11-26T00:00:00.000000Z")
        if not await releases.add(database, audience, progress, again):
            raise ValueError("Somebody else tells this audience.")


def _repeat(event: dict[str, Any], number: int) -> dict[str, Any]:
    """Return an event as it comes again in a later release."""
    data = dict(event["data"])
    if "started_on" in data:
        data["started_on"] = f"{2000 + number // CROWDS}{data['started_on'][4:]}"
    return {**event, "id": f"{number:08x}{event['id'][8:]}", "data": data}


def _release(audience: str, seed: int) -> Release:
    attributes = (Attribute.STREET, Attribute.STATE, Attribute.STARTED_ON, Attribute.SEX)
    terms = make_terms(attributes=attributes, age=AgeBand.FIVE_YEARS)
    return release(terms, make_crowd(A_RELEASE * 4 // 5, seed), audience=audience, key=KEY)


async def _take_snapshot(client: httpx.AsyncClient, process: ServiceProcess) -> tuple[float, float]:
    """Have a snapshot made; return the seconds it took and the most mebibytes that the service had meanwhile."""
    status = Path(f"/proc/{process.pid}")
    (status / "clear_refs").write_text(RESET_PEAK)
    began = time.monotonic()
    (await client.post("/feeds/stays/snapshot")).raise_for_status()
    manifest = await eventually(partial(_find_made, client), MADE_WITHIN)
    seconds = time.monotonic() - began
    if manifest["events"] != manifest["position"]:
        raise ValueError("The snapshot does not count all that was told.")
    peak = next(line for line in (status / "status").read_text().splitlines() if line.startswith("VmHWM"))
    return seconds, int(peak.split()[1]) / 1024


async def _find_made(client: httpx.AsyncClient) -> Any:
    answer = (await client.get("/feeds/stays/snapshot")).raise_for_status().json()
    return None if answer["making"] else answer["ready"]


async def _read_all(reader: Reader, token: str, events: int) -> float:
    """Return how many events a second are read from the first one to the last."""
    position, began = 0, time.monotonic()
    while content := await reader.read(token, position, A_READ):
        if content == b"[]":
            break
        position = last_position(content)
    if position != events:
        raise ValueError(f"Read up to {position} of {events}.")
    return position / (time.monotonic() - began)


async def _read_in_turns(reader: Reader, token: str, events: int) -> tuple[float, float]:
    """Return the seconds that pages of the first tenth and of the last one took."""
    took = [0.0, 0.0]
    tenth = events // 10
    for turn in range(min(TURNS, tenth // A_READ)):
        for which, begin in enumerate((0, events - tenth)):
            began = time.monotonic()
            content = await reader.read(token, begin + turn * A_READ, A_READ)
            took[which] += time.monotonic() - began
            if last_position(content) != begin + (turn + 1) * A_READ:
                raise ValueError("Not the page that was asked for.")
    return took[0], took[1]


def last_position(content: bytes) -> int:
    """Return the position of the last event of a page, which is not read otherwise."""
    return int(content.rpartition(b'"position":')[2].partition(b",")[0])
