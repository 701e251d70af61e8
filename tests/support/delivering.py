"""Delivering to webhooks in a test: processes, audiences that were told something, receivers that are set up."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any

from cryptography.fernet import Fernet
from pydantic import SecretStr

from contracts.feeds.subscriptions import (
    Subscription,
    SubscriptionApproved,
    SubscriptionFact,
    SubscriptionRevoked,
    SubscriptionState,
)
from services.feeds.channels.receivers import Receivers
from services.feeds.commands import webhooks as commands
from services.feeds.commands.delivering import Deliverer
from services.feeds.domain.addresses import Reach
from services.feeds.service import Delivering
from services.feeds.tail import Tail
from services.feeds.vault import Vault
from services.feeds.views import releases, webhooks
from services.feeds.views.releases import Progress
from services.feeds.views.webhooks import Attempt, Webhook
from services.runtime.journal import Journal
from services.runtime.mongo import Database
from tests.support.instance import eventually
from tests.support.receivers import Receiver, receiving
from tests.support.subscriptions import make_subscription, make_terms

KEY = Fernet.generate_key().decode()
LOOPBACK = Reach((ip_network("127.0.0.0/8"),), plain=True)
CAUSE = "a request"


class Clock:
    """A clock that goes on as the real one does, and can be put forward."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def make_delivering(database: Database, clock: Clock) -> Delivering:
    """Make what one process delivers with."""
    journal = Journal(
        database, "feeds", clock, {fact.TYPE: fact for fact in (SubscriptionApproved, SubscriptionRevoked)}
    )
    service: Any = SimpleNamespace(database=database, clock=clock, today=clock().date(), journal=journal)
    return Delivering(service, Vault(SecretStr(KEY)), Receivers(LOOPBACK), Tail())


@asynccontextmanager
async def at_work(*processes: Delivering) -> AsyncIterator[None]:
    """Let processes deliver until the block ends."""
    tasks = [asyncio.create_task(Deliverer(one).run()) for one in processes]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def record(delivering: Delivering, fact: SubscriptionFact, after: int = 0) -> None:
    journal = delivering.service.journal
    await journal.record_one(journal.commit(fact, after=after, causation=CAUSE, correlation=None))


async def subscribe(delivering: Delivering, subscriber: str = "hospital", **terms: Any) -> Subscription:
    given = make_subscription(subscriber, terms=make_terms(**terms), state=SubscriptionState.APPROVED)
    await record(delivering, SubscriptionApproved(subscription=given))
    return given


async def tell(delivering: Delivering, subscription: Subscription, events: int) -> None:
    """Let an audience be told so many events more."""
    database, audience = delivering.service.database, subscription.subscription_id
    before = await releases.find_progress(database, audience)
    entries = [
        {"id": f"{before.end + order:032x}", "type": "registration.stay_started.v1", "data": {"purpose": "务工"}}
        for order in range(1, events + 1)
    ]
    made = Progress(number=before.number + 1, end=before.end + events, time="2026-11-26T00:00:00.000000Z")
    assert await releases.add(database, audience, made, entries)
    await webhooks.wake(database, audience, delivering.service.clock())


async def set_up(delivering: Delivering, subscription: Subscription, url: str, after: int = 0) -> str:
    _, secret = await commands.set_up(delivering, subscription, url, after, CAUSE)
    return secret


async def find(delivering: Delivering, subscription: Subscription) -> Webhook:
    return await commands.must_find(delivering, subscription.subscription_id)


async def log(delivering: Delivering, subscription: Subscription) -> list[Attempt]:
    """Return the log, the oldest attempt first."""
    found = await webhooks.list_attempts(delivering.service.database, subscription.subscription_id, "", 500)
    return found[::-1]


async def until(delivering: Delivering, subscription: Subscription, position: int) -> Webhook:
    """Wait until everything up to a position is acknowledged."""

    async def reached() -> Webhook | None:
        found = await find(delivering, subscription)
        return found if found.position == position and found.lease is None else None

    found: Webhook = await eventually(reached, within=30)
    return found


async def until_paused(delivering: Delivering, subscription: Subscription) -> Webhook:
    async def paused() -> Webhook | None:
        found = await find(delivering, subscription)
        return found if found.paused else None

    found: Webhook = await eventually(paused, within=30)
    return found


def put_forward(delivering: Delivering, by: timedelta) -> None:
    """Put the clock of a process forward."""
    clock: Any = delivering.service.clock
    clock.ahead += by


async def has(receiver: Receiver, deliveries: int) -> bool:
    return len(receiver.got) >= deliveries


async def is_free(delivering: Delivering, subscription: Subscription) -> bool:
    return (await find(delivering, subscription)).lease is None


class AudiencesReceiving:
    """A receiver for each of some audiences, with its webhook set up."""

    def __init__(self, delivering: Delivering, audiences: Sequence[Subscription], **odd: Receiver) -> None:
        self._delivering = delivering
        self._receivers = [odd.get(one.subscriber, Receiver()) for one in audiences]
        self._audiences = audiences
        self._running = [receiving(receiver) for receiver in self._receivers]

    async def __aenter__(self) -> list[Receiver]:
        for running in self._running:
            await running.__aenter__()
        for audience, receiver in zip(self._audiences, self._receivers, strict=True):
            await set_up(self._delivering, audience, receiver.url)
        return self._receivers

    async def __aexit__(self, *_: object) -> None:
        for running in self._running:
            await running.__aexit__(None, None, None)
