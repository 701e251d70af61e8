"""Follow a feed without asking anew for each page, as long as the subscription stands."""

import time
from collections.abc import AsyncIterator
from functools import partial

from contracts.feeds.subscriptions import Subscription
from services.feeds.commands.compacting import read_kept
from services.feeds.commands.subscriptions import find_subscription
from services.feeds.service import Feed
from services.feeds.views.releases import Told

LOOK_EVERY = 10.0
"""Seconds after which it is looked whether the subscription stands, while nothing comes."""
A_PAGE = 100


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
