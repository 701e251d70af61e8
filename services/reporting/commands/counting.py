"""Counting: everybody of whom something was heard is counted again, behind the rows and in batches of its own."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from contracts.registration.people import Person, ever_linked
from services.reporting.domain.contributions import count_group
from services.reporting.domain.days import number_of
from services.reporting.domain.person import as_known
from services.reporting.domain.policy import POLICY, Policy
from services.reporting.domain.things import count_thing, thing_id
from services.reporting.views.builds import Builds, find_builds, prepare_builds
from services.reporting.views.contributions import (
    Build,
    GroupCount,
    estimate_counted,
    find_to_count_again,
    find_uncounted,
    forget_notes,
    keep_uncountable,
    mark_uncounted,
    prepare,
    replace_contributions,
)
from services.reporting.views.rows import PEOPLE, find_by_id, find_rows, group_rows
from services.runtime.logs import get_log
from services.runtime.mongo import Database, Document, is_away, wait_while_away
from services.runtime.service import Service

MOST = 5000
"""People counted in one transaction: the more at once, the fewer counters are written for each."""
NUMBERS = ("indicators", "flows", "residents", "scores", "assessments", "targets", "conservation", "numbers")
"""The topics of what is read from counters."""
AT_A_STRETCH = 100
"""Groups counted before others of the process get their turn."""
LOOK_AGAIN_AFTER, LOOK_AT_DAY_AFTER = 1.0, 60.0
"""Seconds between looks for people whom another process noted, and for those whose count changed with the day, for
whom it is looked at once when the day turns."""
GATHERED_AFTER, GATHERED_FOR = 0.2, 5.0
"""Seconds without news after which those who were noted are counted, and seconds after which they are in any case."""


@dataclass(frozen=True)
class Counting:
    """What numbers are read from: the build that answers, and the rules; with `as_of`, as it was known then."""

    build: Build
    policy: Policy
    as_of: datetime | None = None


class _Look(NamedTuple):
    """When it was looked who is to be counted again on a day, and whether all of them were found."""

    day: int
    moment: float
    all_found: bool

    def is_fresh(self, today: int, moment: float) -> bool:
        """Return whether nobody is to be looked for again yet: another process may have been a day behind."""
        return self.all_found and self.day == today and moment < self.moment + LOOK_AT_DAY_AFTER


class Recounting:
    """Counts people behind the rows: whoever was noted waits here, and many that wait are counted at once."""

    def __init__(self, service: Service, policy: Policy = POLICY) -> None:
        self._service = service
        self._noted = asyncio.Event()
        self._looks: dict[str, _Look] = {}
        self.policy = replace(policy, home_of=lru_cache(maxsize=4096)(service.divisions.successor))

    async def prepare(self, database: Database) -> None:
        """Make the indexes of what is counted."""
        await prepare_builds(database)
        for build in (await self._builds()).counted:
            await prepare(database, build)

    async def now(self) -> Counting:
        """Return what numbers are read from now."""
        return Counting((await self._builds()).answering, self.policy)

    async def begin_build(self, build: Build) -> Document:
        """Prepare a build, and return what is kept of one in which nobody was counted yet and which no worker holds."""
        database, now = self._service.database, self._service.clock()
        await prepare(database, build)
        return {
            "_id": build.name,
            "edition": self.policy.edition,
            "after": "",
            "done": 0,
            "expected": await estimate_counted(database, (await self.now()).build),
            "began_at": now,
            "ended_at": None,
            "leased_until": now,
        }

    async def note(self, people: Collection[str]) -> None:
        """Note people to be counted, after their rows were written: from then on no crash forgets them."""
        await mark_uncounted(self._service.database, people, self._service.clock())
        self._noted.set()

    async def run(self) -> None:
        """Count whoever is noted, for as long as the service runs."""
        while True:
            self._noted.clear()
            if await wait_while_away(self.count_waiting) < MOST and await self._is_noted_within(LOOK_AGAIN_AFTER):
                await self._gather()

    async def _gather(self) -> None:
        """Wait until nobody is noted for a moment, or for long enough: who is heard of again and again counts once.

        Meanwhile rows come first, which people wait for.
        """
        deadline = time.monotonic() + GATHERED_FOR
        while (left := deadline - time.monotonic()) > 0:
            self._noted.clear()
            if not await self._is_noted_within(min(GATHERED_AFTER, left)):
                return

    async def _is_noted_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._noted.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def count_all_waiting(self) -> None:
        """Count until nobody waits."""
        while await self.count_waiting():
            pass

    async def count_waiting(self) -> int:
        """Count the next people who wait, in every build; return how many there were.

        The builds are looked up after the people: one that is begun later finds the rows of these by itself.
        """
        database, waiting, changed = self._service.database, 0, set[str]()
        notes, people = await find_uncounted(database, MOST)
        today, moment = number_of(self._service.today), time.monotonic()
        if not people and self._looks and all(look.is_fresh(today, moment) for look in self._looks.values()):
            return 0
        looks: dict[str, _Look] = {}
        for build in (await self._builds()).counted:
            look, again = self._looks.get(build.name), list[str]()
            if look is None or not look.is_fresh(today, moment):
                again = await find_to_count_again(database, build, today, MOST)
                look = _Look(today, moment, all_found=len(again) < MOST)
            changed |= await self.count_all(build, people.union(again))
            waiting += len(people) + len(again)
            looks[build.name] = look
        self._looks = looks
        await forget_notes(database, notes)
        self._service.changes.note(NUMBERS, changed)
        return waiting

    async def count_all(self, build: Build, ids: Collection[str]) -> set[str]:
        """Count people and things, and return the divisions whose numbers changed.

        One who can't be counted keeps nobody from it, and is kept, to be seen.
        """
        try:
            return await count(self._service.database, build, ids, self._service.today, self.policy)
        except Exception as error:
            if is_away(error):
                raise
            get_log().error("could not count all at once", count=len(ids), error=error)
            return await self._count_one_by_one(build, ids)

    async def _count_one_by_one(self, build: Build, ids: Collection[str]) -> set[str]:
        service, changed = self._service, set[str]()
        for one in sorted(ids):
            try:
                changed |= await count(service.database, build, [one], service.today, self.policy)
            except Exception as error:
                if is_away(error):
                    raise
                get_log().error("could not be counted", id=one, error=error)
                await keep_uncountable(service.database, one, type(error).__name__, service.clock())
        return changed

    async def _builds(self) -> Builds:
        return await find_builds(self._service.database, self._service.clock())


async def count(database: Database, build: Build, ids: Collection[str], today: date, policy: Policy) -> set[str]:
    """Count people, whoever was ever linked with them, and things, from all rows about them.

    Return the divisions whose numbers changed.
    """
    things = {each for each in ids if "/" in each}
    people = await _count_people(database, build, set(ids) - things, today, policy)
    return await replace_contributions(database, build, [*people, *await _count_things(database, build, things, today)])


async def _count_people(
    database: Database, build: Build, ids: Collection[str], today: date, policy: Policy
) -> list[GroupCount]:
    if not ids:
        return []
    found = await find_rows(database, ids)
    linked = ever_linked(map(Person.model_validate, found[PEOPLE]))
    groups = sorted({linked.get(person_id, frozenset({person_id})) for person_id in ids}, key=min)
    counts = []
    for group, now in zip(groups, group_rows(groups, found), strict=True):
        rows = now.until(build.until, build.moment) if build.until else now
        counts.append(GroupCount(rows.version, number_of(today), count_group(group, rows, today, policy)))
        if len(counts) % AT_A_STRETCH == 0:
            await asyncio.sleep(0)
    return counts


async def _count_things(database: Database, build: Build, things: Iterable[str], today: date) -> list[GroupCount]:
    by_collection: dict[str, list[str]] = defaultdict(list)
    for thing in things:
        collection, _, row_id = thing.partition("/")
        by_collection[collection].append(row_id)
    return [
        GroupCount(row["sequence"], number_of(today), {thing_id(collection, row["_id"]): count_thing(collection, row)})
        for collection, row_ids in by_collection.items()
        for now in await find_by_id(database, collection, row_ids)
        if (row := as_known(now, build.until, build.moment) if build.until else now)
    ]
