"""Ask for subscriptions, and give, refuse or revoke them."""

from collections.abc import Callable

from contracts.feeds.feeds import FeedName
from contracts.feeds.subscriptions import Subscription, SubscriptionFact, Terms, subscription_id
from contracts.refusals import RefusedError
from services.feeds.domain import subscriptions
from services.feeds.domain.subscriptions import must_stand
from services.runtime.journal import StreamConflictError
from services.runtime.service import Service

Decide = Callable[[Subscription | None], SubscriptionFact | None]


class UnknownSubscriptionError(RefusedError):
    """There is no such subscription that the caller may see."""

    code = "not_found"
    advice = "没有该订阅。No such subscription of yours or in your district."
    status = 404


async def request(service: Service, wanted: Subscription, cause: str) -> Subscription:
    """Record that a feed, or other terms, were asked for, and return the subscription."""
    return await _record(
        service, wanted.subscription_id, lambda known: subscriptions.request(known, wanted, service.today), cause
    )


async def give(service: Service, named: str, terms: Terms, cause: str) -> Subscription:
    """Record that terms are given from now on, and return the subscription."""
    return await _record(service, named, lambda known: subscriptions.give(_must_be(known), terms, service.today), cause)


async def refuse(service: Service, named: str, reason: str, cause: str) -> Subscription:
    """Record that what was asked for last is not given, and return the subscription."""
    return await _record(service, named, lambda known: subscriptions.refuse(_must_be(known), reason), cause)


async def revoke(service: Service, named: str, reason: str, cause: str) -> Subscription:
    """Record that nothing is given any more, and return the subscription."""
    return await _record(service, named, lambda known: subscriptions.revoke(_must_be(known), reason), cause)


async def find_subscription(service: Service, named: str) -> Subscription | None:
    """Return a subscription from the journal; None if there is none."""
    event = await service.journal.load(f"subscription/{named}", SubscriptionFact)
    return event.data.subscription if event else None


async def find_standing(service: Service, subscriber: str, feed: FeedName, district: str) -> Subscription:
    """Return an account's subscription to a feed; raise a refusal if it does not stand today."""
    found = await find_subscription(service, subscription_id(subscriber, feed, district))
    must_stand(found, service.today)
    assert found is not None  # it stands
    return found


async def _record(service: Service, named: str, decide: Decide, cause: str) -> Subscription:
    """Record what follows from a subscription's newest fact; whoever was second loads again and decides again."""
    while True:
        event = await service.journal.load(f"subscription/{named}", SubscriptionFact)
        known = event.data.subscription if event else None
        fact = decide(known)
        if fact is None:
            return _must_be(known)
        after, correlation = (event.sequence, event.correlationid) if event else (0, None)
        try:
            await service.journal.record_one(
                service.journal.commit(fact, after=after, causation=cause, correlation=correlation)
            )
        except StreamConflictError:
            continue
        return fact.subscription


def _must_be(known: Subscription | None) -> Subscription:
    if known is None:
        raise UnknownSubscriptionError
    return known
