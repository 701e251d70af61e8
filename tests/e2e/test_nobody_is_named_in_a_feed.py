"""The demo told to another system in every way there is: who is in it by name, number, phone or address is nowhere."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import aio_pika
import httpx
import pytest
from aio_pika.abc import AbstractChannel

from contracts.feeds.feeds import FEEDS, FeedName
from contracts.feeds.subscriptions import subscription_id
from contracts.reference.divisions import Divisions
from deploy.demo.loading import load
from deploy.demo.people import DISTRICTS, invent_people
from deploy.local.stack import SERVICE_PORTS, Stack
from services.runtime.access import issue
from services.runtime.mongo import connect, database_of
from tests.support.instance import eventually
from tests.support.node import judge, read_as_cloudevents
from tests.support.queues import declare, read_queue
from tests.support.receivers import Receiver, receiving
from tests.support.subscriptions import ASKED, everything_of
from tests.support.told import TOLD_TYPES, closed_schema, must_be_as_described

AS_OF = date(2026, 11, 20)
FEW = 300
DISTRICT = DISTRICTS[0]
HAPPENS = (FeedName.STAYS, FeedName.TRANSFERS, FeedName.ARCHIVES, FeedName.ACTIVITIES)
"""The feeds that the demo has something for: it seals no report."""


@pytest.fixture(scope="module")
def deployment(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Run everything with webhooks that may lead to this machine, and load the demo of a day that stands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOUNIAO_WEBHOOK_NETWORKS", "127.0.0.0/8")
        stack: Stack = request.getfixturevalue("own_deployment")
        (stack.folder / "demo-day").write_text(AS_OF.isoformat())
        load(stack, people=FEW)
        yield stack


@dataclass(frozen=True)
class Collector:
    """Another system that has every feed of a district, and keeps whatever reaches it."""

    stack: Stack
    audiences: Mapping[FeedName, str]

    @asynccontextmanager
    async def client(self, role: str = "integrator") -> AsyncIterator[httpx.AsyncClient]:
        token = issue(self.stack.issuer_jwk(), services=["feeds"], subject="collector", role=role, division=DISTRICT)
        base, headers = f"http://127.0.0.1:{self.stack.service_port('feeds')}", {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60, trust_env=False) as client:
            yield client

    async def subscribe(self) -> None:
        """Ask for all that each feed tells, with a queue, a stream and a webhook, and have it given."""
        async with self.client() as integrator, self.client("district") as office:
            for feed in FEEDS:
                terms = {**everything_of(feed), "amqp": True}
                asked = await integrator.post(
                    "/subscriptions", json={**ASKED, "feed": feed, "district": DISTRICT, **terms}
                )
                audience = asked.raise_for_status().json()["subscription_id"]
                assert audience == self.audiences[feed]
                (await office.post(f"/subscriptions/{audience}/approval", json=terms)).raise_for_status()

    async def deliver_to(self, receiver: Receiver) -> None:
        async with self.client() as client:
            for audience in self.audiences.values():
                set_up = await client.post(f"/subscriptions/{audience}/webhook", json={"url": receiver.url})
                set_up.raise_for_status()

    async def read(self, feed: FeedName) -> list[dict[str, Any]]:
        """Return all events of a feed, once nothing more comes."""
        events: list[dict[str, Any]] = []
        async with self.client() as client:
            while True:
                after = events[-1]["position"] if events else 0
                page = await client.get(f"/feeds/{feed}", params={"after": after, "limit": 1000, "wait": 3})
                if not page.raise_for_status().json():
                    return events
                events += page.json()

    async def take_snapshot(self, feed: FeedName) -> str:
        async with self.client() as client:
            (await client.post(f"/feeds/{feed}/snapshot")).raise_for_status()

            async def is_ready() -> bool:
                return not (await client.get(f"/feeds/{feed}/snapshot")).json()["making"]

            await eventually(is_ready)
            return (await client.get(f"/feeds/{feed}/snapshot/content")).raise_for_status().text


Collected = tuple[dict[FeedName, list[dict[str, Any]]], dict[str, str]]


async def collect(stack: Stack) -> Collected:
    """Return the events of each feed, and all that another system or a reader of logs can see, by where it is."""
    collector = Collector(stack, {feed: subscription_id("collector", feed, DISTRICT) for feed in FEEDS})
    seen: dict[str, str] = {}
    async with await aio_pika.connect(stack.rabbitmq_url()) as broker, receiving(Receiver()) as receiver:
        channel = await broker.channel()
        for audience in collector.audiences.values():
            await declare(channel, audience)
        await collector.subscribe()
        await collector.deliver_to(receiver)
        events = {feed: await collector.read(feed) for feed in FEEDS}
        for feed, found in events.items():
            seen[f"feed {feed}"] = json.dumps(found, ensure_ascii=False)
            seen[f"snapshot {feed}"] = await collector.take_snapshot(feed)
            queued = await take(channel, collector.audiences[feed], len(found))
            seen[f"queue {feed}"] = json.dumps(queued, ensure_ascii=False)

        async def is_delivered() -> bool:
            return len(receiver.positions) >= sum(map(len, events.values()))

        await eventually(is_delivered)
        seen["webhook"] = "".join(f"{one.headers} {one.body.decode()}" for one in receiver.got)
    for name in SERVICE_PORTS:
        seen[f"log of {name}"] = (stack.folder / "services" / f"{name}.log").read_text(encoding="utf-8")
    seen["what feeds keeps"] = await read_database(stack, "feeds")
    return events, seen


async def take(channel: AbstractChannel, audience: str, many: int) -> list[dict[str, Any]]:
    """Take so many messages at least out of an audience's queue."""
    taken: list[dict[str, Any]] = []

    async def has_enough() -> bool:
        taken.extend(await read_queue(channel, audience))
        return len(taken) >= many

    await eventually(has_enough)
    return taken


async def read_database(stack: Stack, service: str) -> str:
    client = connect(stack.mongodb_url())
    database = database_of(client, f"houniao_{service}")
    found = [
        str(document)
        for collection in await database.list_collection_names()
        async for document in database[collection].find()
    ]
    client.close()
    return "\n".join(found)


@pytest.fixture(scope="module")
def collected(deployment: Stack) -> Collected:
    return asyncio.run(collect(deployment))


def test_nobody_of_the_demo_is_named_wherever_another_system_or_an_operator_looks(collected: Collected) -> None:
    people = invent_people(FEW, AS_OF, Divisions.load())
    named = {
        told
        for person in people
        for told in (person.name, person.document_number, person.phone, person.address, person.hukou_address)
    } - {""}

    events, seen = collected

    assert all(events[feed] for feed in HAPPENS), {feed: len(found) for feed, found in events.items()}
    assert all(seen[f"log of {name}"] for name in SERVICE_PORTS)
    assert len(seen["what feeds keeps"]) > len(seen["feed stays"]) > 10_000
    assert len(named) > 3 * FEW
    assert {told: places for told in named if (places := [where for where in seen if told in seen[where]])} == {}


def test_whatever_was_read_or_taken_from_a_queue_is_as_it_is_described(collected: Collected) -> None:
    events, seen = collected

    for feed, found in events.items():
        must_be_as_described(found)
        must_be_as_described(json.loads(seen[f"queue {feed}"]))


def test_ajv_and_the_library_of_cloudevents_take_it_too(collected: Collected) -> None:
    told = [event for found in collected[0].values() for event in found]
    described = {kind: closed_schema(kind) for kind in TOLD_TYPES}

    assert judge(described, [(event["type"], event) for event in told]) == []
    assert read_as_cloudevents(told) == []
