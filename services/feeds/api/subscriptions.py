"""HTTP in: other systems ask for feeds, districts decide, and everybody may read who gets what and what for."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from contracts.feeds.feeds import SMALLEST_CLASS, Attribute, FeedName, Told
from contracts.feeds.subscriptions import (
    AgeBand,
    LegalBasis,
    Subscription,
    SubscriptionState,
    Terms,
    TimeUnit,
    subscription_id,
)
from services.feeds.api.dependencies import (
    Anybody,
    Concerned,
    Decider,
    FeedHere,
    Integrator,
    SubscriptionId,
    subscription_of,
)
from services.feeds.commands import subscriptions as commands
from services.feeds.commands.subscriptions import UnknownSubscriptionError
from services.feeds.domain.subscriptions import (
    HealthNotAllowedError,
    NoSuchDayError,
    NothingAskedError,
    NotOfThisFeedError,
    StreetElsewhereError,
    WiderThanAskedError,
)
from services.feeds.views.releases import find_progress
from services.feeds.views.subscriptions import list_subscriptions
from services.runtime.bodies import Body
from services.runtime.parameters import Cause, Limit, ServiceHere, Street
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["subscriptions"])

_IMPOSSIBLE = (NoSuchDayError, StreetElsewhereError, NotOfThisFeedError, HealthNotAllowedError)

Words = Annotated[str, Field(min_length=4, max_length=200)]


class TermsBody(Body):
    """What is told, how exactly, and until which day; what is left out is told as little as possible."""

    facts: tuple[Told, ...] = Field(min_length=1, max_length=len(Told), description="what has to have happened")
    streets: tuple[Street, ...] = Field(default=(), max_length=100, description="none: the whole district")
    attributes: tuple[Attribute, ...] = Field(default=(), max_length=len(Attribute))
    time: TimeUnit = TimeUnit.DAY
    age: AgeBand = AgeBand.NONE
    k: int = Field(
        default=SMALLEST_CLASS, ge=SMALLEST_CLASS, le=1000, description="so many people look alike in all that is told"
    )
    expires_on: date
    amqp: bool = Field(default=False, description="also in a queue and a stream of its own on RabbitMQ")

    def read(self) -> Terms:
        """Return the terms, with everything named once and in its order."""
        told = self.model_dump(include=set(TermsBody.model_fields))
        ordered = {"facts": Told, "attributes": Attribute}
        for name, kind in ordered.items():
            told[name] = tuple(one for one in kind if one in told[name])
        return Terms.model_validate({**told, "streets": tuple(sorted(set(self.streets)))})


class SubscriptionRequest(TermsBody):
    """What another system asks a district for, whose it is, and why it may have it; everybody can read it."""

    feed: FeedName = FeedName.STAYS
    district: str = Field(pattern=r"^[0-9]{6}$", description="6-digit code of the district (GB/T 2260)")
    organisation: Words
    purpose: Words
    legal_basis: LegalBasis
    basis: Words = Field(description="the law and article, the agreement, the consent that is asked for")


class ReasonBody(Body):
    """Why; everybody can read it."""

    reason: Words


class SubscriptionPage(BaseModel):
    """Subscriptions, and the cursor of the next page, if there is one."""

    subscriptions: list[Subscription]
    cursor: str | None


class AnonymityReport(BaseModel):
    """How many people look alike to an audience, over all that it was told.

    `asked` and `told` count people by the smallest size of the group of sizes that their class is in (1, 2, 5, 10, 50):
    as the terms would have told of them, and as they were told of. `given_up` counts events by what was given up last
    so that `k` people look alike (`sex`, `time:month`, `age:none`); `waiting` are events of which too few look alike
    even so, and nothing is told yet.
    """

    subscription_id: str
    k: int | None
    events: int
    asked: dict[str, int]
    told: dict[str, int]
    given_up: dict[str, int]
    waiting: int


@router.post(
    "/subscriptions",
    status_code=201,
    summary="Ask for a feed",
    responses=refuses(*_IMPOSSIBLE, outside_your_division=403, unknown_district=422),
)
async def post_subscription(
    body: SubscriptionRequest, service: ServiceHere, caller: Integrator, cause: Cause
) -> Subscription:
    """Ask a district for a feed, or for other terms; what is given meanwhile stays as it was."""
    caller.must_cover(body.district)
    if not service.divisions.has(body.district):
        raise Problem(422, "unknown_district", "没有该区代码。No such district; check the code.", field="district")
    wanted = Subscription(
        subscription_id=subscription_id(caller.subject, body.feed, body.district),
        subscriber=caller.subject,
        asked=body.read(),
        **body.model_dump(include={"feed", "district", "organisation", "purpose", "legal_basis", "basis"}),
    )
    return await commands.request(service, wanted, cause)


@router.post(
    "/subscriptions/{subscription_id}/approval",
    summary="Give what was asked for, or less",
    responses=refuses(UnknownSubscriptionError, NothingAskedError, WiderThanAskedError, *_IMPOSSIBLE),
)
async def post_approval(
    subscription_id: SubscriptionId, body: TermsBody, service: ServiceHere, caller: Decider, cause: Cause
) -> Subscription:
    """Say what is given from now on, at most what was asked for; also to change what is given already."""
    await subscription_of(service, caller, subscription_id)
    return await commands.give(service, subscription_id, body.read(), cause)


@router.post(
    "/subscriptions/{subscription_id}/refusal",
    summary="Refuse what was asked for",
    responses=refuses(UnknownSubscriptionError, NothingAskedError),
)
async def post_refusal(
    subscription_id: SubscriptionId, body: ReasonBody, service: ServiceHere, caller: Decider, cause: Cause
) -> Subscription:
    """Refuse what was asked for last; what was given before is given further."""
    await subscription_of(service, caller, subscription_id)
    return await commands.refuse(service, subscription_id, body.reason, cause)


@router.post(
    "/subscriptions/{subscription_id}/revocation",
    summary="Give nothing any more",
    responses=refuses(UnknownSubscriptionError),
)
async def post_revocation(
    subscription_id: SubscriptionId, body: ReasonBody, service: ServiceHere, caller: Decider, cause: Cause
) -> Subscription:
    """Give nothing any more; the feed stops at the position where it is."""
    await subscription_of(service, caller, subscription_id)
    return await commands.revoke(service, subscription_id, body.reason, cause)


@router.get("/subscriptions", summary="Who gets what, for which purpose")
async def get_subscriptions(
    service: ServiceHere,
    caller: Anybody,  # noqa: ARG001  # whoever is signed in may know
    cursor: Annotated[str, Query(pattern=r"^([0-9a-f]{32})?$")] = "",
    limit: Limit = 100,
    asked_of: Annotated[
        str | None, Query(pattern=r"^[0-9]{6}$", description="6-digit code of the district that was asked")
    ] = None,
    state: Annotated[SubscriptionState | None, Query(description="requested: those that wait for a decision")] = None,
) -> SubscriptionPage:
    """List all subscriptions, those that were refused or revoked too; there is no word about any person in them.

    If a district or a state is named it is those of it alone.
    """
    found = await list_subscriptions(service.database, cursor, limit, asked_of, state)
    return SubscriptionPage(subscriptions=found, cursor=found[-1].subscription_id if len(found) == limit else None)


@router.get(
    "/subscriptions/{subscription_id}/anonymity",
    summary="How many people look alike to the audience",
    responses=refuses(UnknownSubscriptionError),
)
async def get_anonymity(subscription_id: SubscriptionId, feed: FeedHere, caller: Concerned) -> AnonymityReport:
    """Report how many people looked alike before and after detail was given up, and how much was."""
    subscription = await subscription_of(feed.service, caller, subscription_id)
    progress = await find_progress(feed.service.database, subscription_id)
    return AnonymityReport(
        subscription_id=subscription_id,
        k=subscription.terms.k if subscription.terms else None,
        events=progress.end,
        **{name: progress.totals.get(name, {}) for name in ("asked", "told", "given_up")},
        waiting=len(progress.waiting),
    )
