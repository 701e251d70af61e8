"""The floor: the physical work of one run of Houniao done again by processes that think nothing.

What it does: it takes the documents of a run that was just measured from its databases and writes the very same ones
into fresh databases with the same indexes, with the same bulk operations in the same batches, under the same write
concern: identities and journal by batch, a mark on what was sent, every view's rows by message, archives' own
journal, the links from archives to stays, the feed's pages. The same message bytes, in the same batches (known by the
moment they were marked), go through fresh quorum queues with publisher confirms, several in flight, and are
acknowledged one by one with the same prefetch. As many processes work side by side as for Houniao: one that takes in
and sends, and one for each service that hears and writes; archives also sends what it owes.

What it does not do: no HTTP, no checks, no sealing or hashing, no pydantic, no JSON, no decision, and no read at all:
not of the journal by the relay (the sender knows what it wrote and sends it at once), nor of what is already known.
It is as fast as this machine can carry Houniao's bytes with these drivers and servers, not a thing one could use.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage, AbstractQueue
from pydantic_core import from_json
from pymongo import MongoClient, UpdateOne

from contracts.envelope import render_batch
from contracts.facts import HEARD_BY
from deploy.local.stack import SERVICE_PORTS, Stack
from deploy.rabbitmq.definitions import queue_arguments
from services.archives.views import findings
from services.archives.views import rows as archives_rows
from services.feeds.views import pages as feeds_pages
from services.outreach.views import activities
from services.registration.commands.imports import BATCH_SIZE
from services.registration.views import duplicates
from services.registration.views import rows as registration_rows
from services.reporting.domain.counting import difference, increments
from services.reporting.views import rows as reporting_rows
from services.reporting.views.contributions import Build, read_contributions
from services.runtime.clock import system_clock
from services.runtime.inbox import PREFETCH, binding_keys
from services.runtime.journal import JOURNAL, Journal, mark_sent
from services.runtime.mongo import Database, Document, connect, database_of, insert_new
from services.runtime.relay import CONFIRM_WITHIN
from tests.bench.children import Start, children
from tests.bench.cpu import cpu_seconds, spent
from tests.bench.houniao import Measured
from tests.bench.houniao import database_name as houniao_database

EXCHANGE = "bench-floor"
PREPARE = {
    "registration": (registration_rows.prepare, duplicates.prepare),
    "archives": (archives_rows.prepare, findings.prepare),
    "outreach": (activities.prepare,),
    "reporting": (reporting_rows.prepare,),
    "feeds": (feeds_pages.prepare,),
}
COUNTED = Build("first")


@dataclass(frozen=True)
class Message:
    """The bytes of one message as a relay sent them."""

    message_id: str
    key: str
    body: bytes


@dataclass(frozen=True)
class Sending:
    """What a relay sent and marked at one time: its commits' ids and its messages."""

    commits: list[str]
    messages: list[Message]


@dataclass(frozen=True)
class Writing:
    """One bulk operation on a collection: documents to insert, or ready-made updates."""

    collection: str
    documents: list[Document] = field(default_factory=list)
    updates: list[UpdateOne] = field(default_factory=list)


Script = Mapping[str, list[Writing]]
"""What one service writes for each message, by message id."""


@dataclass(frozen=True)
class Work:
    """Everything that one run of Houniao wrote and sent."""

    arrivals: int
    taken_in: list[list[Writing]]
    sendings: Mapping[str, list[Sending]]
    scripts: Mapping[str, Script]


def capture(client: MongoClient[Document], since: datetime) -> Work:
    """Take from Houniao's databases what it wrote and sent since a moment."""
    read = _Reader(client, since)
    journal = read.journal("registration")
    stays, archives = _sendings(journal, "stays"), _sendings(read.journal("archives"), "archives")
    return Work(
        arrivals=len(journal),
        taken_in=_taken_in(journal, read.rows("registration", "identities")),
        sendings={"registration": stays, "archives": archives},
        scripts=_scripts(read, stays, archives),
    )


def run_floor(stack: Stack, client: MongoClient[Document], work: Work) -> Measured:
    """Do the work once and measure it."""
    for service in SERVICE_PORTS:
        client.drop_database(database_name(service))
    servers = (stack.mongodb_url(), stack.rabbitmq_url())
    nothing: list[Sending] = []
    roles = {
        service: (hear, (*servers, service, script, work.sendings["archives"] if service == "archives" else nothing))
        for service, script in work.scripts.items()
    }
    with children(roles) as hearers:
        sender = {"intake": (take_in, (*servers, work.taken_in, work.sendings["registration"]))}
        with children(sender) as senders:
            everyone = {**senders, **hearers}
            pids = {"mongod": stack.mongodb.pid, "rabbitmq": stack.rabbitmq.pid}
            pids |= {name: child.pid for name, child in everyone.items()}
            before, began = cpu_seconds(pids), datetime.now(UTC)
            for child in everyone.values():
                child.start()
            finished = max(hearer.result() for hearer in hearers.values())
            after = cpu_seconds(pids)
            first_handed_in = senders["intake"].result()
    return Measured(work.arrivals, finished - first_handed_in, began, spent(before, after))


