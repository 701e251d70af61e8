"""A feed as it is told: server-sent events that go on where a reader was, and full pages that are known again."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from services.feeds.commands import following
from services.runtime import seats
from services.runtime.access import issue
from tests.support.attacks import served
from tests.support.instance import Instance, eventually
from tests.support.offices import make_arrival
from tests.support.subscriptions import subscribe
from tests.support.told import must_be_as_described
from tests.support.told_of import running_feeds

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, DISTRICT = "320507001", "320507"
PEOPLE = 12
AT = "/feeds/stays/events"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run registration and feeds, with people in a street."""
    async with running_feeds(stack, STREET, PEOPLE) as instance:
        yield instance


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def port(houniao: Instance) -> AsyncIterator[int]:
    """Serve feeds on a port of its own: what does not end can't be read without a connection."""
    async with served(houniao.apps["feeds"]) as port:
        yield port


@asynccontextmanager
async def hospital(stack: Stack, port: int, subject: str = "hospital") -> AsyncIterator[httpx.AsyncClient]:
    token = issue(stack.issuer_jwk(), services=["feeds"], subject=subject, role="integrator", division=DISTRICT)
    base, headers = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=30, trust_env=False) as client:
        yield client


async def events_of(answer: httpx.Response) -> AsyncIterator[dict[str, str]]:
    """Yield the events of a stream until it ends, each as its fields."""
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if line and name:
            fields[name] = value
        elif fields:
            yield fields
            fields = {}


async def take(stream: AsyncIterator[dict[str, str]], many: int | None = None) -> list[dict[str, str]]:
    """Return so many events of a stream, or all until it ends."""
    found: list[dict[str, str]] = []
    while many is None or len(found) < many:
        event = await anext(stream, None)
        if event is None:
            break
        found.append(event)
    return found


def told(events: list[dict[str, str]]) -> list[dict[str, Any]]:
    return [json.loads(event["data"]) for event in events]


async def arrive(houniao: Instance, first: int, many: int = 6) -> None:
    async with houniao.client("registration", "clerk", STREET) as clerk:
        arrivals = [{**make_arrival(first + number), "street": STREET} for number in range(many)]
        await asyncio.gather(*(clerk.post("/arrivals", json=arrival) for arrival in arrivals))


async def read(client: httpx.AsyncClient, many: int) -> list[dict[str, Any]]:
    async def has_all() -> Any:
        found = (await client.get("/feeds/stays", params={"limit": 1000})).json()
        return found if len(found) >= many else None

    found: list[dict[str, Any]] = await eventually(has_all)
    return found


async def test_what_is_streamed_is_what_is_read_and_goes_on_behind_the_last_event(
    houniao: Instance, port: int, stack: Stack
) -> None:
    await subscribe(houniao, "hospital")
    async with hospital(stack, port) as client:
        pages = await read(client, PEOPLE)
        async with client.stream("GET", AT) as answer:
            first = await take(events_of(answer), len(pages))
        async with client.stream("GET", AT, headers={"Last-Event-ID": str(len(pages))}) as answer:
            await arrive(houniao, 100)
            later = await take(events_of(answer), 1)
        async with client.stream("GET", AT, params={"after": len(pages) - 2}) as answer:
            again = await take(events_of(answer), 2)

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert told(first) == pages
    must_be_as_described(told(first))
    assert [event["id"] for event in first] == [str(page["position"]) for page in pages]
    assert [event["event"] for event in first] == [page["type"] for page in pages]
    assert int(later[0]["id"]) == len(pages) + 1
    assert again == first[-2:]


async def test_a_stream_ends_when_the_subscription_is_taken_back(
    houniao: Instance, port: int, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "LOOK_EVERY", 0.2)
    named = await subscribe(houniao, "school")
    async with hospital(stack, port, "school") as client:
        many = len(await read(client, PEOPLE))
        async with client.stream("GET", AT) as answer:
            stream = events_of(answer)
            await take(stream, many)
            async with houniao.client("feeds", "district", DISTRICT) as office:
                body = {"reason": "用途已经结束"}
                (await office.post(f"/subscriptions/{named}/revocation", json=body)).raise_for_status()
            rest = await asyncio.wait_for(take(stream), 20)
        refused = await client.get(AT)

    assert rest == []
    assert (refused.status_code, refused.json()["code"]) == (403, "not_subscribed")


async def test_a_stream_takes_a_seat_and_gives_it_back(
    houniao: Instance, port: int, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "MOST_WAITING", 1)
    await subscribe(houniao, "police")
    async with hospital(stack, port, "police") as client:
        many = len(await read(client, PEOPLE))
        async with client.stream("GET", AT) as answer:
            await take(events_of(answer), many)
            refused = await client.get(AT)

        async def is_free() -> bool:
            return (await client.get("/feeds/stays", params={"after": many, "wait": 0.1})).status_code == 200

        assert await eventually(is_free)

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_waiting")


async def test_a_stream_ends_by_itself_and_is_gone_on_with(
    houniao: Instance, port: int, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = houniao.apps["feeds"].state
    monkeypatch.setitem(state._state, "feed", replace(state.feed, stream_seconds=0.5))
    await subscribe(houniao, "hospital")
    async with hospital(stack, port) as client:
        pages = await read(client, PEOPLE)
        async with client.stream("GET", AT) as answer:
            whole = await asyncio.wait_for(take(events_of(answer)), 20)

    assert told(whole) == pages


async def test_a_full_page_is_known_again_and_no_other(houniao: Instance) -> None:
    named = await subscribe(houniao, "library")
    async with houniao.client("feeds", "integrator", DISTRICT, "library") as client:
        many = len(await read(client, PEOPLE))
        full = await client.get("/feeds/stays", params={"limit": 5})
        tag = full.headers["etag"]
        known = await client.get("/feeds/stays", params={"limit": 5}, headers={"If-None-Match": tag})
        next_one = await client.get("/feeds/stays", params={"limit": 5, "after": 5}, headers={"If-None-Match": tag})
        last = await client.get("/feeds/stays", params={"limit": many + 1})
        alone = {"$set": {"compacted": {"number": 1, "position": 1}}}
        await houniao.database("feeds")["snapshots"].update_one({"_id": named}, alone, upsert=True)
        compacted = await client.get("/feeds/stays", params={"limit": 5}, headers={"If-None-Match": tag})

    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    assert full.headers["cache-control"] == known.headers["cache-control"] == "private, no-cache"
    assert (next_one.status_code, len(next_one.json())) == (200, 5)
    assert "etag" not in last.headers
    assert (compacted.status_code, compacted.json()["code"]) == (410, "compacted")


async def test_a_page_that_is_known_is_given_no_more_once_it_is_taken_back(houniao: Instance) -> None:
    named = await subscribe(houniao, "court")
    async with (
        houniao.client("feeds", "integrator", DISTRICT, "court") as client,
        houniao.client("feeds", "district", DISTRICT) as office,
    ):
        await read(client, PEOPLE)
        tag = (await client.get("/feeds/stays", params={"limit": 5})).headers["etag"]
        await office.post(f"/subscriptions/{named}/revocation", json={"reason": "用途已经结束"})
        refused = await client.get("/feeds/stays", params={"limit": 5}, headers={"If-None-Match": tag})

    assert (refused.status_code, refused.json()["code"]) == (403, "not_subscribed")
