"""What is worked on at once stays within a limit of bytes, and everybody has a turn, whoever gives up waiting."""

import asyncio
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.in_hand import InHand

MOST = 10
Sizes = st.lists(st.tuples(st.integers(0, 15), st.booleans()), max_size=30)


async def take(hand: InHand, size: int, under_way: list[int], seen: list[list[int]]) -> None:
    """Work on a message; note the sizes of all that are worked on at that moment."""
    async with hand.taking(size):
        under_way.append(size)
        seen.append(list(under_way))
        try:
            await asyncio.sleep(0)
        finally:
            under_way.remove(size)


@given(Sizes)
async def test_the_limit_holds_and_everybody_has_a_turn(messages: list[tuple[int, bool]]) -> None:
    hand, seen, under_way = InHand(MOST), list[list[int]](), list[int]()
    tasks = [asyncio.create_task(take(hand, size, under_way, seen)) for size, _ in messages]
    await asyncio.sleep(0)
    for task, (_, gives_up) in zip(tasks, messages, strict=True):
        if gives_up:
            task.cancel()

    for task, (_, gives_up) in zip(tasks, messages, strict=True):
        with suppress(*([asyncio.CancelledError] if gives_up else [])):
            await asyncio.wait_for(task, 5)

    assert all(sum(sizes) <= MOST or len(list(filter(None, sizes))) == 1 for sizes in seen)
    assert hand.bytes == 0


async def test_whoever_comes_later_does_not_overtake_a_large_message() -> None:
    hand, seen = InHand(MOST), list[list[int]]()

    await asyncio.gather(*(take(hand, size, [], seen) for size in (6, 9, 4, 1)))

    assert seen == [[6], [9], [4], [1]]
