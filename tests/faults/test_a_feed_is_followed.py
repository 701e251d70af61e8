"""Clients as the page of feeds shows them follow one while feeds and RabbitMQ are killed, and have all of it once."""

import asyncio
import json
import re
import sys
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
from tests.support.node import NODE
from tests.support.subscriptions import ASKED, EVERYTHING

DISTRICT = OFFICES_STREETS[0][:6]
KILLS = in_form(short=2, long=20)
MEANWHILE = in_form(short=40, long=200)
CLIENTS = {
    "bash": ("bash", "-c"),
    "python": (sys.executable, "-c"),
    "javascript": (NODE, "--input-type=module", "-e"),
}
"""How a client that the page of feeds shows in a language is run, with nothing of ours."""
PAGE = Path(__file__).parents[2] / "docs/feeds.md"
SHOWN = dict(
    re.findall(r"^```(bash|python|javascript)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
)


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
async def following(houniao: Deployment, folder: Path) -> AsyncIterator[list[Path]]:
    """Follow the feed with each client until the block ends; yield their files."""
    told = {"TOKEN": token(houniao, "integrator"), "URL": houniao.url("feeds"), "DISTRICT": DISTRICT}
    environment = {**told, "PATH": "/usr/bin:/bin"}
    followers = []
    for language, command in CLIENTS.items():
        (folder / language).mkdir()
        followers.append(
            await asyncio.create_subprocess_exec(
                *command, SHOWN[language], env=environment, cwd=folder / language, stderr=asyncio.subprocess.DEVNULL
            )
        )
    try:
        yield [folder / language / "events.ndjson" for language in CLIENTS]
        assert [one.returncode for one in followers] == [None] * len(CLIENTS), "a client gave up"
    finally:
        for one in followers:
            if one.returncode is None:
                one.kill()
            await one.wait()


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
async def test_who_follows_with_what_the_page_shows_has_everything_once(
    houniao: Deployment, tmp_path: Path, dies: str
) -> None:
    named = await subscribe(houniao)
    releases = houniao.databases["feeds"]["releases"]

    async with following(houniao, tmp_path) as kept:
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
            return newest["end"] > 0 and all(len(events_in(pages)) == newest["end"] for pages in kept)

        await eventually(caught_up, WHOLE_WITHIN)

    followed, *others = map(events_in, kept)
    assert others == [followed] * len(others)
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
