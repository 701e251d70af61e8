"""Follow a feed without asking anew for each page, as long as the subscription stands; hear of what others told."""

import time
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from contracts.feeds.subscriptions import Subscription
from services.feeds.commands.compacting import read_kept
from services.feeds.commands.subscriptions import find_subscription
from services.feeds.service import Feed
from services.feeds.views.releases import Told, find_fresh

LOOK_EVERY = 10.0
"""Seconds after which it is looked whether the subscription stands, while nothing comes."""
A_PAGE = 100
NEWS_EVERY, LATE = 0.25, timedelta(seconds=2)
"""Seconds between two looks for what other processes told; by how much their clocks or writes may be behind.

What comes later than that is found when a reader looks again by itself.
"""


async def follow(feed: Feed, audience: Subscription, after: int) -> AsyncIterator[Told]:
    """Yield positions, times and events of an audience from the first one after a position on, as they are told.

    Raise CompactedError if not all of it is kept one by one.
    """
    until = time.monotonic() + feed.stream_seconds
    while (left := until - time.monotonic()) > 0 and await _stands(feed, audience.subscription_id):
        look = partial(read_kept, feed.service.database, audience, after, A_PAGE)
        found = await feed.tail.read(audience.subscription_id, look, min(left, LOOK_EVERY))
        for told in found:
            yield told
            after = told[0]


async def _stands(feed: Feed, audience: str) -> bool:
    found = await find_subscription(feed.service, audience)
    return found is not None and found.stands(feed.service.today)


class News:
    """Wakes the readers of a process that tells nothing itself."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._seen: Collection[Any] = ()

    async def look(self) -> None:
        """Wake the readers of every audience that was told something since the last look."""
        fresh = await find_fresh(self._feed.service.database, datetime.now(UTC) - LATE)
        for audience in {whose for release, whose in fresh.items() if release not in self._seen}:
            self._feed.tail.wake(audience)
        self._seen = fresh.keys()
