"""What one listener is owed: each change once, and a look at everything where it can't be told one by one."""

import asyncio

import pytest

from services.runtime import changes
from services.runtime.changes import Change, Listener

STREET, OTHER = "320507001", "320507002"
STAYS = Change("stays", STREET)


async def test_the_same_change_is_owed_once_until_it_is_taken() -> None:
    listener = Listener({"stays", "notices"}, STREET)
    for _ in range(10_000):
        listener.tell([STAYS])
    listener.tell([Change("notices", STREET)])

    assert await listener.take(1) == (False, [Change("notices", STREET), STAYS])
    listener.tell([STAYS])
    assert await listener.take(1) == (False, [STAYS])


async def test_what_it_may_not_read_of_is_not_told() -> None:
    listener = Listener({"notices"}, STREET)

    listener.tell([STAYS])

    assert await listener.take(0.01) == (False, [])


async def test_a_waiting_listener_is_woken() -> None:
    listener = Listener({"stays"}, STREET)
    async with asyncio.timeout(5):
        waiting = asyncio.create_task(listener.take(3600))
        await asyncio.sleep(0)

        listener.tell([STAYS])

        assert await waiting == (False, [STAYS])


async def test_one_that_falls_behind_looks_at_everything_again_and_is_told_one_by_one_from_then_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changes, "MOST_OWED", 2)
    listener = Listener({"stays"}, "3205")

    listener.tell([Change("stays", f"32050700{number}") for number in range(3)])
    listener.tell([STAYS])

    assert await listener.take(1) == (True, [])
    listener.tell([STAYS])
    assert await listener.take(1) == (False, [STAYS])


async def test_what_is_too_much_to_tell_is_not_told_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_AT_ONCE", 2)
    two = {STAYS, Change("stays", OTHER)}

    assert changes._render(two) == {"divisions": {STREET: ["stays"], OTHER: ["stays"]}}
    assert changes._render({*two, Change("notices", STREET)}) == {"again": True}
