"""Reporting's counters, read as they are and counted anew from its rows."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from contracts.reference.calendar import day_of
from contracts.reference.divisions import Divisions
from contracts.registration.people import Person, ever_linked
from services.reporting.domain.contributions import count_group
from services.reporting.domain.counting import Numbers, difference, increments
from services.reporting.domain.days import number_of
from services.reporting.domain.person import Contribution, Rows
from services.reporting.domain.policy import Policy
from services.reporting.domain.things import NOBODY, THINGS, count_thing
from services.reporting.views.contributions import Build
from services.reporting.views.rows import ABOUT_PEOPLE, PEOPLE, group_rows
from services.runtime.clock import Clock, system_clock
from services.runtime.mongo import Database, Document

BUILD = Build("first")


async def recount(reporting: Database, clock: Clock = system_clock) -> dict[str, Document]:
    """Return all counters by id as they follow from the rows, without steps that sum up to 0."""
    rows = {name: await reporting[name].find().to_list(None) for name in (PEOPLE, *ABOUT_PEOPLE)}
    linked = ever_linked(map(Person.model_validate, rows[PEOPLE]))
    ids = {row["person_id"] for found in rows.values() for row in found}.union(linked)
    groups = sorted({linked.get(person_id, frozenset({person_id})) for person_id in ids}, key=min)
    today, policy = day_of(clock()), Policy(home_of=Divisions.load().successor)
    contributions: list[Contribution] = []
    for group, known in zip(groups, group_rows(groups, rows), strict=True):
        for counted in count_group(group, known, today, policy).values():
            contributions += counted.contributions
    for collection in THINGS:
        async for row in reporting[collection].find():
            contributions += count_thing(collection, row).contributions
    return {name: without_zeros(nested(paths)) for name, paths in increments(difference([], contributions)).items()}


async def counters(reporting: Database, build: Build = BUILD) -> dict[str, Document]:
    """Return the counters of a build without what is 0."""
    found = {row["_id"]: without_zeros(row["d"]) async for row in reporting[build.counters].find()}
    return {name: counts for name, counts in found.items() if counts}


def nested(paths: Mapping[str, int]) -> Document:
    """Return what increments say as the document that they make."""
    found: Document = {}
    for path, count in paths.items():
        _, measure, told, part = path.split(".")
        found.setdefault(measure, {}).setdefault(told, {})[part] = count
    return found


def without_zeros(found: dict[str, Any]) -> dict[str, Any]:
    """Return a document without what is 0, and without what is empty then."""
    pruned = {name: without_zeros(value) if isinstance(value, dict) else value for name, value in found.items()}
    return {name: value for name, value in pruned.items() if value}


def numbers_of(counts: Mapping[str, Mapping[str, int]], on: date) -> Numbers:
    """Return numbers in which so many of each measure count in each division from a day on."""
    return numbers_from(
        Contribution(measure, division, NOBODY, number_of(on), weight=count)
        for measure, divisions in counts.items()
        for division, count in divisions.items()
    )


def numbers_from(contributions: Iterable[Contribution]) -> Numbers:
    """Return the numbers that contributions sum up to."""
    found = increments(difference([], contributions))
    return Numbers([{"_id": name, "d": nested(paths)} for name, paths in found.items()])


async def find_uncounted(reporting: Database, people: Collection[str] | None = None) -> list[str]:
    """Return the people, among some or all, who were not counted yet from all rows about them."""
    query = {} if people is None else {"person_id": {"$in": list(people)}}
    records = await reporting[PEOPLE].find(query).to_list(None)
    versions = Counter[str]()
    for name in ABOUT_PEOPLE:
        async for row in reporting[name].find(query):
            versions[row["person_id"]] += Rows(stays=[row]).version
    for record in records:
        versions[record["person_id"]] += Rows(people=[record]).version
    linked = ever_linked(map(Person.model_validate, records))
    asked = {"_id": {"$in": [*versions]}}
    counted = {row["_id"]: row["version"] async for row in reporting[BUILD.contributions].find(asked, {"version": 1})}
    return [
        one
        for one in versions
        if counted.get(one, 0) < sum(versions[each] for each in linked.get(one, frozenset({one})))
    ]
