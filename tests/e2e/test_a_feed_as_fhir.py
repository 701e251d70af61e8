"""The story of a hospital whose platform speaks FHIR: it reads by `$events` what the feed tells, page by page."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.subscription import Subscription

from contracts.feeds.feeds import FeedName
from deploy.local.stack import Stack
from services.feeds.commands.compacting import compact_all
from services.feeds.views import pages
from services.feeds.views.snapshots import find_compacted
from tests.support.delivering import Clock
from tests.support.instance import Instance, eventually, running_instance
from tests.support.joining import make_crowd
from tests.support.subscriptions import subscribe

pytestmark = pytest.mark.asyncio(loop_scope="module")

DISTRICT = "320507"
CROWD = make_crowd(1300)
LATER = [{**entry, "id": f"later {entry['id']}"} for entry in make_crowd(80)]


CLOCK = Clock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["feeds"], clock=CLOCK) as instance:
        await pages.append(instance.database("feeds"), FeedName.STAYS, DISTRICT, CROWD)
        yield instance


def hospital(houniao: Instance, division: str = DISTRICT, subscriber: str = "hospital") -> httpx.AsyncClient:
    return houniao.client("feeds", "integrator", division, subscriber)


async def told(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Return everything that the feed tells."""
    events: list[dict[str, Any]] = []
    while page := (await client.get("/feeds/stays", params={"after": len(events), "limit": 1000})).json():
        events += page
    return events


async def read(client: httpx.AsyncClient, path: str, **parameters: Any) -> dict[str, Any]:
    """Return a valid bundle."""
    answer = (await client.get(path, params=parameters)).raise_for_status()
    assert answer.headers["content-type"] == "application/fhir+json"
    Bundle.model_validate_json(answer.content)
    bundle: dict[str, Any] = answer.json()
    return bundle


def numbers(bundle: dict[str, Any]) -> list[int]:
    """Return the numbers of a bundle's events."""
    events = (one["part"] for one in bundle["entry"][0]["resource"]["parameter"] if one["name"] == "notification-event")
    return [int(part["valueString"]) for event in events for part in event if part["name"] == "event-number"]


async def test_what_is_read_as_fhir_is_what_the_feed_tells(houniao: Instance) -> None:
    named = await subscribe(houniao, "hospital")
    at = f"/fhir/Subscription/{named}"
    read_all = {"audience": named, "read": len(CROWD)}
    await eventually(lambda: houniao.database("feeds")["releases"].find_one(read_all))
    async with hospital(houniao) as client:
        events = await told(client)
        first = await read(client, f"{at}/$events", content="empty")
        rest = await read(client, f"{at}/$events", eventsSinceNumber=1001)
        some = await read(client, f"{at}/$events", eventsSinceNumber=3, eventsUntilNumber=5, content="id-only")
        none = await read(client, f"{at}/$events", eventsSinceNumber=5, eventsUntilNumber=3)
        status = await read(client, f"{at}/$status")
        subscription = Subscription.model_validate_json((await client.get(at)).content)

    assert numbers(first) + numbers(rest) == [event["position"] for event in events]
    assert len(numbers(first)) == 1000 < len(events)
    ids = [entry["resource"]["identifier"][0]["value"] for entry in rest["entry"][1:]]
    assert ids == [event["id"] for event in events[1000:]]
    assert (numbers(some), len(some["entry"]), numbers(none)) == ([3, 4, 5], 1, [])
    assert {"name": "events-since-subscription-start", "valueString": str(len(events))} in status["entry"][0][
        "resource"
    ]["parameter"]
    assert (subscription.id, subscription.status) == (named, "active")


async def test_nobody_else_reads_it_nor_whose_subscription_is_over_or_taken_back(houniao: Instance) -> None:
    named = await subscribe(houniao, "hospital")
    paths = [f"/fhir/Subscription/{named}{path}" for path in ("", "/$status", "/$events")]

    async def refused(client: httpx.AsyncClient) -> set[tuple[int, str]]:
        async with client:
            answers = [await client.get(path) for path in paths]
        return {(answer.status_code, answer.json()["code"]) for answer in answers}

    assert await refused(hospital(houniao, subscriber="stranger")) == {(404, "not_found")}
    assert await refused(hospital(houniao, division="320812")) == {(403, "outside_your_division")}
    assert await refused(houniao.client("feeds", "district", DISTRICT)) == {(403, "not_your_role")}
    CLOCK.ahead = timedelta(days=2 * 365)
    assert await refused(hospital(houniao)) == {(403, "subscription_expired")}
    CLOCK.ahead = timedelta()
    async with houniao.client("feeds", "district", DISTRICT) as office:
        reason = {"reason": "协议已终止"}
        (await office.post(f"/subscriptions/{named}/revocation", json=reason)).raise_for_status()
    assert await refused(hospital(houniao)) == {(403, "not_subscribed")}


async def test_a_question_that_is_none_is_refused(houniao: Instance) -> None:
    named = await subscribe(houniao, "hospital")
    asked: list[dict[str, Any]] = [{"eventsSinceNumber": "first"}, {"eventsUntilNumber": -1}, {"content": "everything"}]
    async with hospital(houniao) as client:
        answers = [await client.get(f"/fhir/Subscription/{named}/$events", params=one) for one in asked]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(422, "malformed")}


async def test_what_is_kept_as_counts_alone_is_told_one_by_one_no_more(houniao: Instance) -> None:
    named = await subscribe(houniao, "clinic")
    at, feed = f"/fhir/Subscription/{named}/$events", houniao.apps["feeds"].state.feed
    database = houniao.database("feeds")
    await eventually(lambda: database["releases"].find_one({"audience": named, "read": len(CROWD)}))
    await pages.append(database, FeedName.STAYS, DISTRICT, LATER)  # told in another release than those before

    async def is_compacted() -> int:
        await compact_all(feed, timedelta())
        return await find_compacted(database, named)

    end = await eventually(is_compacted)
    async with hospital(houniao, subscriber="clinic") as client:
        before = await client.get(at)
        behind = await read(client, at, eventsSinceNumber=end + 1, content="empty")

    assert (before.status_code, before.json()["code"]) == (410, "compacted")
    assert numbers(behind)[0] == end + 1