def database_name(service: str) -> str:
    """Name the floor's database for a service."""
    return f"bench_floor_{service}"


# what was done


class _Reader:
    """Reads the databases of a run, each collection once."""

    def __init__(self, client: MongoClient[Document], since: datetime) -> None:
        self._client = client
        self._since = since

    def journal(self, service: str) -> list[Document]:
        """Read the commits of a run in the order they were recorded."""
        found = self._client[houniao_database(service)][JOURNAL].find({"recorded_at": {"$gte": self._since}})
        return list(found.sort("recorded_at", 1))

    def rows(self, service: str, collection: str) -> dict[str, Document]:
        """Read a view's rows by id."""
        return {row["_id"]: row for row in self._client[houniao_database(service)][collection].find()}

    def pages(self, collection: str) -> dict[str, Document]:
        """Read a feed's pages by the events on them."""
        pages = self._client[houniao_database("feeds")][collection].find()
        return {entry["id"]: page for page in pages for entry in page["entries"]}


def _taken_in(journal: Sequence[Document], identities: Mapping[str, Document]) -> list[list[Writing]]:
    batches = [journal[at : at + BATCH_SIZE] for at in range(0, len(journal), BATCH_SIZE)]
    return [
        [
            Writing("identities", [identities[commit["person_id"]] for commit in batch]),
            Writing(JOURNAL, [_unsent(commit) for commit in batch]),
        ]
        for batch in batches
    ]


def _sendings(journal: Iterable[Document], prefix: str) -> list[Sending]:
    together: dict[datetime, list[Document]] = defaultdict(list)
    for commit in journal:
        together[commit["sent_at"]].append(commit)
    sendings = []
    for number, moment in enumerate(sorted(together)):
        by_key: dict[str, list[str]] = defaultdict(list)
        for commit in together[moment]:
            for fact in commit["facts"]:
                by_key[fact["key"]].append(fact["event"])
        messages = [Message(f"{prefix}-{number}-{key}", key, render_batch(facts)) for key, facts in by_key.items()]
        sendings.append(Sending([commit["_id"] for commit in together[moment]], messages))
    return sendings


def _scripts(read: _Reader, stays: Iterable[Sending], archives: Iterable[Sending]) -> Mapping[str, Script]:
    scripts: dict[str, dict[str, list[Writing]]] = {service: {} for service in SERVICE_PORTS}
    stay_rows, residents = read.rows("registration", "stays"), read.rows("outreach", "residents")
    counted, pages = read.rows("reporting", "stays"), read.pages("stay_pages")
    archive_pages = read.pages("archive_pages")
    opened, kept = read.rows("archives", "archives"), read.rows("reporting", "archives")
    lives, people = read.rows("archives", "stays"), read.rows("reporting", COUNTED.contributions)
    owed: dict[str, list[Document]] = defaultdict(list)
    for commit in read.journal("archives"):
        owed[commit["causation_id"]].append(_unsent(commit))
    for message, events in _events(stays):
        names = [event["subject"].removeprefix("stay/") for event in events]
        due = [commit for event in events for commit in owed.get(event["id"], ())]
        scripts["registration"][message] = [Writing("stays", [stay_rows[name] for name in names])]
        lived = Writing("stays", [lives[name] for name in names])
        scripts["archives"][message] = [lived, Writing(JOURNAL, due)] if due else [lived]
        scripts["outreach"][message] = [Writing("residents", [residents[name] for name in names])]
        scripts["reporting"][message] = [Writing("stays", [counted[name] for name in names])]
        scripts["feeds"][message] = _page_by_page("stay_pages", pages, events)
    for message, events in _events(archives):
        names = [event["subject"].removeprefix("archive/") for event in events]
        rows = [kept[name] for name in names]
        scripts["archives"][message] = [Writing("archives", [opened[name] for name in names])]
        contributions = [people[name.partition("@")[0]] for name in names]
        scripts["reporting"][message] = [
            Writing("archives", rows),
            Writing(COUNTED.contributions, contributions),
            Writing(COUNTED.counters, updates=_counters(contributions)),
        ]
        scripts["feeds"][message] = _page_by_page("archive_pages", archive_pages, events)
    return scripts


def _page_by_page(collection: str, pages: Mapping[str, Document], events: Iterable[Any]) -> list[Writing]:
    found = {pages[event["id"]]["_id"]: pages[event["id"]] for event in events}
    return [Writing(collection, [page]) for page in found.values()]


