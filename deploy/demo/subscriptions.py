"""The demo's hospital asks each district for its feeds, and is given them: five people look alike in what it reads."""

from datetime import timedelta

from contracts.feeds.feeds import FEEDS, Attribute, FeedKind, FeedName
from contracts.reference.calendar import day_of
from deploy.demo.client import Client, must_succeed
from services.runtime.clock import system_clock

GIVEN_FOR = timedelta(days=365)
ASKED = {
    "organisation": "区人民医院（演示）",
    "purpose": "按街道和年龄预测门诊量",
    "legal_basis": "statutory_duty",
    "basis": "基本医疗卫生与健康促进法",
}
UNNEEDED = frozenset({Attribute.HUKOU_PROVINCE, Attribute.PURPOSE})


async def subscribe(client: Client, district: str) -> None:
    """Ask for a district's feeds and give them; the same again changes nothing."""
    for name, kind in FEEDS.items():
        await _subscribe(client, district, name, kind)


async def _subscribe(client: Client, district: str, name: FeedName, kind: FeedKind) -> None:
    terms = {
        "facts": kind.told,
        "attributes": [attribute for attribute in kind.attributes if attribute not in UNNEEDED],
        "time": "moment",
        "age": "five_years" if kind.tells_ages else "none",
        "expires_on": (day_of(system_clock()) + GIVEN_FOR).isoformat(),
    }
    asked = await client.post(
        "feeds", "/subscriptions", "integrator", district, {**ASKED, **terms, "feed": name, "district": district}
    )
    named = must_succeed(asked).json()["subscription_id"]
    must_succeed(await client.post("feeds", f"/subscriptions/{named}/approval", "district", district, terms))
