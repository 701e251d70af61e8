"""On a real MongoDB and to real receivers everything is delivered in order, until it is taken, by whoever is there."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from statistics import median
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr
from standardwebhooks import Webhook as Reader
from structlog.testing import capture_logs

from contracts.feeds.subscriptions import (
    Subscription,
    SubscriptionApproved,
    SubscriptionFact,
    SubscriptionRevoked,
    SubscriptionState,
)
from services.feeds.channels.receivers import Receivers
from services.feeds.commands import webhooks as commands
from services.feeds.commands.delivering import Deliverer
from services.feeds.domain.addresses import Reach
from services.feeds.domain.webhooks import NoWebhookError, Outcome, PauseReason, PositionAheadError, WebhookExistsError
from services.feeds.service import Delivering
from services.feeds.vault import Vault
from services.feeds.views import releases, webhooks
from services.feeds.views.releases import Progress
from services.feeds.views.webhooks import Attempt, Webhook
from services.runtime.journal import Journal
from services.runtime.mongo import Database
from tests.support.instance import eventually
from tests.support.receivers import Receiver, receiving
from tests.support.subscriptions import make_subscription, make_terms

KEY = Fernet.generate_key().decode()
LOOPBACK = Reach((ip_network("127.0.0.0/8"),), plain=True)
CAUSE = "a request"


class Clock:
    """A clock that goes on as the real one does, and can be put forward."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def make_delivering(database: Database, clock: Clock) -> Delivering:
    """Make what one process delivers with."""
    journal = Journal(
        database, "feeds", clock, {fact.TYPE: fact for fact in (SubscriptionApproved, SubscriptionRevoked)}
    )
    service: Any = SimpleNamespace(database=database, clock=clock, today=clock().date(), journal=journal)
    return Delivering(service, Vault(SecretStr(KEY)), Receivers(LOOPBACK))


@pytest.fixture
async def delivering(database: Database) -> Delivering:
    made = make_delivering(database, Clock())
    await made.service.journal.prepare()
    for view in (releases, webhooks):
        await view.prepare(database)
    return made


@asynccontextmanager
async def at_work(*processes: Delivering) -> AsyncIterator[None]:
    """Let processes deliver until the block ends."""
    tasks = [asyncio.create_task(Deliverer(one).run()) for one in processes]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def record(delivering: Delivering, fact: SubscriptionFact, after: int = 0) -> None:
    journal = delivering.service.journal
    await journal.record_one(journal.commit(fact, after=after, causation=CAUSE, correlation=None))


async def subscribe(delivering: Delivering, subscriber: str = "hospital", **terms: Any) -> Subscription:
    given = make_subscription(subscriber, terms=make_terms(**terms), state=SubscriptionState.APPROVED)
    await record(delivering, SubscriptionApproved(subscription=given))
    return given


async def tell(delivering: Delivering, subscription: Subscription, events: int) -> None:
    """Let an audience be told so many events more."""
    database, audience = delivering.service.database, subscription.subscription_id
    before = await releases.find_progress(database, audience)
    entries = [
        {"id": f"{before.end + order:032x}", "type": "registration.stay_started.v1", "data": {"purpose": "务工"}}
        for order in range(1, events + 1)
    ]
    made = Progress(number=before.number + 1, end=before.end + events, time="2026-11-26T00:00:00.000000Z")
    assert await releases.add(database, audience, made, entries)
    await webhooks.wake(database, audience, delivering.service.clock())


async def set_up(delivering: Delivering, subscription: Subscription, url: str, after: int = 0) -> str:
    _, secret = await commands.set_up(delivering, subscription, url, after, CAUSE)
    return secret


async def find(delivering: Delivering, subscription: Subscription) -> Webhook:
    return await commands.must_find(delivering, subscription.subscription_id)


async def log(delivering: Delivering, subscription: Subscription) -> list[Attempt]:
    """Return the log, the oldest attempt first."""
    found = await webhooks.list_attempts(delivering.service.database, subscription.subscription_id, "", 500)
    return found[::-1]


