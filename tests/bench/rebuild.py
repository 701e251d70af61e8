"""What counting everybody anew costs, beside inserting the same rows in bulk: in turns, on one MongoDB."""

import os
import time
from collections.abc import Mapping
from datetime import date
from statistics import median
from typing import Any

from pymongo import MongoClient

from contracts.reference.calendar import day_of
from deploy.local.stack import Stack
from services.reporting.commands import rebuilding
from services.reporting.commands.counting import Recounting
from services.reporting.views import rows
from services.runtime.clock import system_clock
from services.runtime.mongo import Document
from services.runtime.service import Service
from services.runtime.settings import load_settings
from tests.bench.children import Start, children
from tests.bench.numbers import BATCH_SIZE, DISTRICTS, rows_of

DISTRICT = DISTRICTS[0]
FILLED_WITHIN = 1_800.0


def measure_rebuild(stack: Stack, client: MongoClient[dict[str, Any]], residents: int, rounds: int) -> dict[str, float]:
    """Insert and count anew the facts of so many residents, a few times; return facts a second, medians, and a ratio.

    `of_insert` is how much of a plain insert's rate a rebuild has, the median of the rounds' ratios.
    """
    database = f"houniao_reporting_{DISTRICT}"
    client.drop_database(database)
    how = (stack.service_environment("reporting", districts=DISTRICT), residents, rounds, day_of(system_clock()))
    with children({"rebuilding": (rebuild_residents, how)}) as running:
        running["rebuilding"].start()
        took: list[tuple[float, float, int]] = running["rebuilding"].result(FILLED_WITHIN)
    client.drop_database(database)
    return {
        "inserted": median(facts / inserted for inserted, _, facts in took),
        "rebuilt": median(facts / rebuilt for _, rebuilt, facts in took),
        "of_insert": median(inserted / rebuilt for inserted, rebuilt, _ in took),
    }


async def rebuild_residents(
    start: Start, environment: Mapping[str, str], residents: int, rounds: int, today: date
) -> list[tuple[float, float, int]]:
    """Return for each round the seconds of inserting and of counting anew, and the facts there were."""
    os.environ.update(environment)
    service = Service("reporting", load_settings("reporting"))
    recounting = Recounting(service)
    await rows.prepare(service.database)
    await recounting.prepare(service.database)
    people = [rows_of(DISTRICT, number, today) for number in range(residents)]
    kept: dict[str, list[Document]] = {
        rows.STAYS: [dict(row) for each in people for row in each.stays],
        rows.ARCHIVES: [dict(row) for each in people for row in each.archives],
    }
    facts = sum(map(len, kept.values()))
    await start()
    took = []
    for _ in range(rounds):
        inserted = await _insert(service, kept)
        began = time.perf_counter()
        begun = await rebuilding.begin(service, recounting, held=True)
        async for _reached in rebuilding.count_on(service, recounting, begun.rebuild_id):
            pass
        took.append((inserted, time.perf_counter() - began, facts))
    service.client.close()
    return took


async def _insert(service: Service, kept: Mapping[str, list[Document]]) -> float:
    for name in kept:
        await service.database[name].delete_many({})
    began = time.perf_counter()
    for name, documents in kept.items():
        for first in range(0, len(documents), BATCH_SIZE):
            await service.database[name].insert_many(documents[first : first + BATCH_SIZE], ordered=False)
    return time.perf_counter() - began
