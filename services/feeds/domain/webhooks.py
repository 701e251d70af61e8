"""Pure decisions on webhooks: what is signed with what, what an answer means, when is asked again, when no more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from standardwebhooks import Webhook as Signer

from contracts.envelope import BATCH_CONTENT_TYPE
from contracts.refusals import RefusedError

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=2)
"""How long is waited after the first attempt that failed, and at most; each time it is doubled."""
TRIED_FOR = timedelta(hours=72)
"""For so long a page is tried; then the webhook pauses."""
MOST_SECRETS = 3
"""Secrets that sign beside each other at most, however often one is rotated."""
REDIRECTS = range(300, 400)
GONE = 410


class NoWebhookError(RefusedError):
    """The subscription has no webhook."""

    code = "no_webhook"
    advice = "该订阅未设置 webhook。The subscription has no webhook; set one with POST."
    status = 404


class WebhookExistsError(RefusedError):
    """The subscription has a webhook."""

    code = "webhook_exists"
    advice = "该订阅已有 webhook，请修改地址或先删除。The subscription has a webhook; change its address or remove it."


class PositionAheadError(RefusedError):
    """A position lies beyond the end of the feed."""

    code = "position_ahead"
    advice = "位置超出事件流末尾。The position lies beyond the end of the feed; name one that was told."
    field = "after"
    status = 422


class PausedByDistrictError(RefusedError):
    """The district paused the webhook, which no other may end."""

    code = "paused_by_district"
    advice = "该 webhook 由区级暂停，请联系区级恢复。The district paused it; ask the district to let it go on."


class PauseReason(StrEnum):
    """Why nothing is delivered: somebody wants it so, the receiver is gone or failed for 72 hours, nothing is given.

    Or what is to be delivered next is not kept one by one any more.
    """

    SUBSCRIBER = "subscriber"
    DISTRICT = "district"
    GONE = "gone"
    FAILED = "failed"
    NOT_SUBSCRIBED = "not_subscribed"
    EXPIRED = "subscription_expired"
    COMPACTED = "compacted"


class Outcome(StrEnum):
    """What came of an attempt; `unknown` as long as it goes on, and for good if the process died meanwhile."""

    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    GONE = "gone"
    NO_ANSWER = "no_answer"
    NOT_REACHED = "not_reached"
    NOT_ALLOWED = "address_not_allowed"


class Answer(BaseModel):
    """What a receiver answered, if it did; `retry_after` are the seconds that it wants to be left alone."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    status: int | None = None
    retry_after: float = 0.0


class Page(BaseModel):
    """The events after a position up to `last`, which go out together under one id until they are acknowledged.

    `since` is when it was tried first, `attempt` counts the attempts since then.
    """

    model_config = ConfigDict(frozen=True)

    webhook_id: str
    after: int
    last: int
    since: datetime | None = None
    attempt: int = 0

    def tried(self, now: datetime) -> "Page":
        """Return the page with one more attempt."""
        return self.model_copy(update={"attempt": self.attempt + 1, "since": self.since or now})


def read_status(status: int) -> Outcome:
    """Return what a status means; a redirect is followed by nobody."""
    if 200 <= status < 300:
        return Outcome.DELIVERED
    if status in REDIRECTS:
        return Outcome.REDIRECTED
    return Outcome.GONE if status == GONE else Outcome.REFUSED


def decide(page: Page, answer: Answer, now: datetime, chance: float) -> datetime | PauseReason | None:
    """Return when a page that was not taken is tried again, or why not; None if it was. `chance` is from 0 to 1."""
    if answer.outcome is Outcome.DELIVERED:
        return None
    if answer.outcome is Outcome.GONE:
        return PauseReason.GONE
    ends_at = (page.since or now) + TRIED_FOR
    if now >= ends_at:
        return PauseReason.FAILED
    return min(now + max(wait(page.attempt, chance), timedelta(seconds=answer.retry_after)), ends_at)


def wait(attempt: int, chance: float) -> timedelta:
    """Return how long is waited after an attempt, the first being 1: twice as long each time, half of it by chance."""
    longest = min(FIRST_WAIT * (1 << min(attempt - 1, 20)), LONGEST_WAIT)
    return longest * (0.5 + chance / 2)


def sign(secrets: Sequence[str], webhook_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of what is sent, signed by each secret over just these bytes (Standard Webhooks)."""
    signatures = [Signer(secret).sign(webhook_id, now, body.decode()) for secret in secrets]
    return {
        "content-type": BATCH_CONTENT_TYPE,
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
