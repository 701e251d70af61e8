"""The tutorial: the same five views and reactions, written as FastStream's and MongoDB's own pages show it.

One `insert_one` per document and one message per fact at the intake, which works on 64 arrivals at a time; subscribers
with FastStream's decoding into pydantic models and its own acknowledging; one `update_one(upsert=True)` per fact and
view. Archives publishes its fact from inside its handler; the feed numbers its entries with a counter document.

Where the defaults would be unfair they are Houniao's: quorum queues, persistent messages with publisher confirms, the
same write concern, the same rows and indexes, uvloop, six processes. The prefetch is 32 where the default is
unlimited (MongoDB's pool and the feed's counter jam beyond). It has less to do than Houniao: archives keeps no
journal and does not hear itself, nothing is sent twice after a crash, and a fact published before a crash is lost.
"""

import asyncio
import os
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime
from typing import Any

from faststream.rabbit import Channel, ExchangeType, QueueType, RabbitBroker, RabbitExchange, RabbitQueue
from pymongo import MongoClient, ReturnDocument

from contracts.archives.archives import Archive, ArchiveOpened
from contracts.envelope import Event, Fact, uuid7, wrap
from contracts.reference.divisions import Divisions
from contracts.registration.stays import Stay, StayStarted, stay_id
from deploy.local.stack import SERVICE_PORTS, Stack
from services.archives.views import rows as archives_rows
from services.feeds.domain.entries import make_entries
from services.outreach.views import activities
from services.outreach.views.residents import resident_row
from services.registration.domain.arrivals import Arrival
from services.registration.domain.identities import Identity
from services.registration.intake.checks import check_arrival
from services.registration.intake.refusals import Refusal
from services.registration.vault import Vault, VaultSettings
from services.registration.views import rows as registration_rows
from services.reporting.views import rows as reporting_rows
from services.runtime.mongo import Database, Document, Row, connect, database_of
from tests.bench.children import Start, children
from tests.bench.cpu import cpu_seconds, spent
from tests.bench.houniao import Measured
from tests.bench.population import invent
from tests.bench.visible import Views, unlinked

AT_A_TIME = 64
PREFETCH = 32
FACTS = RabbitExchange("bench-tutorial", type=ExchangeType.TOPIC, durable=True)


class Tutorial:
    """One service of the tutorial: its broker and its database."""

    def __init__(self, service: str, mongodb: str, rabbitmq: str) -> None:
        self.service = service
        self.broker = RabbitBroker(rabbitmq, default_channel=Channel(prefetch_count=PREFETCH), logger=None)
        self.database: Database = database_of(connect(mongodb), database_name(service))

    def queue(self, fact: str) -> RabbitQueue:
        """Name the queue of this service for one kind of fact."""
        name = f"bench-tutorial.{self.service}.{fact}"
        return RabbitQueue(name, queue_type=QueueType.QUORUM, durable=True, routing_key=f"{fact}.*")

    async def publish(self, fact: Fact) -> None:
        """Publish one fact and wait for the broker's confirmation."""
        event = wrap(
            fact,
            sequence=1,
            service=self.service,
            recorded_at=datetime.now(UTC),
            causation=uuid7(),
            correlation=uuid7(),
        )
        await self.broker.publish(event, exchange=FACTS, routing_key=event.routing_key, persist=True, mandatory=True)

    async def upsert(self, row: Row) -> bool:
        """Write one row; say whether it is new."""
        written = await self.database[row.collection].update_one({"_id": row.id}, {"$set": row.fields}, upsert=True)
        return written.upserted_id is not None


def registration(tutorial: Tutorial) -> None:
    """Keep a row for every stay."""

    @tutorial.broker.subscriber(tutorial.queue(StayStarted.TYPE), FACTS)
    async def on_stay(event: Event[StayStarted]) -> None:
        await tutorial.upsert(registration_rows.stay_row(event.data.stay, event.sequence))


def archives(tutorial: Tutorial) -> None:
    """Open an archive for everyone who stays, and say so."""

    @tutorial.broker.subscriber(tutorial.queue(StayStarted.TYPE), FACTS)
    async def on_stay(event: Event[StayStarted]) -> None:
        stay = event.data.stay
        archive = Archive(
            person_id=stay.person_id, district=stay.district, street=stay.street, opened_at=datetime.now(UTC)
        )
        if await tutorial.upsert(archives_rows.archive_row(archive, 1)):
            await tutorial.publish(ArchiveOpened(archive=archive))


def outreach(tutorial: Tutorial) -> None:
    """Keep a resident for every stay."""

    @tutorial.broker.subscriber(tutorial.queue(StayStarted.TYPE), FACTS)
    async def on_stay(event: Event[StayStarted]) -> None:
        await tutorial.upsert(resident_row(event.data.stay, event.sequence))


