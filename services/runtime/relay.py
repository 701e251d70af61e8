"""The relay: publishes the unsent commits of the journal, one message per routing key, and marks them once confirmed.

Commits that no queue takes yet (an offer to a district that does not run archives so far) are set aside by routing key,
where they hold nothing up, and are tried again until there is a queue.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import aio_pika
from aio_pika.abc import AbstractExchange, AbstractRobustConnection
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, PublishError

from contracts.envelope import BATCH_CONTENT_TYPE, render_batch, uuid7
from services.runtime.clock import Clock
from services.runtime.journal import (
    Journal,
    events_under,
    list_unheard,
    mark_heard,
    mark_sent,
    mark_unheard,
    read_unheard,
    read_unsent,
    routing_keys_of,
)
from services.runtime.logs import get_log
from services.runtime.metrics import RELAYED, UNHEARD
from services.runtime.mongo import Database, Document, is_away

BATCH_SIZE = 1000
"""Commits that are read and published at once, at most."""
LARGEST_MESSAGE = 2_000_000
"""Bytes of the events of a message, half of what the broker takes; an event that is longer goes in a message alone."""
CONFIRM_WITHIN = 30.0
"""Seconds that the broker has to confirm a message."""
LOOK_AGAIN_AFTER = 2.0
"""Seconds between reads of the journal while idle."""
LEFT_BEHIND_AFTER = timedelta(seconds=2)
"""The age from which a commit of another process is sent here, since that process did not."""
TRY_AGAIN_AT_MOST = 60.0
"""Seconds between attempts at commits that no queue takes, at most."""
UNREACHABLE = (*CONNECTION_EXCEPTIONS, asyncio.TimeoutError)
"""Raised by aio-pika while the broker is away or blocked, or the channel is being restored."""


class Relay:
    """Publishes the journal on the exchange `events`; correct with any number of relays, most efficient with one."""

    def __init__(self, url: str, database: Database, journal: Journal, clock: Clock, service: str) -> None:
        self._url = url
        self._database = database
        self._journal = journal
        self._clock = clock
        self._service = service
        self._connection: AbstractRobustConnection | None = None
        self._exchange: AbstractExchange | None = None
        # Unsure: commits may be unsent that are not buffered. Must look: read the journal before sending buffered ones.
        self._unsure = self._must_look = True
        self._looked_at = 0.0
        self._is_finishing = False
        self._try_again_at = 0.0
        self._pause = TRY_AGAIN_AT_MOST
        self.look_again_after = LOOK_AGAIN_AFTER
        """Seconds between reads of the journal for commits that this process does not have in memory."""
        self.looks = True
        """Whether it reads the journal for commits of others, or sends only what its own process records."""
        self.oldest_unsent: datetime | None = None
        """When the oldest commit of the last batch was recorded; None if all was sent."""

    async def run(self) -> None:
        """Send until `finish` is called; wait with growing pauses while RabbitMQ or MongoDB is away."""
        attempt = 0
        while True:
            try:
                sent = await self.send_once()
                attempt = 0
            except Exception as error:
                if not (isinstance(error, UNREACHABLE) or is_away(error)):
                    get_log().error("relay stumbled", error=error)
                attempt += 1
                get_log().warning("relay waits", attempt=attempt, error=error)
                await asyncio.sleep(min(0.05 * 2**attempt, 5.0))
                continue
            if not sent:
                if self._is_finishing:
                    return
                await self._wait_for_work()

    def finish(self) -> None:
        """Let `run` return once nothing is left to send."""
        self._is_finishing = True
        self._journal.recorded.set()

    async def send_once(self) -> int:
        """Publish one batch of unsent commits, mark those that the broker confirmed, and return the batch's size."""
        if self.looks and self._try_again_at <= time.monotonic():
            await self._try_unheard()
        self._journal.recorded.clear()
        commits = (await self._look() if self._look_is_due() else []) or self._journal.take_buffered(BATCH_SIZE)
        self.oldest_unsent = commits[0]["recorded_at"] if commits else None
        if not commits:
            return 0
        before = self._unsure, self._must_look
        self._unsure = self._must_look = True  # if this fails, the journal knows what is still unsent
        await self._send(commits)
        self._unsure, self._must_look = before
        return len(commits)

    async def _look(self) -> list[Document]:
        """Return a batch from the journal: commits older than the buffered ones, or any if others may be unsent."""
        left_behind = self._clock() - LEFT_BEHIND_AFTER
        before = None if self._unsure else min(left_behind, self._journal.oldest_buffered or left_behind)
        commits = await read_unsent(self._database, BATCH_SIZE, before)
        self._journal.forget_buffered({commit["_id"] for commit in commits})
        self._must_look = len(commits) == BATCH_SIZE
        self._unsure = self._unsure and self._must_look
        self._looked_at = time.monotonic()
        return commits

    def _look_is_due(self) -> bool:
        return self.looks and (self._must_look or self._idle_until() <= time.monotonic())

    def _idle_until(self) -> float:
        return self._looked_at + self.look_again_after

    async def _send(self, commits: Sequence[Document]) -> None:
        exchange = await self._open_exchange()
        messages = list(_make_messages(commits))
        answers = await asyncio.gather(
            *(self._publish(exchange, key, events) for key, events in messages), return_exceptions=True
        )
        failed = {key: answer for (key, _), answer in zip(messages, answers, strict=True) if answer is not None}
        unheard = {key for key, answer in failed.items() if isinstance(answer, PublishError)}
        refused = failed.keys() - unheard
        confirmed = [commit for commit in commits if refused.isdisjoint(_routing_keys(commit))]
        aside = {
            commit["_id"]: owed for commit in confirmed if (owed := sorted(unheard.intersection(_routing_keys(commit))))
        }
        sent = [commit["_id"] for commit in confirmed if commit["_id"] not in aside]
        await mark_sent(self._database, sent, self._clock())
        RELAYED.inc(len(sent))
        await self._set_aside(aside)
        for key in refused:
            get_log().warning("not confirmed", type=key, error=failed[key])
            raise failed[key]

    async def _set_aside(self, owed: Mapping[str, Sequence[str]]) -> None:
        """Set aside commits with the routing keys that no queue took, to be tried again soon."""
        if not owed:
            return
        for key in {key for keys in owed.values() for key in keys}:
            get_log().warning("nobody hears this yet", type=key)
        await mark_unheard(self._database, owed, self._clock())
        self._pause = self.look_again_after
        self._try_again_at = time.monotonic() + self._pause

    async def _try_unheard(self) -> None:
        """Try the commits again that no queue took: a batch of each routing key, and all if a queue takes them now."""
        keys = await list_unheard(self._database)
        UNHEARD.set(len(keys))
        heard = [key for key in keys if await self._is_heard(key)]
        self._pause = self.look_again_after if heard else min(2 * self._pause, TRY_AGAIN_AT_MOST)
        self._try_again_at = time.monotonic() + self._pause

    async def _is_heard(self, key: str) -> bool:
        """Send everything set aside under a routing key; return whether a queue took it."""
        exchange = await self._open_exchange()
        while commits := await read_unheard(self._database, key, BATCH_SIZE):
            try:
                for part in _split(event for commit in commits for event in events_under(commit, key)):
                    await self._publish(exchange, key, part)
            except PublishError:
                return False
            await mark_heard(self._database, [commit["_id"] for commit in commits], key)
            RELAYED.inc(len(commits))
        return True

    async def close(self) -> None:
        """Close the connection; what is unsent stays in the journal."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = self._exchange = None

    async def _publish(self, exchange: AbstractExchange, key: str, events: Sequence[str]) -> None:
        message = aio_pika.Message(
            render_batch(events),
            content_type=BATCH_CONTENT_TYPE,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=uuid7(),
            app_id=self._service,
            user_id=self._service,  # the broker verifies it; readers believe a fact of nobody else
        )
        await exchange.publish(message, routing_key=key, mandatory=True, timeout=CONFIRM_WITHIN)

    async def _open_exchange(self) -> AbstractExchange:
        if self._connection is None:
            self._connection = await aio_pika.connect_robust(
                self._url,
                client_properties={"connection_name": f"{self._service} relay"},
                reconnect_interval=0.5,
            )
        if self._exchange is None:
            channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
            self._exchange = await channel.get_exchange("events", ensure=False)
        return self._exchange

    async def _wait_for_work(self) -> None:
        try:
            idle = self._idle_until() - time.monotonic() if self.looks else None
            await asyncio.wait_for(self._journal.recorded.wait(), idle)
        except TimeoutError:
            return


def _make_messages(commits: Sequence[Document]) -> Iterator[tuple[str, list[str]]]:
    """Return messages (routing key, events): one for each routing key, or several if it would be too large."""
    gathered: dict[str, list[str]] = defaultdict(list)
    for commit in commits:
        for fact in commit["facts"]:
            for key in routing_keys_of(fact):
                gathered[key].append(fact["event"])
    return ((key, part) for key, events in gathered.items() for part in _split(events))


def _split(events: Iterable[str]) -> Iterator[list[str]]:
    """Yield events in parts that are not too large for a message."""
    part: list[str] = []
    length = 0
    for event in events:
        size = len(event) if event.isascii() else len(event.encode())
        if part and length + size > LARGEST_MESSAGE:
            yield part
            part, length = [], 0
        part.append(event)
        length += size
    if part:
        yield part


def _routing_keys(commit: Document) -> Iterator[str]:
    for fact in commit["facts"]:
        yield from routing_keys_of(fact)
