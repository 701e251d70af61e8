"""Clients as the page of feeds shows them follow a queue and a stream while feeds and RabbitMQ are killed."""

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aio_pika
import httpx
import pytest
from aio_pika.exceptions import ChannelNotFoundEntity

from deploy.rabbitmq.definitions import integrator_queue, integrator_stream, integrator_user
from services.runtime.access import issue
from tests.faults.deployment import QUEUES_ARE_ON_DISK, REPOSITORY, Deployment
from tests.faults.form import WHOLE_WITHIN, in_form
from tests.faults.load import under_load
from tests.faults.people import OFFICES_STREETS
from tests.support.instance import eventually
from tests.support.node import NODE, install_packages
from tests.support.queues import integrator_url, rabbitmqctl
from tests.support.subscriptions import ASKED, EVERYTHING
from tests.support.told import must_be_as_described

DISTRICT = OFFICES_STREETS[0][:6]
ROUNDS = in_form(short=1, long=10)
DIES = ("feeds", "confirmed, not kept", "rabbitmq")
"""What is killed in each round, one after another: feeds anywhere, feeds at a point, RabbitMQ."""
MEANWHILE = in_form(short=40, long=200)
PAGE = (REPOSITORY / "docs/feeds.md").read_text(encoding="utf-8")
SHOWN = dict(re.findall(r"^```(javascript queue|python stream)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
CLIENTS = {"python stream": (sys.executable, "-c"), "javascript queue": (NODE, "--input-type=module", "-e")}
"""How a client that the page shows is run, with nothing of ours."""


@dataclass(frozen=True)
class Reader:
    """Another system that has a district's feed on RabbitMQ."""

    houniao: Deployment
    name: str
    audience: str
    passwords: Path

    @property
    def url(self) -> str:
        """Return where it signs in to RabbitMQ."""
        password = (self.passwords / integrator_user(self.audience)).read_text()
        return integrator_url(self.houniao.stack, self.audience, password)


def client(houniao: Deployment, role: str, subject: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token(houniao, role, subject)}"}
    return httpx.AsyncClient(base_url=houniao.url("feeds"), headers=headers, timeout=60)


def token(houniao: Deployment, role: str, subject: str) -> str:
    return issue(houniao.stack.issuer_jwk(), services=["feeds"], subject=subject, role=role, division=DISTRICT)


async def subscribe(houniao: Deployment, name: str, passwords: Path) -> Reader:
    terms = {**EVERYTHING, "amqp": True}
    async with client(houniao, "integrator", name) as integrator, client(houniao, "district", name) as office:
        asked = await integrator.post("/subscriptions", json={**ASKED, **terms, "district": DISTRICT})
        audience = asked.raise_for_status().json()["subscription_id"]
        (await office.post(f"/subscriptions/{audience}/approval", json=terms)).raise_for_status()
    return Reader(houniao, name, audience, passwords)


async def apply(reader: Reader) -> list[str]:
    """Let an operator give and take what the record says, and return what the command says of a reader."""
    command = shlex.join(rabbitmqctl(reader.houniao.stack))
    asked = ("--feeds", reader.houniao.url("feeds"), "--passwords", str(reader.passwords), "--rabbitmqctl", command)
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "deploy.rabbitmq.integrators", *asked],
        cwd=REPOSITORY,
        env={**os.environ, "TOKEN": token(reader.houniao, "admin", "operator")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if reader.audience in line]


@asynccontextmanager
async def following(reader: Reader, folder: Path) -> AsyncIterator[dict[str, Path]]:
    """Follow queue and stream with each client until the block ends; yield their files."""
    houniao = reader.houniao
    environment = {
        "PATH": "/usr/bin:/bin",
        "AMQP_URL": reader.url,
        "QUEUE": integrator_queue(reader.audience),
        "STREAM": integrator_stream(reader.audience),
        "URL": houniao.url("feeds"),
        "TOKEN": token(houniao, "integrator", reader.name),
        "DISTRICT": DISTRICT,
    }
    followers = []
    for shown, command in CLIENTS.items():
        (folder / shown).mkdir()
        if command[0] == NODE:
            (folder / shown / "node_modules").symlink_to(await asyncio.to_thread(install_packages))
        with (folder / shown / "log").open("wb") as log:
            followers.append(
                await asyncio.create_subprocess_exec(
                    *command, SHOWN[shown], env=environment, cwd=folder / shown, stdout=log, stderr=log
                )
            )
    try:
        yield {shown: folder / shown / "events.ndjson" for shown in CLIENTS}
        assert [one.returncode for one in followers] == [None] * len(CLIENTS), "a client gave up"
    finally:
        for one in followers:
            if one.returncode is None:
                one.kill()
            await one.wait()


def events_in(file: Path) -> list[dict[str, Any]]:
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [line.get("event", line) for line in map(json.loads, lines)]


async def read_all(reader: Reader) -> list[dict[str, Any]]:
    """Return everything that is read over HTTP."""
    events: list[dict[str, Any]] = []
    async with client(reader.houniao, "integrator", reader.name) as integrator:
        while (
            page := (await integrator.get("/feeds/stays", params={"after": len(events), "limit": 1000}))
            .raise_for_status()
            .json()
        ):
            events += page
    return events


async def kill(houniao: Deployment, dies: str) -> None:
    if dies == "rabbitmq":
        await asyncio.to_thread(houniao.stack.rabbitmq.kill)
        await asyncio.to_thread(houniao.stack.rabbitmq.start)
        return
    houniao.kill("feeds")
    if dies == "feeds":
        houniao.start("feeds")
        return
    houniao.start("feeds", dies, "2")
    await houniao.crashes("feeds")
    houniao.start("feeds")


async def test_who_follows_a_queue_or_a_stream_has_what_is_read_over_http(houniao: Deployment, tmp_path: Path) -> None:
    reader = await subscribe(houniao, "follower of a queue", tmp_path / "passwords")
    assert await apply(reader) == [f"given: {integrator_user(reader.audience)}"]
    assert await apply(reader) == [f"stays: {integrator_user(reader.audience)}"]
    await asyncio.sleep(QUEUES_ARE_ON_DISK)

    async with following(reader, tmp_path) as kept:
        async with under_load(houniao) as load:
            for dies in DIES * ROUNDS:
                await load.reaches(MEANWHILE)
                await kill(houniao, dies)
        await houniao.ready()
        await load.must_be_whole()

        async def caught_up() -> bool:
            told = await read_all(reader)
            return bool(told) and all(len(events_in(file)) == len(told) for file in kept.values())

        await eventually(caught_up, WHOLE_WITHIN, every=0.5)
        followed = {shown: events_in(file) for shown, file in kept.items()}

        told = await read_all(reader)
        assert followed == dict.fromkeys(kept, told)
        must_be_as_described(told)
    await must_end_with_the_subscription(reader)


async def must_end_with_the_subscription(reader: Reader) -> None:
    """Assert that who was in is out, and that nothing is left, once it is taken back and an operator applied that."""
    stack = reader.houniao.stack
    async with await aio_pika.connect(reader.url) as inside:
        async with client(reader.houniao, "district", "office") as office:
            ended = await office.post(f"/subscriptions/{reader.audience}/revocation", json={"reason": "协议已终止"})
            ended.raise_for_status()
        assert await apply(reader) == [f"taken: {integrator_user(reader.audience)}"]

        async def is_out() -> bool:
            return not inside.connected.is_set()

        await eventually(is_out, within=30)
    async with await aio_pika.connect(stack.rabbitmq_url()) as operator:
        for name in (integrator_queue(reader.audience), integrator_stream(reader.audience)):
            with pytest.raises(ChannelNotFoundEntity):
                await (await operator.channel()).get_queue(name, ensure=True)
    assert await apply(reader) == []