def reporting(tutorial: Tutorial) -> None:
    """Keep a row for every stay and archive, and link the two, whichever comes last."""
    database = tutorial.database

    @tutorial.broker.subscriber(tutorial.queue(StayStarted.TYPE), FACTS)
    async def on_stay(event: Event[StayStarted]) -> None:
        stay = event.data.stay
        await tutorial.upsert(reporting_rows.stay_row(stay, event.sequence))
        if await database["archives"].find_one({"_id": f"{stay.person_id}@{stay.district}"}):
            await database["stays"].update_one({"_id": stay.stay_id}, {"$set": {"archived": True}})

    @tutorial.broker.subscriber(tutorial.queue(ArchiveOpened.TYPE), FACTS)
    async def on_archive(event: Event[ArchiveOpened]) -> None:
        archive = event.data.archive
        await tutorial.upsert(reporting_rows.archive_row(archive, event.sequence))
        await database["stays"].update_many({"person_id": archive.person_id}, {"$set": {"archived": True}})


def feeds(tutorial: Tutorial) -> None:
    """Append an entry for every stay, numbered within its district."""
    database = tutorial.database

    @tutorial.broker.subscriber(tutorial.queue(StayStarted.TYPE), FACTS)
    async def on_stay(event: Event[StayStarted]) -> None:
        counter = await database["counters"].find_one_and_update(
            {"_id": event.data.stay.district},
            {"$inc": {"position": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        for entry in make_entries(event):
            await database["entries"].insert_one({**entry.kept, "_id": event.id, "position": counter["position"]})


SERVICES = {service.__name__: service for service in (registration, archives, outreach, reporting, feeds)}
PREPARE = {
    "registration": registration_rows.prepare,
    "archives": archives_rows.prepare,
    "outreach": activities.prepare,
    "reporting": reporting_rows.prepare,
}


def run_tutorial(stack: Stack, client: MongoClient[Document], count: int, warm_up: int) -> Measured:
    """Take arrivals in and measure them until they are in all five views."""
    for service in SERVICE_PORTS:
        client.drop_database(database_name(service))
    servers = (stack.mongodb_url(), stack.rabbitmq_url())
    views = Views(client, database_name, lambda database: database["entries"].estimated_document_count(), unlinked)
    with children({service: (serve, (*servers, service)) for service in SERVICE_PORTS}) as running:
        for child in running.values():
            child.start()
        pids = {name: child.pid for name, child in running.items()}
        pids |= {"mongod": stack.mongodb.pid or 0, "rabbitmq": stack.rabbitmq.pid or 0}
        _take_in(stack, views, pids, 0, warm_up)
        return _take_in(stack, views, pids, warm_up, count)


def _take_in(stack: Stack, views: Views, pids: Mapping[str, int], first: int, count: int) -> Measured:
    servers = (stack.mongodb_url(), stack.rabbitmq_url())
    environment = stack.service_environment("registration")
    with children({"intake": (take_in, (*servers, environment, first, count))}) as running:
        intake = running["intake"]
        before, began = cpu_seconds({**pids, "intake": intake.pid}), datetime.now(UTC)
        intake.start()
        last_visible = views.wait(first + count)
        after = cpu_seconds({**pids, "intake": intake.pid})
        return Measured(count, last_visible - intake.result(), began, spent(before, after))


def database_name(service: str) -> str:
    """Name the tutorial's database for a service."""
    return f"bench_tutorial_{service}"


async def serve(start: Start, mongodb: str, rabbitmq: str, service: str) -> None:
    """Run one service; it goes on until its process ends."""
    tutorial = Tutorial(service, mongodb, rabbitmq)
    if service in PREPARE:
        await PREPARE[service](tutorial.database)
    SERVICES[service](tutorial)
    await tutorial.broker.start()
    await start()


async def take_in(
    start: Start, mongodb: str, rabbitmq: str, environment: Mapping[str, str], first: int, count: int
) -> float:
    """Register people, some at a time; give the moment of the first (monotonic)."""
    os.environ.update(environment)
    tutorial, vault, divisions = Tutorial("registration", mongodb, rabbitmq), Vault(VaultSettings()), Divisions.load()
    people, today = iter(invent(first, count)), date.today()  # noqa: DTZ011  # as a tutorial would
    async with AsyncExitStack() as closing:
        await tutorial.broker.connect()
        closing.push_async_callback(tutorial.broker.stop)
        await tutorial.database.client.admin.command("ping")
        await start()
        began = time.monotonic()

        async def work() -> None:
            for person in people:
                arrival = check_arrival(person, street=person.street, today=today, divisions=divisions)
                if isinstance(arrival, Refusal):
                    raise ValueError(f"An invented arrival was refused: {arrival}")
                await _register(tutorial, vault, arrival)

        await asyncio.gather(*(work() for _ in range(AT_A_TIME)))
    return began


async def _register(tutorial: Tutorial, vault: Vault, arrival: Arrival) -> None:
    person_id = vault.person_id_of(arrival.document_type, arrival.document_number)
    identity = Identity(
        name=arrival.name,
        document_type=arrival.document_type,
        document_number=arrival.document_number,
        phone=arrival.phone,
        address=arrival.address,
    )
    stay = Stay(
        stay_id=stay_id(person_id, arrival.street, arrival.started_on),
        person_id=person_id,
        recorded_at=datetime.now(UTC),
        **{name: getattr(arrival, name) for name in Stay.model_fields if hasattr(arrival, name)},
    )
    document: dict[str, Any] = {"_id": person_id, "sealed": vault.seal(identity).content}
    await tutorial.database["identities"].insert_one(document)
    await tutorial.database["arrivals"].insert_one(stay.model_dump(mode="json"))
    await tutorial.publish(StayStarted(stay=stay))
