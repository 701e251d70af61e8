"""On a real RabbitMQ each audience has in its queue and stream what it reads over HTTP, and none holds up another."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from aio_pika.abc import AbstractChannel
from pydantic import SecretStr

from contracts.feeds.feeds import FeedName
from contracts.feeds.subscriptions import Subscription, SubscriptionState
from deploy.local.stack import Stack
from deploy.rabbitmq.definitions import VHOST, integrator_queue
from services.feeds.commands import queueing
from services.feeds.commands.compacting import compact_all
from services.feeds.commands.queueing import Sender
from services.feeds.commands.releasing import release_all
from services.feeds.commands.snapshots import make_all
from services.feeds.domain.releases import render_event
from services.feeds.service import Feed
from services.feeds.tail import Tail
from services.feeds.views import pages, queues, releases, subscriptions
from services.feeds.views.snapshots import find_compacted
from services.feeds.views.subscriptions import subscription_row
from services.runtime import publisher
from services.runtime.mongo import Database, write_rows
from tests.support.instance import eventually
from tests.support.joining import KEY, make_crowd
from tests.support.queues import declare, delete, evaluate, read_queue, read_stream
from tests.support.subscriptions import make_subscription, make_terms

CROWD = make_crowd(400)
NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def feed(stack: Stack, database: Database) -> Feed:
    settings = SimpleNamespace(rabbitmq_url=SecretStr(stack.rabbitmq_url("feeds")))
    service: Any = SimpleNamespace(name="feeds", database=database, clock=Clock(), today=NOW.date(), settings=settings)
    for step in (pages.prepare, releases.prepare, subscriptions.prepare):
        await step(database)
    return Feed(service, Tail(), KEY)


@pytest.fixture
async def sender(feed: Feed) -> AsyncIterator[Sender]:
    running = Sender(feed)
    yield running
    await running._publisher.close()


@pytest.fixture
async def audiences(channel: AbstractChannel) -> AsyncIterator[list[str]]:
    """Keep the ids of audiences whose queues are deleted after the test."""
    made: list[str] = []
    yield made
    for audience in made:
        await delete(channel, audience)


async def give(feed: Feed, channel: AbstractChannel, audiences: list[str], **limits: int) -> Subscription:
    """Give somebody the feed on RabbitMQ, with queue and stream."""
    subscription = given()
    audiences.append(subscription.subscription_id)
    await declare(channel, subscription.subscription_id, **limits)
    await keep(feed, subscription)
    return subscription


def given(**more: Any) -> Subscription:
    return make_subscription(uuid4().hex, terms=make_terms(amqp=True), state=SubscriptionState.APPROVED, **more)


async def keep(feed: Feed, subscription: Subscription, sequence: int = 1) -> None:
    await write_rows(feed.service.database, [subscription_row(subscription, sequence)])


async def tell(feed: Feed, first: int, last: int, size: int = 50) -> None:
    """Let something happen and everybody be told, in several releases."""
    for start in range(first, last, size):
        await pages.append(feed.service.database, FeedName.STAYS, "320507", CROWD[start : min(start + size, last)])
        await release_all(feed)


async def over_http(feed: Feed, subscription: Subscription) -> list[dict[str, Any]]:
    database, audience = feed.service.database, subscription.subscription_id
    found = await releases.read(database, audience, await find_compacted(database, audience), 1000)
    return [
        render_event(event, position=position, district=subscription.district, time=time)
        for position, time, event in found
    ]


def positions(events: list[dict[str, Any]]) -> list[int]:
    return [event["position"] for event in events]


async def test_a_queue_holds_what_is_read_over_http_and_a_stream_as_well(
    feed: Feed, sender: Sender, channel: AbstractChannel, audiences: list[str]
) -> None:
    hospital = await give(feed, channel, audiences)
    for first in (0, 200):
        await tell(feed, first, first + 200)
        assert await sender.send(hospital.subscription_id)

    events = await over_http(feed, hospital)
    assert len(events) > 300
    assert await read_queue(channel, hospital.subscription_id) == events
    await channel.set_qos(50)
    replayed = await read_stream(channel, hospital.subscription_id, "first", events[-1]["position"])
    assert [event for _, event in replayed] == events
    again = await read_stream(channel, hospital.subscription_id, replayed[123][0], events[-1]["position"])
    assert again == replayed[123:]


async def test_a_message_says_which_event_it_is_and_that_feeds_says_it(
    feed: Feed, sender: Sender, channel: AbstractChannel, audiences: list[str]
) -> None:
    hospital = await give(feed, channel, audiences)
    await tell(feed, 0, 50)
    await sender.send(hospital.subscription_id)

    queue = await channel.get_queue(integrator_queue(hospital.subscription_id), ensure=False)
    message = await queue.get()

    assert message is not None
    [event, *_] = await over_http(feed, hospital)
    assert (message.message_id, message.user_id) == (event["id"], "feeds")
    assert message.content_type == "application/cloudevents+json"
    assert message.delivery_mode == 2


async def test_what_was_sent_and_not_kept_as_sent_comes_again_and_nothing_is_left_out(
    feed: Feed, sender: Sender, channel: AbstractChannel, audiences: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital = await give(feed, channel, audiences)
    await tell(feed, 0, 400)

    async def fail(*_: Any) -> bool:
        raise ConnectionError("between the confirm and the position")

    with monkeypatch.context() as broken:
        broken.setattr(queues, "advance", fail)
        with pytest.raises(ConnectionError, match="between"):
            await sender.send(hospital.subscription_id)
    feed.service.clock.now += queues.CLAIMED_FOR  # type: ignore[attr-defined]  # the clock of this test
    successor = Sender(feed)
    assert await successor.send(hospital.subscription_id)
    await successor._publisher.close()

    sent, told = await read_queue(channel, hospital.subscription_id), await over_http(feed, hospital)
    assert positions(sent) == [*range(1, publisher.MOST_AT_ONCE + 1), *range(1, len(told) + 1)]
    assert list({event["id"]: event for event in sent}.values()) == told


async def test_of_two_processes_one_sends_at_a_time(
    feed: Feed, sender: Sender, channel: AbstractChannel, audiences: list[str]
) -> None:
    hospital, other = await give(feed, channel, audiences), Sender(feed)
    await tell(feed, 0, 400)

    all_sent = await asyncio.gather(sender.send(hospital.subscription_id), other.send(hospital.subscription_id))
    await other._publisher.close()

    assert sorted(all_sent) == [False, True]
    assert await read_queue(channel, hospital.subscription_id) == await over_http(feed, hospital)


async def test_what_is_taken_back_is_sent_no_further_and_goes_on_there_when_it_is_given_again(
    feed: Feed, sender: Sender, channel: AbstractChannel, audiences: list[str]
) -> None:
    hospital = await give(feed, channel, audiences)
    await tell(feed, 0, 100)
    await sender.send(hospital.subscription_id)
    before = await over_http(feed, hospital)
    await tell(feed, 100, 200)
    revoked = hospital.model_copy(update={"terms": None, "state": SubscriptionState.REVOKED})
    await keep(feed, revoked, 2)

    assert not await sender.send(hospital.subscription_id)
    assert await read_queue(channel, hospital.subscription_id) == before
    await keep(feed, hospital, 3)
    assert await sender.send(hospital.subscription_id)
    assert await read_queue(channel, hospital.subscription_id) == (await over_http(feed, hospital))[len(before) :]


async def test_a_queue_that_begins_late_jumps_over_what_was_compacted(
    feed: Feed, sender: Sender, channel: AbstractChannel, audiences: list[str]
) -> None:
    hospital = await give(feed, channel, audiences)
    await keep(feed, hospital.model_copy(update={"terms": make_terms()}), 2)
    await tell(feed, 0, 400)
    before = await over_http(feed, hospital)
    feed.service.clock.now += timedelta(days=1)  # type: ignore[attr-defined]  # the clock of this test
    for _ in range(2):
        await compact_all(feed, timedelta())
        await make_all(feed)
    await compact_all(feed, timedelta())
    await keep(feed, hospital, 3)

    assert await sender.send(hospital.subscription_id)

    kept = await over_http(feed, hospital)
    assert 0 < len(kept) < len(before)
    assert kept == before[-len(kept) :]
    assert await read_queue(channel, hospital.subscription_id) == kept
    assert await queues.find_position(feed.service.database, hospital.subscription_id) == len(before)


async def test_nobody_is_sent_anything_who_reads_over_http_alone_or_whose_last_day_is_over(
    feed: Feed, sender: Sender, channel: AbstractChannel, audiences: list[str]
) -> None:
    hospital = await give(feed, channel, audiences)
    await tell(feed, 0, 100)
    for sequence, terms in enumerate([make_terms(), make_terms(amqp=True, expires_on="2026-11-25")], start=2):
        await keep(feed, hospital.model_copy(update={"terms": terms}), sequence)
        assert not await sender.send(hospital.subscription_id)

    assert await read_queue(channel, hospital.subscription_id) == []


@pytest.fixture
async def going_on(feed: Feed, sender: Sender, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sender]:
    """Let a sender look for work all the time, as in a service."""
    monkeypatch.setattr(queueing, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(queueing, "REST", 0.2)
    running = asyncio.create_task(sender.run())
    yield sender
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def is_sent(feed: Feed, subscription: Subscription) -> bool:
    """Return whether an audience's queue was sent all that it was told."""
    kept = await feed.service.database[queues.QUEUES].find_one({"_id": subscription.subscription_id})
    told = await releases.find_progress(feed.service.database, subscription.subscription_id)
    return kept is not None and kept["position"] == told.end


