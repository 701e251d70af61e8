"""The story of a snapshot: a school takes what it was told so far at once, and reads on behind it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
import pytest_asyncio

from contracts.feeds.feeds import FeedName
from deploy.local.stack import Stack
from services.feeds.commands import snapshots as making
from services.feeds.commands.compacting import compact_all
from services.feeds.commands.snapshots import make_all, want
from services.feeds.service import Feed
from services.feeds.views import pages, snapshots
from tests.support.delivering import Clock
from tests.support.instance import Instance, eventually, running_instance
from tests.support.joining import make_crowd
from tests.support.subscriptions import subscribe

pytestmark = pytest.mark.asyncio(loop_scope="module")

DISTRICT = "320507"
CROWD = make_crowd(600)
LATER = [{**entry, "id": f"later {entry['id']}"} for entry in make_crowd(80)]
AT = "/feeds/stays/snapshot"


CLOCK = Clock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["feeds"], clock=CLOCK) as instance:
        yield instance


def school(houniao: Instance, subscriber: str = "school") -> httpx.AsyncClient:
    return houniao.client("feeds", "integrator", DISTRICT, subscriber)


async def hear(houniao: Instance, first: int, last: int) -> None:
    """Let feeds hear of some of the crowd, and wait until everybody was told."""
    database = houniao.database("feeds")
    for start in range(first, last, 100):
        await pages.append(database, FeedName.STAYS, DISTRICT, CROWD[start : min(start + 100, last)])
    await eventually(lambda: database["releases"].find_one({"read": last}))


async def make(client: httpx.AsyncClient) -> dict[str, Any]:
    """Have a snapshot made and return its manifest."""
    assert (await client.post(AT)).status_code == 202

    async def ready() -> Any:
        answer = (await client.get(AT)).json()
        return answer["ready"] if not answer["making"] else None

    made: dict[str, Any] = await eventually(ready)
    return made


def count(rows: Iterable[dict[str, Any]]) -> Counter[str]:
    """Return how many events there are of each kind and data; a row without a count is one event."""
    counted: Counter[str] = Counter()
    for row in rows:
        counted[json.dumps([row["type"], row["data"]], sort_keys=True)] += row.get("count", 1)
    return counted


async def read_on(client: httpx.AsyncClient, after: int) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    while found := (await client.get("/feeds/stays", params={"after": after, "limit": 1000})).json():
        events += found
        after = found[-1]["position"]
    return events


def lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]


async def test_the_snapshot_and_the_tail_behind_it_are_the_whole_feed(houniao: Instance) -> None:
    await subscribe(houniao, "school")
    async with school(houniao) as client:
        nothing = await client.get(AT)
        await hear(houniao, 0, 500)
        manifest = await make(client)
        await hear(houniao, 500, len(CROWD))
        content = (await client.get(f"{AT}/content")).content
        tail = await read_on(client, manifest["position"])
        whole = await read_on(client, 0)

    assert (nothing.status_code, nothing.json()["code"]) == (404, "no_snapshot")
    assert (len(content), sha256(content).hexdigest()) == (manifest["size"], manifest["sha256"])
    rows = lines(content)
    assert (len(rows), sum(row["count"] for row in rows)) == (manifest["rows"], manifest["events"])
    assert manifest["events"] == manifest["position"] > 450
    assert len(tail) == len(whole) - manifest["position"] > 50
    assert count(rows) + count(tail) == count(whole)


async def test_a_download_that_broke_off_is_gone_on_with(houniao: Instance) -> None:
    await subscribe(houniao, "school")
    async with school(houniao) as client:
        await make(client)
        whole = await client.get(f"{AT}/content")
        tag, half = whole.headers["etag"], len(whole.content) // 2
        first = await client.get(f"{AT}/content", headers={"Range": f"bytes=0-{half - 1}"})
        rest = await client.get(f"{AT}/content", headers={"Range": f"bytes={half}-", "If-Range": tag})
        another = await client.get(f"{AT}/content", headers={"Range": f"bytes={half}-", "If-Range": '"another"'})
        beyond = await client.get(f"{AT}/content", headers={"Range": f"bytes={len(whole.content)}-"})

    assert (first.status_code, rest.status_code, another.status_code) == (206, 206, 200)
    assert first.content + rest.content == whole.content == another.content
    assert rest.headers["content-range"] == f"bytes {half}-{len(whole.content) - 1}/{len(whole.content)}"
    assert (beyond.status_code, beyond.json()["code"]) == (416, "outside_the_file")


async def test_a_snapshot_as_parquet_has_the_rows_of_its_lines(houniao: Instance) -> None:
    await subscribe(houniao, "school")
    async with school(houniao) as client:
        made = (await make(client))["parquet"]
        lines_of_it = lines((await client.get(f"{AT}/content")).content)
        whole = await client.get(f"{AT}/content", params={"form": "parquet"})
        half = {"Range": f"bytes={made['size'] // 2}-", "If-Range": whole.headers["etag"]}
        rest = await client.get(f"{AT}/content", params={"form": "parquet"}, headers=half)

    assert whole.headers["content-type"] == "application/vnd.apache.parquet"
    assert (len(whole.content), sha256(whole.content).hexdigest()) == (made["size"], made["sha256"])
    assert (rest.status_code, rest.content) == (206, whole.content[made["size"] // 2 :])
    rows = pq.read_table(BytesIO(whole.content)).to_pylist()
    assert [
        {"type": row["type"], "count": row["count"], "data": {name: row[name] for name in row["told"]}} for row in rows
    ] == lines_of_it


async def test_a_snapshot_is_made_anew_after_an_hour_and_the_old_file_is_gone(houniao: Instance) -> None:
    await subscribe(houniao, "school")
    async with school(houniao) as client:
        before = await make(client)
        soon = await make(client)
        CLOCK.ahead = timedelta(hours=1, minutes=1)
        later = await make(client)
        content = (await client.get(f"{AT}/content")).content

    assert soon == before
    assert later["made_at"] > before["made_at"]
    assert sha256(content).hexdigest() == later["sha256"]
    await eventually(lambda: has_files(houniao, 1))  # the old one goes once the new one is ready


async def test_many_who_ask_at_once_get_one_snapshot(houniao: Instance) -> None:
    await subscribe(houniao, "crowd")
    async with school(houniao, "crowd") as client:
        answers = await asyncio.gather(*(client.post(AT) for _ in range(8)))
        await make(client)

    assert {answer.status_code for answer in answers} == {202}
    assert await houniao.database("feeds")["snapshots"].count_documents({"_id": {"$exists": True}}) == 2
    await eventually(lambda: has_files(houniao, 2))


async def test_two_processes_that_make_one_snapshot_leave_one_file(houniao: Instance) -> None:
    named = await subscribe(houniao, "pair")
    feed: Feed = houniao.apps["feeds"].state.feed
    await want(feed, named)
    await asyncio.gather(*(make_all(feed) for _ in range(3)))

    async with school(houniao, "pair") as client:
        manifest = await make(client)
        content = (await client.get(f"{AT}/content")).content
    assert sha256(content).hexdigest() == manifest["sha256"]
    await eventually(lambda: has_files(houniao, 3))


async def test_whoever_waits_for_a_snapshot_sees_how_far_it_is(
    houniao: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "A_GROUP", 10)
    await subscribe(houniao, "museum")
    finish, seen = snapshots.finish, list[dict[str, Any]]()

    async def look_first(*made: Any) -> None:
        seen.append((await client.get(AT)).json())
        await finish(*made)

    async with school(houniao, "museum") as client:
        await eventually(lambda: reads(client))
        monkeypatch.setattr(snapshots, "finish", look_first)
        manifest = await make(client)
        after = (await client.get(AT)).json()

    (before,) = seen
    assert before["making"]
    assert before["progress"]["events"] == manifest["position"]
    assert 0 < before["progress"]["written"] <= manifest["position"]
    assert (after["making"], after["progress"]) == (False, None)


async def reads(client: httpx.AsyncClient) -> bool:
    return bool((await client.get("/feeds/stays")).json())


async def has_files(houniao: Instance, snapshots: int) -> bool:
    """Return whether there are the files of so many snapshots: of each its lines, and its rows as Parquet."""
    return await houniao.database("feeds")["snapshot_files.files"].count_documents({}) == 2 * snapshots


async def test_nobody_has_a_snapshot_of_what_is_not_given(houniao: Instance) -> None:
    async with school(houniao, "stranger") as client:
        answers = [await client.post(AT), await client.get(AT), await client.get(f"{AT}/content")]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "not_subscribed")}


async def test_what_was_told_long_ago_is_gone_and_the_refusal_names_the_snapshot(
    houniao: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = (datetime.now(UTC) + timedelta(days=600)).date().isoformat()
    named = await subscribe(houniao, "library", expires_on=until)
    database, feed = houniao.database("feeds"), houniao.apps["feeds"].state.feed
    async with school(houniao, "library") as client:
        whole = await eventually(lambda: read_on(client, 0))
        monkeypatch.setattr(CLOCK, "ahead", timedelta(days=401))
        await pages.append(database, FeedName.STAYS, DISTRICT, LATER)
        await eventually(lambda: find_told(houniao, named, len(whole)))
        await compact_all(feed, timedelta(days=400))
        manifest = await make(client)
        await compact_all(feed, timedelta(days=400))

        refused = [await client.get("/feeds/stays", params={"after": after}) for after in (0, len(whole) - 1)]
        refused.append(await client.get("/feeds/stays/events", params={"after": 1}))
        hook = {"url": "https://hooks.example.org/", "after": 0}
        refused.append(await client.post(f"/subscriptions/{named}/webhook", json=hook))
        rows = lines((await client.get(f"{AT}/content")).content)
        tail = await read_on(client, len(whole))

    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (410, "compacted")
        assert answer.json()["snapshot"] == f"{AT}?division={DISTRICT}"
        assert answer.headers["link"] == f'<{AT}?division={DISTRICT}>; rel="snapshot"'
    assert manifest["position"] == len(whole) + len(tail)
    assert count(rows) == count(whole) + count(tail)


async def find_told(houniao: Instance, audience: str, position: int) -> Any:
    return await houniao.database("feeds")["releases"].find_one({"audience": audience, "end": {"$gt": position}})
