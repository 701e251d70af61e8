"""Houniao inside a test: some services on real RabbitMQ and MongoDB, with databases and queues of their own."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import aio_pika
import httpx
from fastapi import FastAPI
from pymongo import timeout

from deploy.local.stack import Stack
from deploy.rabbitmq.definitions import dead_letters_of, queues
from services.outreach.service import MessagingSettings
from services.registration.vault import VaultSettings
from services.runtime.access import issue
from services.runtime.clock import Clock, system_clock
from services.runtime.mongo import Database, connect
from services.runtime.settings import Settings

REPOSITORY = Path(__file__).parents[2]
SERVICES = ("registration", "archives", "outreach", "reporting", "feeds")


@dataclass
class Instance:
    """Running services, one set of them: what a deployment or one district has."""

    stack: Stack
    name: str
    districts: str = ""
    clock: Clock = system_clock
    divisions: Path | None = None
    messaging: MessagingSettings | None = None
    apps: dict[str, FastAPI] = field(default_factory=dict)

    def database(self, service: str) -> Database:
        """Return a running service's database."""
        database: Database = self.apps[service].state.service.database
        return database

    @property
    def databases(self) -> dict[str, Database]:
        """Return every running service's database."""
        return {service: self.database(service) for service in self.apps}

    def client(self, service: str, role: str, division: str, subject: str = "tester") -> httpx.AsyncClient:
        """Return an HTTP client with a token."""
        token = issue(self.stack.issuer_jwk(), services=[service], subject=subject, role=role, division=division)
        transport = httpx.ASGITransport(app=self.apps[service])
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(transport=transport, base_url=f"http://{service}", headers=headers, timeout=60)

    async def command(self, service: str, *arguments: str, **told: str) -> subprocess.CompletedProcess[str]:
        """Run a command of a service to its end, in a process of its own as at the terminal."""
        environment = self.stack.service_environment(service, instance=self.name)
        environment |= {"MONGODB_URL": self.stack.mongodb_url(), "NO_COLOR": "1", **told}
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", f"services.{service}", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def settings(self, service: str) -> Settings:
        """Return the settings of a service of this instance, signed in to RabbitMQ as the service."""
        told = self.stack.service_environment(service, districts=self.districts)
        return Settings(
            mongodb_url=self.stack.mongodb_url(),
            rabbitmq_url=self.stack.rabbitmq_url(service),
            districts=self.districts,
            instance=self.name,
            divisions=self.divisions,
            jwks=told["HOUNIAO_JWKS"],
        )

    def build(self, service: str) -> FastAPI:
        """Wire a service as its own process would."""
        wiring = import_module(f"services.{service}.__main__")
        told = self.stack.service_environment(service)
        if service == "registration":
            keys = VaultSettings(
                person_key=told["HOUNIAO_PERSON_KEY"],
                sealing_keys=told["HOUNIAO_SEALING_KEYS"],
                access_log_keys=told["HOUNIAO_ACCESS_LOG_KEYS"],
            )
            app: FastAPI = wiring.build(self.settings(service), keys, self.clock)
        elif service in {"archives", "reporting"}:
            reads = wiring.AccessLogSettings(access_log_keys=told["HOUNIAO_ACCESS_LOG_KEYS"])
            app = wiring.build(self.settings(service), reads, self.clock)
        elif service == "outreach":
            messaging = self.messaging or wiring.MessagingSettings(code_key=told["HOUNIAO_CODE_KEY"])
            app = wiring.build(self.settings(service), messaging, self.clock)
        else:
            feeds = wiring.FeedSettings(
                pseudonym_key=told["HOUNIAO_PSEUDONYM_KEY"],
                webhook_keys=told["HOUNIAO_WEBHOOK_KEYS"],
                webhook_networks="127.0.0.0/8",
            )
            app = wiring.build(self.settings(service), feeds, self.clock)
        return app


@asynccontextmanager
async def running_instance(
    stack: Stack,
    services: Iterable[str] = SERVICES,
    *,
    name: str | None = None,
    districts: str = "",
    clock: Clock = system_clock,
    divisions: Path | None = None,
    messaging: MessagingSettings | None = None,
    keep: bool = False,
) -> AsyncIterator[Instance]:
    """Run services until the block ends; with `keep` their data and queues outlive them, to be run again by name."""
    instance = Instance(stack, name or uuid4().hex[:10], districts, clock, divisions, messaging)
    await asyncio.to_thread(stack.declare_queues, instance.name)
    async with AsyncExitStack() as exits:
        for service in services:
            app = instance.build(service)
            instance.apps[service] = app
            await exits.enter_async_context(app.router.lifespan_context(app))
        await eventually(lambda: _all_ready(instance))
        yield instance
    if not keep:
        await forget_instance(stack, instance.name)


async def forget_instance(stack: Stack, name: str) -> None:
    """Remove the databases and queues of an instance."""
    client = connect(stack.mongodb_url())
    with timeout(120):  # many files are deleted, on a disk that may be busy
        for service in SERVICES:
            await client.drop_database(f"houniao_{service}_{name}")
    client.close()
    connection = await aio_pika.connect(stack.rabbitmq_url())
    async with connection, connection.channel() as channel:
        for queue in queues(name):
            for one in (queue, dead_letters_of(queue)):
                await channel.queue_delete(one)


async def eventually(check: Callable[[], Awaitable[Any]], within: float = 60.0, every: float = 0.05) -> Any:
    """Return what a check returns as soon as it is true, or fail with what it returned last."""
    deadline = time.monotonic() + within
    while True:
        found = await check()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {within} s: {check}, last {found!r}"
        await asyncio.sleep(every)


async def _all_ready(instance: Instance) -> bool:
    troubles: Sequence[list[str]] = [await app.state.service.find_troubles() for app in instance.apps.values()]
    return not any(troubles)
