"""Houniao as five real processes on servers of their own, which a test may kill, freeze, stop and start again."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import aio_pika
import httpx

from deploy.local.stack import Server, Stack
from services.runtime.mongo import Client, Database, connect, database_of
from tests.faults.form import WHOLE_WITHIN
from tests.faults.people import OFFICES_STREETS, People
from tests.support.instance import SERVICES, eventually

REPOSITORY = Path(__file__).parent.parent.parent
QUEUES_ARE_ON_DISK = 4.0
"""Seconds until RabbitMQ 3.10 has surely written down a new quorum queue's name; killed before, the queue is lost."""
DIES_WITH_THE_TESTS = ("setpriv", "--pdeathsig", "KILL")
"""Asks the kernel to kill a service when the test run dies, however it dies."""
STOPS_WITHIN = 60.0
"""Seconds that a service may take to stop while a server is stuck: its patience with requests and with a batch."""


@dataclass
class Deployment:
    """Five services as processes, with databases and queues of their own."""

    stack: Stack
    name: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _client: Client | None = None
    _complete_since: float | None = None

    @cached_property
    def people(self) -> People:
        """Return all people who will ever arrive here."""
        return People(self.stack.service_environment("registration")["HOUNIAO_PERSON_KEY"])

    def start(self, service: str, *crash: str, **told: str) -> None:
        """Start a service, optionally to crash at a point (`crashing.py`) or with other settings."""
        command = ["tests.faults.crashing", service, *crash] if crash else [f"services.{service}"]
        environment = {**os.environ, **self.stack.service_environment(service, instance=self.name)}
        environment |= {"MONGODB_URL": self.stack.mongodb_url(), "HOUNIAO_LOG": "json", **told}
        with self._log(service).open("ab") as log:
            self.processes[service] = subprocess.Popen(
                [*DIES_WITH_THE_TESTS, sys.executable, "-m", *command],
                cwd=REPOSITORY,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def send(self, service: str, number: signal.Signals) -> None:
        """Send a service's process a signal."""
        self.processes[service].send_signal(number)

    def kill(self, service: str) -> None:
        """Kill a service (SIGKILL)."""
        self.processes[service].kill()
        self.processes[service].wait()

    async def stop(self, service: str) -> int:
        """Stop a service gracefully and give its exit code."""
        self.send(service, signal.SIGTERM)
        try:
            return await asyncio.to_thread(self.processes[service].wait, STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill(service)
            raise AssertionError(f"{service} did not stop\n{self.tail(service)}") from None

    async def crashes(self, service: str) -> None:
        """Wait until a service has killed itself; fail if it ends in any other way."""

        async def crashed() -> bool:
            code = self.processes[service].poll()
            assert code in {None, -signal.SIGKILL}, f"{service} ended with {code}\n{self.tail(service)}"
            return code is not None

        await eventually(crashed, WHOLE_WITHIN)

    async def ready(self, *services: str) -> None:
        """Wait until services (all, if none is named) call themselves ready."""
        for service in services or SERVICES:

            async def is_ready(service: str = service) -> bool:
                return await self._is_ready(service)

            await eventually(is_ready, WHOLE_WITHIN)

    async def heal(self) -> None:
        """Bring back whatever a test left dead or frozen, and wait until all of it is ready."""
        for server in (self.stack.rabbitmq, self.stack.mongodb):
            if server.pid is not None:
                os.kill(server.pid, signal.SIGCONT)
            await asyncio.to_thread(server.start)
        await asyncio.to_thread(self.stack.declare_queues, self.name)
        await self._declare_reply_queues()
        for service in SERVICES:
            if service in self.processes and self.processes[service].poll() is None:
                self.send(service, signal.SIGCONT)
            else:
                self.start(service)
        await self.ready()
        self._complete_since = self._complete_since or time.monotonic()

    async def until_queues_are_on_disk(self) -> None:
        """Wait until RabbitMQ can be killed without forgetting a queue it was given a moment ago."""
        assert self._complete_since is not None
        await asyncio.sleep(max(0.0, self._complete_since + QUEUES_ARE_ON_DISK - time.monotonic()))

    def end(self) -> None:
        """Kill what still runs."""
        for service in self.processes:
            self.kill(service)

    def url(self, service: str) -> str:
        """Return the URL of a service's HTTP interface."""
        return f"http://127.0.0.1:{self.stack.service_port(service, self.name)}"

    def tail(self, service: str) -> str:
        """Quote the end of a service's log."""
        return self._log(service).read_text()[-3000:]

    @property
    def databases(self) -> Mapping[str, Database]:
        """Return every service's database."""
        self._client = self._client or connect(self.stack.mongodb_url())
        return {service: database_of(self._client, f"houniao_{service}_{self.name}") for service in SERVICES}

    def disconnect(self) -> None:
        """Close the test's own connection to MongoDB, which belongs to one event loop."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def _is_ready(self, service: str) -> bool:
        code = self.processes[service].poll()
        assert code is None, f"{service} ended with {code}\n{self.tail(service)}"
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                return (await client.get(f"{self.url(service)}/health/ready")).status_code == 200
        except httpx.TransportError:
            return False

    async def _declare_reply_queues(self) -> None:
        for street in OFFICES_STREETS:
            async with await aio_pika.connect(self.stack.rabbitmq_url(f"office-{street}")) as connection:
                channel = await connection.channel()
                await channel.declare_queue(f"office.{street}", durable=True, arguments={"x-queue-type": "quorum"})

    def _log(self, service: str) -> Path:
        return self.stack.folder / f"{service}-{self.name}.log"


def signal_server(server: Server, number: signal.Signals) -> None:
    """Send a server's process a signal."""
    assert server.pid is not None
    os.kill(server.pid, number)
