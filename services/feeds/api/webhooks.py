"""HTTP in: other systems have what they are told delivered to a URL of theirs, signed (Standard Webhooks)."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from contracts.feeds.subscriptions import Subscription
from services.feeds.api.dependencies import Concerned, Integrator, SubscriptionId, subscription_of
from services.feeds.api.subscriptions import Words
from services.feeds.commands import webhooks as commands
from services.feeds.commands.subscriptions import UnknownSubscriptionError
from services.feeds.domain.addresses import LONGEST_URL, BadUrlError, InsideError, origin_of
from services.feeds.domain.compaction import CompactedError
from services.feeds.domain.subscriptions import ExpiredError, NotSubscribedError
from services.feeds.domain.webhooks import (
    NoWebhookError,
    PausedByDistrictError,
    PauseReason,
    PositionAheadError,
    WebhookExistsError,
)
from services.feeds.service import Delivering
from services.feeds.views.releases import find_progress
from services.feeds.views.webhooks import Attempt, Paused, Webhook, list_attempts
from services.runtime.access import Caller, Role
from services.runtime.attempts import must_be_within
from services.runtime.bodies import Body
from services.runtime.parameters import IDEMPOTENT, Cause, Limit
from services.runtime.problems import refuses

router = APIRouter(tags=["webhooks"])

Url = Annotated[str, Field(min_length=9, max_length=LONGEST_URL, description="https, port 443 or from 1024 on")]
Position = Annotated[int, Field(ge=0, le=2**53)]


class WebhookBody(Body):
    """Where to deliver, and after which position of the feed; without one it is all that was told."""

    url: Url
    after: Position = 0


class AddressBody(Body):
    """Where to deliver from now on."""

    url: Url


class RotationBody(Body):
    """For how many hours the old secret signs beside the new one."""

    keep_hours: int = Field(default=24, ge=0, le=168)


class PauseBody(Body):
    """Why nothing is to be delivered."""

    reason: Words


class RedeliveryBody(Body):
    """The position after which everything is delivered once more."""

    after: Position


class Waiting(BaseModel):
    """The page that is not acknowledged: its positions, how often it was tried since when, and when next."""

    webhook_id: str
    first: int
    last: int
    attempt: int
    since: datetime | None
    next_at: datetime


class WebhookAnswer(BaseModel):
    """A webhook: `position` was acknowledged last, `end` is the feed's; of the URL a district sees the host alone.

    `paused` says why nothing is delivered, `waiting` what was not taken yet, `old_secrets_until` how long they sign.
    """

    subscription_id: str
    url: str
    made_at: datetime
    position: int
    end: int
    paused: Paused | None
    waiting: Waiting | None
    old_secrets_until: datetime | None


class WebhookSecret(WebhookAnswer):
    """A webhook and its new secret, which nobody is shown again."""

    secret: str


class TestAnswer(BaseModel):
    """The id under which an empty page is delivered next; the log says what came of it."""

    webhook_id: str


class AttemptPage(BaseModel):
    """Attempts, the newest first, and the cursor of the next page, if there is one."""

    attempts: list[Attempt]
    cursor: str | None


async def _delivering(request: Request) -> Delivering:
    delivering: Delivering = request.app.state.delivering
    return delivering


DeliveringHere = Annotated[Delivering, Depends(_delivering)]


async def _own(delivering: DeliveringHere, caller: Integrator, subscription_id: SubscriptionId) -> Subscription:
    return await subscription_of(delivering.service, caller, subscription_id)


async def _seen(delivering: DeliveringHere, caller: Concerned, subscription_id: SubscriptionId) -> Subscription:
    return await subscription_of(delivering.service, caller, subscription_id)


Own = Annotated[Subscription, Depends(_own)]
"""The caller's subscription."""
Seen = Annotated[Subscription, Depends(_seen)]
"""A subscription that the caller holds, or whose district the caller covers."""
_NOTHING = (UnknownSubscriptionError, NoWebhookError)
_NOT_GIVEN = (NotSubscribedError, ExpiredError)


@router.post(
    "/subscriptions/{subscription_id}/webhook",
    status_code=201,
    summary="Have the feed delivered to a URL",
    responses=refuses(
        UnknownSubscriptionError,
        WebhookExistsError,
        PositionAheadError,
        CompactedError,
        BadUrlError,
        InsideError,
        *_NOT_GIVEN,
    ),
)
async def post_webhook(
    body: WebhookBody, delivering: DeliveringHere, subscription: Own, caller: Integrator, cause: Cause
) -> WebhookSecret:
    """Deliver what the audience is told, page by page, each as soon as the one before it was answered with 2xx."""
    webhook, secret = await commands.set_up(delivering, subscription, body.url, body.after, cause)
    answer = await _answer(delivering, webhook, caller)
    return WebhookSecret(**answer.model_dump(), secret=secret)


@router.get("/subscriptions/{subscription_id}/webhook", summary="How far a webhook is", responses=refuses(*_NOTHING))
async def get_webhook(delivering: DeliveringHere, subscription: Seen, caller: Concerned) -> WebhookAnswer:
    """Say how far is delivered, whether it is paused and why, and what was not taken yet; never the secret."""
    webhook = await commands.must_find(delivering, subscription.subscription_id)
    return await _answer(delivering, webhook, caller)


