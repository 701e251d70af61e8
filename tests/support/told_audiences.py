"""Audiences in a test of compaction: each is told what the test wants, and knows all that it ever was told."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from contracts.envelope import render_time
from contracts.feeds.feeds import told_type
from contracts.feeds.subscriptions import Subscription, SubscriptionState
from services.feeds.commands import snapshots as making
from services.feeds.commands.compacting import compact_all, read_kept
from services.feeds.service import Delivering, Feed
from services.feeds.tail import Tail
from services.feeds.views import releases, snapshots
from services.feeds.views.releases import Progress
from services.feeds.views.subscriptions import subscription_row
from services.runtime.mongo import write_rows
from tests.support.subscriptions import make_subscription, make_terms

KEPT = timedelta(days=400)
NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
KINDS = ("registration.stay_started.v1", "registration.stay_ended.v1")
DATA: tuple[dict[str, Any], ...] = (
    {},
    {"street": "320507001"},
    {"street": "320507001", "sex": "female"},
    {"street": "320507002", "sex": None},
    {"sex": "male", "born": "1945-1949"},
    {"street": "320507002", "born": None},
    {"held": 5, "open": True},
    {"held": 12, "open": False},
)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Audience:
    """Somebody who was told something, what it was, and the feed that it is told by."""

    def __init__(self, delivering: Delivering, subscriber: str = "hospital", **terms: Any) -> None:
        service: Any = delivering.service
        self.clock = Clock()
        of_feed: Any = SimpleNamespace(database=service.database, clock=self.clock, today=NOW.date())
        self.feed = Feed(of_feed, Tail(), b"k" * 32)
        given = make_terms(**terms)
        self.subscription = make_subscription(subscriber, terms=given, state=SubscriptionState.APPROVED)
        self.told: list[tuple[str, str]] = []

    async def give(self, subscription: Subscription | None = None) -> None:
        row = subscription_row(subscription or self.subscription, 1)
        await write_rows(self.feed.service.database, [row])

    async def tell(self, *events: int, days_ago: float = 0) -> None:
        """Tell the audience a release of events, each a number of a kind and data, so many days ago."""
        database, audience = self.feed.service.database, self.subscription.subscription_id
        before = await releases.find_progress(database, audience)
        entries: list[dict[str, Any]] = [
            {"id": f"{before.end + order:032x}", "type": KINDS[number % 2], "data": DATA[number % len(DATA)]}
            for order, number in enumerate(events, start=1)
        ]
        time = render_time(self.clock.now - timedelta(days=days_ago))
        made = Progress(number=before.number + 1, end=before.end + len(entries), time=time)
        assert await releases.add(database, audience, made, entries)
        self.told += [(told_type(one["type"]), json.dumps(one["data"], sort_keys=True)) for one in entries]

    async def compact(self) -> None:
        await compact_all(self.feed, KEPT)

    async def make(self) -> None:
        await making.make_all(self.feed)

    async def take_snapshot(self) -> None:
        await making.want(self.feed, self.subscription.subscription_id)
        await self.make()

    async def compacted(self) -> int:
        return await snapshots.find_compacted(self.feed.service.database, self.subscription.subscription_id)

    async def kept(self) -> int:
        database = self.feed.service.database
        return await database["releases"].count_documents({"audience": self.subscription.subscription_id})

    async def read(self, after: int) -> list[tuple[int, str, dict[str, Any]]]:
        return await read_kept(self.feed.service.database, self.subscription, after, 10_000)

    async def must_have_everything(self) -> None:
        """Fail unless the snapshot, if there is one, and the tail behind it are all that was ever told."""
        database, audience = self.feed.service.database, self.subscription.subscription_id
        note = await snapshots.find(database, audience)
        found: Counter[tuple[str, str]] = Counter()
        position = 0
        if note and note.ready:
            position = note.ready.position
            parts = [part async for part in snapshots.read(database, note.file_id, 0, note.ready.size)]
            lines = [json.loads(line) for line in b"".join(parts).splitlines()]
            for line in lines:
                found[line["type"], json.dumps(line["data"], sort_keys=True)] += line["count"]
            assert len(found) == len(lines) == note.ready.rows, "what is alike is one line"
            assert found == Counter(self.told[:position])
        tail = await self.read(position)
        assert [at for at, _, _ in tail] == list(range(position + 1, len(self.told) + 1))
        found.update((told_type(event["type"]), json.dumps(event["data"], sort_keys=True)) for _, _, event in tail)
        assert found == Counter(self.told)
