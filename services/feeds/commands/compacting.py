"""Compact feeds: releases that are old enough are removed once a snapshot counts them, which stands from then on.

Step by step, each a single write: a snapshot is ready; up to where it stands alone is noted; releases until there are
removed. What is broken off is gone on with at the next look, and nobody is told anything half in between.
"""

import logging
from datetime import timedelta

from prometheus_client import Counter

from contracts.envelope import render_time
from contracts.feeds.subscriptions import Subscription
from services.feeds.domain.compaction import CompactedError
from services.feeds.service import Feed
from services.feeds.views import queues, releases, snapshots, webhooks
from services.feeds.views.releases import Progress, Told, find_progress
from services.feeds.views.subscriptions import read_all
from services.runtime.logs import REPEATING, get_log
from services.runtime.mongo import Database, is_away

LOOK_EVERY = 600.0
"""Seconds between two looks for what is old enough."""
COMPACTED = Counter("houniao_releases_compacted_total", "Releases that were removed because a snapshot counts them")


async def must_be_kept(database: Database, subscription: Subscription, after: int) -> None:
    """Raise CompactedError if something that an audience was told after a position is not kept one by one any more."""
    if after < await snapshots.find_compacted(database, subscription.subscription_id):
        raise CompactedError(subscription)


async def read_kept(database: Database, subscription: Subscription, after: int, limit: int) -> list[Told]:
    """Return what an audience was told after a position; raise CompactedError if not all of it is kept one by one."""
    try:
        return await releases.read(database, subscription.subscription_id, after, limit)
    except releases.RemovedError as error:
        raise CompactedError(subscription) from error


async def compact_all(feed: Feed, kept: timedelta) -> None:
    """Compact the feeds of all audiences, also of those told nothing any more; what stops one stops no other."""
    await snapshots.sweep(feed.service.database)
    before = render_time(feed.service.clock() - kept)
    async for subscription in read_all(feed.service.database):
        try:
            await compact(feed, subscription, before)
        except Exception as error:
            if is_away(error):
                raise
            get_log().error("not compacted, goes on later", subscription_id=subscription.subscription_id, error=error)


async def compact(feed: Feed, subscription: Subscription, before: str) -> None:
    """Remove what an audience was told before a time and everybody has who has it delivered.

    If no snapshot counts it yet, let one be made; the next look goes on.
    """
    database, audience = feed.service.database, subscription.subscription_id
    note = await snapshots.find(database, audience)
    if note and note.compacted:
        await _remove(database, audience, note.compacted)  # what was broken off, else nothing
    last = await _find_last(feed, subscription, before)
    if last is None or (note and last.number <= note.compacted):
        return
    if note is None or note.number < last.number:
        await snapshots.want(database, audience, await find_progress(database, audience), feed.service.clock())
    elif await snapshots.compact(database, audience, last):
        await _remove(database, audience, last.number)


async def _find_last(feed: Feed, subscription: Subscription, before: str) -> Progress | None:
    """Return the last release that may be removed; tell the log if a delivery holds it up."""
    database, audience = feed.service.database, subscription.subscription_id
    old = await releases.find_last_before(database, audience, before)
    reached = await _find_reached(feed, subscription) if old else {}
    if old is None or not reached or min(reached.values()) >= old.end:
        return old
    position, way = min((position, way) for way, position in reached.items())
    told: dict[str, str | int] = {"subscription_id": audience, "reason": way, "position": position}
    REPEATING.tell(audience, logging.WARNING, "compaction waits", told)
    return await releases.find_last_before(database, audience, before, position)


async def _find_reached(feed: Feed, subscription: Subscription) -> dict[str, int]:
    """Return up to which position an audience has had delivered what it is told, by each way that it has.

    What is told nobody any more waits for nobody.
    """
    database, audience = feed.service.database, subscription.subscription_id
    if subscription.terms is None or not subscription.stands(feed.service.today):
        return {}
    webhook = await webhooks.find(database, audience)
    reached = {"webhook": webhook.position} if webhook else {}
    if subscription.terms.amqp:
        reached["queue"] = await queues.find_position(database, audience)
    return reached


async def _remove(database: Database, audience: str, number: int) -> None:
    removed = await releases.remove(database, audience, number)
    if removed:
        COMPACTED.inc(removed)
        get_log().info("compacted", subscription_id=audience, count=removed)