async def until_sent(feed: Feed, subscription: Subscription) -> None:
    await eventually(partial(is_sent, feed, subscription), within=60)


async def test_a_queue_that_is_not_there_holds_up_nobody_and_is_sent_everything_once_it_is(
    feed: Feed, going_on: Sender, channel: AbstractChannel, audiences: list[str]
) -> None:
    missing = given()
    await keep(feed, missing)
    hospital = await give(feed, channel, audiences)
    await tell(feed, 0, 200)
    await until_sent(feed, hospital)
    assert not await is_sent(feed, missing)

    audiences.append(missing.subscription_id)
    await declare(channel, missing.subscription_id)

    await until_sent(feed, missing)
    for one in (missing, hospital):
        assert await read_queue(channel, one.subscription_id) == await over_http(feed, one)


async def test_a_full_queue_drops_what_is_oldest_and_holds_up_neither_its_stream_nor_anybody(
    feed: Feed, going_on: Sender, channel: AbstractChannel, audiences: list[str]
) -> None:
    away = await give(feed, channel, audiences, max_length=70)
    hospital = await give(feed, channel, audiences)
    await tell(feed, 0, 400)
    for one in (away, hospital):
        await until_sent(feed, one)

    told = await over_http(feed, away)
    assert await read_queue(channel, away.subscription_id) == told[-70:]
    assert await read_queue(channel, hospital.subscription_id) == await over_http(feed, hospital)
    await channel.set_qos(50)
    assert [event for _, event in await read_stream(channel, away.subscription_id, "first", len(told))] == told


