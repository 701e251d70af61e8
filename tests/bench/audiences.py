"""What it costs to tell one, ten and a hundred audiences of the same entries, and to read one's whole feed.

The entries stand in the pages already, as they were heard. What is measured is feeds' own work on a real MongoDB: each
audience is told with street, days, sex and age bands, at least five people alike, until nothing is left to tell.
"""

import asyncio
import time
from collections.abc import Awaitable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from contracts.feeds.feeds import FeedName
from contracts.feeds.subscriptions import Subscription, SubscriptionState
from deploy.local.stack import Stack
from services.feeds.commands import snapshots as making
from services.feeds.commands.releasing import release_all
from services.feeds.service import Feed
from services.feeds.tail import Tail
from services.feeds.views import pages, releases, snapshots, subscriptions
from services.feeds.views.subscriptions import subscription_row
from services.runtime.clock import system_clock
from services.runtime.mongo import connect, database_of, write_rows
from tests.support.joining import KEY, make_crowd
from tests.support.subscriptions import make_subscription, make_terms

DISTRICT = "320507"
DATABASE = "bench_audiences"
A_PAGE, A_READ = 500, 1000
Costs = dict[str, float]
"""Entries a second by the number of audiences that are told of each; events a second read and counted at the end."""


def measure_audiences(stack: Stack, entries: int, audiences: tuple[int, ...]) -> Costs:
    """Tell so many entries to so many audiences; give what is told and read a second."""
    return asyncio.run(_measure(stack, entries, audiences))


async def _measure(stack: Stack, entries: int, audiences: tuple[int, ...]) -> Costs:
    client, costs = connect(stack.mongodb_url()), Costs()
    crowd, today = make_crowd(entries * 4 // 5), system_clock().date()
    service: Any = SimpleNamespace(database=database_of(client, DATABASE), clock=system_clock, today=today)
    for count in audiences:
        await client.drop_database(DATABASE)
        await _fill(feed := Feed(service, Tail(), KEY), crowd, count)
        costs[str(count)] = len(crowd) / await _seconds(release_all(feed))
    feed = Feed(service, Tail(), KEY)
    costs["read"] = await _read_all(feed)
    costs["snapshot"] = await _take_snapshot(feed)
    await client.drop_database(DATABASE)
    client.close()
    return costs


async def _fill(feed: Feed, crowd: list[dict[str, Any]], audiences: int) -> None:
    database = feed.service.database
    for step in (pages.prepare, releases.prepare, subscriptions.prepare):
        await step(database)
    for start in range(0, len(crowd), A_PAGE):
        await pages.append(database, FeedName.STAYS, DISTRICT, crowd[start : start + A_PAGE])
    given = [_subscription(number) for number in range(audiences)]
    await write_rows(database, [subscription_row(one, 1) for one in given])


def _subscription(number: int) -> Subscription:
    until = system_clock().date() + timedelta(days=30)
    terms = make_terms(attributes=("street", "started_on", "sex"), age="five_years", expires_on=until)
    return make_subscription(f"audience-{number}", terms=terms, state=SubscriptionState.APPROVED)


async def _read_all(feed: Feed) -> float:
    """Return how many events a second one audience reads to the end, page by page."""
    audience, position, began = _subscription(0).subscription_id, 0, time.monotonic()
    while found := await releases.read(feed.service.database, audience, position, A_READ):
        position = found[-1][0]
    return position / (time.monotonic() - began)


async def _take_snapshot(feed: Feed) -> float:
    """Return how many events a second are counted into a snapshot."""
    audience = _subscription(0).subscription_id
    await making.want(feed, audience)
    seconds = await _seconds(making.make_all(feed))
    note = await snapshots.find(feed.service.database, audience)
    assert note
    assert note.ready
    return note.ready.events / seconds


async def _seconds(work: Awaitable[None]) -> float:
    began = time.monotonic()
    await work
    return time.monotonic() - began
