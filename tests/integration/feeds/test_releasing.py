"""On a real MongoDB each audience is told everything once, in positions without gaps, whoever releases and when."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.feeds.feeds import FeedName
from contracts.feeds.subscriptions import Subscription, SubscriptionState
from services.feeds import tail as waiting_at_the_end
from services.feeds.commands import releasing
from services.feeds.commands.following import News
from services.feeds.commands.releasing import release_all, release_for
from services.feeds.domain import releases as decisions
from services.feeds.service import Feed
from services.feeds.tail import Tail
from services.feeds.views import pages, releases, subscriptions
from services.feeds.views.subscriptions import subscription_row
from services.runtime.mongo import Database, write_rows
from tests.support.instance import eventually
from tests.support.joining import KEY, make_crowd
from tests.support.subscriptions import make_subscription, make_terms

CROWD = make_crowd(200)
NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def feed(database: Database) -> Feed:
    clock = Clock()
    service: Any = SimpleNamespace(database=database, clock=clock, today=NOW.date())
    for step in (pages.prepare, releases.prepare, subscriptions.prepare):
        await step(database)
    return Feed(service, Tail(), KEY)


def given(subscriber: str = "hospital", **terms: Any) -> Subscription:
    return make_subscription(subscriber, terms=make_terms(**terms), state=SubscriptionState.APPROVED)


async def hear(feed: Feed, first: int, last: int, size: int = 50) -> None:
    for start in range(first, last, size):
        await pages.append(feed.service.database, FeedName.STAYS, "320507", CROWD[start : min(start + size, last)])


async def release(feed: Feed, subscription: Subscription) -> None:
    await release_for(feed, subscription, await pages.find_end(feed.service.database, FeedName.STAYS, "320507"))


async def told(feed: Feed, subscription: Subscription, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
    found = await releases.read(feed.service.database, subscription.subscription_id, after, limit)
    return [{"position": position, "time": time, **event} for position, time, event in found]


async def waiting(feed: Feed, subscription: Subscription) -> int:
    return len((await releases.find_progress(feed.service.database, subscription.subscription_id)).waiting)


async def test_readers_of_a_process_that_tells_nothing_are_woken_by_what_another_one_told(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_at_the_end, "LOOK_AGAIN_AFTER", 3600.0)
    hospital, school = given(), given("school")
    reading = Feed(feed.service, Tail(), KEY)
    news, looked = News(reading), {hospital.subscription_id: 0, school.subscription_id: 0}

    async def look(audience: str) -> list[Any]:
        looked[audience] += 1
        return await releases.read(reading.service.database, audience, 0, 10)

    async def have_looked() -> bool:
        return all(looked.values())

    readings = {one: asyncio.create_task(reading.tail.read(one, partial(look, one), 3600)) for one in looked}
    await eventually(have_looked)
    await news.look()
    await hear(feed, 0, 100)
    await release(feed, hospital)
    async with asyncio.timeout(10):
        await news.look()
        found = await readings[hospital.subscription_id]
        await release(feed, school)
        await news.look()
        await readings[school.subscription_id]

    assert [position for position, _, _ in found] == list(range(1, 11))
    assert set(looked.values()) == {2}, "each was woken once, by what it was told itself"


async def test_behind_a_closed_feed_nothing_is_told_until_it_is_given_anew(feed: Feed) -> None:
    hospital, database = given(), feed.service.database
    audience = hospital.subscription_id
    await write_rows(database, [subscription_row(hospital, 1)])
    await hear(feed, 0, 100)
    await release(feed, hospital)

    await write_rows(database, [subscription_row(hospital.model_copy(update={"terms": None}), 2)])
    await releases.close(database, audience, "revoked-1")
    await releases.close(database, audience, "revoked-1")
    closed = await releases.find_progress(database, audience)
    await hear(feed, 100, 200)
    await release(feed, hospital)  # a process that read the record before it was taken back

    assert closed.closed_by == "revoked-1"
    assert await releases.find_progress(database, audience) == closed
    await write_rows(database, [subscription_row(hospital, 3)])
    await release(feed, hospital)
    events = await told(feed, hospital)
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    assert closed.end < len(events) == 200 - await waiting(feed, hospital)


async def test_whoever_is_about_to_release_when_a_feed_closes_does_not(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital, database = given(), feed.service.database
    await hear(feed, 0, 100)
    add, kept_from = releases.add, list[Any]()

    async def close_first(*told_to: Any) -> bool:
        monkeypatch.setattr(releases, "add", add)
        await releases.close(database, hospital.subscription_id, "revoked-1")
        kept_from.extend(told_to[-1])
        return await add(*told_to)

    monkeypatch.setattr(releases, "add", close_first)
    await release(feed, hospital)

    assert kept_from
    assert await told(feed, hospital) == []
    assert (await releases.find_progress(database, hospital.subscription_id)).closed_by == "revoked-1"


async def test_everything_is_told_once_however_it_came_in(feed: Feed) -> None:
    hospital = given()

    for number in range(0, len(CROWD), 25):
        await hear(feed, number, number + 25)
        await release(feed, hospital)

    events = await told(feed, hospital)
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    assert len({event["id"] for event in events}) == len(events)
    assert len(events) + await waiting(feed, hospital) == len(CROWD)
    assert len(events) > len(CROWD) - 10


async def test_two_who_release_at_the_same_time_tell_nothing_twice(feed: Feed) -> None:
    hospital = given()

    for number in range(0, len(CROWD), 50):
        await hear(feed, number, number + 50)
        await asyncio.gather(*(release(feed, hospital) for _ in range(4)))

    events = await told(feed, hospital)
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    assert len({event["id"] for event in events}) == len(events)
    assert len(events) + await waiting(feed, hospital) == len(CROWD)


async def test_more_than_one_release_holds_is_told_in_several(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releasing, "MOST", 60)
    hospital = given(time="month")
    await hear(feed, 0, len(CROWD))

    await release(feed, hospital)

    progress = await releases.find_progress(feed.service.database, hospital.subscription_id)
    assert (progress.number, progress.read) == (-(-len(CROWD) // 60), len(CROWD))
    assert progress.end + len(progress.waiting) == len(CROWD)


@pytest.mark.parametrize(
    ("time", "soon", "later"),
    [
        ("hour", timedelta(minutes=59), timedelta(hours=1)),
        ("day", timedelta(hours=13, minutes=59), timedelta(hours=14)),
        ("week", timedelta(days=3), timedelta(days=4)),
        ("month", timedelta(days=4), timedelta(days=5)),
    ],
)
async def test_in_a_unit_of_time_an_audience_is_told_something_once(
    feed: Feed, time: str, soon: timedelta, later: timedelta
) -> None:
    hospital = given(time=time, attributes=("street",), age="none")
    await hear(feed, 0, 100)
    await release(feed, hospital)
    before = await told(feed, hospital)
    await hear(feed, 100, 200)

    feed.service.clock.now = NOW + soon  # type: ignore[attr-defined]  # the clock of this test
    await release(feed, hospital)
    soon_after = await told(feed, hospital)
    feed.service.clock.now = NOW + later  # type: ignore[attr-defined]  # the clock of this test
    await release(feed, hospital)

    events = await told(feed, hospital)
    assert before
    assert soon_after == before
    assert len(events) > len(before) + 90
    assert len({event["time"] for event in events}) == 2


async def test_a_quiet_unit_is_over_too_so_that_nothing_tells_when_it_was_heard(feed: Feed) -> None:
    hospital = given(time="day", attributes=("street",), age="none")
    await hear(feed, 0, 100)
    await release(feed, hospital)
    feed.service.clock.now = NOW + timedelta(days=1)  # type: ignore[attr-defined]  # the clock of this test
    await release(feed, hospital)
    before = await told(feed, hospital)

    await hear(feed, 100, 200)
    await release(feed, hospital)
    the_same_day = await told(feed, hospital)
    feed.service.clock.now = NOW + timedelta(days=2)  # type: ignore[attr-defined]  # the clock of this test
    await release(feed, hospital)

    assert the_same_day == before
    assert len(await told(feed, hospital)) > len(before) + 90


async def test_nothing_is_asked_of_the_database_while_nothing_is_heard(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital = given()
    await hear(feed, 0, 100)
    await release(feed, hospital)

    async def find_nothing(*_: Any) -> Any:
        raise AssertionError("asked")

    monkeypatch.setattr(releases, "find_progress", find_nothing)
    await release(feed, hospital)


async def test_a_process_that_was_overtaken_goes_on_from_where_the_other_is(feed: Feed) -> None:
    hospital, other = given(), Feed(feed.service, Tail(), KEY)
    for number in range(0, len(CROWD), 40):
        await hear(feed, number, number + 40)
        await release(other if number % 80 else feed, hospital)
        await release(feed, hospital)

    events = await told(feed, hospital)
    assert len({event["id"] for event in events}) == len(events)
    assert len(events) + await waiting(feed, hospital) == len(CROWD)


async def test_other_terms_with_other_units_go_on_where_the_feed_is(feed: Feed) -> None:
    await hear(feed, 0, 100)
    await release(feed, given(time="week", attributes=("street",), age="none"))
    await hear(feed, 100, 200)

    await release(feed, given(time="day", attributes=("street",), age="none"))

    events = await told(feed, given())
    assert len(events) > 190
    assert len({event["id"] for event in events}) == len(events)


@pytest.mark.parametrize("limit", [1, 7, 60, 1000])
async def test_a_feed_is_read_on_from_any_position(feed: Feed, limit: int) -> None:
    hospital = given()
    for number in range(0, len(CROWD), 20):
        await hear(feed, number, number + 20)
        await release(feed, hospital)
    whole = await told(feed, hospital)

    read: list[dict[str, Any]] = []
    while found := await told(feed, hospital, after=len(read), limit=limit):
        assert len(found) == limit or found[-1] == whole[-1]
        read += found

    assert read == whole


@pytest.mark.parametrize("after", [2**31 - 1, 2**31, 34_455_110_821, 2**53])
async def test_beyond_the_end_of_a_feed_nothing_is_told_yet(feed: Feed, after: int) -> None:
    hospital = given()
    await hear(feed, 0, len(CROWD))
    await release(feed, hospital)

    assert await told(feed, hospital)
    assert await told(feed, hospital, after=after) == []


async def test_every_audience_that_stands_is_told_and_no_other(feed: Feed) -> None:
    hospital, school = given(), given("school", time="day", k=20)
    expired = given("expired", expires_on="2026-11-25")
    revoked = make_subscription("revoked", state=SubscriptionState.REVOKED)
    everybody = (hospital, school, expired, revoked)
    await write_rows(feed.service.database, [subscription_row(one, 1) for one in everybody])
    await hear(feed, 0, len(CROWD))

    await release_all(feed)

    counts = [len(await told(feed, one)) for one in everybody]
    assert counts[0] > len(CROWD) - 10
    assert counts[1] > len(CROWD) - 40
    assert counts[2:] == [0, 0]
    assert not {event["id"] for event in await told(feed, hospital)} & {
        event["id"] for event in await told(feed, school)
    }


async def test_what_stops_one_audience_does_not_stop_the_others(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped, hospital = sorted([given(), given("school")], key=lambda one: one.subscription_id)
    await write_rows(feed.service.database, [subscription_row(one, 1) for one in (hospital, stopped)])
    await hear(feed, 0, len(CROWD))

    def stumble(*args: Any, audience: str, key: bytes) -> Any:
        if audience == stopped.subscription_id:
            raise ValueError("stumbled")
        return decisions.release(*args, audience=audience, key=key)

    monkeypatch.setattr(releasing, "release", stumble)
    await release_all(feed)

    assert (len(await told(feed, stopped)), len(await told(feed, hospital)) > 0) == (0, True)


async def test_one_audience_more_costs_one_insert_for_whatever_is_told_at_once(feed: Feed) -> None:
    await hear(feed, 0, len(CROWD))

    for audience in ("hospital", "school", "police"):
        await release(feed, given(audience))

    assert await feed.service.database["releases"].count_documents({}) == 3
