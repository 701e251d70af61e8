"""Subscriptions that tests make: over HTTP as a hospital and a district do, and as histories of facts."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from hypothesis import strategies as st

from contracts.feeds.feeds import FEEDS, FeedName
from contracts.feeds.subscriptions import SUBSCRIPTION_FACTS, LegalBasis, Subscription, Terms, subscription_id
from tests.support.facts import DISTRICTS, EventList, envelop
from tests.support.instance import Instance

LAST_DAY = date(2027, 6, 30)


def everything_of(feed: FeedName) -> Mapping[str, Any]:
    """Return the widest terms that there are of a feed."""
    kind = FEEDS[feed]
    return {
        "facts": [told.value for told in kind.told],
        "attributes": [attribute.value for attribute in kind.attributes],
        "time": "moment",
        "age": "year" if kind.tells_ages else "none",
        "expires_on": LAST_DAY.isoformat(),
    }


EVERYTHING = everything_of(FeedName.STAYS)
"""The widest terms that there are of stays."""
ASKED: Mapping[str, Any] = {
    "organisation": "相城区人民医院",
    "purpose": "门诊量预测",
    "legal_basis": "statutory_duty",
    "basis": "基本医疗卫生与健康促进法第三十五条",
}


def make_terms(**more: Any) -> Terms:
    """Make terms that tell everything at once, but for what is told otherwise."""
    return Terms.model_validate({**EVERYTHING, **more})


def make_subscription(subscriber: str = "hospital", district: str = "320507", **more: Any) -> Subscription:
    """Make a subscription that was asked for."""
    told: dict[str, Any] = {
        "subscription_id": subscription_id(subscriber, more.get("feed", FeedName.STAYS), district),
        "subscriber": subscriber,
        "organisation": ASKED["organisation"],
        "feed": FeedName.STAYS,
        "district": district,
        "purpose": ASKED["purpose"],
        "legal_basis": LegalBasis.STATUTORY_DUTY,
        "basis": ASKED["basis"],
        "asked": make_terms(),
    }
    return Subscription(**{**told, **more})


async def subscribe(
    houniao: Instance,
    subscriber: str = "tester",
    district: str = "320507",
    feed: FeedName = FeedName.STAYS,
    **terms: Any,
) -> str:
    """Let an account ask for a feed of a district and the district give it; return the subscription's id."""
    told = {**everything_of(feed), **terms}
    async with houniao.client("feeds", "integrator", district, subscriber) as integrator:
        asked = await integrator.post("/subscriptions", json={**ASKED, "feed": feed, "district": district, **told})
    assert asked.status_code == 201, asked.text
    named = str(asked.json()["subscription_id"])
    async with houniao.client("feeds", "district", district) as office:
        given = await office.post(f"/subscriptions/{named}/approval", json=told)
    assert given.status_code == 200, given.text
    return named


@st.composite
def subscription_histories(draw: st.DrawFn) -> EventList:
    """Make a subscription that is asked for, and perhaps given, changed, refused, taken back."""
    subscription = make_subscription(district=draw(st.sampled_from(DISTRICTS)))
    kinds = draw(st.lists(st.sampled_from(SUBSCRIPTION_FACTS[1:]), max_size=4))
    facts = [
        kind.model_validate({"subscription": subscription.model_copy(update={"reason": f"第{number}次决定"})})
        for number, kind in enumerate([SUBSCRIPTION_FACTS[0], *kinds])
    ]
    return envelop(facts[: draw(st.integers(0, len(facts)))], "feeds")
