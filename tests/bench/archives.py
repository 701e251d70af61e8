"""What a street's duty list and opening one archive cost with few archives held and with many: by turns, over HTTP.

Two districts with an instance each, a small and a large one, stand side by side, and each request goes to one and then
to the other, so that a slow moment of the machine falls on both. The streets asked grow with the whole: the list of a
street with a hundred times the people must cost what it cost before, since it reads one page. The page is full in both.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from random import Random
from statistics import quantiles
from typing import Any

import httpx
from pymongo import MongoClient

from contracts.reference.calendar import day_of
from deploy.local.services import ServiceProcess
from deploy.local.stack import Stack
from services.runtime.access import issue
from services.runtime.clock import system_clock
from tests.bench.children import children
from tests.bench.patients import STREETS, hold_archives, person_of
from tests.bench.population import DISTRICTS

PAGE = 50
WARM_UP = 20
FILLED_WITHIN = 900.0
Percentiles = dict[str, float]
Costs = dict[str, dict[str, Percentiles]]
"""Milliseconds by number of archives and by what was asked for."""


def measure_archives(stack: Stack, client: MongoClient[dict[str, Any]], sizes: tuple[int, ...], requests: int) -> Costs:
    """Hold so many archives in a district each; give what each request costs there, in milliseconds."""
    today = day_of(system_clock())
    with ExitStack() as running:
        held = list(zip(DISTRICTS, sizes, strict=True))
        doors = [(*each, running.enter_context(_held(stack, client, *each, today))) for each in held]
        delays: dict[tuple[int, str], list[float]] = {}
        for turn in range(WARM_UP + requests):
            for district, size, door in doors:
                for name, path in _asked(turn, district, size).items():
                    took = time_request(door, path, _CHECKS[name])
                    if turn >= WARM_UP:
                        delays.setdefault((size, name), []).append(took)
    return {str(size): {name: percentiles(delays[size, name]) for name in _CHECKS} for size in sizes}


@contextmanager
def _held(
    stack: Stack, client: MongoClient[dict[str, Any]], district: str, size: int, today: date
) -> Iterator[httpx.Client]:
    """Run a district's archives on so many until the block ends; give a health worker's way in."""
    environment = stack.service_environment("archives", districts=district)
    database = f"houniao_archives_{district}"
    client.drop_database(database)
    with children({"station": (hold_archives, (environment, district, size, today))}) as filling:
        filling["station"].start()
        filling["station"].result(FILLED_WITHIN)
    service = ServiceProcess(stack, "archives", districts=district)
    token = issue(stack.issuer_jwk(), services=["archives"], subject="bench", role="health_worker", division=district)
    try:
        service.start()
        service.wait_ready()
        with httpx.Client(base_url=service.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as door:
            yield door
    finally:
        service.stop()
        client.drop_database(database)


def _asked(turn: int, district: str, size: int) -> dict[str, str]:
    """Return the requests of a turn: the first page of a street's list and of the district's, and an archive."""
    streets = STREETS[district]
    street, number = streets[turn % len(streets)], Random(turn).randrange(size)
    return {
        "duties of a street": f"/duties?division={street}&limit={PAGE}",
        "duties of the district": f"/duties?division={district}&limit={PAGE}",
        "opening an archive": f"/archives/{person_of(number)}",
    }


def _is_full(page: Any) -> bool:
    return len(page["people"]) == PAGE and page["cursor"] is not None


def _is_open(file: Any) -> bool:
    return bool(file["archives"])


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "duties of a street": _is_full,
    "duties of the district": _is_full,
    "opening an archive": _is_open,
}


def time_request(door: httpx.Client, path: str, check: Callable[[Any], bool]) -> float:
    """Return the milliseconds until a request is answered; raise ValueError if the answer is not what it should be."""
    began = time.perf_counter()
    answer = door.get(path)
    took = 1000 * (time.perf_counter() - began)
    if answer.status_code != 200 or not check(answer.json()):
        raise ValueError(f"{path}: {answer.status_code} {answer.text[:300]}")
    return took


def percentiles(delays: list[float]) -> Percentiles:
    """Return the median and the 99th percentile."""
    found = quantiles(delays, n=100)
    return {"p50": round(found[49], 2), "p99": round(found[98], 2)}


def ratios(costs: Costs) -> dict[str, Percentiles]:
    """Return the cost with the most archives as a multiple of that with the fewest."""
    few, many = costs[min(costs, key=int)], costs[max(costs, key=int)]
    return {name: {p: round(many[name][p] / found[p], 2) for p in found} for name, found in few.items()}
