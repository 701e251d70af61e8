"""The record of subscriptions of a district, or of those that wait, costs its page: MongoDB says what it read."""

import pytest

from contracts.feeds.subscriptions import Subscription, SubscriptionState
from services.feeds.views.subscriptions import SUBSCRIPTIONS, list_subscriptions, prepare, subscription_row
from services.runtime.mongo import Database, write_rows
from tests.support.subscriptions import make_subscription

DISTRICTS = ("320507", "320812", "330106")
STATES = tuple(SubscriptionState)
PAGE = 5


@pytest.fixture
async def subscriptions(database: Database) -> list[Subscription]:
    """Return 40 subscriptions to each of three districts, in every state."""
    await prepare(database)
    made = [
        make_subscription(f"reader-{number}", district, state=STATES[number % len(STATES)])
        for district in DISTRICTS
        for number in range(40)
    ]
    await write_rows(database, [subscription_row(one, 1) for one in made])
    return sorted(made, key=lambda one: one.subscription_id)


@pytest.mark.parametrize("district", [None, "320812"])
@pytest.mark.parametrize("state", [None, SubscriptionState.REQUESTED])
async def test_a_list_has_what_is_asked_for_and_reads_no_more(
    database: Database, subscriptions: list[Subscription], district: str | None, state: SubscriptionState | None
) -> None:
    wanted = [one for one in subscriptions if district in {None, one.district} and state in {None, one.state}]

    shown: list[Subscription] = []
    while True:
        await database.command({"profile": 2})
        after = shown[-1].subscription_id if shown else ""
        page = await list_subscriptions(database, after, PAGE, district, state)
        await database.command({"profile": 0})
        (read,) = await database["system.profile"].find({"ns": f"{database.name}.{SUBSCRIPTIONS}"}).to_list(None)
        await database.drop_collection("system.profile")
        assert read["docsExamined"] == len(page)
        assert not read.get("hasSortStage")
        shown += page
        if len(page) < PAGE:
            break

    assert shown == wanted
    assert len(wanted) > PAGE
