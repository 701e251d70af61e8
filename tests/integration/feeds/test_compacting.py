"""On a real MongoDB compaction loses nothing that an audience was told, whatever happens when and breaks off where."""

import asyncio
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from structlog.testing import capture_logs

from contracts.feeds.subscriptions import Subscription, SubscriptionApproved
from services.feeds.commands import compacting
from services.feeds.commands import webhooks as commands
from services.feeds.domain.compaction import CompactedError
from services.feeds.domain.webhooks import PauseReason
from services.feeds.service import Delivering, Feed
from services.feeds.views import queues, releases, snapshots, subscriptions, webhooks
from services.feeds.views.subscriptions import subscription_row
from services.runtime.mongo import write_rows
from tests.support.delivering import at_work, record, set_up, until, until_paused
from tests.support.receivers import Receiver, receiving
from tests.support.subscriptions import make_terms
from tests.support.told_audiences import NOW, Audience


@pytest.fixture
async def hospital(delivering: Delivering) -> Audience:
    await subscriptions.prepare(delivering.service.database)
    made = Audience(delivering)
    await made.give()
    return made


async def test_what_is_old_enough_is_removed_once_a_snapshot_counts_it(hospital: Audience) -> None:
    for days_ago in (500, 450, 401, 399, 1):
        await hospital.tell(0, 1, 2, days_ago=days_ago)

    await hospital.compact()
    before = await hospital.kept(), await hospital.compacted()
    await hospital.make()
    await hospital.compact()

    assert before == (5, 0), "no snapshot yet"
    assert (await hospital.kept(), await hospital.compacted()) == (2, 9)
    assert [at for at, _, _ in await hospital.read(9)] == [10, 11, 12, 13, 14, 15]
    assert await hospital.read(15) == []
    for after in (0, 8):
        with pytest.raises(CompactedError):
            await hospital.read(after)
    await hospital.must_have_everything()


async def test_the_next_snapshot_is_made_from_the_one_before_and_what_came_since(hospital: Audience) -> None:
    await hospital.tell(*range(16), days_ago=500)
    await hospital.tell(*range(40), days_ago=1)
    await hospital.compact()
    await hospital.make()
    await hospital.compact()

    for days in (1, 420, 900):
        hospital.clock.now = NOW + timedelta(days=days)
        await hospital.tell(*range(days % 23))
        await hospital.take_snapshot()
        await hospital.must_have_everything()
        await hospital.compact()
        await hospital.must_have_everything()

    assert await hospital.kept() == 1
    assert await files(hospital) == 1


async def files(audience: Audience) -> int:
    """Return of how many snapshots there are files: the lines of each, and its rows as Parquet."""
    count = await audience.feed.service.database["snapshot_files.files"].count_documents({})
    assert count % 2 == 0
    return count // 2


async def test_the_newest_release_is_never_removed_for_the_next_one_goes_on_from_it(hospital: Audience) -> None:
    await hospital.tell(0, 1, days_ago=900)
    await hospital.tell(days_ago=899)

    for _ in range(3):
        await hospital.compact()
        await hospital.make()

    assert (await hospital.kept(), await hospital.compacted()) == (1, 2)
    with pytest.raises(CompactedError):
        await hospital.read(0)
    await hospital.must_have_everything()
    await hospital.tell(1)
    assert [at for at, _, _ in await hospital.read(2)] == [3]


async def test_what_closed_a_feed_stands_so_that_it_closes_it_once(hospital: Audience) -> None:
    database, audience = hospital.feed.service.database, hospital.subscription.subscription_id
    await hospital.tell(0, 1, days_ago=900)
    await releases.close(database, audience, "the fact")
    await hospital.tell(2, days_ago=800)
    await hospital.tell(3)

    for _ in range(2):
        await hospital.compact()
        await hospital.make()
    await releases.close(database, audience, "the fact")

    assert await hospital.compacted() == 3
    assert (await releases.find_progress(database, audience)).number == 4
    with pytest.raises(CompactedError):
        await hospital.read(2)
    await hospital.must_have_everything()


