"""What may be asked for, and what a district may give, refuse and take back."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.feeds.feeds import FeedName, Told
from contracts.feeds.subscriptions import (
    LegalBasis,
    SubscriptionAmended,
    SubscriptionApproved,
    SubscriptionRefused,
    SubscriptionRequested,
    SubscriptionRevoked,
    SubscriptionState,
    Terms,
)
from services.feeds.domain.subscriptions import (
    ExpiredError,
    HealthNotAllowedError,
    NoSuchDayError,
    NothingAskedError,
    NotOfThisFeedError,
    NotSubscribedError,
    StreetElsewhereError,
    WiderThanAskedError,
    give,
    must_stand,
    refuse,
    request,
    revoke,
)
from tests.support.subscriptions import LAST_DAY, everything_of, make_subscription, make_terms

TODAY = date(2026, 11, 26)
NARROW = make_terms(facts=("stay_started",), attributes=("street",), time="week", age="ten_years", k=10)
ASKED = make_subscription(asked=make_terms(k=5))
GIVEN = ASKED.model_copy(update={"terms": NARROW, "state": SubscriptionState.APPROVED})
REVOKED = ASKED.model_copy(update={"terms": None, "state": SubscriptionState.REVOKED, "reason": "协议终止"})


# --- asking


def test_what_is_asked_for_waits_and_gives_nothing() -> None:
    fact = request(None, ASKED, TODAY)

    assert isinstance(fact, SubscriptionRequested)
    assert (fact.subscription.state, fact.subscription.terms) == (SubscriptionState.REQUESTED, None)


def test_the_same_asked_again_says_nothing_whether_it_waits_or_stands() -> None:
    assert request(ASKED, ASKED, TODAY) is None
    assert request(GIVEN, ASKED, TODAY) is None


def test_other_terms_may_be_asked_for_and_what_stands_stays_meanwhile() -> None:
    wider = ASKED.model_copy(update={"asked": make_terms(k=7)})

    fact = request(GIVEN, wider, TODAY)

    assert fact is not None
    assert (fact.subscription.state, fact.subscription.terms, fact.subscription.asked) == (
        SubscriptionState.REQUESTED,
        NARROW,
        wider.asked,
    )


def test_what_was_refused_or_revoked_may_be_asked_for_again() -> None:
    fact = request(REVOKED, ASKED, TODAY)

    assert fact is not None
    assert (fact.subscription.state, fact.subscription.reason) == (SubscriptionState.REQUESTED, None)


@pytest.mark.parametrize("day", [TODAY - timedelta(days=1), date(2028, 11, 27)])
def test_nothing_is_asked_for_until_a_day_that_is_over_or_too_far(day: date) -> None:
    with pytest.raises(NoSuchDayError):
        request(None, make_subscription(asked=make_terms(expires_on=day)), TODAY)


def test_nothing_is_asked_for_of_another_districts_street() -> None:
    with pytest.raises(StreetElsewhereError):
        request(None, make_subscription(asked=make_terms(streets=("320812001",))), TODAY)


# --- giving


def test_what_was_asked_for_or_less_is_given() -> None:
    for terms in (ASKED.asked, NARROW):
        fact = give(ASKED, terms, TODAY)

        assert isinstance(fact, SubscriptionApproved)
        assert (fact.subscription.terms, fact.subscription.state) == (terms, SubscriptionState.APPROVED)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ({"facts": ("stay_started",)}, {"facts": ("stay_started", "stay_ended")}),
        ({"attributes": ("street",)}, {"attributes": ("street", "sex")}),
        ({"streets": ("320507001",)}, {"streets": ()}),
        ({"streets": ("320507001",)}, {"streets": ("320507001", "320507002")}),
        ({"time": "week"}, {"time": "day"}),
        ({"age": "ten_years"}, {"age": "five_years"}),
        ({"age": "none"}, {"age": "ten_years"}),
        ({"k": 10}, {"k": 9}),
        ({}, {"expires_on": LAST_DAY + timedelta(days=1)}),
        ({}, {"amqp": True}),
    ],
)
def test_more_than_was_asked_for_is_never_given(asked: dict[str, Any], given: dict[str, Any]) -> None:
    known = make_subscription(asked=make_terms(**asked))

    with pytest.raises(WiderThanAskedError):
        give(known, make_terms(**{**asked, **given}), TODAY)
    assert give(known, make_terms(**asked), TODAY)


def test_what_is_given_is_changed_within_what_was_asked_for() -> None:
    wider = make_terms(facts=("stay_started",))

    fact = give(GIVEN, wider, TODAY)

    assert isinstance(fact, SubscriptionAmended)
    assert fact.subscription.terms == wider
    assert give(fact.subscription, wider, TODAY) is None


def test_what_was_revoked_is_not_given_before_it_is_asked_for_anew() -> None:
    with pytest.raises(NothingAskedError):
        give(REVOKED, NARROW, TODAY)


def test_nothing_is_given_until_a_day_that_is_over() -> None:
    with pytest.raises(NoSuchDayError):
        give(ASKED, make_terms(expires_on=TODAY - timedelta(days=1)), TODAY)


# --- what each feed tells


@pytest.mark.parametrize(
    ("feed", "terms", "field"),
    [
        ("stays", {"facts": ("stay_started", "notice_sent")}, "facts"),
        ("activities", {"facts": ("stay_started",), "attributes": (), "age": "none"}, "facts"),
        ("stays", {"attributes": ("street", "condition")}, "attributes"),
        ("transfers", {"facts": ("notice_sent",), "attributes": ("sex",), "age": "none"}, "attributes"),
        ("transfers", {"facts": ("notice_sent",), "attributes": (), "age": "ten_years"}, "age"),
        ("reports", {"facts": ("report_sealed",), "attributes": (), "age": "year"}, "age"),
    ],
)
def test_what_another_feed_tells_is_neither_asked_for_nor_given(feed: str, terms: dict[str, Any], field: str) -> None:
    wrong = make_terms(**terms)
    asked = make_subscription(feed=FeedName(feed), asked=wrong)

    with pytest.raises(NotOfThisFeedError) as refused:
        request(None, asked, TODAY)
    with pytest.raises(NotOfThisFeedError):
        give(asked, wrong, TODAY)
    assert refused.value.field == field


@pytest.mark.parametrize("feed", FeedName)
def test_all_that_a_feed_tells_can_be_asked_for(feed: FeedName) -> None:
    widest = Terms.model_validate(everything_of(feed))

    assert request(None, make_subscription(feed=feed, asked=widest), TODAY)


@pytest.mark.parametrize(
    ("basis", "allowed"),
    [
        ("statutory_duty", True),
        ("health_emergency", True),
        ("consent", False),
        ("contract", False),
        ("other_law", False),
    ],
)
def test_health_is_told_on_a_basis_that_allows_it(basis: str, allowed: bool) -> None:
    widest = Terms.model_validate(everything_of(FeedName.ARCHIVES))
    asked = make_subscription(feed=FeedName.ARCHIVES, legal_basis=LegalBasis(basis), asked=widest)
    bare = asked.model_copy(update={"asked": widest.model_copy(update={"facts": (Told.ARCHIVE_OPENED,)})})

    assert request(None, bare, TODAY)
    if allowed:
        assert request(None, asked, TODAY)
        return
    for ask in (lambda: request(None, asked, TODAY), lambda: give(asked, widest, TODAY)):
        with pytest.raises(HealthNotAllowedError):
            ask()


# --- refusing and taking back


def test_what_waits_is_refused_once_and_what_stood_stands() -> None:
    waiting = GIVEN.model_copy(update={"state": SubscriptionState.REQUESTED})

    fact = refuse(waiting, "用途不明确")

    assert isinstance(fact, SubscriptionRefused)
    assert (fact.subscription.state, fact.subscription.terms) == (SubscriptionState.REFUSED, NARROW)
    assert refuse(fact.subscription, "用途不明确") is None
    with pytest.raises(NothingAskedError):
        refuse(GIVEN, "用途不明确")


def test_what_is_taken_back_gives_nothing_any_more() -> None:
    fact = revoke(GIVEN, "协议终止")

    assert isinstance(fact, SubscriptionRevoked)
    assert (fact.subscription.terms, fact.subscription.state) == (None, SubscriptionState.REVOKED)
    assert revoke(fact.subscription, "协议终止") is None


# --- reading


def test_only_what_stands_today_is_read() -> None:
    assert must_stand(GIVEN, LAST_DAY) == NARROW
    with pytest.raises(ExpiredError):
        must_stand(GIVEN, LAST_DAY + timedelta(days=1))
    for nothing in (None, ASKED, REVOKED):
        with pytest.raises(NotSubscribedError):
            must_stand(nothing, TODAY)


def test_fewer_than_five_are_never_alike_enough() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 5"):
        Terms.model_validate({**NARROW.model_dump(), "k": 4})
