"""Pure decisions on subscriptions: what another system asks for, and what the district gives, refuses or takes back."""

from datetime import date

from contracts.feeds.subscriptions import (
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

    What stands meanwhile stays as it is. Raise NoSuchDayError or StreetElsewhereError if it can't be given.
    """
    _must_be_possible(wanted.asked, wanted.district, today)
    kept = {"terms": known.terms if known else None, "state": SubscriptionState.REQUESTED, "reason": None}
    asked = wanted.model_copy(update=kept)
    if known in (asked, asked.model_copy(update={"state": SubscriptionState.APPROVED})):
        return None
    return SubscriptionRequested(subscription=asked)


def give(known: Subscription, terms: Terms, today: date) -> SubscriptionApproved | SubscriptionAmended | None:
    """Return the fact that these terms are given from now on; None if they are.

    Raise NothingAskedError, WiderThanAskedError, NoSuchDayError or StreetElsewhereError if they can't be.
    """
    if known.terms is None and known.state is not SubscriptionState.REQUESTED:
        raise NothingAskedError
    _must_be_possible(terms, known.district, today)
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


def _must_be_possible(terms: Terms, district: str, today: date) -> None:
    if not today <= terms.expires_on <= add_months(today, LONGEST_MONTHS):
        raise NoSuchDayError
    if not all(street.startswith(district) for street in terms.streets):
        raise StreetElsewhereError
