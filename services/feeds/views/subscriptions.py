"""The rows of subscriptions: the public record of who gets what, and which feeds are to be gone on with."""

from collections.abc import AsyncIterator
from datetime import date

from contracts.feeds.subscriptions import Subscription, SubscriptionState
from services.runtime.mongo import Database, Row, make_index

SUBSCRIPTIONS = "subscriptions"


async def prepare(database: Database) -> None:
    """Make the indexes of subscriptions that are given something, and of those to a district or in a state."""
    await make_index(database[SUBSCRIPTIONS], "terms.expires_on", name="standing")
    await make_index(database[SUBSCRIPTIONS], [("district", 1), ("_id", 1), ("state", 1)], name="district")
    await make_index(database[SUBSCRIPTIONS], [("state", 1), ("_id", 1)], name="state")


def subscription_row(subscription: Subscription, sequence: int) -> Row:
    """Return the row of a subscription."""
    fields = subscription.model_dump(mode="json", exclude={"subscription_id"})
    return Row(SUBSCRIPTIONS, subscription.subscription_id, sequence, fields)


async def list_subscriptions(
    database: Database,
    after: str,
    limit: int,
    district: str | None = None,
    state: SubscriptionState | None = None,
) -> list[Subscription]:
    """Return subscriptions by id, those after an id; those to a district and in a state alone if one is named."""
    asked = {"district": district, "state": state}
    named = {name: value for name, value in asked.items() if value}
    found = database[SUBSCRIPTIONS].find({**named, "_id": {"$gt": after}}, hint=next(iter(named), "_id_"))
    rows = await found.sort("_id", 1).limit(limit).to_list(limit)
    return [Subscription.model_validate({**row, "subscription_id": row["_id"]}) for row in rows]


async def read_all(database: Database) -> AsyncIterator[Subscription]:
    """Yield all subscriptions, those that were refused or revoked too."""
    async for row in database[SUBSCRIPTIONS].find():
        yield Subscription.model_validate({**row, "subscription_id": row["_id"]})


async def find(database: Database, named: str) -> Subscription | None:
    """Return a subscription; None if there is none."""
    row = await database[SUBSCRIPTIONS].find_one({"_id": named})
    return Subscription.model_validate({**row, "subscription_id": named}) if row else None


async def list_standing(database: Database, today: date) -> list[Subscription]:
    """Return every subscription that is given something on a day."""
    found = database[SUBSCRIPTIONS].find({"terms.expires_on": {"$gte": today.isoformat()}}).sort("_id", 1)
    return [Subscription.model_validate({**row, "subscription_id": row["_id"]}) async for row in found]
