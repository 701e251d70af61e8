"""Several processes deliver everything once, what one had in hand is taken over, and nobody waits for somebody else."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from statistics import median

import pytest

from contracts.feeds.subscriptions import (
    Subscription,
)
from services.feeds.domain.webhooks import Outcome
from services.feeds.service import Delivering
from services.feeds.views import releases, webhooks
from tests.support.delivering import (
    AudiencesReceiving,
    Clock,
    at_work,
    find,
    has,
    log,
    make_delivering,
    put_forward,
    set_up,
    subscribe,
    tell,
    until,
)
from tests.support.instance import eventually
from tests.support.receivers import Receiver, receiving


async def test_two_processes_deliver_everything_once(delivering: Delivering) -> None:
    other = make_delivering(delivering.service.database, Clock())
    audiences = [await subscribe(delivering, f"system-{number}") for number in range(6)]
    async with at_work(delivering, other), AudiencesReceiving(delivering, audiences) as receivers:
        for _ in range(5):
            await asyncio.gather(*(tell(delivering, one, 130) for one in audiences))
        await asyncio.gather(*(until(delivering, one, 650) for one in audiences))

    for receiver in receivers:
        assert receiver.positions == list(range(1, 651))
        assert receiver.most_at_once == 1


async def test_what_a_killed_process_had_in_hand_goes_out_again_under_the_same_id(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 5)
    other = make_delivering(delivering.service.database, Clock())
    async with receiving(Receiver(hangs=True)) as receiver:
        await set_up(delivering, hospital, receiver.url)
        async with at_work(delivering):
            await eventually(lambda: has(receiver, 1))
        receiver.hangs = False
        async with at_work(other):
            put_forward(other, webhooks.LEASE)
            await until(other, hospital, 5)

    assert [got.positions for got in receiver.got] == [[1, 2, 3, 4, 5]] * 2
    assert receiver.got[0].webhook_id == receiver.got[1].webhook_id
    assert [one.outcome for one in await log(delivering, hospital)] == [Outcome.UNKNOWN, Outcome.DELIVERED]


async def test_one_whose_lease_was_over_advances_nothing(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 5)
    await set_up(delivering, hospital, "http://127.0.0.1:9999/hook")
    database, now = delivering.service.database, delivering.service.clock()

    late = await webhooks.claim(database, now)
    second = await webhooks.claim(database, now)
    taken_over = await webhooks.claim(database, now + webhooks.LEASE)

    assert late is not None
    assert second is None
    assert taken_over is not None
    assert not await webhooks.advance(database, late, 5, now)
    assert await webhooks.advance(database, taken_over, 3, now)
    assert (await find(delivering, hospital)).position == 3


async def test_who_is_woken_while_it_is_looked_at_does_not_rest(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await set_up(delivering, hospital, "http://127.0.0.1:9999/hook")
    database, now = delivering.service.database, delivering.service.clock().replace(microsecond=0)
    later = [now + timedelta(seconds=seconds) for seconds in (10, 11, 15)]

    looked_at = await webhooks.claim(database, later[0])
    await webhooks.wake(database, hospital.subscription_id, later[1])
    assert looked_at is not None
    await webhooks.rest(database, looked_at, later[2])
    woken = await find(delivering, hospital)
    looked_at = await webhooks.claim(database, later[1])
    assert looked_at is not None
    await webhooks.rest(database, looked_at, later[2])

    assert woken.next_at == later[1]
    assert (await find(delivering, hospital)).next_at == later[2]


async def test_the_others_do_not_wait_for_one_that_is_dead_or_slow_or_sends_away(
    delivering: Delivering, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = {
        "system-3": Receiver(hangs=True),
        "system-8": Receiver(delay=1.5),
        "system-13": Receiver(status=307, headers={"Location": "http://127.0.0.1:1/"}),
    }
    audiences = [await subscribe(delivering, f"system-{number}") for number in range(20)]
    others = [one for one in audiences if one.subscriber not in odd]
    async with AudiencesReceiving(delivering, audiences, **odd) as receivers, at_work(delivering):
        good = [one for one in receivers if one not in odd.values()]
        for receiver in odd.values():
            receiver.hangs, receiver.delay, receiver.status = False, 0.0, 204
        quiet = await _measure(delivering, audiences, others, good)
        odd["system-3"].hangs, odd["system-8"].delay, odd["system-13"].status = True, 1.5, 307
        busy = await _measure(delivering, audiences, others, good)

    with capsys.disabled():
        print(  # noqa: T201  # the figures are what it is run for
            f"\nfrom told to delivered, median: {quiet:.3f} s; beside the three: {busy:.3f} s, {busy / quiet:.2f} times"
        )
    for receiver in good:
        assert receiver.positions == list(range(1, 11))
    assert [one.outcome for one in await log(delivering, audiences[13])][-1] is Outcome.REDIRECTED
    assert Outcome.DELIVERED not in {one.outcome for one in (await log(delivering, audiences[3]))[5:]}


async def _measure(
    delivering: Delivering, audiences: Sequence[Subscription], others: Sequence[Subscription], good: Sequence[Receiver]
) -> float:
    """Return how long it takes, in the median, from telling an audience something to its delivery."""
    taken: list[float] = []
    for _ in range(5):
        told = {one.subscription_id: time.monotonic() for one in audiences}
        await asyncio.gather(*(tell(delivering, one, 1) for one in audiences))
        position = (await releases.find_progress(delivering.service.database, audiences[0].subscription_id)).end
        await asyncio.gather(*(until(delivering, one, position) for one in others))
        taken += [receiver.got[-1].at - told[one.subscription_id] for one, receiver in zip(others, good, strict=True)]
    return median(taken)