async def until(delivering: Delivering, subscription: Subscription, position: int) -> Webhook:
    """Wait until everything up to a position is acknowledged."""

    async def reached() -> Webhook | None:
        found = await find(delivering, subscription)
        return found if found.position == position and found.lease is None else None

    found: Webhook = await eventually(reached, within=30)
    return found


async def until_paused(delivering: Delivering, subscription: Subscription) -> Webhook:
    async def paused() -> Webhook | None:
        found = await find(delivering, subscription)
        return found if found.paused else None

    found: Webhook = await eventually(paused, within=30)
    return found


def put_forward(delivering: Delivering, by: timedelta) -> None:
    """Put the clock of a process forward."""
    clock: Any = delivering.service.clock
    clock.ahead += by


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
        await eventually(lambda: _has(receiver, 1))
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


async def _has(receiver: Receiver, deliveries: int) -> bool:
    return len(receiver.got) >= deliveries


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
        await eventually(lambda: _has(receiver, 1))
        await eventually(lambda: _is_free(delivering, hospital))
        put_forward(delivering, timedelta(hours=71))
        await eventually(lambda: _has(receiver, 2))
        await eventually(lambda: _is_free(delivering, hospital))
        still = await find(delivering, hospital)
        put_forward(delivering, timedelta(hours=2))
        with capture_logs() as lines:
            paused = await until_paused(delivering, hospital)
        asked = len(receiver.got)
        put_forward(delivering, timedelta(hours=72))
        await asyncio.sleep(1.5)  # longer than between two looks

    assert still.paused is None
    assert paused.paused is not None
    assert (paused.paused.reason, paused.position) == (PauseReason.FAILED, 0)
    assert len(receiver.got) == asked == 3
    assert [(line["event"], line["code"], line["host"]) for line in lines] == [
        ("webhook paused", "failed", f"http://127.0.0.1:{receiver.port}")
    ]


async def _is_free(delivering: Delivering, subscription: Subscription) -> bool:
    return (await find(delivering, subscription)).lease is None


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


async def test_everything_after_a_position_is_delivered_once_more(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 8)
    async with receiving(Receiver()) as receiver, at_work(delivering):
        await set_up(delivering, hospital, receiver.url)
        await until(delivering, hospital, 8)
        with pytest.raises(PositionAheadError):
            await commands.redeliver(delivering, hospital.subscription_id, 9)
        await commands.redeliver(delivering, hospital.subscription_id, 3)
        await eventually(lambda: _has(receiver, 2))
        await until(delivering, hospital, 8)

    first, again = receiver.got
    assert again.events == first.events[3:]
    assert again.webhook_id != first.webhook_id


async def test_what_comes_of_an_attempt_does_not_count_after_one_went_back(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 8)
    async with receiving(Receiver(delay=1.5)) as receiver, at_work(delivering):
        await set_up(delivering, hospital, receiver.url)
        await eventually(lambda: _has(receiver, 1))
        await commands.redeliver(delivering, hospital.subscription_id, 2)
        await eventually(lambda: _answered(delivering, hospital))

        assert (await find(delivering, hospital)).position == 2
        put_forward(delivering, webhooks.LEASE)
        await until(delivering, hospital, 8)

    assert receiver.got[-1].positions == [3, 4, 5, 6, 7, 8]


async def _answered(delivering: Delivering, subscription: Subscription) -> bool:
    return all(one.outcome is not Outcome.UNKNOWN for one in await log(delivering, subscription))


async def test_a_test_is_an_empty_page_also_while_it_is_paused(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 5)
    async with receiving(Receiver()) as receiver:
        secret = await set_up(delivering, hospital, receiver.url)
        await commands.pause(delivering, hospital.subscription_id, PauseReason.SUBSCRIBER, "维护窗口")
        async with at_work(delivering):
            webhook_id = await commands.want_test(delivering, hospital.subscription_id)
            await eventually(lambda: _answered_to(delivering, hospital, webhook_id))

    (got,) = receiver.got
    assert (got.body, got.webhook_id) == (b"[]", webhook_id)
    Reader(secret).verify(got.body, got.headers)
    (attempt,) = await log(delivering, hospital)
    assert (attempt.first, attempt.last, attempt.outcome) == (None, None, Outcome.DELIVERED)
    assert (await find(delivering, hospital)).position == 0