def _events(sendings: Iterable[Sending]) -> Iterable[tuple[str, list[Any]]]:
    for sending in sendings:
        for message in sending.messages:
            yield message.message_id, from_json(message.body)


def _unsent(commit: Document) -> Document:
    return {**commit, "sent_at": None}


def _counters(people: Iterable[Document]) -> list[UpdateOne]:
    contributions = [each for person in people for each in read_contributions(person)]
    adding = increments(difference([], contributions))
    return [UpdateOne({"_id": name}, {"$inc": adding[name]}, upsert=True) for name in sorted(adding)]


# doing it again


class Outbox:
    """Publishes and marks each sending of a run as soon as its commits are written, one sending at a time."""

    def __init__(self, database: Database, exchange: AbstractExchange, sendings: Sequence[Sending]) -> None:
        self._database = database
        self._exchange = exchange
        self._of = {commit: index for index, sending in enumerate(sendings) for commit in sending.commits}
        self._missing = [len(sending.commits) for sending in sendings]
        self._sendings = sendings
        self._due: asyncio.Queue[Sending] = asyncio.Queue()

    def written(self, documents: Iterable[Document]) -> None:
        """Take note of commits that are in the journal."""
        for document in documents:
            index = self._of[document["_id"]]
            self._missing[index] -= 1
            if not self._missing[index]:
                self._due.put_nowait(self._sendings[index])

    async def run(self) -> None:
        """Send everything."""
        for _ in self._sendings:
            sending = await self._due.get()
            await asyncio.gather(*map(self._publish, sending.messages))
            await mark_sent(self._database, sending.commits, system_clock())

    async def _publish(self, message: Message) -> None:
        await self._exchange.publish(
            aio_pika.Message(
                message.body, message_id=message.message_id, delivery_mode=aio_pika.DeliveryMode.PERSISTENT
            ),
            routing_key=message.key,
            mandatory=True,
            timeout=CONFIRM_WITHIN,
        )


async def take_in(
    start: Start, mongodb: str, rabbitmq: str, batches: Sequence[Sequence[Writing]], sendings: Sequence[Sending]
) -> float:
    """Write identities and journal, send, mark; give the moment of the first (monotonic)."""
    database = await _open(mongodb, "registration")
    async with await aio_pika.connect(rabbitmq) as connection:
        outbox = Outbox(database, await _exchange(await connection.channel(on_return_raises=True)), sendings)
        await start()
        began = time.monotonic()
        sending = asyncio.create_task(outbox.run())
        for batch in batches:
            for writing in batch:
                await _write(database, writing, outbox)
        await sending
    return began


async def hear(
    start: Start, mongodb: str, rabbitmq: str, service: str, script: Script, sendings: Sequence[Sending]
) -> float:
    """Write what the script says for each message, acknowledge it; give the moment of the last (monotonic)."""
    database = await _open(mongodb, service)
    left, done = set(script), asyncio.Event()
    async with await aio_pika.connect(rabbitmq) as hearing, await aio_pika.connect(rabbitmq) as telling:
        outbox = Outbox(database, await _exchange(await telling.channel(on_return_raises=True)), sendings)
        queue = await _queue(await hearing.channel(), service)

        async def take(message: AbstractIncomingMessage) -> None:
            for writing in script[message.message_id or ""]:
                await _write(database, writing, outbox)
            await message.ack()
            left.discard(message.message_id or "")
            if not left:
                done.set()

        consumer = await queue.consume(take)
        await start()
        sending = asyncio.create_task(outbox.run())
        await done.wait()
        finished = time.monotonic()
        await sending
        await queue.cancel(consumer)
        await queue.delete(if_unused=False, if_empty=False)
    return finished


async def _write(database: Database, writing: Writing, outbox: Outbox) -> None:
    if writing.updates:
        await database[writing.collection].bulk_write(writing.updates, ordered=False)
        return
    await insert_new(database[writing.collection], writing.documents)
    if writing.collection == JOURNAL:
        outbox.written(writing.documents)


async def _open(mongodb: str, service: str) -> Database:
    """Open a service's database with the indexes that Houniao's has."""
    database = database_of(connect(mongodb), database_name(service))
    await Journal(database, service, system_clock, {}).prepare()
    for prepare in PREPARE[service]:
        await prepare(database)
    return database


async def _exchange(channel: AbstractChannel) -> AbstractExchange:
    return await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True)


async def _queue(channel: AbstractChannel, service: str) -> AbstractQueue:
    name = f"{EXCHANGE}.{service}"
    exchange = await _exchange(channel)
    await channel.set_qos(prefetch_count=PREFETCH)
    await channel.queue_delete(name)
    queue = await channel.declare_queue(name, durable=True, arguments=queue_arguments(name))
    for key in binding_keys(HEARD_BY[service], ()):
        await queue.bind(exchange, key)
    return queue
