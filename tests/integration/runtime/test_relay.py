"""The relay on real servers: what was recorded is published, and marked only once the broker has it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel, AbstractQueue
from aio_pika.exceptions import DeliveryError
from pydantic_core import from_json

from contracts.archives.archives import Archive, ArchiveClosed, Closing, ClosingReason
from contracts.facts import ALL_FACTS, by_type
from contracts.registration.stays import StayEnded, StayStarted
from deploy.local.stack import Stack
from services.runtime import relay as relay_module
from services.runtime.journal import JOURNAL, Journal
from services.runtime.mongo import Database
from services.runtime.relay import Relay
from tests.support.facts import FIRST_DAY, make_stay
from tests.support.instance import eventually

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HERE, THERE, NOWHERE = "990101", "990102", "990103"
"""Districts that no other test has, so that nobody else's queue hears them."""

Bind = Callable[..., Awaitable[AbstractQueue]]


@pytest.fixture
async def journal(database: Database) -> Journal:
    """Return a journal with its indexes."""
    made = Journal(database, "registration", lambda: NOW, by_type(ALL_FACTS))
    await made.prepare()
    return made


@pytest.fixture
async def relay(stack: Stack, database: Database, journal: Journal) -> AsyncIterator[Relay]:
    """Yield a relay that sends on demand."""
    made = Relay(stack.rabbitmq_url(), database, journal, lambda: NOW, "registration")
    yield made
    await made.close()


@pytest.fixture
async def bind(channel: AbstractChannel) -> AsyncIterator[Bind]:
    """Yield a function that makes a queue for a district."""
    exchange = await channel.declare_exchange("events", ExchangeType.TOPIC, durable=True)
    made: list[AbstractQueue] = []

    async def make(district: str, **arguments: Any) -> AbstractQueue:
        queue = await channel.declare_queue(f"test.{uuid4().hex[:10]}", durable=True, arguments=arguments)
        made.append(queue)
        await queue.bind(exchange, f"#.{district}")
        return queue

    yield make
    for queue in made:
        await queue.delete(if_unused=False, if_empty=False)


async def record(journal: Journal, district: str, day: int = 0) -> None:
    stay = make_stay(street=f"{district}001", day=day)
    await journal.record_one(journal.commit(StayStarted(stay=stay), causation="request"))


async def unsent(database: Database) -> int:
    return await database[JOURNAL].count_documents({"sent_at": None})


async def owed(database: Database) -> list[list[str]]:
    """Return the routing keys that commits were not heard under."""
    rows = await database[JOURNAL].find({"unheard": {"$exists": True}}).to_list(None)
    return [row["unheard"] for row in rows]


async def take(queue: AbstractQueue) -> list[dict[str, Any]]:
    """Return the events of the next message."""
    message = await queue.get(timeout=5)
    await message.ack()
    events: list[dict[str, Any]] = from_json(message.body)
    return events


async def test_what_was_recorded_is_published_and_marked(
    journal: Journal, relay: Relay, bind: Bind, database: Database
) -> None:
    queue = await bind(HERE)
    await record(journal, HERE)

    sent = await relay.send_once()

    message = await queue.get(timeout=5)
    assert sent == 1
    assert message.content_type == "application/cloudevents-batch+json"
    assert message.delivery_mode == 2
    assert message.message_id
    assert (message.app_id, message.routing_key) == ("registration", f"registration.stay_started.v1.{HERE}")
    assert [event["type"] for event in from_json(message.body)] == ["registration.stay_started.v1"]
    assert (await database[JOURNAL].find_one({}))["sent_at"] == NOW  # type: ignore[index]  # no document fails the test


async def test_what_was_sent_is_not_sent_again(journal: Journal, relay: Relay, bind: Bind) -> None:
    queue = await bind(HERE)
    await record(journal, HERE)
    await relay.send_once()

    again = await relay.send_once()

    assert again == 0
    assert len(await take(queue)) == 1
    assert await queue.get(fail=False) is None


async def test_what_gathered_goes_as_one_message_for_each_routing_key(
    journal: Journal, relay: Relay, bind: Bind
) -> None:
    here, there = await bind(HERE), await bind(THERE)
    for day in range(5):
        await record(journal, HERE, day)
    await record(journal, THERE)

    sent = await relay.send_once()

    assert sent == 6
    assert [len(await take(here)), len(await take(there))] == [5, 1]
    assert await here.get(fail=False) is None


async def test_facts_of_one_commit_are_sent_each_under_its_own_key(
    journal: Journal, relay: Relay, bind: Bind, database: Database
) -> None:
    queue = await bind(HERE)
    stay = make_stay(street=f"{HERE}001")
    await journal.record_one(journal.commit(StayStarted(stay=stay), StayEnded(stay=stay), causation="request"))

    await relay.send_once()

    types = {event["type"] for _ in range(2) for event in await take(queue)}
    assert types == {"registration.stay_started.v1", "registration.stay_ended.v1"}
    assert await unsent(database) == 0


