"""Clerks of every street, at work on one instance whose day the test sets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import httpx

from deploy.local.stack import Stack
from services.registration.commands.settling import sweep
from services.registration.domain.settling import derive_owed_facts
from services.registration.views.people import KnownPerson, find_known_people
from tests.support.counting import find_uncounted
from tests.support.instance import Instance, eventually, running_instance
from tests.support.ledger import ROWS
from tests.support.offices import make_arrival, make_departure

A, B, C = "320507001", "320812008", "320812009"
"""A street of one district, and two of another."""
ELSEWHERE = "320507002"
"""Another street of the first district."""

_people = count(1)


@dataclass
class Day:
    """A clock that stands at noon of a day until the test lets days pass."""

    on: date = date(2026, 9, 1)

    def __call__(self) -> datetime:
        """Return noon of the day in Shanghai."""
        return datetime(self.on.year, self.on.month, self.on.day, 4, tzinfo=UTC)


@dataclass
class Somebody:
    """A person as offices type them, and the id that the first arrival gave."""

    typed: dict[str, str] = field(default_factory=lambda: make_arrival(next(_people)))
    person_id: str = ""


@dataclass
class Clerks:
    """What clerks do and see."""

    instance: Instance
    day: Day
    about: set[str] = field(default_factory=set)
    """Whom the present test is about."""

    async def post(self, division: str, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
        """Act as a clerk of a division."""
        headers = {"Idempotency-Key": key} if key else {}
        async with self.instance.client("registration", "clerk", division, f"clerk-{division}") as clerk:
            return await clerk.post(path, json=body, headers=headers)

    async def get(self, caller: str, path: str, /, **asked: Any) -> Any:
        """Read as a clerk whose division is `caller`."""
        async with self.instance.client("registration", "clerk", caller, f"clerk-{caller}") as clerk:
            answer = await clerk.get(path, params=asked)
            assert answer.status_code == 200, answer.text
            return answer.json()

    async def done(self, division: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """Act as a clerk, who must succeed."""
        answer = await self.post(division, path, body, key)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    async def refused(self, division: str, path: str, body: Any = None) -> tuple[int, str]:
        """Act as a clerk, who is refused; return the status and the code."""
        answer = await self.post(division, path, body)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        assert answer.json()["detail"], "a refusal says what to do"
        return answer.status_code, answer.json()["code"]

    async def arrive(self, somebody: Somebody, street: str, on: str, **more: Any) -> str:
        """Register an arrival and wait until it is known everywhere; return the id of the stay."""
        report = {**somebody.typed, "arrived_on": on, "street": street, **more}
        arrived = await self.done(street, "/arrivals", report)
        somebody.person_id = arrived["person_id"]
        self.about |= {arrived["person_id"], *(member["person_id"] for member in arrived["members"])}
        await self.whole()
        return str(arrived["stay_id"])

    async def leave(self, somebody: Somebody, street: str, on: str, destination: str = "", **more: Any) -> Any:
        """Register a departure and wait until it is known everywhere."""
        report = {**make_departure(somebody.typed, on, destination), "street": street, **more}
        left = await self.done(street, "/departures", report)
        await self.whole()
        return left

    async def say(self, division: str, path: str, body: Any = None) -> Any:
        """Act as a clerk, who must succeed, and wait until it is known everywhere."""
        done = await self.done(division, path, body)
        await self.whole()
        return done

    async def whole(self) -> None:
        """Wait until everything about the people of this test is heard and settled, and what is derived is fresh."""
        await eventually(self._is_whole, every=0.1)

    async def _is_whole(self) -> bool:
        registration, reporting = self.instance.database("registration"), self.instance.database("reporting")
        found = await find_known_people(registration, self.about)
        ids = {one for known in found for one in known.ids}
        recorded = await self._recorded(ids)
        for (kind, name), sequence in recorded.items():
            rows = [await registration[ROWS["registration"][kind]].find_one({"_id": name})]
            if kind == "stay":
                rows.append(await reporting["stays"].find_one({"_id": name}))
            if any(row is None or row["sequence"] != sequence for row in rows):
                return False
        known = await find_known_people(registration, ids)
        if not all([await self._is_settled(one) for one in known]) or await find_uncounted(reporting, ids):
            return False
        # What was settled is all only if nothing was recorded since: rows come after what is recorded.
        return recorded == await self._recorded(ids)

    async def _recorded(self, ids: set[str]) -> dict[tuple[str, ...], int]:
        """Return how far the streams about people have got."""
        newest = await self.registration.service.journal.load_streams_of(ids)
        return {tuple(event.subject.split("/", 1)): event.sequence for event in newest}

    async def _is_settled(self, known: KnownPerson) -> bool:
        """Return whether nothing is owed of a person, and the derived row is that of everything known."""
        movers = self.instance.database("registration")["movers"]
        row = await movers.find_one({"_id": known.person_id})
        alone = [stay.state for stay in known.knowledge.stays] == ["open"]
        fresh = row["sequence"] == known.sequence if row else alone
        return fresh and not list(derive_owed_facts(known.knowledge, self.registration.rules, self.registration.now()))

    async def pass_to(self, on: date) -> None:
        """Let it be a later day, on which is recorded what the clock made due."""
        self.day.on = on
        await sweep(self.registration)
        await self.whole()

    @property
    def registration(self) -> Any:
        """Return the service as its commands see it."""
        return self.instance.apps["registration"].state.registration

    async def stay(self, stay_id: str) -> dict[str, Any]:
        """Return a stay as every district sees it."""
        found = await self.instance.database("registration")["stays"].find_one({"_id": stay_id})
        assert found is not None
        return dict(found)

    async def state(self, *stay_ids: str) -> list[str]:
        """Return the states of stays."""
        return [(await self.stay(stay_id))["state"] for stay_id in stay_ids]

    async def transfers(self, somebody: Somebody, division: str = "32") -> list[dict[str, Any]]:
        """List a person's transfers."""
        listed = await self.get(division, "/transfers", division=division, person=somebody.person_id)
        found: list[dict[str, Any]] = sorted(listed["transfers"], key=lambda one: one["since"])
        return found

    async def transfer(self, somebody: Somebody) -> dict[str, Any]:
        """Return a person's only transfer, once it is derived."""

        async def derived() -> list[dict[str, Any]]:
            found = await self.transfers(somebody)
            return found if len(found) == 1 else []

        (only,) = await eventually(derived)
        return dict(only)

    async def notices(self, somebody: Somebody, division: str, direction: str = "received") -> list[dict[str, Any]]:
        """List the notices about a person that a division received or sent."""
        listed = await self.get(division, "/notices", division=division, direction=direction, limit=500)
        return [one for one in listed["notices"] if one["notice"]["person_id"] == somebody.person_id]

    async def notice(self, somebody: Somebody, division: str, direction: str = "received") -> dict[str, Any]:
        """Return the only notice about a person that a division received or sent."""
        (only,) = await self.notices(somebody, division, direction)
        return only

    async def tasks(self, somebody: Somebody, division: str, **asked: Any) -> list[str]:
        """Return the kinds of what a division has to do about a person."""
        listed = await self.get(division, "/tasks", division=division, limit=500, **asked)
        return sorted(task["kind"] for task in listed["tasks"] if task["person_id"] == somebody.person_id)

    async def conflicts(self, somebody: Somebody, division: str) -> list[dict[str, Any]]:
        """List the open conflicts about a person that a division has a stay in."""
        listed = await self.get(division, "/conflicts", division=division, limit=500)
        return [conflict for conflict in listed["conflicts"] if conflict["person_id"] == somebody.person_id]

    async def residents(self, street: str) -> int:
        """Count a street's residents in reporting, on the present day."""
        async with self.instance.client("reporting", "district", street) as reader:
            asked = {"division": street, "from": "2026-01-01", "to": self.day.on.isoformat()}
            return int((await reader.get("/flows", params=asked)).json()["residents"])


@asynccontextmanager
async def clerks_at_work(stack: Stack, *services: str) -> AsyncIterator[Clerks]:
    """Run registration and reporting of every district until the block ends."""
    day = Day()
    async with running_instance(stack, services or ("registration", "reporting"), clock=day) as instance:
        yield Clerks(instance, day)
