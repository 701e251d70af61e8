"""Pure decisions on subscriptions: what another system asks for, and what the district gives, refuses or takes back."""

from datetime import date

from contracts.feeds.feeds import FEEDS, FeedName, name_told
from contracts.feeds.subscriptions import (
    AgeBand,
    LegalBasis,
    Subscription,
    SubscriptionAmended,
    SubscriptionApproved,
    SubscriptionRefused,
    SubscriptionRequested,
    SubscriptionRevoked,
    SubscriptionState,
    Terms,
)
from contracts.reference.calendar import add_months
from contracts.refusals import RefusedError

LONGEST_MONTHS = 24
"""For so long something is given at most; then it is asked for and thought about again."""
HEALTH_BASES = frozenset({LegalBasis.STATUTORY_DUTY, LegalBasis.HEALTH_EMERGENCY})
"""On which basis something of people's health may be told, sensitive as it is (个人信息保护法 第二十八、二十九条).

Everybody's separate consent can't be shown by a feed of many.
"""


class NoSuchDayError(RefusedError):
    """The last day lies in the past, or further ahead than anything is given."""

    code = "expires_at_wrong_time"
    advice = "截止日期须在今天或以后、两年以内。The last day must be today or later, and within two years."
    field = "expires_on"
    status = 422


class StreetElsewhereError(RefusedError):
    """A street lies in another district than the one that is asked."""

    code = "street_elsewhere"
    advice = "所列街道不属于该区。A street lies outside the district; ask that street's district for it."
    field = "streets"
    status = 422


class NotOfThisFeedError(RefusedError):
    """Something is asked for that another feed tells, or that none tells of these."""

    code = "not_of_this_feed"
    advice = "该事件流没有所列的事实或字段。The feed tells no such facts, attributes or ages; ask for what it tells."
    status = 422

    def __init__(self, field: str) -> None:
        super().__init__()
        self.field = field


class HealthNotAllowedError(RefusedError):
    """Facts of people's health are asked for on a basis that does not allow it."""

    code = "health_not_allowed"
    advice = (
        "健康信息仅可依法定职责或突发公共卫生事件提供。"
        "Facts of people's health are told for a statutory duty or a health emergency only; ask without them."
    )
    field = "facts"
    status = 422


class WiderThanAskedError(RefusedError):
    """More is to be given than was asked for."""

    code = "wider_than_asked"
    advice = "批准范围超出申请范围。More than was asked for; give the same or less, or let it be asked for."
    status = 409


class NothingAskedError(RefusedError):
    """Nothing was asked for that is not decided yet."""

    code = "nothing_asked"
    advice = "没有待批的申请。Nothing waits to be decided; let it be asked for anew."


class NotSubscribedError(RefusedError):
    """The district gives the caller nothing: it was not asked, has not decided, refused, or took it back."""

    code = "not_subscribed"
    advice = "尚无已批准的订阅，请先申请。No subscription of yours stands; ask for one with POST /subscriptions."
    status = 403


class ExpiredError(RefusedError):
    """The last day of a subscription is over."""

    code = "subscription_expired"
    advice = "订阅已到期，请重新申请。Your subscription is over; ask for it anew with POST /subscriptions."
    status = 403


def request(known: Subscription | None, wanted: Subscription, today: date) -> SubscriptionRequested | None:
    """Return the fact that a feed, or other terms, were asked for; None if just that waits or stands.

    What stands meanwhile stays as it is. Raise NoSuchDayError, StreetElsewhereError, NotOfThisFeedError or
    HealthNotAllowedError if it can't be given.
    """
    _must_be_possible(wanted, wanted.asked, today)
    kept = {"terms": known.terms if known else None, "state": SubscriptionState.REQUESTED, "reason": None}
    asked = wanted.model_copy(update=kept)
    if known in (asked, asked.model_copy(update={"state": SubscriptionState.APPROVED})):
        return None
    return SubscriptionRequested(subscription=asked)


def give(known: Subscription, terms: Terms, today: date) -> SubscriptionApproved | SubscriptionAmended | None:
    """Return the fact that these terms are given from now on; None if they are.

    Raise NothingAskedError, WiderThanAskedError or what `request` raises if they can't be.
    """
    if known.terms is None and known.state is not SubscriptionState.REQUESTED:
        raise NothingAskedError
    _must_be_possible(known, terms, today)
    if not terms.is_within(known.asked):
        raise WiderThanAskedError
    given = known.model_copy(update={"terms": terms, "state": SubscriptionState.APPROVED, "reason": None})
    if given == known:
        return None
    if known.state is SubscriptionState.REQUESTED:
        return SubscriptionApproved(subscription=given)
    return SubscriptionAmended(subscription=given)


def refuse(known: Subscription, reason: str) -> SubscriptionRefused | None:
    """Return the fact that what was asked for last is not given; None if that was refused for the same reason.

    Raise NothingAskedError if nothing waits.
    """
    refused = known.model_copy(update={"state": SubscriptionState.REFUSED, "reason": reason})
    if refused == known:
        return None
    if known.state is not SubscriptionState.REQUESTED:
        raise NothingAskedError
    return SubscriptionRefused(subscription=refused)


def revoke(known: Subscription, reason: str) -> SubscriptionRevoked | None:
    """Return the fact that nothing is given any more, nor waits; None if nothing was, for the same reason."""
    gone = {"terms": None, "state": SubscriptionState.REVOKED, "reason": reason}
    revoked = known.model_copy(update=gone)
    return None if revoked == known else SubscriptionRevoked(subscription=revoked)


def must_stand(known: Subscription | None, today: date) -> Terms:
    """Return what an audience is given on a day; raise NotSubscribedError or ExpiredError if that is nothing."""
    if known is None or known.terms is None:
        raise NotSubscribedError
    if not known.stands(today):
        raise ExpiredError
    return known.terms


def _must_be_possible(wanted: Subscription, terms: Terms, today: date) -> None:
    if not today <= terms.expires_on <= add_months(today, LONGEST_MONTHS):
        raise NoSuchDayError
    if not all(street.startswith(wanted.district) for street in terms.streets):
        raise StreetElsewhereError
    _must_fit(terms, wanted.feed)
    health = set(map(name_told, FEEDS[wanted.feed].health))
    if health & set(terms.facts) and wanted.legal_basis not in HEALTH_BASES:
        raise HealthNotAllowedError


def _must_fit(terms: Terms, feed: FeedName) -> None:
    kind = FEEDS[feed]
    if not set(terms.facts) <= set(kind.told):
        raise NotOfThisFeedError("facts")
    if not set(terms.attributes) <= kind.attributes.keys():
        raise NotOfThisFeedError("attributes")
    if terms.age is not AgeBand.NONE and not kind.tells_ages:
        raise NotOfThisFeedError("age")
