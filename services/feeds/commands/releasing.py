"""Tell each audience what happened since its last release, by its terms: one insert, however much is in it."""

from contracts.envelope import render_time
from contracts.feeds.subscriptions import Subscription, Terms, TimeUnit
from services.feeds.domain.releases import Release, release, start_of_unit, sum_up
from services.feeds.service import Feed
from services.feeds.views import pages, releases
from services.feeds.views.releases import Progress
from services.feeds.views.subscriptions import list_standing
from services.runtime.logs import get_log
from services.runtime.mongo import is_away

LOOK_EVERY = 1.0
"""Seconds between two looks for something that is to be told."""
MOST = 2000
"""Entries that are read for a release, besides those that wait: enough for many to look alike."""


async def release_all(feed: Feed) -> None:
    """Go on with the feed of every audience; what stops one does not stop the others."""
    for subscription in await list_standing(feed.service.database, feed.service.today):
        try:
            await release_for(feed, subscription)
        except Exception as error:
            if is_away(error):
                raise
            get_log().error("not released, goes on later", subscription=subscription.subscription_id, error=error)


async def release_for(feed: Feed, subscription: Subscription) -> None:
    """Tell an audience all that is to be told by now, unless something was told in this unit of time already."""
    terms, database = subscription.terms, feed.service.database
    if terms is None:
        return
    progress = await releases.find_progress(database, subscription.subscription_id)
    time = render_time(start_of_unit(feed.service.clock(), terms.time))
    until = progress.until
    if time > progress.time or terms.time is TimeUnit.MOMENT:
        until = await pages.find_end(database, subscription.district)
    while progress.read < until:
        made = await _release_once(feed, subscription, terms, progress, time, until)
        if made is None:
            return
        progress = made


async def _release_once(
    feed: Feed, subscription: Subscription, terms: Terms, progress: Progress, time: str, until: int
) -> Progress | None:
    """Add the next release and return where the feed is then; None if another process releases too."""
    limit = min(MOST, until - progress.read)
    found = await pages.read(feed.service.database, subscription.district, progress.read, limit)
    audience = subscription.subscription_id
    made = release(terms, [*progress.waiting, *found], audience=audience, key=feed.pseudonym_key)
    then = _go_on(progress, made, len(found), time, until)
    if not await releases.add(feed.service.database, audience, then, made.events):
        return None
    if made.events:
        feed.tail.wake()
    return then


def _go_on(progress: Progress, made: Release, read: int, time: str, until: int) -> Progress:
    return Progress(
        number=progress.number + 1,
        end=progress.end + len(made.events),
        time=time,
        read=progress.read + read,
        until=until,
        waiting=tuple(made.waiting),
        totals=sum_up(progress.totals, made),
    )
