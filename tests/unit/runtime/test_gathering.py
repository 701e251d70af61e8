"""Gathering: calls that come together become one bulk call, and everyone gets their own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from services.runtime.gathering import Gathering


class Work:
    """Doubles numbers in bulk, as slowly as it is told, and remembers the batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        await self.go.wait()
        if 13 in numbers:
            raise ValueError("unlucky")
        return [number * 2 for number in numbers]


async def test_a_single_call_does_not_wait_for_others() -> None:
    work = Work()
    gathering = Gathering(work)

    answer = await asyncio.wait_for(gathering.submit(21), 1)

    assert answer == 42
    assert work.batches == [[21]]


async def test_calls_that_come_while_work_is_under_way_go_together() -> None:
    work = Work()
    gathering = Gathering(work)
    work.go.clear()
    first = asyncio.create_task(gathering.submit(0))
    await asyncio.sleep(0)
    others = [asyncio.create_task(gathering.submit(number)) for number in range(1, 10)]
    await asyncio.sleep(0.01)

    work.go.set()
    answers = await asyncio.gather(first, *others)

    assert answers == [number * 2 for number in range(10)]
    assert work.batches == [[0], list(range(1, 10))]


async def test_no_batch_is_larger_than_the_most() -> None:
    work = Work()
    gathering = Gathering(work, most=4)

    answers = await asyncio.gather(*(gathering.submit(number) for number in range(12)))

    assert answers == [number * 2 for number in range(12)]
    assert max(map(len, work.batches)) == 4


async def test_an_error_reaches_those_whose_batch_it_broke_and_nobody_else() -> None:
    work = Work()
    gathering = Gathering(work, most=2)

    answers = await asyncio.gather(*(gathering.submit(number) for number in (1, 2, 13, 4, 5)), return_exceptions=True)

    assert [answers[0], answers[1], answers[4]] == [2, 4, 10]
    assert [type(answer) for answer in answers[2:4]] == [ValueError, ValueError]


async def test_it_goes_on_after_an_error() -> None:
    gathering = Gathering(Work())
    with pytest.raises(ValueError, match="unlucky"):
        await gathering.submit(13)

    assert await gathering.submit(1) == 2


async def test_who_stops_waiting_takes_nothing_from_the_others() -> None:
    work = Work()
    gathering = Gathering(work)
    work.go.clear()
    patient, impatient = (asyncio.create_task(gathering.submit(number)) for number in (1, 2))
    await asyncio.sleep(0.01)

    impatient.cancel()
    await asyncio.sleep(0)
    work.go.set()

    assert await patient == 2


async def test_work_that_forgets_an_answer_fails_for_everyone_instead_of_keeping_them_waiting() -> None:
    async def forgetful(numbers: Sequence[int]) -> list[int]:
        return list(numbers)[:-1]

    gathering = Gathering(forgetful)

    answers = await asyncio.wait_for(
        asyncio.gather(gathering.submit(1), gathering.submit(2), return_exceptions=True), 1
    )

    assert any(isinstance(answer, ValueError) for answer in answers)
