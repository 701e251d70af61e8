"""Readers at the end of a feed: woken by what is appended here, looking again for the rest, and never kept too long."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from services.feeds import tail as waiting
from services.feeds.tail import Tail

HOSPITAL, SCHOOL = "hospital", "school"
FOR_EVER = 3600.0
"""Seconds that no test waits for: who returns was woken."""
AT_ONCE = 5.0
"""Seconds that a woken reader may take on a busy machine before a test fails."""


class Feed:
    """A feed that shows something else at each look, the last of it from then on."""

    def __init__(self, *shown: Sequence[str]) -> None:
        self.shown = [list(found) for found in shown]
        self.looks = 0
        self.seen = asyncio.Event()

    async def look(self) -> list[str]:
        found = self.shown[min(self.looks, len(self.shown) - 1)]
        self.looks += 1
        self.seen.set()
        return found


@pytest.fixture
def woken_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let readers look again only when they are woken."""
    monkeypatch.setattr(waiting, "LOOK_AGAIN_AFTER", FOR_EVER)


async def test_what_is_there_is_read_at_once(woken_only: None) -> None:
    feed = Feed(["one"])

    async with asyncio.timeout(AT_ONCE):
        found = await Tail().read(HOSPITAL, feed.look, FOR_EVER)

    assert (found, feed.looks) == (["one"], 1)


async def test_who_does_not_wait_looks_once_and_finds_nothing(woken_only: None) -> None:
    feed = Feed([])

    async with asyncio.timeout(AT_ONCE):
        found = await Tail().read(HOSPITAL, feed.look, 0)

    assert (found, feed.looks) == ([], 1)


async def test_every_reader_is_woken_by_news(woken_only: None) -> None:
    tail, feeds = Tail(), [Feed([], ["news"]) for _ in range(3)]
    async with asyncio.timeout(AT_ONCE):
        readings = [asyncio.create_task(tail.read(HOSPITAL, feed.look, FOR_EVER)) for feed in feeds]
        for feed in feeds:
            await feed.seen.wait()

        tail.wake(HOSPITAL)

        assert await asyncio.gather(*readings) == [["news"]] * 3


async def test_news_that_is_not_for_a_reader_lets_it_wait_on_for_the_next(woken_only: None) -> None:
    tail, feed = Tail(), Feed([], [], ["news"])
    async with asyncio.timeout(AT_ONCE):
        reading = asyncio.create_task(tail.read(HOSPITAL, feed.look, FOR_EVER))
        await feed.seen.wait()
        feed.seen.clear()
        tail.wake(HOSPITAL)
        await feed.seen.wait()
        assert not reading.done()

        tail.wake(HOSPITAL)

        assert await reading == ["news"]


async def test_what_another_audience_is_told_wakes_nobody(woken_only: None) -> None:
    tail, feed = Tail(), Feed([], ["news"])
    async with asyncio.timeout(AT_ONCE):
        reading = asyncio.create_task(tail.read(HOSPITAL, feed.look, FOR_EVER))
        await feed.seen.wait()

        tail.wake(SCHOOL)
        for _ in range(10):
            await asyncio.sleep(0)
        assert feed.looks == 1
        tail.wake(HOSPITAL)

        assert await reading == ["news"]


async def test_whoever_wants_to_know_is_called_whenever_somebody_is_told() -> None:
    tail, called = Tail(), asyncio.Event()
    tail.call_when_told(called.set)

    tail.wake(SCHOOL)

    assert called.is_set()


async def test_news_of_before_wakes_nobody_who_comes_later(woken_only: None) -> None:
    tail, feed = Tail(), Feed([])
    tail.wake(HOSPITAL)

    async with asyncio.timeout(AT_ONCE):
        found = await tail.read(HOSPITAL, feed.look, 0.01)

    assert (found, feed.looks) == ([], 1)


async def test_what_is_appended_while_a_reader_looks_is_not_missed(woken_only: None) -> None:
    tail, feed = Tail(), Feed([], ["news"])

    async def look() -> list[str]:
        found = await feed.look()
        if not found:
            tail.wake(HOSPITAL)
        return found

    async with asyncio.timeout(AT_ONCE):
        found = await tail.read(HOSPITAL, look, FOR_EVER)

    assert (found, feed.looks) == (["news"], 2)


async def test_what_another_replica_appended_is_found_without_being_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOOK_AGAIN_AFTER", 0.0)
    feed = Feed([], [], ["news"])

    async with asyncio.timeout(AT_ONCE):
        found = await Tail().read(HOSPITAL, feed.look, FOR_EVER)

    assert (found, feed.looks) == (["news"], 3)


@pytest.mark.parametrize(("wait", "looks"), [(0, 1), (10, 1), (11, 2), (25, 3)])
async def test_looks_go_on_until_the_wait_is_over(wait: float, looks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(waiting, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(waiting, "LOOK_AGAIN_AFTER", 0.0)
    feed = Feed([])

    async def look_for_ten_seconds() -> list[str]:
        nonlocal now
        now += 10
        return await feed.look()

    async with asyncio.timeout(AT_ONCE):
        found = await Tail().read(HOSPITAL, look_for_ten_seconds, wait)

    assert (found, feed.looks) == ([], looks)


async def test_what_the_last_look_found_is_read_though_the_wait_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(waiting, "time", SimpleNamespace(monotonic=lambda: now))

    async def look_for_too_long() -> list[str]:
        nonlocal now
        now += 60
        return ["late"]

    assert await Tail().read(HOSPITAL, look_for_too_long, 30) == ["late"]


async def test_nobody_waits_for_the_next_look_longer_than_they_asked_to(woken_only: None) -> None:
    feed = Feed([])

    async with asyncio.timeout(AT_ONCE):
        found = await Tail().read(HOSPITAL, feed.look, 0.01)

    assert (found, feed.looks) == ([], 1), "who asks again looks at once"
