"""On a real MongoDB and to real receivers everything is delivered in order, until it is taken or may not be."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook as Reader
from structlog.testing import capture_logs

from contracts.feeds.subscriptions import (
    SubscriptionRevoked,
    SubscriptionState,
)
from services.feeds.commands import webhooks as commands
from services.feeds.domain.webhooks import Outcome, PauseReason, PositionAheadError
from services.feeds.service import Delivering
from services.feeds.views import webhooks
from tests.support.delivering import (
    at_work,
    find,
    has,
    is_free,
    log,
    put_forward,
    record,
    set_up,
    subscribe,
    tell,
    until,
    until_paused,
)
from tests.support.instance import eventually
from tests.support.receivers import Receiver, receiving


async def test_everything_is_delivered_in_order_and_verified(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 250)
    async with receiving(Receiver()) as receiver, at_work(delivering):
        secret = await set_up(delivering, hospital, receiver.url)
        await until(delivering, hospital, 250)
        await tell(delivering, hospital, 3)
        await until(delivering, hospital, 253)

    assert receiver.positions == list(range(1, 254))
    assert [len(got.events) for got in receiver.got] == [100, 100, 50, 3]
    assert len({got.webhook_id for got in receiver.got}) == 4
    assert receiver.most_at_once == 1
    for got in receiver.got:
        Reader(secret).verify(got.body, got.headers)
    attempts = await log(delivering, hospital)
    assert [(one.first, one.last) for one in attempts] == [(1, 100), (101, 200), (201, 250), (251, 253)]
    assert {(one.outcome, one.status, one.attempt) for one in attempts} == {(Outcome.DELIVERED, 204, 1)}


async def test_one_begins_after_a_position_that_was_told(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 10)
    async with receiving(Receiver()) as receiver, at_work(delivering):
        with pytest.raises(PositionAheadError):
            await set_up(delivering, hospital, receiver.url, after=11)
        await set_up(delivering, hospital, receiver.url, after=7)
        await until(delivering, hospital, 10)

    assert receiver.positions == [8, 9, 10]


async def test_what_is_not_taken_goes_out_again_under_the_same_id_before_anything_else(
    delivering: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.feeds.domain.webhooks.FIRST_WAIT", timedelta(milliseconds=50))
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 60)
    async with receiving(Receiver(then=[500, 302, 404])) as receiver, at_work(delivering):
        await set_up(delivering, hospital, receiver.url)
        await eventually(lambda: has(receiver, 1))
        await tell(delivering, hospital, 60)
        await until(delivering, hospital, 120)

    assert [got.positions for got in receiver.got[:4]] == [list(range(1, 61))] * 4
    assert len({got.webhook_id for got in receiver.got[:4]}) == 1
    assert len({got.body for got in receiver.got[:4]}) == 1
    assert [got.positions for got in receiver.got[4:]] == [list(range(61, 121))]
    attempts = await log(delivering, hospital)
    assert [one.outcome for one in attempts] == ["refused", "redirected", "refused", "delivered", "delivered"]
    assert [one.attempt for one in attempts] == [1, 2, 3, 4, 1]
    assert [one.next_at is not None for one in attempts] == [True, True, True, False, False]


async def test_what_is_wanted_again_during_an_attempt_comes_behind_it_and_at_once(
    delivering: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "LEASE", timedelta(hours=1))
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 150)
    async with receiving(Receiver(delay=0.5)) as receiver, at_work(delivering):
        await set_up(delivering, hospital, receiver.url, after=100)
        await eventually(lambda: has(receiver, 1))
        for _ in range(2):
            await commands.redeliver(delivering, hospital, 0)
        await until(delivering, hospital, 150)

    assert receiver.positions == [*range(101, 151), *range(1, 151)]
    assert receiver.most_at_once == 1


async def test_a_receiver_that_is_gone_pauses_at_once_and_goes_on_when_it_is_back(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 5)
    async with receiving(Receiver(then=[204, 410])) as receiver, at_work(delivering):
        await set_up(delivering, hospital, receiver.url)
        await until(delivering, hospital, 5)
        await tell(delivering, hospital, 5)
        paused = await until_paused(delivering, hospital)
        await tell(delivering, hospital, 5)
        await commands.resume(delivering, hospital, as_district=False)
        await until(delivering, hospital, 15)

    assert (paused.position, paused.paused and paused.paused.reason) == (5, PauseReason.GONE)
    assert [got.positions for got in receiver.got[1:3]] == [[6, 7, 8, 9, 10]] * 2
    assert receiver.got[1].webhook_id == receiver.got[2].webhook_id
    assert receiver.positions[-5:] == [11, 12, 13, 14, 15]


async def test_after_72_hours_in_vain_a_webhook_pauses_and_says_so(
    delivering: Delivering,
) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 5)
    async with receiving(Receiver(status=503)) as receiver, at_work(delivering):
        await set_up(delivering, hospital, receiver.url)
        await eventually(lambda: has(receiver, 1))
        await eventually(lambda: is_free(delivering, hospital))
        put_forward(delivering, timedelta(hours=71))
        await eventually(lambda: has(receiver, 2))
        await eventually(lambda: is_free(delivering, hospital))
        still = await find(delivering, hospital)
        put_forward(delivering, timedelta(hours=2))
        with capture_logs() as lines:
            paused = await until_paused(delivering, hospital)
        asked = len(receiver.got)
        put_forward(delivering, timedelta(hours=72))
        await asyncio.sleep(1.5)  # longer than between two looks
        in_vain = len(receiver.got)
        await commands.resume(delivering, hospital, as_district=False)
        await eventually(lambda: has(receiver, in_vain + 1))
        await eventually(lambda: is_free(delivering, hospital))
        afresh = await find(delivering, hospital)

    assert still.paused is None
    assert paused.paused is not None
    assert (paused.paused.reason, paused.position) == (PauseReason.FAILED, 0)
    assert in_vain == asked == 3
    assert (afresh.paused, afresh.page and afresh.page.attempt) == (None, 1)
    assert [(line["event"], line["code"], line["host"]) for line in lines] == [
        ("webhook paused", "failed", f"http://127.0.0.1:{receiver.port}")
    ]


async def test_what_is_revoked_is_not_delivered_any_more(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 5)
    async with receiving(Receiver()) as receiver, at_work(delivering):
        await set_up(delivering, hospital, receiver.url)
        await until(delivering, hospital, 5)
        revoked = hospital.model_copy(update={"terms": None, "state": SubscriptionState.REVOKED})
        await record(delivering, SubscriptionRevoked(subscription=revoked), after=1)
        await tell(delivering, hospital, 5)
        paused = await until_paused(delivering, hospital)

    assert paused.paused is not None
    assert (paused.paused.reason, paused.position) == (PauseReason.NOT_SUBSCRIBED, 5)
    assert receiver.positions == [1, 2, 3, 4, 5]


async def test_what_is_over_is_not_delivered_any_more(delivering: Delivering) -> None:
    hospital = await subscribe(delivering, expires_on=delivering.service.today.isoformat())
    await tell(delivering, hospital, 5)
    service: Any = delivering.service
    async with receiving(Receiver()) as receiver:
        await set_up(delivering, hospital, receiver.url)
        service.today += timedelta(days=1)
        async with at_work(delivering):
            paused = await until_paused(delivering, hospital)

    assert (paused.paused and paused.paused.reason, receiver.got) == (PauseReason.EXPIRED, [])


async def test_what_is_told_meanwhile_makes_no_wait_shorter(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 5)
    async with receiving(Receiver(status=503, headers={"Retry-After": "600"})) as receiver, at_work(delivering):
        await set_up(delivering, hospital, receiver.url)
        await eventually(lambda: has(receiver, 1))
        await eventually(lambda: is_free(delivering, hospital))
        before = await find(delivering, hospital)
        await tell(delivering, hospital, 5)

    assert before.next_at > delivering.service.clock()
    assert (await find(delivering, hospital)).next_at == before.next_at


async def test_what_the_district_paused_stays_so_whatever_the_receiver_answers(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 5)
    async with receiving(Receiver(status=410, delay=1)) as receiver, at_work(delivering):
        await set_up(delivering, hospital, receiver.url)
        await eventually(lambda: has(receiver, 1))
        await commands.pause(delivering, hospital.subscription_id, PauseReason.DISTRICT, "核查用途")
        await eventually(lambda: is_free(delivering, hospital))

    paused = (await find(delivering, hospital)).paused
    assert (paused and paused.reason, [one.outcome for one in await log(delivering, hospital)]) == (
        PauseReason.DISTRICT,
        [Outcome.GONE],
    )
