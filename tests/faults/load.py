"""Street offices at work while things break: each sends an arrival until it is accepted, as a good client does."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import aio_pika
import httpx
from aio_pika.exceptions import CONNECTION_EXCEPTIONS
from pydantic_core import from_json, to_json

from contracts.identity import DocumentType, person_id
from contracts.registration import stay_id
from services.runtime.access import issue
from services.runtime.journal import JOURNAL
from services.runtime.mongo import Database
from tests.faults.form import WHOLE_WITHIN, in_form
from tests.instance import eventually
from tests.registers import id_number

if TYPE_CHECKING:
    from tests.faults.deployment import Deployment

STREETS = ("320507002", "320812002")
OFFICES = ("320507001", "320812001")
"""Streets whose offices report over AMQP."""
CLERKS = in_form(short=8, long=24)
PAUSE = in_form(short=0.04, long=0.01)
"""Seconds that a clerk and an office take between two arrivals."""
PATIENCE = 3.0
"""Seconds after which a clerk's program sends a request again."""
STAYS = {"registration": "stays", "outreach": "residents", "reporting": "stays"}
HOME, NEW_HOME = date(2026, 3, 1), date(2026, 5, 1)


@dataclass(frozen=True)
class Arrival:
    """What an office reports, and the stay that must come of it."""

    person: str
    stay: str
    street: str
    report: Mapping[str, str]
    moved_on_to: str | None = None
    """The person's later stay in the other district, which contests this one."""


class People:
    """Makes up people without end, each with a number and a street of their own."""

    def __init__(self, deployment: "Deployment") -> None:
        self._deployment = deployment
        self._person_key = bytes.fromhex(deployment.stack.service_environment("registration")["HOUNIAO_PERSON_KEY"])

    def arriving(self) -> Iterator[Arrival]:
        """Let people arrive in turn in two districts; every tenth moves on from the one to the other."""
        for turn in range(1_000_000):
            here, there = STREETS[turn % 2], STREETS[1 - turn % 2]
            person, report = self._somebody()
            moved = self._arrival(person, report, there, NEW_HOME) if turn % 10 == 0 else None
            yield self._arrival(person, report, here, HOME, moved.stay if moved else None)
            if moved:
                yield moved

    def arriving_in(self, street: str) -> Iterator[Arrival]:
        """Let people arrive in one street."""
        while True:
            yield self._arrival(*self._somebody(), street, HOME)

    def _somebody(self) -> tuple[str, dict[str, str]]:
        self._deployment.people += 1
        days, order = divmod(self._deployment.people, 999)
        born = date(1950, 1, 1) + timedelta(days=days)
        number = id_number("410425", born, order + 1)
        report = {
            "name": "王小满",
            "sex": "男" if int(number[16]) % 2 else "女",
            "document_type": "居民身份证",
            "document_number": number,
            "birth": born.isoformat(),
            "origin": "河南省平顶山市郏县",
        }
        return person_id(self._person_key, DocumentType.from_label("居民身份证"), number), report

    def _arrival(
        self, person: str, report: Mapping[str, str], street: str, day: date, moved_on_to: str | None = None
    ) -> Arrival:
        typed = {**report, "street": street, "arrived_on": day.isoformat()}
        return Arrival(person, stay_id(person, street, day), street, typed, moved_on_to)


@dataclass
class Load:
    """What was sent while things broke, and what was answered."""

    deployment: "Deployment"
    accepted: dict[str, Arrival] = field(default_factory=dict)
    sent: int = 0
    retries: int = 0
    """How often a clerk got no answer, or a 5xx, and sent the same request again."""
    reports: set[str] = field(default_factory=set)
    """Message ids of the reports over AMQP that the broker confirmed."""
    over: bool = False

    async def reaches(self, more: int) -> None:
        """Wait until so many more arrivals have been accepted."""
        goal = len(self.accepted) + more
        await eventually(lambda: _holds(len(self.accepted) >= goal), WHOLE_WITHIN)

    async def falters(self, more: int = CLERKS) -> None:
        """Wait until clerks have noticed that something is broken."""
        goal = self.retries + more
        await eventually(lambda: _holds(self.retries >= goal), WHOLE_WITHIN)

    async def clerk(self, arrivals: Iterator[Arrival]) -> None:
        """Register arrivals over HTTP, one after another."""
        headers = {"Authorization": f"Bearer {self._token()}"}
        async with httpx.AsyncClient(
            base_url=self.deployment.url("registration"), headers=headers, timeout=PATIENCE
        ) as client:
            while not self.over:
                arrival = next(arrivals)
                self.sent += 1
                answer = await self._post_until_answered(client, arrival)
                assert answer.status_code == 201, answer.text
                assert answer.json()["stay_id"] == arrival.stay
                self.accepted[arrival.stay] = arrival
                await asyncio.sleep(PAUSE)

    async def _post_until_answered(self, client: httpx.AsyncClient, arrival: Arrival) -> httpx.Response:
        key = {"Idempotency-Key": str(uuid4())}
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await client.post("/arrivals", json=arrival.report, headers=key)
                if answer.status_code < 500:
                    return answer
            self.retries += 1
            await asyncio.sleep(0.1)

    async def office(self, street: str, arrivals: Iterator[Arrival]) -> None:
        """Report arrivals over AMQP, one after another, each until the broker confirms it."""
        while not self.over:
            arrival, message = next(arrivals), str(uuid4())
            self.sent += 1
            await self._publish_until_confirmed(street, arrival, message)

    async def _publish_until_confirmed(self, street: str, first: Arrival, message: str) -> None:
        raise NotImplementedError

    def _token(self) -> str:
        return issue(self.deployment.stack.issuer_jwk(), subject="clerk", role="clerk", division="32")

    async def find_missing(self, databases: Mapping[str, Database]) -> list[str]:
        """Say which accepted arrivals are not a stay in every view, not once in the feed, or not written rightly."""
        wanted = list(self.accepted)
        missing = []
        for service, collection in STAYS.items():
            found = await databases[service][collection].count_documents({"_id": {"$in": wanted}})
            if found != len(wanted):
                missing.append(f"{service}: {found} of {len(wanted)} accepted stays")
        archives = {f"{arrival.person}@{arrival.street[:6]}" for arrival in self.accepted.values()}
        opened = await databases["archives"]["archives"].count_documents({"_id": {"$in": list(archives)}})
        if opened != len(archives):
            missing.append(f"archives: {opened} of {len(archives)} accepted people")
        return missing or await self._find_doubled(databases)