async def test_what_nobody_hears_is_owed_still_and_holds_nothing_else_up(
    journal: Journal, relay: Relay, bind: Bind, database: Database
) -> None:
    queue = await bind(HERE)
    await record(journal, NOWHERE)
    await record(journal, HERE)

    await relay.send_once()

    assert len(await take(queue)) == 1
    assert await owed(database) == [[f"registration.stay_started.v1.{NOWHERE}"]]


async def test_more_than_a_batch_that_nobody_hears_does_not_hide_what_is_behind_it(
    stack: Stack, journal: Journal, bind: Bind, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "BATCH_SIZE", 2)
    queue = await bind(HERE)
    for day in range(5):
        await record(journal, NOWHERE, day)
    await record(journal, HERE)
    after_a_restart = Relay(stack.rabbitmq_url(), database, journal, lambda: NOW, "registration")

    batches = [await after_a_restart.send_once() for _ in range(4)]
    await after_a_restart.close()

    assert batches == [2, 2, 2, 0]
    assert len(await take(queue)) == 1
    assert len(await owed(database)) == 5


async def test_what_nobody_heard_is_sent_once_as_soon_as_somebody_does(
    journal: Journal, relay: Relay, bind: Bind, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "BATCH_SIZE", 2)
    relay.look_again_after = 0.0
    for day in range(5):
        await record(journal, NOWHERE, day)
    for _ in range(5):
        await relay.send_once()
    before = await owed(database)

    queue = await bind(NOWHERE)
    await relay.send_once()
    await relay.send_once()

    assert len(before) == 5
    assert [len(await take(queue)) for _ in range(3)] == [2, 2, 1]
    assert await queue.get(fail=False) is None
    assert await owed(database) == []
    assert await unsent(database) == 0


async def test_a_fact_for_two_districts_is_sent_to_the_one_that_hears_it_and_once_to_the_other_later(
    journal: Journal, relay: Relay, bind: Bind, database: Database
) -> None:
    relay.look_again_after = 0.0
    here = await bind(HERE)
    closing = Closing(reason=ClosingReason.MOVED, closed_on=FIRST_DAY, closed_at=NOW, to=NOWHERE)
    archive = Archive(person_id="a" * 32, district=HERE, street=f"{HERE}001", opened_at=NOW, closing=closing)
    await journal.record_one(journal.commit(ArchiveClosed(archive=archive), causation="request"))

    for _ in range(3):
        await relay.send_once()
    left = await owed(database)
    there = await bind(NOWHERE)
    await relay.send_once()

    assert left == [[f"archives.archive_closed.v1.{NOWHERE}"]]
    assert len(await take(here)) == len(await take(there)) == 1
    assert await here.get(fail=False) is None
    assert await there.get(fail=False) is None
    assert await owed(database) == []


async def test_a_restarted_relay_goes_on_trying_what_nobody_heard(
    stack: Stack, journal: Journal, relay: Relay, bind: Bind, database: Database
) -> None:
    await record(journal, NOWHERE)
    await relay.send_once()
    restarted = Relay(stack.rabbitmq_url(), database, journal, lambda: NOW, "registration")

    queue = await bind(NOWHERE)
    running = asyncio.create_task(restarted.run())

    async def nothing_owed() -> bool:
        return await owed(database) == []

    await eventually(nothing_owed, within=10)
    running.cancel()
    await restarted.close()
    assert len(await take(queue)) == 1


async def test_what_a_full_queue_refuses_is_not_marked(
    journal: Journal, relay: Relay, bind: Bind, database: Database, channel: AbstractChannel
) -> None:
    queue = await bind(HERE, **{"x-max-length": 1, "x-overflow": "reject-publish"})
    await record(journal, HERE)
    await relay.send_once()
    await record(journal, HERE, day=1)

    with pytest.raises(DeliveryError):
        await relay.send_once()

    assert await unsent(database) == 1
    await take(queue)
    await relay.send_once()
    assert await unsent(database) == 0


