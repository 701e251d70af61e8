"""The demo's hospital asks each district for its feed, and is given it: five people look alike in what it reads."""

from datetime import timedelta

from contracts.feeds.subscriptions import Told
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
TERMS = {
    "facts": [told.value for told in Told],
    "attributes": ["street", "state", "started_on", "ended_on", "sex"],
    "time": "moment",
    "age": "five_years",
}


async def subscribe(client: Client, district: str) -> None:
    """Ask for a district's feed and give it; the same again changes nothing."""
    terms = {**TERMS, "expires_on": (day_of(system_clock()) + GIVEN_FOR).isoformat()}
    asked = await client.post(
        "feeds", "/subscriptions", "integrator", district, {**ASKED, **terms, "district": district}
    )
    named = must_succeed(asked).json()["subscription_id"]
    must_succeed(await client.post("feeds", f"/subscriptions/{named}/approval", "district", district, terms))
