"""A running service: its database, journal, relay and ears, started and stopped in order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache, partial
from itertools import chain
from typing import Any

from contracts.envelope import Event, Fact
from contracts.facts import HEARD_BY, by_type, said_by
from contracts.reference.calendar import day_of
from contracts.reference.divisions import Area, Divisions
from services.runtime.access import Gate
from services.runtime.attempts import Attempts
from services.runtime.changes import LOOK_EVERY, Changes, Topics, topics_of
from services.runtime.clock import Clock, system_clock
from services.runtime.inbox import EVENTS, Apply, Inbox, Listener, binding_keys
from services.runtime.journal import Journal
from services.runtime.logs import REPEATING, get_log, tell_what_repeats
from services.runtime.metrics import OLDEST_UNSENT
from services.runtime.mongo import Database, connect, database_of, wait_while_away
from services.runtime.parked import Parked
from services.runtime.relay import UNREACHABLE, Relay
from services.runtime.requests import Requests
from services.runtime.settings import Settings
from services.runtime.watching import Watching
from services.runtime.workers import Workers

STUCK_AFTER = 60.0
"""Seconds after which an unsent fact means that something is stuck."""
FINISHES_WITHIN, CLOSES_WITHIN = 20.0, 3.0
"""Seconds for the steps of stopping: to finish and acknowledge what was taken, and to close what is then idle."""

Prepare = Callable[[Database], Awaitable[None]]
Work = Callable[[], Coroutine[Any, Any, None]]


class Service:
    """The runtime of one service in one process. Parts are public: commands and views use them directly."""

    def __init__(self, name: str, settings: Settings, clock: Clock = system_clock) -> None:
        self.name = name
        self.settings = settings
        self.clock = clock
        self.divisions = Divisions.load(settings.divisions)
        self.gate = Gate(settings.jwks, settings.issuer, name, self._covers, settings.token_hours * 3600)
        self._areas = lru_cache(maxsize=1024)(self.divisions.areas)
        self.client = connect(settings.mongodb_url.get_secret_value())
        self.database = database_of(self.client, settings.database_name(name))
        self.journal = Journal(self.database, name, clock, by_type(said_by(name)))
        self.requests = Requests(self.database, clock)
        self.attempts = Attempts(self.database, clock, settings.attempts_an_hour)
        self.parked = Parked(self.database, clock)
        self.changes = Changes(self.database, self.areas)
        self.watching = Watching(clock)
        self.started_at: datetime | None = None
        broker = settings.rabbitmq_url.get_secret_value()
        self.relay = Relay(broker, self.database, self.journal, clock, name)
        self.listener = Listener(broker, self.parked)
        self.workers = Workers()
        self.queue = settings.queue_name(name)
        self._prepare: list[Prepare] = []
        looking = partial(keep_doing, LOOK_EVERY, self.changes.look)
        self._work: list[Work] = [self.relay.run, self.changes.run, looking, tell_what_repeats]
        self._tasks: list[asyncio.Task[None]] = []
        self._listening = False
        self._broken: str | None = None

    def hear(self, apply: Apply, topics: Topics, *, everywhere: Iterable[type[Fact]] = ()) -> None:
        """Apply every event this service hears: of the districts it serves, and the named facts of all districts.

        What topics they change is told to listeners, once they are applied.
        """
        heard, own = HEARD_BY[self.name], self._districts_heard()
        changed = topics_of(heard, topics)

        async def apply_and_note(events: Sequence[Event[Any]]) -> None:
            await apply(events)
            self.changes.note_facts(changed, events)
            self.watching.note(events)

        inbox = Inbox(by_type(heard), apply_and_note, self.parked, own)
        self.listener.listen(self.queue, EVENTS, binding_keys(heard, own, tuple(everywhere)), inbox.handle)

    def serves(self, division: str) -> bool:
        """Say whether this instance writes for a division, or for what stands in its place."""
        served = self.settings.districts
        return not served or self.divisions.successor(division, self.today).startswith(served)

    def areas(self, division: str) -> tuple[Area, ...]:
        """Give the codes under which something of a division is kept: its own, and those that went over to it."""
        return self._areas(division, self.today)

    @property
    def today(self) -> date:
        """Give the statutory day."""
        return day_of(self.clock())

    def _covers(self, scope: str, division: str) -> bool:
        return self.divisions.covers(scope, division, self.today)

    def _districts_heard(self) -> list[str]:
        """List the districts served, and those that went over to them: what is said of an old code bears it still."""
        areas = chain.from_iterable(self.divisions.areas(district) for district in self.settings.districts)
        return sorted({*self.settings.districts, *(area.prefix[:6] for area in areas)})

    def prepare_with(self, *steps: Prepare) -> None:
        """Add steps that make indexes before anything is served."""
        self._prepare.extend(steps)

    def work_on(self, *work: Work) -> None:
        """Add work that goes on as long as the service runs."""
        self._work.extend(work)

    async def start(self) -> None:
        """Begin: HTTP is served at once; the rest comes up as soon as MongoDB and RabbitMQ are there."""
        self.started_at = self.clock()
        self._tasks = [asyncio.create_task(self._try_to_come_up(), name="come up")]

    async def stop(self) -> None:
        """Stop hearing first, then working, then close the connections; do not wait for a server that is stuck."""
        if self._listening:
            await _in_time(FINISHES_WITHIN, self.listener.stop())
            await _in_time(CLOSES_WITHIN, self.changes.tell())
        for task in self._tasks:
            task.cancel()
        await _in_time(CLOSES_WITHIN, asyncio.gather(*self._tasks, return_exceptions=True))
        self.workers.close()
        await _in_time(CLOSES_WITHIN, self.relay.close())
        self.client.close()
        REPEATING.tell_counts()

    async def find_troubles(self) -> list[str]:
        """Say what keeps the service from being ready; nothing means ready."""
        troubles = []
        if self._broken:
            troubles.append(f"start: {self._broken}, see the log")
        if not self._listening or not self.listener.attached:
            troubles.append("rabbitmq: consumer not attached")
        if any(task.done() for task in self._tasks[1:]):
            troubles.append("work: a background task stopped")
        try:
            await asyncio.wait_for(self.client.admin.command("ping"), 2)
        except Exception as error:
            troubles.append(f"mongodb: {type(error).__name__}")
        if self.oldest_unsent_seconds() > STUCK_AFTER:
            troubles.append("relay: facts wait to be sent")
        return troubles

    def oldest_unsent_seconds(self) -> float:
        """Give the age of the oldest unsent commit that the relay has seen."""
        oldest = self.relay.oldest_unsent
        age = (self.clock() - oldest).total_seconds() if oldest else 0.0
        OLDEST_UNSENT.set(age)
        return age

    async def _try_to_come_up(self) -> None:
        try:
            await self._come_up()
        except Exception as error:
            get_log().error("could not come up", error=error)
            self._broken = type(error).__name__

    async def _come_up(self) -> None:
        await wait_while_away(self.journal.prepare)
        for step in (self.attempts.prepare, self.changes.prepare, *self._prepare):
            await wait_while_away(partial(step, self.database))
        self._tasks.extend(asyncio.create_task(work()) for work in self._work)
        attempt = 0
        while not self._listening:
            try:
                await self.listener.start()
                self._listening = True
            except UNREACHABLE as error:
                attempt += 1
                get_log().warning("rabbitmq away", attempt=attempt, error=error)
                await asyncio.sleep(min(0.1 * 2**attempt, 5.0))
        get_log().info("ready to hear", queue=self.queue)


async def keep_doing(every: float, work: Callable[[], Awaitable[object]]) -> None:
    """Do idempotent work again every so many seconds as long as the service runs; what fails is done the next time."""
    while True:
        try:
            await wait_while_away(work)
        except Exception as error:
            get_log().error("regular work failed, goes on later", error=error)
        await asyncio.sleep(every)


async def _in_time(seconds: float, step: Awaitable[object]) -> None:
    """Do a step of stopping; what a stuck server keeps from ending is dropped, and comes again after the start."""
    try:
        await asyncio.wait_for(step, seconds)
    except TimeoutError:
        get_log().warning("not stopped in time")


@contextlib.asynccontextmanager
async def at_the_command_line(service: Service) -> AsyncIterator[Service]:
    """Let a command record and send that by itself; what RabbitMQ does not take now is left to the running service."""
    service.relay.looks = False
    sending = asyncio.create_task(service.relay.run())
    try:
        yield service
        service.relay.finish()
        await _in_time(CLOSES_WITHIN, sending)
    finally:
        sending.cancel()
        await _in_time(CLOSES_WITHIN, service.relay.close())
        service.client.close()


@contextlib.asynccontextmanager
async def running(services: Sequence[Service]) -> AsyncIterator[None]:
    """Run services inside a block."""
    try:
        for service in services:
            await service.start()
        yield
    finally:
        for service in reversed(services):
            await service.stop()
