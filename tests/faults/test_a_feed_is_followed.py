"""Somebody with nothing but `curl` follows a feed while feeds and RabbitMQ are killed, and has everything once."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.runtime.access import issue
from tests.faults.deployment import Deployment
from tests.faults.form import WHOLE_WITHIN, in_form
from tests.faults.load import under_load
from tests.faults.people import OFFICES_STREETS
from tests.support.instance import eventually
from tests.support.subscriptions import ASKED, EVERYTHING

DISTRICT = OFFICES_STREETS[0][:6]
KILLS = in_form(short=2, long=20)
MEANWHILE = in_form(short=40, long=200)
FOLLOW = """
after=0
while [ ! -e "$FOLDER/over" ]; do
  page=$(curl -sf --noproxy '*' --max-time 10 -H "Authorization: Bearer $TOKEN" \
    "$URL/feeds/stays?division=$DISTRICT&after=$after&limit=20&wait=1") || { sleep 0.2; continue; }
  last=$(grep -o '"position":[0-9]*' <<<"$page" | tail -1 | cut -d: -f2)
  [ -n "$last" ] && printf '%s\\n' "$page" >>"$FOLDER/pages" && after=$last
done
"""
"""A client that keeps each page and goes on behind it; a page that was not answered whole is asked for again."""


def token(houniao: Deployment, role: str) -> str:
    key = houniao.stack.issuer_jwk()
    return issue(key, services=["feeds"], subject="follower", role=role, division=DISTRICT)


def client(houniao: Deployment, role: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token(houniao, role)}"}
    return httpx.AsyncClient(base_url=houniao.url("feeds"), headers=headers, timeout=60)


async def subscribe(houniao: Deployment) -> str:
    async with client(houniao, "integrator") as integrator, client(houniao, "district") as office:
        asked = await integrator.post("/subscriptions", json={**ASKED, **EVERYTHING, "district": DISTRICT})
        named = asked.raise_for_status().json()["subscription_id"]
        (await office.post(f"/subscriptions/{named}/approval", json=EVERYTHING)).raise_for_status()
    return str(named)


@asynccontextmanager
async def following(houniao: Deployment, folder: Path) -> AsyncIterator[Path]:
    """Follow the feed until the block ends; yield the file of the pages that were read."""
    told = {"FOLDER": str(folder), "TOKEN": token(houniao, "integrator"), "URL": houniao.url("feeds")}
    environment = {**told, "DISTRICT": DISTRICT, "PATH": "/usr/bin:/bin"}
    follower = await asyncio.create_subprocess_exec("bash", "-c", FOLLOW, env=environment)
    try:
        yield folder / "pages"
    finally:
        (folder / "over").touch()
        await asyncio.wait_for(follower.wait(), 30)


def events_in(pages: Path) -> list[dict[str, Any]]:
    lines = pages.read_text(encoding="utf-8").splitlines() if pages.exists() else []
    return [event for line in lines for event in json.loads(line)]


def count(rows: Iterable[dict[str, Any]]) -> Counter[str]:
    """Return how many events there are of each kind and data; a row without a count is one event."""
    counted: Counter[str] = Counter()
    for row in rows:
        counted[json.dumps([row["type"], row["data"]], sort_keys=True)] += row.get("count", 1)
    return counted


async def take_snapshot(houniao: Deployment) -> tuple[int, list[dict[str, Any]]]:
    """Return the position and the rows of a snapshot of the feed."""
    async with client(houniao, "integrator") as integrator:
        (await integrator.post("/feeds/stays/snapshot")).raise_for_status()

        async def ready() -> Any:
            answer = (await integrator.get("/feeds/stays/snapshot")).json()
            return None if answer["making"] else answer["ready"]

        manifest = await eventually(ready, WHOLE_WITHIN)
        content = (await integrator.get("/feeds/stays/snapshot/content")).content
    assert sha256(content).hexdigest() == manifest["sha256"]
    return int(manifest["position"]), [json.loads(line) for line in content.splitlines()]


@pytest.mark.parametrize("dies", ["feeds", "rabbitmq"])
async def test_who_follows_with_curl_has_everything_once(houniao: Deployment, tmp_path: Path, dies: str) -> None:
    named = await subscribe(houniao)
    releases = houniao.databases["feeds"]["releases"]

    async with following(houniao, tmp_path) as pages:
        async with under_load(houniao) as load:
            await houniao.until_queues_are_on_disk()
            for _ in range(KILLS):
                await load.reaches(MEANWHILE)
                await kill(houniao, dies)
        await houniao.ready()
        await load.must_be_whole()

        async def caught_up() -> bool:
            newest = await releases.find_one({"audience": named}, sort=[("number", -1)])
            heard = await houniao.databases["feeds"]["stay_pages"].find_one(
                {"district": DISTRICT}, sort=[("first", -1)]
            )
            if not newest or not heard or newest["read"] != _end_of(heard):
                return False
            assert newest["end"] + len(newest["waiting"]) == newest["read"], "what is not told yet waits"
            return bool(len(events_in(pages)) == newest["end"] > 0)

        await eventually(caught_up, WHOLE_WITHIN)

    followed = events_in(pages)
    position, rows = await take_snapshot(houniao)
    assert [event["position"] for event in followed] == list(range(1, len(followed) + 1))
    assert len({event["id"] for event in followed}) == len(followed)
    assert count(rows) + count(event for event in followed if event["position"] > position) == count(followed)


def _end_of(page: dict[str, Any]) -> int:
    return int(page["first"]) + len(page["entries"]) - 1


async def kill(houniao: Deployment, dies: str) -> None:
    if dies == "feeds":
        houniao.kill("feeds")
        houniao.start("feeds")
    else:
        await asyncio.to_thread(houniao.stack.rabbitmq.kill)
        await asyncio.to_thread(houniao.stack.rabbitmq.start)
