"""HTTP in: how far a feed is, and how far it was brought to its subscriber in each way."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.feeds.api.dependencies import Concerned, FeedHere, SubscriptionId, subscription_of
from services.feeds.commands.subscriptions import UnknownSubscriptionError
from services.feeds.views import queues, snapshots, webhooks
from services.feeds.views.releases import find_progress
from services.runtime.problems import refuses

router = APIRouter(tags=["subscriptions"])


class FeedProgress(BaseModel):
    """Positions of a feed: what was told, and how much of it went where.

    A reader that has `end` has everything; one of a feed that is `closed` is told no more.
    """

    subscription_id: str
    end: int = Field(description="the last position that was told; 0 if nothing was")
    closed: bool = Field(description="whether it was taken back there")
    compacted: int = Field(description="up to here it is in the snapshot alone; 0 if all of it is in the feed")
    queue: int | None = Field(description="up to here RabbitMQ has confirmed; null without `amqp`")
    webhook: int | None = Field(description="up to here the webhook has delivered; null without one")
    snapshot: int | None = Field(description="up to here the snapshot counts; null without one")


@router.get(
    "/subscriptions/{subscription_id}/progress",
    summary="How far the feed is",
    responses=refuses(UnknownSubscriptionError),
)
async def get_progress(subscription_id: SubscriptionId, feed: FeedHere, caller: Concerned) -> FeedProgress:
    """Say up to which position was told, and up to which it is on RabbitMQ, delivered and counted."""
    subscription, database = await subscription_of(feed.service, caller, subscription_id), feed.service.database
    progress = await find_progress(database, subscription_id)
    webhook, snapshot = await webhooks.find(database, subscription_id), await snapshots.find(database, subscription_id)
    has_queue = subscription.terms is not None and subscription.terms.amqp
    return FeedProgress(
        subscription_id=subscription_id,
        end=progress.end,
        closed=progress.closed_by is not None,
        compacted=await snapshots.find_compacted(database, subscription_id),
        queue=await queues.find_position(database, subscription_id) if has_queue else None,
        webhook=webhook.position if webhook else None,
        snapshot=snapshot.ready.position if snapshot and snapshot.ready else None,
    )
