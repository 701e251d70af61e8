"""Districts on real servers that share RabbitMQ and nothing else, each of which can be up or down."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from uuid import uuid4

from contracts.reference.calendar import day_of
from deploy.local.stack import Stack
from services.registration.commands import settling
from services.registration.domain.knowledge import Knowledge
from services.registration.service import Registration
from services.registration.views.people import KnownPerson, find_known_people
from services.registration.views.rows import MOVERS, STAYS
from services.runtime.clock import Clock, system_clock
from tests.simulator.invariants import Settled, transfers_of
from tests.support.instance import Instance, eventually, forget_instance, running_instance
from tests.support.ledger import find_losses


@dataclass
class Neighbours:
    """Districts with an instance, databases and queues each."""

    stack: Stack
    codes: Sequence[str]
    services: Sequence[str] = ("registration",)
    clock: Clock = system_clock
    up: dict[str, Instance] = field(default_factory=dict)
    _exits: dict[str, AsyncExitStack] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = {code: f"{code}-{uuid4().hex[:6]}" for code in self.codes}

    @property
    def down(self) -> list[str]:
        """Return the districts that are down."""
        return [code for code in self.codes if code not in self.up]

    async def start(self, *codes: str) -> None:
        """Start districts on the data and queues that they had."""
        for code in codes:
            self._exits[code] = AsyncExitStack()
            running = running_instance(
                self.stack, self.services, name=self.names[code], districts=code, clock=self.clock, keep=True
            )
            self.up[code] = await self._exits[code].enter_async_context(running)

    async def stop(self, *codes: str) -> None:
        """Stop districts; what is said meanwhile waits in their queues."""
        for code in codes:
            del self.up[code]
            await self._exits.pop(code).aclose()

    async def forget(self) -> None:
        """Stop whoever is up, and remove everything they had."""
        await self.stop(*list(self.up))
        for name in self.names.values():
            await forget_instance(self.stack, name)

    async def whole(self) -> None:
        """Wait until everybody, none being down, has heard and settled everything."""
        losses: list[str] = []

        async def nothing_lost() -> bool:
            losses[:] = await find_losses([instance.databases for instance in self.up.values()], clock=self.clock)
            return not losses

        try:
            await eventually(nothing_lost)
        except AssertionError as error:
            raise AssertionError(losses) from error

    async def sweep(self) -> None:
        """Record what the clock makes due in the districts that are up."""
        for code in self.up:
            await settling.sweep(self.registration(code))

    async def next_due(self) -> date | None:
        """Return the first day on which the clock makes something due."""
        days = [
            row["due_on"]
            for code in self.up
            async for row in self.up[code].database("registration")[MOVERS].find({"due_on": {"$ne": None}})
        ]
        return date.fromisoformat(min(days)) if days else None

    def registration(self, code: str) -> Registration:
        """Return a district's running service."""
        running: Registration = self.up[code].apps["registration"].state.registration
        return running

    async def known(self, code: str) -> list[KnownPerson]:
        """Return everything that a district has heard, from the rows in its database."""
        database = self.up[code].database("registration")
        return await find_known_people(database, await database[STAYS].distinct("person_id"))

    async def broken(self) -> list[str]:
        """Return what does not hold once everything is heard and every deadline has passed."""
        known = {code: {one.person_id: one.knowledge for one in await self.known(code)} for code in self.codes}
        return list(_broken(known, self.codes, day_of(self.clock())))


def _broken(known: dict[str, dict[str, Knowledge]], codes: Sequence[str], today: date) -> Iterator[str]:
    first, *others = codes
    for person, told in known[first].items():
        yield from (f"{person}: {broken}" for broken in Settled(told, today).broken())
    for code in others:
        if {person: transfers_of(told) for person, told in known[code].items()} != {
            person: transfers_of(told) for person, told in known[first].items()
        }:
            yield f"{code} derives other transfers than {first}"


@asynccontextmanager
async def neighbours_at_work(
    stack: Stack, codes: Sequence[str], services: Sequence[str] = ("registration",), clock: Clock = system_clock
) -> AsyncIterator[Neighbours]:
    """Run districts, and remove everything they had at the end."""
    found = Neighbours(stack, codes, services, clock)
    try:
        await found.start(*codes)
        yield found
    finally:
        await found.forget()
