"""Street offices at work while things break: each sends an arrival until it is accepted, as a good program does."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import aio_pika
import httpx
from aio_pika.abc import AbstractExchange
from aio_pika.exceptions import CONNECTION_EXCEPTIONS
from pydantic_core import from_json, to_json

from services.runtime.access import issue
from services.runtime.journal import JOURNAL
from tests.faults.deployment import Deployment
from tests.faults.form import WHOLE_WITHIN, in_form
from tests.faults.people import OFFICES_STREETS, Arrival
from tests.support.instance import eventually
from tests.support.ledger import find_losses

CLERKS = in_form(short=6, long=24)
PAUSE = in_form(short=0.08, long=0.02)
"""Seconds between two arrivals of one clerk or office."""
PATIENCE = 3.0
"""Seconds after which a clerk's program sends the same request again."""
VIEWS = {"registration": "stays", "outreach": "residents", "reporting": "stays"}
STARTED = "registration.stay_started.v1"


@dataclass
class Load:
    """What offices sent while things broke, and what they were answered."""

    deployment: Deployment
    accepted: dict[str, Arrival] = field(default_factory=dict)
    """By stay: answered `accepted` over HTTP, or confirmed by the broker."""
    unanswered: dict[str, set[str]] = field(default_factory=lambda: {street: set() for street in OFFICES_STREETS})
    """The message ids of reports over AMQP that no answer was read for, by street."""
    retries: int = 0
    over: bool = False

    async def reaches(self, more: int) -> None:
        """Wait until so many more arrivals have been accepted."""
        goal = len(self.accepted) + more
        await self._until(lambda: len(self.accepted) >= goal)

    async def falters(self) -> None:
        """Wait until every clerk has met what is broken: no answer, or a 5xx."""
        goal = self.retries + CLERKS
        await self._until(lambda: self.retries >= goal)

    async def register(self, arrivals: Iterator[Arrival]) -> None:
        """Register arrivals over HTTP, one after another, as one clerk does."""
        token = issue(
            self.deployment.stack.issuer_jwk(), services=["registration"], subject="clerk", role="clerk", division="32"
        )
        async with httpx.AsyncClient(
            base_url=self.deployment.url("registration"),
            headers={"Authorization": f"Bearer {token}"},
            timeout=PATIENCE,
        ) as client:
            while not self.over:
                arrival = next(arrivals)
                answer = await self._post_until_answered(client, arrival)
                assert answer.status_code == 201, answer.text
                assert answer.json()["stay_id"] == arrival.stay
                self.accepted[arrival.stay] = arrival
                await asyncio.sleep(PAUSE)

    async def report(self, street: str) -> None:
        """Report arrivals over AMQP, one after another, each until the broker confirms it."""
        arrivals = self.deployment.people.arriving_in(street)
        unconfirmed: list[tuple[str, Arrival]] = []
        while unconfirmed or not self.over:
            with contextlib.suppress(*CONNECTION_EXCEPTIONS):
                async with self._channel_of(street) as channel:
                    offices = await channel.get_exchange("offices", ensure=False)
                    while unconfirmed or not self.over:
                        unconfirmed = unconfirmed or [(str(uuid4()), next(arrivals))]
                        await self._publish(offices, street, *unconfirmed[0])
                        unconfirmed = []
                        await asyncio.sleep(PAUSE)
            await asyncio.sleep(0.1)

    async def must_be_whole(self) -> None:
        """Wait until all that was accepted is visible everywhere, exactly once, and the ledger finds nothing lost."""
        troubles: list[str] = []

        async def is_whole() -> bool:
            troubles[:] = await self._find_missing() or await find_losses([self.deployment.databases])
            return not troubles

        try:
            await eventually(is_whole, WHOLE_WITHIN, every=0.3)
        except AssertionError:
            raise AssertionError(f"of {len(self.accepted)} accepted: {troubles}") from None
        for street, messages in self.unanswered.items():
            await asyncio.wait_for(self._read_answers(street, messages), WHOLE_WITHIN)

    async def _until(self, holds: Callable[[], bool]) -> None:
        async def check() -> bool:
            return holds()

        await eventually(check, WHOLE_WITHIN)

    async def _post_until_answered(self, client: httpx.AsyncClient, arrival: Arrival) -> httpx.Response:
        key = {"Idempotency-Key": str(uuid4())}
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await client.post("/arrivals", json=arrival.report, headers=key)
                if answer.status_code < 500:
                    return answer
            self.retries += 1
            await asyncio.sleep(0.1)

    async def _publish(self, offices: AbstractExchange, street: str, message: str, arrival: Arrival) -> None:
        report = aio_pika.Message(
            to_json(arrival.report),
            message_id=message,
            user_id=f"office-{street}",
            reply_to=f"office.{street}",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        await offices.publish(report, f"{street}.arrival", timeout=5)
        self.accepted[arrival.stay] = arrival
        self.unanswered[street].add(message)

    @contextlib.asynccontextmanager
    async def _channel_of(self, street: str) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
        connection = await aio_pika.connect(self.deployment.stack.rabbitmq_url(f"office-{street}"), timeout=5)
        async with connection:
            yield await connection.channel(on_return_raises=True)

    async def _find_missing(self) -> list[str]:
        """Return which accepted arrivals are missing in a view, or there more than once."""
        databases, wanted, missing = self.deployment.databases, list(self.accepted), []
        for service, view in VIEWS.items():
            found = await databases[service][view].count_documents({"_id": {"$in": wanted}})
            if found != len(wanted):
                missing.append(f"{service}: {found} of {len(wanted)} stays")
        owed = {f"{arrival.person}@{arrival.street[:6]}" for arrival in self.accepted.values()}
        opened = await databases["archives"]["archives"].count_documents({"_id": {"$in": list(owed)}})
        if opened != len(owed):
            missing.append(f"archives: {opened} of {len(owed)} archives")
        return missing or [*await self._find_unfed(), *await self._find_misrecorded()]

    async def _find_unfed(self) -> list[str]:
        fed: Counter[str] = Counter()
        async for page in self.deployment.databases["feeds"]["stay_pages"].find():
            fed.update(entry["stay_id"] for entry in page["entries"] if entry["type"] == STARTED)
        wrong = {stay: fed[stay] for stay in self.accepted if fed[stay] != 1}
        return (
            [f"feeds: {len(wrong)} stays not started exactly once, e.g. {next(iter(wrong.items()))}"] if wrong else []
        )

    async def _find_misrecorded(self) -> list[str]:
        """Return which stays have other facts than they should: a start, and one contest if a later stay is known."""
        counted: list[dict[str, object]] = [
            {"$match": {"stream": {"$in": [f"stay/{stay}" for stay in self.accepted]}}},
            {"$group": {"_id": "$stream", "commits": {"$sum": 1}}},
        ]
        recorded = {
            document["_id"]: document["commits"]
            async for document in self.deployment.databases["registration"][JOURNAL].aggregate(counted)
        }
        due = {f"stay/{stay}": 1 + (arrival.later in self.accepted) for stay, arrival in self.accepted.items()}
        wrong = {
            stream: (recorded.get(stream), facts) for stream, facts in due.items() if recorded.get(stream) != facts
        }
        return [f"registration: {len(wrong)} streams with facts, due: {list(wrong.items())[:3]}"] if wrong else []

    async def _read_answers(self, street: str, unanswered: set[str]) -> None:
        """Read an office's answers until every report has one; each must say `accepted`, however often it was asked."""
        async with self._channel_of(street) as channel:
            queue = await channel.get_queue(f"office.{street}", ensure=False)
            while unanswered:
                message = await queue.get(fail=False, no_ack=True)
                if message is None:
                    await asyncio.sleep(0.1)
                    continue
                answer = from_json(message.body)
                assert answer["outcome"] == "accepted", answer
                unanswered.discard(answer["message_id"])


@contextlib.asynccontextmanager
async def under_load(deployment: Deployment) -> AsyncIterator[Load]:
    """Let clerks and offices work until the block ends; then each finishes the arrival it is at."""
    load = Load(deployment)
    arrivals = deployment.people.moving()
    async with asyncio.TaskGroup() as working:
        for _ in range(CLERKS):
            working.create_task(load.register(arrivals))
        for street in OFFICES_STREETS:
            working.create_task(load.report(street))
        yield load
        load.over = True
