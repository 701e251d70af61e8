"""Tell each audience what happened since its last release, by its terms: one insert, however much is in it."""

from contracts.envelope import render_time
from contracts.feeds.subscriptions import Subscription, Terms, TimeUnit
from services.feeds.domain.releases import Release, release, start_of_unit, sum_up
from services.feeds.service import Feed
from services.feeds.views import pages, releases, webhooks
from services.feeds.views.releases import Progress
from services.feeds.views.subscriptions import find, list_standing
from services.runtime.logs import get_log
from services.runtime.mongo import is_away

LOOK_EVERY = 1.0
"""Seconds between two looks for something that is to be told."""
MOST = 2000
"""Entries that are read for a release, besides those that wait: enough for many to look alike."""


async def release_all(feed: Feed) -> None:
    """Go on with the feed of every audience; what stops one does not stop the others.

    While nothing is heard, a look costs one query, and one for each feed of a district.
    """
    database = feed.service.database
    standing = await list_standing(database, feed.service.today)
    places = {(one.feed, one.district) for one in standing}
    ends = {place: await pages.find_end(database, *place) for place in places}
    for subscription in standing:
        try:
            await release_for(feed, subscription, ends[subscription.feed, subscription.district])
        except Exception as error:
            if is_away(error):
                raise
            get_log().error("not released, goes on later", subscription_id=subscription.subscription_id, error=error)


async def release_for(feed: Feed, subscription: Subscription, end: int) -> None:
    """Tell an audience what is to be told of a district's entries up to `end`.

    One whose feed is closed is told on only if it is given anew.
    """
    terms, audience = subscription.terms, subscription.subscription_id
    if terms is None:
        return
    time = render_time(start_of_unit(feed.service.clock(), terms.time))
    last_seen = feed.progress.get(audience)
    if last_seen and _read_until(last_seen, terms, time, end) is None:
        return
    progress: Progress | None = await releases.find_progress(feed.service.database, audience)
    if progress and progress.closed_by and await find(feed.service.database, audience) != subscription:
        return
    while progress and (until := _read_until(progress, terms, time, end)) is not None:
        progress = await _release_once(feed, subscription, terms, progress, time, until)
    if progress:
        _keep(feed, audience, progress)


def _read_until(progress: Progress, terms: Terms, time: str, end: int) -> int | None:
    """Return up to which entry is read now; None if nothing is told now.

    In each unit of time there is one release, when it begins, also of nothing: else what is told in a quiet one would
    tell when it was heard. Where a release was broken off, it is gone on with.
    """
    if terms.time is TimeUnit.MOMENT:
        return end if end > progress.read else None
    if time > progress.time:
        return end
    return progress.until if progress.until > progress.read else None


async def _release_once(
    feed: Feed, subscription: Subscription, terms: Terms, progress: Progress, time: str, until: int
) -> Progress | None:
    """Add the next release and return where the feed is then; None if another process releases too."""
    limit = min(MOST, until - progress.read)
    audience, place = subscription.subscription_id, (subscription.feed, subscription.district)
    found = await pages.read(feed.service.database, *place, progress.read, limit) if limit else []
    made = release(terms, [*progress.waiting, *found], audience=audience, key=feed.pseudonym_key)
    then = _go_on(progress, made, len(found), time, until)
    if not await releases.add(feed.service.database, audience, then, made.events):
        return None
    if made.events:
        await webhooks.wake(feed.service.database, audience, feed.service.clock())
    return then


def _keep(feed: Feed, audience: str, progress: Progress) -> None:
    """Keep where an audience's feed is, and wake its readers if it is further, whichever process told them more."""
    known = feed.progress.get(audience)
    feed.progress[audience] = progress
    if known is None or progress.end > known.end:
        feed.tail.wake(audience)


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
