"""Deliver to webhooks what their audiences are told: page after page, so many webhooks at once, each in its turn.

A page and its attempt are written down before the receiver is asked, and the position is advanced after it said 2xx
and not before: what a killed process had in hand goes out again, under the same id.
"""

import asyncio
import json
import random
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import Counter

from contracts.envelope import uuid7
from contracts.feeds.subscriptions import Subscription
from contracts.refusals import RefusedError
from services.feeds.commands.compacting import read_kept
from services.feeds.commands.subscriptions import find_subscription
from services.feeds.domain.addresses import BadUrlError, InsideError, origin_of, read_url
from services.feeds.domain.releases import render_event
from services.feeds.domain.subscriptions import must_stand
from services.feeds.domain.webhooks import Answer, Outcome, Page, PauseReason, decide, sign
from services.feeds.service import Delivering
from services.feeds.views import webhooks
from services.feeds.views.webhooks import Attempt, Paused, Webhook
from services.runtime.logs import get_log
from services.runtime.mongo import wait_while_away

AT_ONCE = 64
"""Webhooks of which a process delivers something at once, at most."""
PAGE = 100
"""Events that go out together, as many as a page of the feed has by default."""
LOOK_EVERY, LOOK_AGAIN = 1.0, timedelta(seconds=5)
"""Seconds between two looks for a webhook that is due; how long one rests that nobody wakes."""

DELIVERIES = Counter("houniao_webhook_deliveries_total", "Attempts to deliver to a webhook", ["outcome"])
PAUSES = Counter("houniao_webhooks_paused_total", "Webhooks that were paused by themselves", ["reason"])

Events = list[dict[str, Any]]


class Deliverer:
    """Delivers to the webhooks of all audiences, in one process of any number."""

    def __init__(self, delivering: Delivering) -> None:
        self._delivering = delivering
        self._service = delivering.service
        self._free = asyncio.Semaphore(AT_ONCE)
        self._news = asyncio.Event()
        delivering.tail.call_when_told(self._news.set)
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Deliver what is due for as long as the service runs."""
        try:
            while True:
                await self._free.acquire()
                task = asyncio.create_task(self._deliver(await self._claim()))
                self._running.add(task)
                task.add_done_callback(self._end)
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
            self._delivering.receivers.close()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._free.release()
        self._news.set()

    async def _claim(self) -> Webhook:
        """Return the webhook that is due longest as soon as one is."""
        while True:
            self._news.clear()
            found = await wait_while_away(lambda: webhooks.claim(self._service.database, self._service.clock()))
            if found is not None:
                return found
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._news.wait()

    async def _deliver(self, webhook: Webhook) -> None:
        """Deliver a page, or test; what fails on our side is done again when the lease is over."""
        try:
            await (self._test(webhook) if webhook.test else self._deliver_next(webhook))
            await webhooks.let_go(self._service.database, webhook)
        except Exception as error:
            get_log().error("not delivered, goes on later", subscription_id=webhook.subscription_id, error=error)

    async def _deliver_next(self, webhook: Webhook) -> None:
        database = self._service.database
        subscription = await find_subscription(self._service, webhook.subscription_id)
        try:
            must_stand(subscription, self._service.today)
            assert subscription is not None  # it stands
            page, events = await self._find_page(webhook, subscription)
        except RefusedError as refused:
            await self._stop(webhook, PauseReason(refused.code))
            return
        if page is None:
            await webhooks.rest(database, webhook, self._service.clock() + LOOK_AGAIN)
        elif await webhooks.begin(database, webhook, page):
            attempt, answer, seconds = await self._attempt(webhook, page, events)
            decided = decide(page, answer, self._service.clock(), random.random())  # noqa: S311  # a pause
            next_at = decided if isinstance(decided, datetime) else None
            await webhooks.log_answer(database, attempt, answer, seconds, next_at)
            await self._conclude(webhook, page, decided)

    async def _find_page(self, webhook: Webhook, subscription: Subscription) -> tuple[Page | None, Events]:
        """Return the page that goes out now and its events: the one that was not taken, else the next; None if none.

        Raise CompactedError if it is not kept one by one any more.
        """
        after = webhook.position
        limit = webhook.page.last - after if webhook.page else PAGE
        found = await read_kept(self._service.database, subscription, after, limit)
        if not found:
            return None, []
        page = webhook.page or Page(webhook_id=uuid7(), after=after, last=found[-1][0])
        events = [
            render_event(event, position=position, district=subscription.district, time=at)
            for position, at, event in found
        ]
        return page.tried(self._service.clock()), events

    async def _attempt(self, webhook: Webhook, page: Page, events: Events) -> tuple[Attempt, Answer, float]:
        """Write an attempt down, ask the receiver, and return what it answered and how long it took."""
        attempt = Attempt(
            attempt_id=uuid7(),
            webhook_id=page.webhook_id,
            first=page.after + 1 if events else None,
            last=page.last if events else None,
            attempt=page.attempt,
            at=self._service.clock(),
        )
        await webhooks.log_attempt(self._service.database, webhook.subscription_id, attempt)
        begun = time.monotonic()
        answer = await self._ask(webhook, page.webhook_id, events)
        DELIVERIES.labels(answer.outcome.value).inc()
        return attempt, answer, round(time.monotonic() - begun, 3)

    async def _ask(self, webhook: Webhook, webhook_id: str, events: Events) -> Answer:
        try:
            receiver = read_url(webhook.url, self._delivering.receivers.reach)
        except (BadUrlError, InsideError):  # what was allowed when it was set is not any more
            return Answer(outcome=Outcome.NOT_ALLOWED)
        now = self._service.clock()
        secrets = [
            self._delivering.vault.open(one.sealed) for one in webhook.secrets if one.until is None or now < one.until
        ]
        body = json.dumps(events, ensure_ascii=False, separators=(",", ":")).encode()
        return await self._delivering.receivers.deliver(receiver, sign(secrets, webhook_id, now, body), body)

    async def _conclude(self, webhook: Webhook, page: Page, decided: datetime | PauseReason | None) -> None:
        """Advance behind a page that was taken; put another one off, or pause."""
        match decided:
            case None:
                await webhooks.advance(self._service.database, webhook, page.last, self._service.clock())
            case PauseReason():
                await self._stop(webhook, decided)
            case moment:
                await webhooks.put_off(self._service.database, webhook, moment)

    async def _stop(self, webhook: Webhook, reason: PauseReason) -> None:
        """Pause a webhook and say so, unless somebody else has it meanwhile."""
        if not await webhooks.stop(self._service.database, webhook, Paused(reason=reason, at=self._service.clock())):
            return
        PAUSES.labels(reason.value).inc()
        told = {"code": reason.value, "position": webhook.position, "host": origin_of(webhook.url)}
        get_log().warning("webhook paused", subscription_id=webhook.subscription_id, **told)

    async def _test(self, webhook: Webhook) -> None:
        """Deliver an empty page, which is no part of the feed."""
        page = Page(webhook_id=webhook.test or "", after=webhook.position, last=webhook.position, attempt=1)
        attempt, answer, seconds = await self._attempt(webhook, page, [])
        await webhooks.log_answer(self._service.database, attempt, answer, seconds, None)
        await webhooks.end_test(self._service.database, webhook)
