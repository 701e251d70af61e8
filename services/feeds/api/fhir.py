"""HTTP in: other systems read a feed as FHIR R4, by the operations of the guide Subscriptions R5 Backport."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse

from contracts.envelope import render_time
from contracts.feeds.subscriptions import Subscription
from services.feeds.api.dependencies import FeedHere, Integrator, SubscriptionId, subscription_of
from services.feeds.commands.compacting import read_kept
from services.feeds.commands.subscriptions import UnknownSubscriptionError
from services.feeds.domain.compaction import CompactedError
from services.feeds.domain.releases import render_event
from services.feeds.domain.subscriptions import ExpiredError, NotSubscribedError, must_stand
from services.feeds.fhir import Detail, write_events, write_status, write_subscription
from services.feeds.views.releases import find_progress
from services.runtime.problems import refuses

router = APIRouter(prefix="/fhir/Subscription/{subscription_id}", tags=["fhir"])

MOST = 1000
"""Events that are told at once, as many as a page of the feed has at most."""
Number = Annotated[int | None, Query(ge=0, le=2**53)]
_REFUSALS = (UnknownSubscriptionError, NotSubscribedError, ExpiredError)
REFUSED = refuses(*_REFUSALS, outside_your_division=403)


class FhirJSON(JSONResponse):
    """A resource of FHIR."""

    media_type = "application/fhir+json"


async def _standing(feed: FeedHere, caller: Integrator, subscription_id: SubscriptionId) -> Subscription:
    found = await subscription_of(feed.service, caller, subscription_id)
    caller.must_cover(found.district)
    must_stand(found, feed.service.today)
    return found


Standing = Annotated[Subscription, Depends(_standing)]
"""The caller's subscription, which has to stand."""


@router.get("", summary="The subscription as FHIR", response_class=FhirJSON, responses=REFUSED)
async def get_subscription(subscription: Standing) -> dict[str, Any]:
    """Give the subscription as FHIR R4, by the profile of topic-based subscriptions."""
    return write_subscription(subscription)


@router.get("/$status", summary="How far the feed is, as FHIR", response_class=FhirJSON, responses=REFUSED)
async def get_status(feed: FeedHere, subscription: Standing) -> dict[str, Any]:
    """Give a bundle with the status: how many events were told since the beginning, which is the newest number."""
    progress = await find_progress(feed.service.database, subscription.subscription_id)
    return write_status(subscription, progress.end, render_time(feed.service.clock()))


@router.get(
    "/$events",
    summary="What happened, as FHIR",
    response_class=FhirJSON,
    responses=refuses(*_REFUSALS, CompactedError, outside_your_division=403),
)
async def get_events(
    feed: FeedHere,
    subscription: Standing,
    since: Annotated[Number, Query(alias="eventsSinceNumber", description="the first number, 1 if not told")] = None,
    until: Annotated[Number, Query(alias="eventsUntilNumber", description="the last number; 1000 at most")] = None,
    content: Detail = Detail.FULL_RESOURCE,
) -> dict[str, Any]:
    """Give a bundle with the status and the events from one number to another, both included; 1000 at most.

    Numbers are the positions of the feed: read on from the last one plus 1. What was told long ago is counted in the
    snapshot alone.
    """
    database = feed.service.database
    after = max(since or 1, 1) - 1
    limit = MOST if until is None else max(0, min(MOST, until - after))
    found = await read_kept(database, subscription, after, limit) if limit else []
    events = [
        render_event(event, position=position, district=subscription.district, time=time)
        for position, time, event in found
    ]
    end = (await find_progress(database, subscription.subscription_id)).end
    return write_events(subscription, events, end, content, render_time(feed.service.clock()))