@pytest.mark.parametrize("seed", range(6))
async def test_a_snapshot_and_its_tail_are_all_that_was_ever_told(hospital: Audience, seed: int) -> None:
    chance = Random(seed)
    for _ in range(40):
        match chance.randrange(6):
            case 0 | 1:
                await hospital.tell(*(chance.randrange(16) for _ in range(chance.randrange(6))))
            case 2:
                hospital.clock.now += timedelta(days=chance.choice((1, 30, 200)))
            case 3:
                await hospital.take_snapshot()
            case 4:
                await hospital.make()
            case _:
                await hospital.compact()
        await hospital.must_have_everything()
    hospital.clock.now += timedelta(days=900)
    await hospital.tell(*range(chance.randrange(16)))
    for _ in range(3):
        await hospital.compact()
        await hospital.make()
    await hospital.must_have_everything()
    assert await hospital.kept() == 1


async def test_what_is_removed_while_somebody_reads_is_left_out_by_nobody_silently(hospital: Audience) -> None:
    for _ in range(3):
        await hospital.tell(0, 1)

    await hospital.feed.service.database["releases"].delete_one({"number": 2})

    with pytest.raises(CompactedError):
        await hospital.read(0)
    assert [at for at, _, _ in await hospital.read(4)] == [5, 6]


