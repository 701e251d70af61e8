"""Set webhooks, change, pause and remove them, rotate their secrets, let them be tested and deliver again."""

from datetime import timedelta

from contracts.envelope import uuid7
from contracts.feeds.subscriptions import Subscription
from services.feeds.commands.compacting import must_be_kept
from services.feeds.domain.addresses import read_url
from services.feeds.domain.subscriptions import must_stand
from services.feeds.domain.webhooks import (
    MOST_SECRETS,
    NoWebhookError,
    PausedByDistrictError,
    PauseReason,
    PositionAheadError,
    WebhookExistsError,
)
from services.feeds.service import Delivering
from services.feeds.vault import Vault
from services.feeds.views import webhooks
from services.feeds.views.releases import find_progress
from services.feeds.views.webhooks import Paused, Secret, Webhook
from services.runtime.mongo import Database


async def set_up(
    delivering: Delivering, subscription: Subscription, url: str, after: int, cause: str
) -> tuple[Webhook, str]:
    """Set a webhook that delivers from a position on; return it and its secret, to the same request the same ones.

    Raise BadUrlError, InsideError, NotSubscribedError, ExpiredError, PositionAheadError, CompactedError or
    WebhookExistsError.
    """
    service, now = delivering.service, delivering.service.clock()
    must_stand(subscription, service.today)
    read_url(url, delivering.receivers.reach)
    await _must_be_told(delivering, subscription, after)
    made = Webhook(
        subscription_id=subscription.subscription_id,
        url=url,
        position=after,
        secrets=(Secret(sealed=delivering.vault.make(), cause=cause),),
        made_at=now,
        next_at=now,
    )
    if not await webhooks.add(service.database, made):
        made = await must_find(delivering, subscription.subscription_id)
        if made.secrets[-1].cause != cause:
            raise WebhookExistsError
    return made, delivering.vault.open(made.secrets[-1].sealed)


async def must_find(delivering: Delivering, subscription_id: str) -> Webhook:
    """Return the webhook of a subscription; raise NoWebhookError if it has none."""
    return _must_be(await webhooks.find(delivering.service.database, subscription_id))


async def change_url(delivering: Delivering, subscription_id: str, url: str) -> Webhook:
    """Let a webhook lead elsewhere; raise BadUrlError, InsideError or NoWebhookError."""
    read_url(url, delivering.receivers.reach)
    now = delivering.service.clock()
    return _must_be(await webhooks.change_url(delivering.service.database, subscription_id, url, now))


async def remove(delivering: Delivering, subscription_id: str) -> None:
    """Remove a webhook; raise NoWebhookError if there is none."""
    if not await webhooks.remove(delivering.service.database, subscription_id):
        raise NoWebhookError


async def rotate_secret(
    delivering: Delivering, subscription_id: str, kept: timedelta, cause: str
) -> tuple[Webhook, str]:
    """Sign with a new secret from now on, and with the old ones for so long; return the webhook and the new secret."""
    while True:
        known = await must_find(delivering, subscription_id)
        if known.secrets[0].cause == cause:
            return known, delivering.vault.open(known.secrets[0].sealed)
        until = delivering.service.clock() + kept
        old = [one.model_copy(update={"until": min(one.until or until, until)}) for one in known.secrets]
        new = Secret(sealed=delivering.vault.make(), cause=cause)
        changed = await webhooks.set_secrets(delivering.service.database, known, [new, *old][:MOST_SECRETS])
        if changed is not None:
            return changed, delivering.vault.open(new.sealed)


async def pause(delivering: Delivering, subscription_id: str, reason: PauseReason, note: str) -> Webhook:
    """Deliver nothing; what the district paused stays so. Raise NoWebhookError or PausedByDistrictError."""
    if reason is not PauseReason.DISTRICT:
        _must_not_be_the_districts(await must_find(delivering, subscription_id))
    paused = Paused(reason=reason, at=delivering.service.clock(), note=note)
    return _must_be(await webhooks.pause(delivering.service.database, subscription_id, paused))


async def resume(delivering: Delivering, subscription: Subscription, *, as_district: bool) -> Webhook:
    """Deliver on from the position that was reached.

    Raise NotSubscribedError, ExpiredError, NoWebhookError, PausedByDistrictError or CompactedError.
    """
    must_stand(subscription, delivering.service.today)
    known = await must_find(delivering, subscription.subscription_id)
    if not as_district:
        _must_not_be_the_districts(known)
    await must_be_kept(delivering.service.database, subscription, known.position)
    now = delivering.service.clock()
    return _must_be(await webhooks.go_on(delivering.service.database, subscription.subscription_id, now))


async def redeliver(delivering: Delivering, subscription: Subscription, after: int) -> Webhook:
    """Deliver again what was told after a position; raise PositionAheadError, CompactedError or NoWebhookError."""
    await _must_be_told(delivering, subscription, after)
    now = delivering.service.clock()
    return _must_be(await webhooks.go_back(delivering.service.database, subscription.subscription_id, after, now))


async def want_test(delivering: Delivering, subscription_id: str) -> str:
    """Let an empty page be delivered next, and return its id; raise NoWebhookError if there is no webhook."""
    webhook_id = uuid7()
    now = delivering.service.clock()
    _must_be(await webhooks.want_test(delivering.service.database, subscription_id, webhook_id, now))
    return webhook_id


async def reseal(vault: Vault, database: Database) -> None:
    """Seal all secrets with the first key, as each start does; what is rotated meanwhile is sealed so already."""
    async for known in webhooks.read_all(database):
        resealed = [one.model_copy(update={"sealed": vault.reseal(one.sealed)}) for one in known.secrets]
        await webhooks.set_secrets(database, known, resealed)


async def _must_be_told(delivering: Delivering, subscription: Subscription, after: int) -> None:
    database = delivering.service.database
    if after > (await find_progress(database, subscription.subscription_id)).end:
        raise PositionAheadError
    await must_be_kept(database, subscription, after)


def _must_not_be_the_districts(known: Webhook) -> None:
    if known.paused and known.paused.reason is PauseReason.DISTRICT:
        raise PausedByDistrictError


def _must_be(known: Webhook | None) -> Webhook:
    if known is None:
        raise NoWebhookError
    return known