async def _answered_to(delivering: Delivering, subscription: Subscription, webhook_id: str) -> bool:
    found = await log(delivering, subscription)
    return any(one.webhook_id == webhook_id and one.outcome is not Outcome.UNKNOWN for one in found)


async def test_the_old_secret_signs_beside_the_new_one_for_as_long_as_it_was_said(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 5)
    async with receiving(Receiver()) as receiver, at_work(delivering):
        old = await set_up(delivering, hospital, receiver.url)
        _, new = await commands.rotate_secret(delivering, hospital.subscription_id, timedelta(hours=24), "rotated")
        _, again = await commands.rotate_secret(delivering, hospital.subscription_id, timedelta(hours=24), "rotated")
        await commands.redeliver(delivering, hospital.subscription_id, 0)
        await eventually(lambda: _signed(receiver, 2))
        put_forward(delivering, timedelta(hours=24))
        await commands.redeliver(delivering, hospital.subscription_id, 0)
        await eventually(lambda: _signed(receiver, 1))

    assert old != new == again
    for secret in (old, new):
        both = next(got for got in receiver.got if len(got.headers["webhook-signature"].split(" ")) == 2)
        Reader(secret).verify(both.body, both.headers)
    signature = receiver.got[-1].headers["webhook-signature"]
    assert signature == Reader(new).sign(
        receiver.got[-1].webhook_id,
        datetime.fromtimestamp(int(receiver.got[-1].headers["webhook-timestamp"]), UTC),
        receiver.got[-1].body.decode(),
    )


async def _signed(receiver: Receiver, times: int) -> bool:
    return bool(receiver.got) and len(receiver.got[-1].headers["webhook-signature"].split(" ")) == times


async def test_secrets_lie_sealed(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    secret = await set_up(delivering, hospital, "http://127.0.0.1:9999/hook")

    row = await delivering.service.database["webhooks"].find_one({})

    assert row is not None
    assert secret.removeprefix("whsec_") not in str(row)
    with pytest.raises(InvalidToken):
        Vault(SecretStr(Fernet.generate_key().decode())).open(row["secrets"][0]["sealed"])


async def test_the_same_request_sets_one_webhook_and_another_one_is_refused(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    url = "http://127.0.0.1:9999/hook"

    secrets = [await set_up(delivering, hospital, url) for _ in range(2)]

    assert secrets[0] == secrets[1]
    with pytest.raises(WebhookExistsError):
        await commands.set_up(delivering, hospital, url, 0, "another request")


async def test_nothing_is_delivered_once_it_is_removed(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    async with receiving(Receiver()) as receiver:
        await set_up(delivering, hospital, receiver.url)
        await commands.remove(delivering, hospital.subscription_id)
        await tell(delivering, hospital, 5)

    assert await webhooks.claim(delivering.service.database, delivering.service.clock()) is None
    with pytest.raises(NoWebhookError):
        await commands.remove(delivering, hospital.subscription_id)


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


class AudiencesReceiving:
    """A receiver for each of some audiences, with its webhook set up."""

    def __init__(self, delivering: Delivering, audiences: Sequence[Subscription], **odd: Receiver) -> None:
        self._delivering = delivering
        self._receivers = [odd.get(one.subscriber, Receiver()) for one in audiences]
        self._audiences = audiences
        self._running = [receiving(receiver) for receiver in self._receivers]

    async def __aenter__(self) -> list[Receiver]:
        for running in self._running:
            await running.__aenter__()
        for audience, receiver in zip(self._audiences, self._receivers, strict=True):
            await set_up(self._delivering, audience, receiver.url)
        return self._receivers

    async def __aexit__(self, *_: object) -> None:
        for running in self._running:
            await running.__aexit__(None, None, None)


async def test_what_a_killed_process_had_in_hand_goes_out_again_under_the_same_id(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 5)
    other = make_delivering(delivering.service.database, Clock())
    async with receiving(Receiver(hangs=True)) as receiver:
        await set_up(delivering, hospital, receiver.url)
        async with at_work(delivering):
            await eventually(lambda: _has(receiver, 1))
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
