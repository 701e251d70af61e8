"""When an arrival is visible: rows counted in the views of all five services, as cheaply as MongoDB can."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from tests.bench.population import DISTRICTS, STREETS

EVERY = 0.05
PATIENCE = 300.0

Count = Callable[[], int]
Name = Callable[[str], str]
Unfinished = Callable[[Database[dict[str, Any]]], bool]
"""Returns whether a row is in reporting, and not yet in its numbers."""


class Views:
    """The views of one contestant, in a database for each service."""

    def __init__(
        self, client: MongoClient[dict[str, Any]], name: Name, feed: Callable[[Any], int], unfinished: Unfinished
    ) -> None:
        def database(service: str) -> Database[dict[str, Any]]:
            return client[name(service)]

        reporting, feeds = database("reporting"), database("feeds")
        self._counts: tuple[Count, ...] = (
            reporting["archives"].estimated_document_count,
            database("registration")["stays"].estimated_document_count,
            database("archives")["archives"].estimated_document_count,
            database("outreach")["residents"].estimated_document_count,
            reporting["stays"].estimated_document_count,
            lambda: feed(feeds),
        )
        self._unfinished = partial(unfinished, reporting)

    def wait(self, total: int) -> float:
        """Wait until that many arrivals are in every view and in the numbers; give the moment (monotonic)."""
        deadline = time.monotonic() + PATIENCE
        waiting = self._waiting(total)
        for _ in waiting:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{total} arrivals not visible after {PATIENCE:.0f} s: {self.held()} are.")
            time.sleep(EVERY)
        return time.monotonic()

    def held(self) -> int:
        """Count the arrivals that are in every view."""
        return min(count() for count in self._counts)

    def _waiting(self, total: int) -> Iterator[None]:
        """Look at one view until it is complete, then at the next; the last to be written comes first."""
        for count in self._counts:
            while count() < total:
                yield
        while self._unfinished():
            yield


def uncounted(reporting: Database[dict[str, Any]]) -> bool:
    """Return whether somebody of Houniao's waits to be counted."""
    people = reporting["contributions_first"].estimated_document_count()
    return people < reporting["archives"].estimated_document_count() or reporting["uncounted"].find_one() is not None


def unlinked(reporting: Database[dict[str, Any]]) -> bool:
    """Return whether a stay of the tutorial's was not linked with its archive yet."""
    return reporting["stays"].find_one({"street": {"$in": list(STREETS)}, "archived": None}) is not None


def feed_pages(feeds: Database[dict[str, Any]]) -> int:
    """Count the entries of Houniao's feeds by their last positions."""
    end = 0
    for district in DISTRICTS:
        page = feeds["stay_pages"].find_one({"district": district}, sort=[("first", -1)])
        end += page["first"] + len(page["entries"]) - 1 if page else 0
    return end