@router.post(
    "/subscriptions/{subscription_id}/webhook/address",
    dependencies=[IDEMPOTENT],
    summary="Deliver to another URL",
    responses=refuses(*_NOTHING, BadUrlError, InsideError),
)
async def post_address(
    body: AddressBody, delivering: DeliveringHere, subscription: Own, caller: Integrator
) -> WebhookAnswer:
    """Deliver to another URL from now on, under the same secret, from the position that was reached."""
    webhook = await commands.change_url(delivering, subscription.subscription_id, body.url)
    return await _answer(delivering, webhook, caller)


@router.post(
    "/subscriptions/{subscription_id}/webhook/removal",
    status_code=204,
    dependencies=[IDEMPOTENT],
    summary="Deliver nothing any more",
    responses=refuses(*_NOTHING),
)
async def post_removal(delivering: DeliveringHere, subscription: Own) -> None:
    """Remove the webhook with its secrets; the log stands until it is forgotten."""
    await commands.remove(delivering, subscription.subscription_id)


@router.post(
    "/subscriptions/{subscription_id}/webhook/secret",
    status_code=201,
    summary="Sign with a new secret",
    responses=refuses(*_NOTHING),
)
async def post_secret(
    body: RotationBody, delivering: DeliveringHere, subscription: Own, caller: Integrator, cause: Cause
) -> WebhookSecret:
    """Sign with a new secret, and for some hours with the old one beside it."""
    kept = timedelta(hours=body.keep_hours)
    webhook, secret = await commands.rotate_secret(delivering, subscription.subscription_id, kept, cause)
    answer = await _answer(delivering, webhook, caller)
    return WebhookSecret(**answer.model_dump(), secret=secret)


@router.post(
    "/subscriptions/{subscription_id}/webhook/test",
    status_code=202,
    dependencies=[IDEMPOTENT],
    summary="Deliver an empty page",
    responses=refuses(*_NOTHING, too_many_requests=429),
)
async def post_test(delivering: DeliveringHere, subscription: Own, caller: Integrator) -> TestAnswer:
    """Deliver an empty page next, also while the webhook is paused; the log says what came of it."""
    await must_be_within(delivering.service.attempts, None, "webhook", caller)
    return TestAnswer(webhook_id=await commands.want_test(delivering, subscription.subscription_id))


@router.post(
    "/subscriptions/{subscription_id}/webhook/redelivery",
    dependencies=[IDEMPOTENT],
    summary="Deliver once more",
    responses=refuses(*_NOTHING, PositionAheadError, CompactedError, too_many_requests=429),
)
async def post_redelivery(
    body: RedeliveryBody, delivering: DeliveringHere, subscription: Own, caller: Integrator
) -> WebhookAnswer:
    """Deliver everything after a position once more, under new webhook ids; the events are the same."""
    await must_be_within(delivering.service.attempts, None, "webhook", caller)
    webhook = await commands.redeliver(delivering, subscription, body.after)
    return await _answer(delivering, webhook, caller)


@router.post(
    "/subscriptions/{subscription_id}/webhook/pause",
    dependencies=[IDEMPOTENT],
    summary="Deliver nothing for now",
    responses=refuses(*_NOTHING, PausedByDistrictError),
)
async def post_pause(
    body: PauseBody, delivering: DeliveringHere, subscription: Seen, caller: Concerned
) -> WebhookAnswer:
    """Deliver nothing until it is resumed, which only the district may do where the district paused it."""
    reason = PauseReason.SUBSCRIBER if caller.role is Role.INTEGRATOR else PauseReason.DISTRICT
    webhook = await commands.pause(delivering, subscription.subscription_id, reason, body.reason)
    return await _answer(delivering, webhook, caller)


@router.post(
    "/subscriptions/{subscription_id}/webhook/resumption",
    dependencies=[IDEMPOTENT],
    summary="Deliver on",
    responses=refuses(*_NOTHING, *_NOT_GIVEN, PausedByDistrictError, CompactedError),
)
async def post_resumption(delivering: DeliveringHere, subscription: Seen, caller: Concerned) -> WebhookAnswer:
    """Deliver on from the position that was reached, after a pause for whatever reason."""
    as_district = caller.role is not Role.INTEGRATOR
    webhook = await commands.resume(delivering, subscription, as_district=as_district)
    return await _answer(delivering, webhook, caller)


@router.get(
    "/subscriptions/{subscription_id}/webhook/deliveries",
    summary="What was delivered, and what was not",
    responses=refuses(UnknownSubscriptionError),
)
async def get_deliveries(
    delivering: DeliveringHere,
    subscription: Seen,
    cursor: Annotated[str, Query(pattern=r"^([0-9a-f-]{36})?$")] = "",
    limit: Limit = 100,
) -> AttemptPage:
    """List the attempts of the last 30 days, the newest first: positions, what came of each, when the next was due."""
    found = await list_attempts(delivering.service.database, subscription.subscription_id, cursor, limit)
    return AttemptPage(attempts=found, cursor=found[-1].attempt_id if len(found) == limit else None)


async def _answer(delivering: Delivering, webhook: Webhook, caller: Caller) -> WebhookAnswer:
    page = webhook.page
    waiting = page and Waiting(
        webhook_id=page.webhook_id,
        first=page.after + 1,
        last=page.last,
        attempt=page.attempt,
        since=page.since,
        next_at=webhook.next_at,
    )
    return WebhookAnswer(
        subscription_id=webhook.subscription_id,
        url=webhook.url if caller.role is Role.INTEGRATOR else origin_of(webhook.url),
        made_at=webhook.made_at,
        position=webhook.position,
        end=(await find_progress(delivering.service.database, webhook.subscription_id)).end,
        paused=webhook.paused,
        waiting=waiting,
        old_secrets_until=max((one.until for one in webhook.secrets if one.until), default=None),
    )
