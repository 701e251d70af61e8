"""A webhook goes back, is tested, rotates its secret and is removed, on a real MongoDB and to real receivers."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr
from standardwebhooks import Webhook as Reader

from contracts.feeds.subscriptions import (
    Subscription,
)
from services.feeds.commands import webhooks as commands
from services.feeds.domain.webhooks import NoWebhookError, Outcome, PauseReason, PositionAheadError, WebhookExistsError
from services.feeds.service import Delivering
from services.feeds.vault import Vault
from services.feeds.views import webhooks
from tests.support.delivering import (
    KEY,
    at_work,
    find,
    has,
    log,
    put_forward,
    set_up,
    subscribe,
    tell,
    until,
)
from tests.support.instance import eventually
from tests.support.receivers import Receiver, receiving


async def test_everything_after_a_position_is_delivered_once_more(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 8)
    async with receiving(Receiver()) as receiver, at_work(delivering):
        await set_up(delivering, hospital, receiver.url)
        await until(delivering, hospital, 8)
        with pytest.raises(PositionAheadError):
            await commands.redeliver(delivering, hospital, 9)
        await commands.redeliver(delivering, hospital, 3)
        await eventually(lambda: has(receiver, 2))
        await until(delivering, hospital, 8)

    first, again = receiver.got
    assert again.events == first.events[3:]
    assert again.webhook_id != first.webhook_id


async def test_what_comes_of_an_attempt_does_not_count_after_one_went_back(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    await tell(delivering, hospital, 8)
    async with receiving(Receiver(delay=1.5)) as receiver, at_work(delivering):
        await set_up(delivering, hospital, receiver.url)
        await eventually(lambda: has(receiver, 1))
        await commands.redeliver(delivering, hospital, 2)
        await until(delivering, hospital, 8)

    assert [got.positions for got in receiver.got] == [[1, 2, 3, 4, 5, 6, 7, 8], [3, 4, 5, 6, 7, 8]]


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
        await commands.redeliver(delivering, hospital, 0)
        await eventually(lambda: _signed(receiver, 2))
        put_forward(delivering, timedelta(hours=24))
        await commands.redeliver(delivering, hospital, 0)
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


async def test_a_start_seals_everything_with_the_first_key(delivering: Delivering) -> None:
    hospital = await subscribe(delivering)
    secret = await set_up(delivering, hospital, "http://127.0.0.1:9999/hook")
    key = Fernet.generate_key().decode()

    await commands.reseal(Vault(SecretStr(f"{key},{KEY}")), delivering.service.database)

    (sealed,) = (await find(delivering, hospital)).secrets
    assert Vault(SecretStr(key)).open(sealed.sealed) == secret


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
