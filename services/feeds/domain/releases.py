"""Releases: what an audience is told at one time, in which at least k people look alike in all that it is told.

Nothing else tells them apart: order and ids come from a key, the time is that of the release, and no two events of a
stay or a person are linked. What is about nobody is told as it is, in the order in which it was heard.
"""

import hmac
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from contracts.feeds.feeds import told_type
from contracts.feeds.subscriptions import Terms, TimeUnit
from contracts.reference.calendar import SHANGHAI, day_of, start_of
from services.feeds.domain.telling import Json, coarsen, concerns, name_of, tell

Class = list[Json]
"""Entries that look alike to an audience."""
SIZES = (1, 2, 5, 10, 50)
"""The smallest sizes of the groups in which classes are counted: one person, 2 to 4, 5 to 9, 10 to 49, 50 and more."""


@dataclass
class Release:
    """What is told at one time, in the order in which it is told, and what waits for more people alike.

    `asked` and `told` count the people told of by the size of their class: by the terms as they are, and as it is told;
    `given_up` counts events by what was given up last to tell them.
    """

    events: list[Json] = field(default_factory=list)
    waiting: list[Json] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    given_up: Counter[str] = field(default_factory=Counter)


def release(terms: Terms, entries: Iterable[Json], *, audience: str, key: bytes) -> Release:
    """Return what an audience is told of entries: with full detail where enough people look alike, else with less.

    Of those who are still too few when all but the fact is given up, nothing is told: they wait for others.
    """
    concerned = [entry for entry in entries if concerns(terms, entry)]
    made, rest = Release(), [entry for entry in concerned if entry["person_id"]]
    detailed = _classes(terms, rest)
    rest = _tell_large(made, terms, detailed, audience, key)
    for given_up, coarser in coarsen(terms):
        told_before = len(made.events)
        rest = _tell_large(made, coarser, _classes(coarser, rest), audience, key)
        made.given_up[name_of(given_up)] += len(made.events) - told_before
    made.waiting = rest
    made.asked = _count_asked(detailed, rest)
    made.events.sort(key=lambda event: str(event["id"]))  # an order that only the key can tell
    made.events.extend(_event(terms, entry, audience, key) for entry in concerned if not entry["person_id"])
    return made


def _tell_large(made: Release, terms: Terms, classes: Iterable[Class], audience: str, key: bytes) -> list[Json]:
    """Tell of the classes that are large enough; return the entries of the others."""
    rest: list[Json] = []
    for entries in classes:
        people = _people(entries)
        if people < terms.k:
            rest.extend(entries)
            continue
        made.told[size_of(people)] += people
        made.events.extend(_event(terms, entry, audience, key) for entry in entries)
    return rest


def _classes(terms: Terms, entries: Iterable[Json]) -> list[Class]:
    alike: dict[tuple[Any, ...], Class] = defaultdict(list)
    for entry in entries:
        alike[entry["type"], *tell(terms, entry).values()].append(entry)
    return list(alike.values())


def _count_asked(classes: Iterable[Class], waiting: Iterable[Json]) -> Counter[str]:
    """Return how many people who are told of would have been in classes of each size by the terms as they are."""
    untold, counted = {entry["id"] for entry in waiting}, Counter[str]()
    for entries in classes:
        counted[size_of(_people(entries))] += _people([entry for entry in entries if entry["id"] not in untold])
    return counted


def _people(entries: Class) -> int:
    return len({entry["person_id"] for entry in entries})


def _event(terms: Terms, entry: Json, audience: str, key: bytes) -> Json:
    return {"id": pseudonym(key, audience, entry["id"]), "type": entry["type"], "data": tell(terms, entry)}


def size_of(people: int) -> str:
    """Return the group of sizes that a class belongs to, by its smallest size."""
    return str(max(size for size in SIZES if size <= people))


def pseudonym(key: bytes, audience: str, name: str) -> str:
    """Return what one audience knows something by (32 hexadecimal digits); no two share it."""
    return hmac.new(key, f"{audience}\0{name}".encode(), sha256).hexdigest()[:32]


def start_of_unit(moment: datetime, unit: TimeUnit) -> datetime:
    """Return when the unit of time of a moment began, in China, which is all that an audience hears of when."""
    day = day_of(moment)
    match unit:
        case TimeUnit.MOMENT:
            return moment
        case TimeUnit.HOUR:
            return moment.astimezone(SHANGHAI).replace(minute=0, second=0, microsecond=0)
        case TimeUnit.DAY:
            return start_of(day)
        case TimeUnit.WEEK:
            return start_of(day - timedelta(days=day.weekday()))
        case TimeUnit.MONTH:
            return start_of(day.replace(day=1))


def sum_up(totals: Mapping[str, Mapping[str, int]], made: Release) -> dict[str, dict[str, int]]:
    """Return the counts of all releases so far, with one more."""
    more = {"asked": made.asked, "told": made.told, "given_up": made.given_up}
    return {name: dict(Counter(totals.get(name, {})) + counts) for name, counts in more.items()}


def render_event(event: Mapping[str, Any], *, position: int, district: str, time: str) -> Json:
    """Return what is told as a CloudEvents 1.0 event, with its position in the audience's feed."""
    return {
        "specversion": "1.0",
        "id": event["id"],
        "source": f"/districts/{district}/feeds",
        "type": told_type(event["type"]),
        "time": time,
        "datacontenttype": "application/json",
        "position": position,
        "data": event["data"],
    }