async def test_what_this_process_recorded_is_sent_without_reading_it_back(
    journal: Journal, relay: Relay, bind: Bind, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise AssertionError("read back")

    queue = await bind(HERE)
    await relay.send_once()
    monkeypatch.setattr(relay_module, "read_unsent", fail)
    await record(journal, HERE)

    sent = await relay.send_once()

    assert sent == 1
    kept = await database[JOURNAL].find_one({})
    assert kept is not None
    assert await take(queue) == [from_json(fact["event"]) for fact in kept["facts"]]
    assert await unsent(database) == 0


async def test_what_could_not_be_sent_and_what_was_recorded_since_are_each_sent_once(
    journal: Journal, relay: Relay, bind: Bind, database: Database
) -> None:
    relay.look_again_after = 0.0
    await relay.send_once()
    await record(journal, NOWHERE)
    await relay.send_once()
    queue = await bind(NOWHERE)
    await record(journal, NOWHERE, day=1)

    batches = [await relay.send_once() for _ in range(2)]

    assert batches == [1, 0]
    assert [len(await take(queue)) for _ in range(2)] == [1, 1]
    assert await queue.get(fail=False) is None
    assert await unsent(database) == 0
    assert await owed(database) == []


async def test_a_look_reads_only_what_is_older_than_what_is_at_hand(
    journal: Journal, relay: Relay, bind: Bind, database: Database
) -> None:
    queue = await bind(HERE)
    await relay.send_once()
    earlier = Journal(database, "registration", lambda: NOW - timedelta(seconds=3), by_type(ALL_FACTS))
    await record(earlier, HERE, day=1)
    await record(journal, HERE, day=2)
    relay.look_again_after = 0.0

    batches = [await relay.send_once() for _ in range(3)]

    assert batches == [1, 1, 0]
    assert [event["data"]["stay"]["started_on"] for _ in range(2) for event in await take(queue)] == [
        make_stay(day=1).started_on.isoformat(),
        make_stay(day=2).started_on.isoformat(),
    ]


async def test_more_than_is_held_ready_is_found_in_the_journal(
    journal: Journal, relay: Relay, bind: Bind, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_buffered", deque(maxlen=2))
    await bind(HERE)
    await relay.send_once()
    for day in range(5):
        await record(journal, HERE, day)

    from_memory = await relay.send_once()
    relay.look_again_after = 0.0
    monkeypatch.setattr(relay, "_clock", lambda: NOW + timedelta(seconds=3))
    found = await relay.send_once()

    assert (from_memory, found) == (2, 3)
    assert await unsent(database) == 0


async def test_what_another_process_recorded_is_left_to_it_and_sent_where_it_left_it_behind(
    relay: Relay, bind: Bind, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = await bind(HERE)
    await relay.send_once()
    relay.look_again_after = 0.0
    elsewhere = Journal(database, "registration", lambda: NOW, by_type(ALL_FACTS))
    await record(elsewhere, HERE)

    at_once = await relay.send_once()
    monkeypatch.setattr(relay, "_clock", lambda: NOW + timedelta(seconds=3))
    later = await relay.send_once()

    assert (at_once, later) == (0, 1)
    assert len(await take(queue)) == 1


async def test_the_relay_of_a_command_sends_what_the_command_records_and_ends(
    journal: Journal, relay: Relay, bind: Bind, database: Database
) -> None:
    queue = await bind(HERE)
    await record(Journal(database, "registration", lambda: NOW, by_type(ALL_FACTS)), HERE, day=1)
    relay.looks = False
    running = asyncio.create_task(relay.run())
    await record(journal, HERE, day=2)

    relay.finish()
    await asyncio.wait_for(running, 5)

    assert [event["data"]["stay"]["started_on"] for event in await take(queue)] == [
        make_stay(day=2).started_on.isoformat()
    ]
    assert await unsent(database) == 1


async def test_facts_that_would_make_too_large_a_message_go_in_several(
    journal: Journal, relay: Relay, bind: Bind, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = await bind(HERE)
    for day in range(5):
        await record(journal, HERE, day)
    told = await database[JOURNAL].find().to_list(None)
    longest = max(len(fact["event"]) for commit in told for fact in commit["facts"])
    monkeypatch.setattr(relay_module, "LARGEST_MESSAGE", 2 * longest)

    await relay.send_once()

    assert [len(await take(queue)) for _ in range(3)] == [2, 2, 1]
    assert await unsent(database) == 0


async def test_a_crash_between_publishing_and_marking_sends_again_rather_than_never(
    journal: Journal, relay: Relay, bind: Bind, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    queue = await bind(HERE)
    await record(journal, HERE)
    with monkeypatch.context() as broken:
        broken.setattr(relay_module, "mark_sent", crash)
        with pytest.raises(KeyboardInterrupt):
            await relay.send_once()

    await relay.send_once()

    first, second = await take(queue), await take(queue)
    assert first == second
    assert await unsent(database) == 0


async def test_no_more_than_a_batch_is_sent_at_once(
    journal: Journal, relay: Relay, bind: Bind, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "BATCH_SIZE", 2)
    await bind(HERE)
    for day in range(3):
        await record(journal, HERE, day)

    batches = [await relay.send_once() for _ in range(3)]

    assert batches == [2, 1, 0]
    assert await unsent(database) == 0


async def test_two_relays_of_one_journal_lose_nothing(
    stack: Stack, journal: Journal, relay: Relay, bind: Bind, database: Database
) -> None:
    second = Relay(stack.rabbitmq_url(), database, journal, lambda: NOW, "registration")
    queue = await bind(HERE)
    for day in range(5):
        await record(journal, HERE, day)

    await asyncio.gather(relay.send_once(), second.send_once())
    await second.close()

    heard: set[str] = set()
    while message := await queue.get(fail=False, no_ack=True):
        heard.update(event["subject"] for event in from_json(message.body))
    assert len(heard) == 5
    assert await unsent(database) == 0


async def test_a_running_relay_sends_what_is_recorded_without_being_asked(
    journal: Journal, relay: Relay, bind: Bind, database: Database
) -> None:
    await bind(HERE)
    running = asyncio.create_task(relay.run())
    await record(journal, HERE)

    async def all_sent() -> bool:
        return await unsent(database) == 0

    await eventually(all_sent, within=10)
    running.cancel()
    assert relay.oldest_unsent is None or relay.oldest_unsent == NOW
