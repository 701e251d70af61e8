"""What the routes of feeds share: the roles that they admit, the feed itself, ids of subscriptions."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from contracts.feeds.feeds import FeedName
from contracts.feeds.subscriptions import Subscription
from services.feeds.commands.subscriptions import UnknownSubscriptionError, find_standing, find_subscription
from services.feeds.service import Feed
from services.runtime.access import Caller, Role, allow
from services.runtime.problems import Problem
from services.runtime.service import Service

Integrator = Annotated[Caller, Depends(allow(Role.INTEGRATOR))]
Decider = Annotated[Caller, Depends(allow(Role.DISTRICT))]
Concerned = Annotated[Caller, Depends(allow(Role.INTEGRATOR, Role.DISTRICT))]
Anybody = Annotated[Caller, Depends(allow(*Role))]
SubscriptionId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


async def _feed(request: Request) -> Feed:
    feed: Feed = request.app.state.feed
    return feed


FeedHere = Annotated[Feed, Depends(_feed)]


async def district_of(
    caller: Integrator, division: Annotated[str, Query(pattern=r"^([0-9]{6})?$", description="6 digits")] = ""
) -> str:
    """Return the district that is named, else that of the token; a token of more than one district needs `division`."""
    district = division or caller.division
    if len(district) != 6:
        raise Problem(422, "district_needed", "Name one district with division=<6 digits>.", field="division")
    caller.must_cover(district)
    return district


async def _audience(
    name: FeedName, feed: FeedHere, caller: Integrator, district: Annotated[str, Depends(district_of)]
) -> Subscription:
    return await find_standing(feed.service, caller.subject, name, district)


Audience = Annotated[Subscription, Depends(_audience)]
"""The caller's subscription to the feed of a district that is named in the path, which has to stand."""


async def subscription_of(service: Service, caller: Caller, named: str) -> Subscription:
    """Return a subscription that the caller holds, or whose district the caller covers.

    Raise UnknownSubscriptionError for any other, as if there were none.
    """
    found = await find_subscription(service, named)
    if found is None or not _concerns(found, caller):
        raise UnknownSubscriptionError
    return found


def _concerns(subscription: Subscription, caller: Caller) -> bool:
    if caller.role is Role.INTEGRATOR:
        return subscription.subscriber == caller.subject
    return caller.covers(subscription.district)