STEPS = (
    (snapshots, "want"),
    (snapshots, "begin_file"),
    (snapshots, "write"),
    (snapshots, "finish"),
    (snapshots, "_remove"),
    (snapshots, "compact"),
    (releases, "remove"),
)


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("module", "step"), STEPS)
async def test_what_is_killed_between_two_steps_leaves_nothing_half_done(
    hospital: Audience, module: Any, step: str, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hospital.tell(*range(7), days_ago=900)
    await hospital.tell(*range(5), days_ago=800)
    for _ in range(2):
        await hospital.compact()
        await hospital.make()
    await hospital.tell(*range(3), days_ago=700)
    await hospital.tell(*range(9))
    original = getattr(module, step)

    async def killed(*arguments: Any) -> Any:
        if moment == "after":
            await original(*arguments)
        raise Killed

    async def work() -> None:
        for _ in range(2):
            await hospital.compact()
            await hospital.make()

    with monkeypatch.context() as patched:
        patched.setattr(module, step, killed)
        with pytest.raises(Killed):
            await work()
    await hospital.must_have_everything()
    with_the_kill = await hospital.compacted()
    await work()
    await hospital.compact()

    assert with_the_kill in (7, 15)
    assert (await hospital.compacted(), await hospital.kept(), await files(hospital)) == (15, 1, 1)
    await hospital.must_have_everything()


async def test_several_processes_compact_and_make_snapshots_at_once(hospital: Audience) -> None:
    for days_ago in range(900, 300, -20):
        await hospital.tell(*range(days_ago % 7), days_ago=days_ago)

    for _ in range(6):
        work = [hospital.compact() for _ in range(3)] + [hospital.make() for _ in range(3)]
        await asyncio.gather(*work)
        await hospital.must_have_everything()

    assert (await hospital.kept(), await files(hospital)) == (5, 1)


async def test_a_snapshot_that_is_not_what_was_written_is_built_upon_no_more(hospital: Audience) -> None:
    await hospital.tell(*range(7), days_ago=900)
    await hospital.tell(*range(5))
    for _ in range(2):
        await hospital.compact()
        await hospital.make()
    chunks = hospital.feed.service.database["snapshot_files.chunks"]
    chunk = await chunks.find_one({"files_id": {"$not": {"$regex": "parquet$"}}})
    assert chunk
    await chunks.update_one({"_id": chunk["_id"]}, {"$set": {"data": chunk["data"].replace(b"sex", b"age")}})
    hospital.clock.now += timedelta(hours=2)
    await hospital.tell(1)

    with capture_logs() as lines:
        await hospital.take_snapshot()
    note = await snapshots.find(hospital.feed.service.database, hospital.subscription.subscription_id)

    assert [line["event"] for line in lines] == ["no snapshot made, goes on later"]
    assert note
    assert note.making
    assert note.ready
    assert note.ready.position == 12


@pytest.mark.parametrize("paused", [False, True])
async def test_a_webhook_that_is_behind_holds_compaction_up_and_the_log_says_so(
    delivering: Delivering, *, paused: bool
) -> None:
    await subscriptions.prepare(delivering.service.database)
    hospital = Audience(delivering, "paused" if paused else "behind")  # the log repeats nothing of the same one
    await hospital.give()
    await hospital.tell(*range(7), days_ago=900)
    await hospital.tell(*range(5), days_ago=800)
    await hospital.tell(*range(3))
    await record(delivering, SubscriptionApproved(subscription=hospital.subscription))
    await set_up(delivering, hospital.subscription, "http://127.0.0.1:9999/hook", after=7)
    named = hospital.subscription.subscription_id
    if paused:
        await commands.pause(delivering, named, PauseReason.SUBSCRIBER, "later")

    with capture_logs() as lines:
        for _ in range(2):
            await hospital.compact()
            await hospital.make()

    waits = {"event": "compaction waits", "subscription_id": named, "reason": "webhook", "position": 7}
    assert any(waits.items() <= line.items() for line in lines)
    assert (await hospital.compacted(), await hospital.kept()) == (7, 2)
    await commands.remove(delivering, named)
    await hospital.compact()
    assert (await hospital.compacted(), await hospital.kept()) == (12, 1)


async def test_a_queue_that_is_behind_holds_compaction_up(delivering: Delivering) -> None:
    await subscriptions.prepare(delivering.service.database)
    school = Audience(delivering, "school", amqp=True)
    await school.give()
    await school.tell(*range(7), days_ago=900)
    await school.tell(*range(3))
    database, named = delivering.service.database, school.subscription.subscription_id

    for _ in range(2):
        await school.compact()
        await school.make()
    before = await school.compacted()
    await queues.claim(database, named, "me", NOW)
    await queues.advance(database, named, "me", 10, NOW)
    for _ in range(2):
        await school.compact()
        await school.make()

    assert (before, await school.compacted()) == (0, 7)


async def test_who_is_told_nothing_any_more_holds_nothing_up_and_is_told_what_it_missed(
    hospital: Audience, delivering: Delivering
) -> None:
    await hospital.tell(*range(7), days_ago=900)
    await hospital.tell(*range(3))
    await record(delivering, SubscriptionApproved(subscription=hospital.subscription))
    over = hospital.subscription.model_copy(update={"terms": make_terms(expires_on="2026-11-01")})
    async with receiving(Receiver()) as receiver:
        await set_up(delivering, hospital.subscription, receiver.url)
        await write_rows(delivering.service.database, [subscription_row(over, 2)])
        for _ in range(2):
            await hospital.compact()
            await hospital.make()
        async with at_work(delivering):  # it is given again, and nobody went on with the webhook meanwhile
            paused = await until_paused(delivering, hospital.subscription)
            refused = [
                commands.resume(delivering, hospital.subscription, as_district=False),
                commands.redeliver(delivering, hospital.subscription, 6),
            ]
            for step in refused:
                with pytest.raises(CompactedError) as told:
                    await step
                assert told.value.snapshot == "/feeds/stays/snapshot?division=320507"
            await commands.redeliver(delivering, hospital.subscription, 7)
            await commands.resume(delivering, hospital.subscription, as_district=False)
            await until(delivering, hospital.subscription, 10)

    assert paused.paused
    assert (paused.paused.reason, paused.position) == (PauseReason.COMPACTED, 0)
    assert receiver.positions == [8, 9, 10]
    await webhooks.remove(delivering.service.database, hospital.subscription.subscription_id)
    with pytest.raises(CompactedError):
        await set_up(delivering, hospital.subscription, "http://127.0.0.1:9999/hook")


async def test_what_stops_the_compaction_of_one_feed_does_not_stop_the_others(
    hospital: Audience, delivering: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = Audience(delivering, "school")
    await school.give()
    for one in (hospital, school):
        await one.tell(1, 2, days_ago=900)
        await one.tell(3)
    compact = compacting.compact

    async def stumble(feed: Feed, subscription: Subscription, before: str) -> None:
        if subscription.subscriber == "hospital":
            raise ValueError("stumbled")
        await compact(feed, subscription, before)

    monkeypatch.setattr(compacting, "compact", stumble)
    for _ in range(2):
        await hospital.compact()
        await hospital.make()

    assert (await hospital.compacted(), await school.compacted()) == (0, 2)