async def test_a_queue_that_answers_nothing_holds_up_nobody_and_goes_on_when_it_answers(
    stack: Stack,
    feed: Feed,
    going_on: Sender,
    channel: AbstractChannel,
    audiences: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publisher, "CONFIRM_WITHIN", 2.0)
    stuck = await give(feed, channel, audiences)
    hospital = await give(feed, channel, audiences)
    name = f'rabbit_misc:r(<<"{VHOST}">>, queue, <<"{integrator_queue(stuck.subscription_id)}">>)'
    leader = f"{{ok, Q}} = rabbit_amqqueue:lookup({name}), P = amqqueue:get_pid(Q)"
    await evaluate(stack, f"{leader}, sys:suspend(P).")
    try:
        await tell(feed, 0, 200)
        await until_sent(feed, hospital)
        assert await read_queue(channel, hospital.subscription_id) == await over_http(feed, hospital)
        await tell(feed, 200, 400)
        await until_sent(feed, hospital)
        assert not await is_sent(feed, stuck)
    finally:
        await evaluate(stack, f"{leader}, sys:resume(P).")

    feed.service.clock.now += timedelta(minutes=1)  # type: ignore[attr-defined]  # the clock of this test
    await until_sent(feed, stuck)
    sent = await read_queue(channel, stuck.subscription_id)
    assert list({event["id"]: event for event in sent}.values()) == await over_http(feed, stuck)
