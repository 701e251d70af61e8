"""Send each audience that has it on RabbitMQ what it was told, to its queue and stream, each for itself."""

import asyncio
import json
import logging
from functools import partial
from typing import Any

from contracts.envelope import EVENT_CONTENT_TYPE, uuid7
from contracts.feeds.subscriptions import Subscription
from services.feeds.domain.releases import render_event
from services.feeds.service import Feed
from services.feeds.views import queues, releases, snapshots
from services.feeds.views.subscriptions import find, list_standing
from services.runtime.logs import REPEATING, get_log
from services.runtime.mongo import is_away
from services.runtime.publisher import MOST_AT_ONCE, Outgoing, Publisher
from services.runtime.relay import UNREACHABLE
from services.runtime.service import keep_doing

AUDIENCES = "audiences"
"""The exchange on which the queue and the stream of an audience hang, by the id of its subscription."""
LOOK_EVERY = 1.0
"""Seconds between two looks for an audience that was told more than it was sent."""
REST = 10.0
"""Seconds for which an audience is let be after something kept it from being sent all."""


class Sender:
    """Goes on with the queues of all audiences, each in a task of its own: none waits for what holds up another."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        url = feed.service.settings.rabbitmq_url.get_secret_value()
        self._publisher = Publisher(url, feed.service.name, AUDIENCES, EVENT_CONTENT_TYPE)
        self._owner = uuid7()
        self._sent: dict[str, int] = {}
        self._at_work: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Send as long as the service runs."""
        try:
            await keep_doing(LOOK_EVERY, self.look)
        finally:
            for task in self._at_work.values():
                task.cancel()
            await asyncio.gather(*self._at_work.values(), return_exceptions=True)
            await self._publisher.close()

    async def look(self) -> None:
        """Begin to send to every audience that was told more than it was sent, unless that is under way."""
        for subscription in await list_standing(self._feed.service.database, self._feed.service.today):
            audience = subscription.subscription_id
            if _has_queue(subscription) and audience not in self._at_work and self._is_behind(audience):
                task = asyncio.create_task(self._try(audience))
                self._at_work[audience] = task
                task.add_done_callback(partial(self._rested, audience))

    async def send(self, audience: str) -> bool:
        """Send an audience what it was told and not sent; return whether that was all.

        It is not if the subscription does not stand any more, or another process goes on. Raise what keeps the broker
        from confirming the next event.
        """
        database, clock = self._feed.service.database, self._feed.service.clock
        position = await queues.claim(database, audience, self._owner, clock())
        if position is not None:  # what was compacted before the audience had a queue is jumped over
            position = max(position, await snapshots.find_compacted(database, audience))
        while position is not None and (subscription := await self._find_standing(audience)):
            found = await releases.read(database, audience, position, MOST_AT_ONCE)
            if not found:
                self._sent[audience] = position
                return True
            events = [_make_message(subscription, *one) for one in found]
            confirmed = await self._publisher.publish(audience, events)
            position = found[confirmed - 1][0]
            if not await queues.advance(database, audience, self._owner, position, clock()):
                return False
        return False

    async def _try(self, audience: str) -> None:
        try:
            if await self.send(audience):
                return
        except Exception as error:
            if isinstance(error, UNREACHABLE) or is_away(error):
                REPEATING.tell(audience, logging.WARNING, "queue waits", {"queue": audience}, error)
            else:
                get_log().error("queue stumbled, goes on later", queue=audience, error=error)
        await asyncio.sleep(REST)

    async def _find_standing(self, audience: str) -> Subscription | None:
        found = await find(self._feed.service.database, audience)
        return found if found and found.stands(self._feed.service.today) and _has_queue(found) else None

    def _is_behind(self, audience: str) -> bool:
        """Return whether an audience was told more than this process knows it was sent."""
        told = self._feed.progress.get(audience)
        return told is not None and told.end > self._sent.get(audience, 0)

    def _rested(self, audience: str, _: asyncio.Task[None]) -> None:
        del self._at_work[audience]


def _has_queue(subscription: Subscription) -> bool:
    return subscription.terms is not None and subscription.terms.amqp


def _make_message(subscription: Subscription, position: int, time: str, event: dict[str, Any]) -> Outgoing:
    """Return what is read over HTTP of an event, as a message."""
    told = render_event(event, position=position, district=subscription.district, time=time)
    return Outgoing(event["id"], json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())
