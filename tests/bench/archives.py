"""What a street's duty list and opening one archive cost with few archives held and with many: by turns, over HTTP.

Two districts with an instance each, a small and a large one, stand side by side, and each request goes to one and then
to the other, so that a slow moment of the machine falls on both. The streets asked grow with the whole: the list of a
street with a hundred times the people must cost what it cost before, since it reads one page. The page is full in both.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
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
FILLED_WITHIN = 1_800.0
Percentiles = dict[str, float]
Costs = dict[str, dict[str, Percentiles]]
"""Milliseconds by number of archives and by what was asked for."""


Asked = Callable[[int, str, int], Mapping[str, str]]
"""Returns the requests of a turn by what is asked for, to a district that holds so many."""
Checks = Mapping[str, Callable[[Any], bool]]
"""Tells of each thing asked for whether the answer is what it should be."""


def measure_archives(stack: Stack, client: MongoClient[dict[str, Any]], sizes: tuple[int, ...], requests: int) -> Costs:
    """Hold so many archives in a district each; give what each request costs there, in milliseconds."""
    today = day_of(system_clock())
    held = list(zip(DISTRICTS, sizes, strict=True))
    with ExitStack() as running:
        doors = [
            running.enter_context(
                door_to(stack, client, ("archives", "health_worker", district), hold_archives, (district, size, today))
            )
            for district, size in held
        ]
        return ask_in_turns(list(zip(held, doors, strict=True)), _asked, _CHECKS, requests)


def ask_in_turns(
    doors: Sequence[tuple[tuple[str, int], httpx.Client]], asked: Asked, checks: Checks, requests: int
) -> Costs:
    """Ask districts that hold so many in turns; return what each request costs, after some to warm up."""
    delays: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for turn in range(WARM_UP + requests):
        for (district, size), door in doors:
            for name, path in asked(turn, district, size).items():
                took = _time(door, path, checks[name])
                if turn >= WARM_UP:
                    delays[str(size)][name].append(took)
    return {size: {name: _percentiles(found[name]) for name in checks} for size, found in delays.items()}


@contextmanager
def door_to(
    stack: Stack,
    client: MongoClient[dict[str, Any]],
    who: tuple[str, str, str],
    fill: Callable[..., Any],
    how: tuple[Any, ...],
) -> Iterator[httpx.Client]:
    """Run a service of a district, filled beforehand, until the block ends; give the way in of somebody with a role."""
    service, role, district = who
    environment = stack.service_environment(service, districts=district)
    database = f"houniao_{service}_{district}"
    client.drop_database(database)
    client.admin.command("grantRolesToUser", service, roles=[{"role": "readWrite", "db": database}])
    with children({"filling": (fill, (environment, *how))}) as filling:
        filling["filling"].start()
        filling["filling"].result(FILLED_WITHIN)
    process = ServiceProcess(stack, service, districts=district)
    token = issue(stack.issuer_jwk(), services=[service], subject="bench", role=role, division=district)
    try:
        process.start()
        process.wait_ready()
        with httpx.Client(base_url=process.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as door:
            yield door
    finally:
        process.stop()
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


def _time(door: httpx.Client, path: str, check: Callable[[Any], bool]) -> float:
    """Return the milliseconds until a request is answered; raise ValueError if the answer is not what it should be."""
    began = time.perf_counter()
    answer = door.get(path)
    took = 1000 * (time.perf_counter() - began)
    if answer.status_code != 200 or not check(answer.json()):
        raise ValueError(f"{path}: {answer.status_code} {answer.text[:300]}")
    return took


def _percentiles(delays: list[float]) -> Percentiles:
    """Return the median and the 99th percentile."""
    found = quantiles(delays, n=100)
    return {"p50": round(found[49], 2), "p99": round(found[98], 2)}


def ratios(costs: Costs) -> dict[str, Percentiles]:
    """Return the cost with the most archives as a multiple of that with the fewest."""
    few, many = costs[min(costs, key=int)], costs[max(costs, key=int)]
    return {name: {p: round(many[name][p] / found[p], 2) for p in found} for name, found in few.items()}
