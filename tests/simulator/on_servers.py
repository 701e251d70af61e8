"""The same lives on real servers: an instance of registration for each district, stopped and started as it comes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any
from uuid import uuid4

from contracts.refusals import RefusedError
from contracts.registration.notices import AnswerState, Notice, NoticeKind, RejectionReason
from contracts.registration.stays import DestinationKind, Stay
from deploy.local.stack import Stack
from services.registration.commands import notices, people, stays
from services.registration.commands.notices import Reply
from services.registration.commands.stays import Location, StayEnd
from services.registration.domain.errors import AcceptedAlreadyError
from services.registration.service import Registration
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
from tests.support.clerks import Day
from tests.support.neighbours import Neighbours, neighbours_at_work
from tests.support.offices import make_arrival

ALIASES = 500
"""From which number on the people of `make_arrival` are second ids."""


@dataclass
class Field:
    """Districts on real servers, some of which are down, and what their offices still have to say."""

    lives: Lives
    rng: Random
    day: Day
    districts: Neighbours
    stays: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    waiting: list[Act] = field(default_factory=list)
    downs: int = 0

    async def live(self) -> None:
        """Let offices act on their days; districts go down and come back in between."""
        for act in self.lives.acts:
            self.day.on = max(self.day.on, act.day)
            if self.rng.random() < 0.06:
                await self._change_who_is_up()
            self.waiting.append(act)
            await self._work()
        await self.districts.start(*self.districts.down)

    async def let_everything_fall_due(self) -> None:
        """Go from one deadline to the next, with everything heard in between, until none is left."""
        while True:
            await self._work()
            await self.districts.whole()
            due = await self.districts.next_due()
            if due is None and not self.waiting:
                return
            self.day.on = max(self.day.on, due or self.day.on)
            await self.districts.sweep()
            await self.districts.whole()

    async def _change_who_is_up(self) -> None:
        code = self.rng.choice(sorted(self.districts.codes))
        if code in self.districts.up:
            await self.districts.stop(code)
            self.downs += 1
        else:
            await self.districts.start(code)

    async def _work(self) -> None:
        """Say what waits to be said where the district is up, and answer what was heard."""
        waiting, self.waiting = self.waiting, []
        for act in waiting:
            if district_of(act) not in self.districts.up or not await self._said(lambda act=act: self._say(act)):  # type: ignore[misc]  # a lambda's default has no type
                self.waiting.append(act)
        for code in self.districts.up:
            for known in await self.districts.known(code):
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
        here, cause = self.districts.registration(district_of(act)), uuid4().hex
        match act:
            case Arrive():
                await self._arrive(act)
            case Leave():
                kind = DestinationKind.DIVISION if act.destination else act.kind
                end = StayEnd(act.left_on, act.destination, kind)
                await stays.end_stay(here, self._stay(act.stay), end, cause)
            case Correct():
                await stays.correct_stay(here, self._stay(act.stay), act.changes, cause)
            case Relocate():
                location = Location(act.community, None, None)
                await stays.relocate_stay(here, self._stay(act.stay), location, cause)
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
        async with self.districts.up[act.street[:6]].client("registration", "clerk", act.street) as clerk:
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
            return await stays.end_stay(here, stay_id, StayEnd(since), cause)

    async def _answer(self, code: str, notice: Notice) -> Any:
        here, cause = self.districts.registration(code), uuid4().hex
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
    day = Day(lives.place.first)
    async with neighbours_at_work(stack, districts_of(lives.place), clock=day) as districts:
        yield Field(lives, Random(lives.seed), day, districts)
