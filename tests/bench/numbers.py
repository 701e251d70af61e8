"""What reading numbers costs with few residents counted and with a million: by turns, over HTTP.

Districts with an instance each stand side by side; residents came over five years to thirty streets, some of whom left.
They are counted by the service's own pure function and written past RabbitMQ, so that a million stand within minutes.
"""

import os
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from pymongo import InsertOne, MongoClient, UpdateOne

from contracts.archives.archives import Archive, ArchiveOpened
from contracts.envelope import Fact, wrap
from contracts.reference.calendar import day_of
from contracts.reference.identity import Sex
from contracts.registration.stays import Ending, Stay, StayEnded, StayStarted, StayState, stay_id
from deploy.local.stack import Stack
from services.reporting.commands.counting import Recounting
from services.reporting.domain.contributions import count_group
from services.reporting.domain.counting import Step, Steps, difference, increments
from services.reporting.domain.days import number_of
from services.reporting.domain.person import Rows
from services.reporting.projector import changes
from services.reporting.views.contributions import GroupCount, make_documents
from services.runtime.clock import system_clock
from services.runtime.service import Service
from services.runtime.settings import load_settings
from tests.bench.archives import Costs, ask_in_turns, door_to
from tests.bench.children import Start

DISTRICTS = ("320507", "320812", "320506")
STREETS = 30
YEARS = 5
BATCH_SIZE = 5_000


def measure_numbers(stack: Stack, client: MongoClient[dict[str, Any]], sizes: tuple[int, ...], requests: int) -> Costs:
    """Count so many residents in a district each; return what each reading costs there, in milliseconds."""
    today = day_of(system_clock())
    held = list(zip(DISTRICTS, sizes, strict=False))  # as many districts as sizes
    with ExitStack() as running:
        doors = [
            running.enter_context(
                door_to(stack, client, ("reporting", "district", district), count_residents, (district, size, today))
            )
            for district, size in held
        ]
        return ask_in_turns(list(zip(held, doors, strict=True)), partial(_asked, today), _CHECKS, requests)


async def count_residents(start: Start, environment: Mapping[str, str], district: str, count: int, today: date) -> None:
    """Write what so many residents contribute, and the counters of that, into a district's own database."""
    os.environ.update(environment)
    service = Service("reporting", load_settings("reporting"))
    recounting = Recounting(service)
    await recounting.prepare(service.database)
    counting = await recounting.now()
    await start()
    steps: Steps = Counter[Step]()
    for first in range(0, count, BATCH_SIZE):
        groups = [_count(district, number, today) for number in range(first, min(first + BATCH_SIZE, count))]
        new = [each for group in groups for found in group.people.values() for each in found.contributions]
        steps.update(difference([], new))
        documents = [InsertOne(document) for group in groups for document in make_documents(group)]
        await service.database[counting.build.contributions].bulk_write(documents, ordered=False)
    adding = increments(steps)
    counters = [UpdateOne({"_id": name}, {"$inc": adding[name]}, upsert=True) for name in sorted(adding)]
    await service.database[counting.build.counters].bulk_write(counters, ordered=False)
    places = [{"_id": street, "since": today.year - YEARS} for street in _streets(district)]
    await service.database[counting.build.places].insert_many(places)
    service.client.close()


def _streets(district: str) -> list[str]:
    return [f"{district}{number:03d}" for number in range(1, STREETS + 1)]


def _count(district: str, number: int, today: date) -> GroupCount:
    rows = rows_of(district, number, today)
    (person,) = {row["person_id"] for row in rows.stays}
    return GroupCount(rows.version, number_of(today), count_group(frozenset({person}), rows, today))


def rows_of(district: str, number: int, today: date) -> Rows:
    """Return the rows about a resident of a district, who came within the last years and may have left."""
    chance = Random(number)
    street = chance.choice(_streets(district))
    started_on = today - timedelta(days=chance.randrange(365 * YEARS))
    person = f"{chance.getrandbits(128):032x}"
    stay = Stay(
        stay_id=stay_id(person, street, started_on),
        person_id=person,
        street=street,
        started_on=started_on,
        recorded_at=datetime(started_on.year, started_on.month, started_on.day, 4, tzinfo=UTC),
        birth=date(1940, 1, 1) + timedelta(days=chance.randrange(30_000)),
        sex=chance.choice((Sex.MALE, Sex.FEMALE)),
        hukou_division=chance.choice((district, "342221", "410322")),
        origin=chance.choice(("342221", "410322")),
        purpose="labour",
    )
    facts: list[Fact] = [StayStarted(stay=stay)]
    ended_on = started_on + timedelta(days=chance.randrange(1, 900))
    if chance.random() < 0.4 and ended_on < today:
        gone = {"state": StayState.ENDED, "ended_on": ended_on, "ending": Ending.DEPARTED, "destination": "342221"}
        facts.append(StayEnded(stay=stay.model_copy(update=gone)))
    archive = Archive(person_id=person, district=district, street=street, opened_at=stay.recorded_at)
    return Rows(stays=[_row(facts[-1], len(facts))], archives=[_row(ArchiveOpened(archive=archive), 1)])


def _row(fact: Fact, sequence: int) -> dict[str, Any]:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    event: Any = wrap(
        fact, sequence=sequence, service="bench", recorded_at=moment, causation="bench", correlation="bench"
    )
    (row,) = changes(event)
    return {"_id": row.id, "sequence": row.sequence, **row.fields}


def _asked(today: date, turn: int, district: str, _: int) -> dict[str, str]:
    """Return the readings of a turn: the district's streets at a day, by day for a year, its indicators, who counts."""
    chance = Random(turn)
    on = today - timedelta(days=chance.randrange(365 * (YEARS - 1)))
    year = on.replace(year=on.year - 1, day=1)
    days = f"from={year}&to={on}"
    return {
        "flows of 30 streets at a day": f"/flows?division={district}&from={on}&to={on}",
        "flows of 30 streets by day for a year": f"/flows?division={district}&from={year}&to={on}",
        "one indicator of 30 streets": f"/indicators/resident_archive_rate?division={district}&from={year}&to={on}",
        "the first 50 behind a number": f"/numbers/counted?division={district}&measure=resident&on={on}&limit=50",
        "a series of a year of days": f"/indicators/resident_archive_rate/series?division={district}&by=day&{days}",
        "where people came from in a year": f"/flows/matrix?division={district}&between=district&{days}",
        "the age pyramid": f"/residents/pyramid?division={district}&on={on}",
        "the balance of a year": f"/conservation?division={district}&{days}",
    }


def _has_residents(answer: Any) -> bool:
    return int(answer["residents"]) > 0


def _has_people(answer: Any) -> bool:
    return len(answer["people"]) == 50


def _has_moves(answer: Any) -> bool:
    return bool(answer["arrivals"]["cells"])


def _is_balanced(answer: Any) -> bool:
    return answer["balanced"] is True and answer["residents"]["arrivals"] > 0


def _has_values(answer: Any) -> bool:
    return bool(answer)


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "flows of 30 streets at a day": _has_residents,
    "flows of 30 streets by day for a year": _has_residents,
    "one indicator of 30 streets": _has_values,
    "the first 50 behind a number": _has_people,
    "a series of a year of days": _has_values,
    "where people came from in a year": _has_moves,
    "the age pyramid": _has_residents,
    "the balance of a year": _is_balanced,
}
