"""Find who counts otherwise in a report than when it was sealed: of whom something was heard since, or is overdue."""

from collections.abc import Iterator, Mapping, Sequence

from contracts.envelope import render_time
from contracts.reference.calendar import day_of
from contracts.reference.divisions import Area
from contracts.registration.people import Person, ever_linked
from services.reporting.commands.counting import Counting
from services.reporting.domain.contents import Content
from services.reporting.domain.contributions import Counted, count_group
from services.reporting.domain.periods import Period
from services.reporting.domain.person import Contribution, RowDocument, Rows, as_known
from services.reporting.domain.restating import (
    Difference,
    Differences,
    HeardFact,
    changed,
    heard_since,
    measures_of,
    tell_differences,
)
from services.reporting.domain.things import count_thing, thing_id
from services.reporting.views.contributions import find_places
from services.reporting.views.news import find_people_heard_of, find_people_with_deadlines, find_things_heard_of
from services.reporting.views.rows import ABOUT_PEOPLE, PEOPLE, find_rows, group_rows
from services.runtime.service import Service

MOST = 20_000
"""People who are looked at; a report that more changed for names no one."""
BATCH = 1000

Looked = tuple[str, Sequence[Contribution], Sequence[Contribution], tuple[HeardFact, ...]]
"""Somebody or something, what it contributed as known then, what it contributes now, and the facts heard since."""


async def find_differences(service: Service, counting: Counting, before: Content, after: Content) -> Differences:
    """Return how two editions differ in their numbers, and who counts otherwise, and by which facts."""
    since, areas = render_time(before.heard_at), service.areas(after.division)
    places = await find_places(service.database, counting.build, areas)
    people = await find_people_heard_of(service.database, since, areas)
    people |= await find_people_with_deadlines(service.database, day_of(before.heard_at), service.today, areas)
    looked = await _look_at_people(service, counting, sorted(people) if len(people) <= MOST else [], since)
    looked += await _look_at_things(service, areas, since)
    days = Period(after.since, after.until)
    subjects = [
        Difference(subject=name, **counts._asdict(), before=then, after=now, facts=facts)
        for name, old, new, facts in looked
        for counts, (then, now) in changed(old, new, measures_of(after), (days.before, days.until)).items()
        if counts.division in places
    ]
    return tell_differences(before, after, subjects)


async def _look_at_people(service: Service, counting: Counting, people: Sequence[str], since: str) -> list[Looked]:
    looked: list[Looked] = []
    for start in range(0, len(people), BATCH):
        found = await find_rows(service.database, people[start : start + BATCH])
        linked = ever_linked(map(Person.model_validate, found[PEOPLE]))
        groups = sorted({linked.get(one, frozenset({one})) for one in people[start : start + BATCH]}, key=min)
        for group, rows in zip(groups, group_rows(groups, found), strict=True):
            then = count_group(group, rows.until(since), service.today, counting.policy)
            now = count_group(group, rows, service.today, counting.policy)
            looked += _both(then, now, tuple(_facts(rows, since)))
    return looked


def _both(then: Mapping[str, Counted], now: Mapping[str, Counted], facts: tuple[HeardFact, ...]) -> Iterator[Looked]:
    for name in sorted({*then, *now}):
        old, new = (of[name].contributions if name in of else [] for of in (then, now))
        yield name, old, new, facts


def _facts(rows: Rows, since: str) -> Iterator[HeardFact]:
    for name in (*ABOUT_PEOPLE, PEOPLE):
        yield from heard_since(name, getattr(rows, name), since)


async def _look_at_things(service: Service, areas: Sequence[Area], since: str) -> list[Looked]:
    found = await find_things_heard_of(service.database, since, areas)
    return [
        (
            thing_id(collection, row["_id"]),
            _count_known(collection, as_known(row, since)),
            count_thing(collection, row).contributions,
            tuple(heard_since(collection, [row], since)),
        )
        for collection, rows in found.items()
        for row in rows
    ]


def _count_known(collection: str, row: RowDocument | None) -> Sequence[Contribution]:
    return [] if row is None else count_thing(collection, row).contributions
