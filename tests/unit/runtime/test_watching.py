"""Whoever watches facts go by sees of each what it was and when, and of a burst the newest ones."""

from datetime import UTC, datetime

import pytest

from contracts.registration.stays import StayStarted
from services.runtime import watching
from services.runtime.watching import Watcher, Watching
from tests.support.facts import deliver, make_stay

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
STREET, OTHER = "320507001", "320507002"


def started(street: str, number: int) -> StayStarted:
    return StayStarted(stay=make_stay(person=f"{number:032x}", street=street))


async def test_a_watcher_sees_what_it_may_and_nothing_that_a_fact_says() -> None:
    process, watcher = Watching(lambda: NOW), Watcher(lambda division: division == STREET)
    events = [deliver(started(street, number), 1) for number, street in enumerate((STREET, OTHER))]

    with process.watched(watcher):
        process.note(events)
        seen, left_out = await watcher.take(1)
    process.note(events)

    assert [tuple(one) for one in seen] == [(events[0].type, STREET, events[0].time, events[0].id)]
    assert left_out == 0
    assert await watcher.take(0.01) == ([], 0)


async def test_of_a_burst_the_newest_are_seen_and_the_others_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    process, watcher = Watching(lambda: NOW), Watcher(bool)
    events = [deliver(started(STREET, number), 1) for number in range(watching.MOST_SHOWN + 50)]

    with process.watched(watcher):
        process.note(events)
        seen, left_out = await watcher.take(1)

    assert [one.event_id for one in seen] == [event.id for event in events[50:]]
    assert left_out == 50


async def test_how_far_a_process_is_is_known_from_its_last_batch() -> None:
    process = Watching(lambda: NOW)
    assert process.last is None
    events = [deliver(started(STREET, 1), sequence) for sequence in (1, 2)]

    process.note(events)
    process.note(events)

    assert process.last == (NOW, events[1].time, 4)
