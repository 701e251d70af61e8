"""The same lives on real servers: an instance of registration for each district, stopped and started as it comes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from typing import Any
from uuid import uuid4

from contracts.registration import DestinationKind, Stay
from contracts.transfers import AnswerState, Notice, NoticeKind, RejectionReason
from deploy.local.stack import Stack
from services.registration import views
from services.registration.commands import notices, people, settling, stays
from services.registration.commands.notices import Reply
from services.registration.commands.registration import Registration
from services.registration.commands.stays import Dwelling, Going
from services.registration.domain.refused import AcceptedAlreadyError, RefusedError
from services.registration.views import KnownPerson
from tests.districts import noon
from tests.instance import Instance, eventually, forget_instance, running_instance
from tests.ledger import find_losses
from tests.offices import make_arrival
from tests.simulator.lives import (
    Act,
    Arrive,
    Correct,
    Die,
    Leave,
    Lives,
    Manner,
    Merge,
    Relocate,
    Retract,
    Revive,
    Unmerge,
    district_of,
    districts_of,
)

ALIASES = 500
"""From which number on the people of `make_arrival` are second ids."""


@dataclass
class Field:
    """Districts on real servers, some of which are down, and what their offices still have to say."""

    stack: Stack
    lives: Lives
    rng: Random
    today: date
    up: dict[str, Instance] = field(default_factory=dict)
    stays: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    waiting: list[Act] = field(default_factory=list)
    downs: int = 0
    _exits: dict[str, AsyncExitStack] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.instances = {code: f"{code}-{uuid4().hex[:6]}" for code in districts_of(self.lives.place)}

    def clock(self) -> datetime:
        """Give the moment that it is in these lives."""
        return noon(self.today)

    async def start(self, code: str) -> None:
        """Start a district on the data and queues that it had."""
        self._exits[code] = AsyncExitStack()
        running = running_instance(
            self.stack,
            ["registration"],
            name=self.instances[code],
            districts=code,
            clock=self.clock,
            keep=True,
        )
        self.up[code] = await self._exits[code].enter_async_context(running)

    async def stop(self, code: str) -> None:
        """Stop a district; what is said meanwhile waits in its queue."""
        del self.up[code]
        self.downs += 1
        await self._exits.pop(code).aclose()

    async def live(self) -> None:
        """Let offices act on their days; districts go down and come back in between."""
        for act in self.lives.acts:
            self.today = max(self.today, act.day)
            if self.rng.random() < 0.06:
                await self._change_who_is_up()
            self.waiting.append(act)
            await self._work()
        for code in self.instances.keys() - self.up.keys():
            await self.start(code)

    async def let_everything_fall_due(self) -> None:
        """Go from one deadline to the next, with everything heard in between, until none is left."""
        while True:
            await self._work()
            await eventually(self._whole)
            days = [day for code in self.up for day in await self._due(code)]
            if not days and not self.waiting:
                return
            self.today = max([self.today, *sorted(days)[:1]])
            for code in self.up:
                await settling.sweep(self.registration(code))
            await eventually(self._whole)

    def registration(self, code: str) -> Registration:
        """Give a district's running service."""
        running: Registration = self.up[code].apps["registration"].state.registration
        return running

    async def known(self, code: str) -> list[KnownPerson]:
        """Give everything that a district has heard, from the rows in its database."""
        database = self.up[code].database("registration")
        return await views.find_known(database, await database[views.STAYS].distinct("person_id"))

    async def _whole(self) -> bool:
        return not await find_losses([instance.databases for instance in self.up.values()], clock=self.clock)

    async def _due(self, code: str) -> list[date]:
        found = self.up[code].database("registration")[views.MOVERS].find({"due_on": {"$ne": None}})
        return [date.fromisoformat(row["due_on"]) async for row in found]

    async def _change_who_is_up(self) -> None:
        code = self.rng.choice(sorted(self.instances))
        await (self.stop(code) if code in self.up else self.start(code))

    async def _work(self) -> None:
        """Say what waits to be said where the district is up, and answer what was heard."""
        waiting, self.waiting = self.waiting, []
        for act in waiting:
            if district_of(act) not in self.up or not await self._said(lambda act=act: self._say(act)):  # type: ignore[misc]  # a lambda's default has no type
                self.waiting.append(act)
        for code in self.up:
            for known in await self.known(code):
                for notice in known.knowledge.notices:
                    if notice.addressee.startswith(code) and known.knowledge.due(notice) is not None:
                        await self._said(lambda: self._answer(code, notice))  # noqa: B023  # awaited before the loop goes on

    @staticmethod
    async def _said(say: Callable[[], Awaitable[Any]]) -> bool:
        try:
            await say()
        except RefusedError:
            return False
        return True

    async def _say(self, act: Act) -> None:
        here, cause = self.registration(district_of(act)), uuid4().hex
        match act:
            case Arrive():
                await self._arrive(act)
            case Leave():
                kind = DestinationKind.DIVISION if act.destination else act.kind
                going = Going(act.left_on, act.destination, kind)
                await stays.end_stay(here, self._stay(act.stay), going, cause)
            case Correct():
                await stays.correct_stay(here, self._stay(act.stay), act.changes, cause)
            case Relocate():
                dwelling = Dwelling(act.community, None, None)
                await stays.relocate_stay(here, self._stay(act.stay), dwelling, cause)
            case Retract():
                await self._retract(here, self._stay(act.stay), act.since, cause)
            case Die():
                await people.record_death(here, self._person(act.person), act.district, act.died_on, None, cause)
            case Revive():
                await people.retract_death(here, self._person(act.person), act.district, cause)
            case Merge():
                into = self._person(act.into)
                await people.merge_people(here, self._person(act.person), into, act.district, cause)
            case Unmerge():
                await people.unmerge_people(here, self._person(act.person), act.district, cause)

    async def _arrive(self, act: Arrive) -> None:
        order = int(act.person[1:], 16) + 1 + (ALIASES if act.person.startswith("a") else 0)
        async with self.up[act.street[:6]].client("registration", "clerk", act.street) as clerk:
            body = {**make_arrival(order, act.since.isoformat()), "street": act.street}
            answer = await clerk.post("/arrivals", json=body)
        assert answer.status_code in {200, 201}, answer.text
        self.stays[act.stay] = answer.json()["stay_id"]
        self.names[answer.json()["stay_id"]] = act.stay
        self.people[act.person] = answer.json()["person_id"]

    @staticmethod
    async def _retract(here: Registration, stay_id: str, since: date, cause: str) -> Stay:
        try:
            return await stays.retract_arrival(here, stay_id, cause)
        except AcceptedAlreadyError:
            going = Going(since)
            return await stays.end_stay(here, stay_id, going, cause)

    async def _answer(self, code: str, notice: Notice) -> Any:
        here, cause = self.registration(code), uuid4().hex
        if notice.kind is not NoticeKind.ARRIVAL:
            return await notices.answer_notice(here, notice, Reply(AnswerState.CONFIRMED), cause)
        own, reached = self.names[notice.about or ""], self.lives.truths[self.names[notice.stay_id or ""]]
        truth, manner = self.lives.truths[own], self.lives.manner(own)
        if manner is Manner.IGNORES:
            return None
        if truth.who is None or manner is Manner.RECEIVES:
            return await notices.answer_notice(here, notice, Reply(AnswerState.RECEIVED), cause)
        reply = Reply(AnswerState.REJECTED, reason=RejectionReason.STILL_HERE)
        if truth.went_on_to(reached):
            reply = Reply(AnswerState.CONFIRMED, left_on=truth.until)
        return await notices.answer_notice(here, notice, reply, cause)

    def _stay(self, label: str) -> str:
        if label not in self.stays:
            raise RefusedError
        return self.stays[label]

    def _person(self, person: str) -> str:
        if person not in self.people:
            raise RefusedError
        return self.people[person]


@asynccontextmanager
async def field_of(stack: Stack, lives: Lives) -> AsyncIterator[Field]:
    """Run a district's instance each, and remove everything they had at the end."""
    found = Field(stack, lives, Random(lives.seed), lives.place.first)
    for code in found.instances:
        await found.start(code)
    try:
        yield found
    finally:
        for code in list(found.up):
            await found.stop(code)
        for name in found.instances.values():
            await forget_instance(stack, name)
