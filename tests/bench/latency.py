"""Latency: from the moment an arrival was due to be reported over HTTP until its row is in reporting's view.

Open loop: arrivals are due at fixed moments and every delay counts from there, also that of a report which had to wait
its turn, so nothing slow hides what comes behind it. MongoDB itself tells of each row, once a majority has it.
"""

import threading
import time
from collections.abc import Mapping
from statistics import quantiles
from typing import Any

from pymongo import MongoClient

from tests.bench.children import children
from tests.bench.houniao import Houniao, database_name
from tests.bench.offices import report_on_time

PATIENCE = 120.0


class Watcher(threading.Thread):
    """Notes when each row of reporting's stays came to be seen."""

    def __init__(self, client: MongoClient[dict[str, Any]]) -> None:
        super().__init__(daemon=True)
        self.seen: dict[str, float] = {}
        self._over = threading.Event()
        inserted: list[dict[str, Any]] = [{"$match": {"operationType": "insert"}}, {"$project": {"documentKey": 1}}]
        self._stream = client[database_name("reporting")]["stays"].watch(inserted, max_await_time_ms=200)

    def run(self) -> None:
        """Note rows until told that it is over."""
        with self._stream as stream:
            while not self._over.is_set():
                if (change := stream.try_next()) is not None:
                    self.seen[change["documentKey"]["_id"]] = time.monotonic()

    def wait_for(self, stays: Mapping[str, Any]) -> None:
        """Wait until all of these were seen."""
        deadline = time.monotonic() + PATIENCE
        while stays.keys() - self.seen.keys():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(stays.keys() - self.seen.keys())} arrivals never came into sight.")
            time.sleep(0.1)
        self._over.set()
        self.join()


def measure_latency(houniao: Houniao, per_second: float, seconds: float) -> dict[str, float]:
    """Report arrivals at a fixed rate for some seconds; give the 50th and 99th percentile in milliseconds."""
    watcher = Watcher(houniao.client)
    watcher.start()
    people = houniao.next_people(max(20, round(per_second * seconds)))
    with children({"offices": (report_on_time, (*houniao.door(), per_second, *people))}) as running:
        running["offices"].start()
        due: dict[str, float] = running["offices"].result()
    watcher.wait_for(due)
    houniao.views.wait(houniao.arrived)
    delays = quantiles([1000 * (watcher.seen[stay] - moment) for stay, moment in due.items()], n=100)
    return {"p50": round(delays[49], 1), "p99": round(delays[98], 1)}
