"""What changed where: listeners are told which lists of which division to look at again, and nothing of anybody.

Many facts are one change: what is noted within a second is told once for each topic and division. What a process tells
is kept for some minutes, so that other processes tell their listeners too, and whoever comes back hears what it missed.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from contracts.envelope import Event, Fact, uuid7
from contracts.reference.divisions import Area
from services.runtime.mongo import Database, Document, make_index, wait_while_away
from services.runtime.seats import Seats

CHANGES = "changes"
TELL_EVERY, LOOK_EVERY = 1.0, 1.0
"""Seconds between two tellings of the same, and between looks for what other processes told."""
MOST_AT_ONCE = 2000
"""Changes that are told one by one; of more, listeners are told to look at everything again."""
MOST_OWED = 500
"""Changes that wait for one listener; one that falls further behind looks at everything again."""
KEPT = timedelta(minutes=5)
LATE = timedelta(seconds=10)
"""By how much another process's clock may be behind, and how late what it wrote may be seen."""

Topics = Mapping[type[Fact], tuple[str, ...]]
"""The topics that kinds of facts change, each the first word of the paths at which that is read."""
Areas = Callable[[str], tuple[Area, ...]]
"""From a scope to the areas that it covers."""


class Change(NamedTuple):
    """Something that is listed under a topic is otherwise now, in a division as it was recorded."""

    topic: str
    division: str


class Listener:
    """Somebody who is told of changes: which topics, within which scope, and what it was not told yet."""

    def __init__(self, topics: Container[str], scope: str) -> None:
        self.scope = scope
        self._topics = topics
        self._again = False
        self._owed: set[Change] = set()
        self._woken = asyncio.Event()

    def tell(self, changes: Iterable[Change]) -> None:
        """Owe it changes; the same one only once."""
        theirs = [change for change in changes if change.topic in self._topics]
        if not theirs or self._again:
            return
        self._owed.update(theirs)
        self._woken.set()
        if len(self._owed) > MOST_OWED:
            self.tell_again()

    def tell_again(self) -> None:
        """Owe it a look at everything, in place of what was owed."""
        self._again = True
        self._owed.clear()
        self._woken.set()

    async def take(self, within: float) -> tuple[bool, list[Change]]:
        """Return whether to look at everything again, and else what changed; wait for it, but not for longer."""
        try:
            async with asyncio.timeout(within):
                await self._woken.wait()
        except TimeoutError:
            return False, []
        taken = self._again, sorted(self._owed)
        self._again = False
        self._owed.clear()
        self._woken.clear()
        return taken


class Changes:
    """The changes of a service, and who listens to them in this process."""

    def __init__(self, database: Database, areas: Areas) -> None:
        # what is told is of use at once or not at all, so nobody waits until a majority has it
        self._kept = database.get_collection(CHANGES, read_concern=ReadConcern("local"), write_concern=WriteConcern(1))
        self._areas = areas
        self._process = uuid7()
        self._noted: set[Change] = set()
        self._wakes = asyncio.Event()
        self._listeners: set[Listener] = set()
        self._looked_at: datetime | None = None
        self._seen: dict[Any, datetime] = {}
        self.seats = Seats()

    @property
    def listeners(self) -> int:
        """Return how many listen in this process."""
        return len(self._listeners)

    async def prepare(self, _: Database) -> None:
        """Let MongoDB forget what was told some minutes ago, and make up for what a process that died did not tell."""
        await make_index(self._kept, "at", name="at", expireAfterSeconds=int(KEPT.total_seconds()))
        await self._keep({"again": True})

    def note(self, topics: Iterable[str], divisions: Iterable[str]) -> None:
        """Note that topics changed in divisions, once that can be read."""
        names = tuple(topics)
        self._noted.update(Change(topic, division) for division in divisions for topic in names)
        self._wakes.set()

    def note_facts(self, topics: Topics, events: Sequence[Event[Any]]) -> None:
        """Note what a batch of facts changed."""
        for kind, places in {(type(event.data), event.data.places) for event in events}:
            self.note(topics[kind], places)

    async def run(self) -> None:
        """Tell what was noted: at once, but not before the last telling is a second ago."""
        while True:
            await self._wakes.wait()
            await wait_while_away(self.tell)
            await asyncio.sleep(TELL_EVERY)

    async def tell(self) -> None:
        """Keep what was noted for other processes, and tell the listeners of this one."""
        self._wakes.clear()
        noted, self._noted = self._noted, set()
        if not noted:
            return
        told = _render(noted)
        try:
            await self._keep(told)
        except BaseException:
            self._noted |= noted
            raise
        self._spread(told, self._listeners)

    async def look(self) -> None:
        """Tell the listeners what other processes told since the last look; nobody looks where nobody listens."""
        if not self._listeners:
            self._looked_at = None
            return
        now = datetime.now(UTC)
        since = (self._looked_at or now) - LATE
        if since < now - KEPT:
            self._spread({"again": True}, self._listeners)
        self._seen = {one: at for one, at in self._seen.items() if at >= since}
        async for told in self._kept.find({"at": {"$gte": since}, "by": {"$ne": self._process}}):
            if told["_id"] not in self._seen:
                self._seen[told["_id"]] = told["at"]
                self._spread(told, self._listeners)
        self._looked_at = now

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Tell a listener what changes inside the block."""
        self._listeners.add(listener)
        try:
            yield
        finally:
            self._listeners.discard(listener)

    async def catch_up(self, listener: Listener, since: datetime) -> None:
        """Tell a listener what it missed since a moment: one by one, if all of that is kept."""
        if not datetime.now(UTC) - KEPT + LATE < since < datetime.now(UTC) + LATE:
            listener.tell_again()
            return
        async for told in self._kept.find({"at": {"$gte": since - LATE}}):
            self._spread(told, (listener,))

    async def _keep(self, told: Document) -> None:
        await self._kept.insert_one({"at": datetime.now(UTC), "by": self._process, **told})

    def _spread(self, told: Document, listeners: Iterable[Listener]) -> None:
        """Tell listeners what is theirs of it; what is within a scope is found once for all that have it."""
        within: dict[str, list[Change]] = {}
        for listener in listeners:
            if "again" in told:
                listener.tell_again()
                continue
            if listener.scope not in within:
                within[listener.scope] = list(self._within(listener.scope, told["divisions"]))
            listener.tell(within[listener.scope])

    def _within(self, scope: str, divisions: Mapping[str, Sequence[str]]) -> Iterator[Change]:
        areas = self._areas(scope)
        for division, topics in divisions.items():
            if any(division in area for area in areas):
                yield from (Change(topic, division) for topic in topics)


def _render(changes: Collection[Change]) -> Document:
    """Return the document of changes, by division; one that has all look again if they are too many."""
    if len(changes) > MOST_AT_ONCE:
        return {"again": True}
    divisions: dict[str, list[str]] = defaultdict(list)
    for topic, division in changes:
        divisions[division].append(topic)
    return {"divisions": divisions}


def topics_of(facts: Iterable[type[Fact]], topics: Topics) -> Topics:
    """Return the topics of each fact: its own, or those of the kind that it is of; raise KeyError if it has none."""
    return {fact: topics[next(kind for kind in fact.__mro__ if kind in topics)] for fact in facts}
