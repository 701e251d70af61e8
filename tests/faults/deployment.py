"""Houniao as five real processes on servers of their own, which a test may kill, freeze, stop and start again."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from deploy.local.stack import Server, Stack
from services.runtime.mongo import Client, Database, connect, database_of
from tests.faults.form import WHOLE_WITHIN
from tests.faults.load import Load
from tests.instance import SERVICES, eventually
from tests.ledger import find_losses

REPOSITORY = Path(__file__).parent.parent.parent
QUEUES_ARE_ON_DISK = 4.0
"""Seconds until RabbitMQ 3.10 has surely written down a new quorum queue's name; killed before, the queue is lost."""
STOPS_WITHIN = 45.0
"""Seconds that a service may take to stop: twice its patience of 20 s, and a little."""


@dataclass
class Deployment:
    """Five services as processes, with databases and queues of their own."""

    stack: Stack
    name: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    people: int = 0
    """How many people the loads have made up so far."""
    _client: Client | None = None
    _queues_since: float = 0.0

    def start(self, service: str, *crash: str, **told: str) -> None:
        """Start a service, optionally to crash at a point (`crashing.py`) or with other settings."""
        command = ["-m", "tests.faults.crashing", service, *crash] if crash else ["-m", f"services.{service}"]
        environment = {**os.environ, **self.stack.service_environment(service, instance=self.name)}
        environment |= {"MONGODB_URL": self.stack.mongodb_url(), "HOUNIAO_LOG": "json", **told}
        with self.log(service).open("ab") as log:
            self.processes[service] = subprocess.Popen(
                [sys.executable, *command],
                cwd=REPOSITORY,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_the_tests,
            )

    def log(self, service: str) -> Path:
        """Say where a service's log is."""
        return self.stack.folder / f"{service}-{self.name}.log"

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
        return await asyncio.to_thread(self.processes[service].wait, STOPS_WITHIN)

    async def has_crashed(self, service: str) -> bool:
        """Say whether a service killed itself; fail if it ended in any other way."""
        code = self.processes[service].poll()
        assert code in {None, -signal.SIGKILL}, f"{service} ended with {code}: {self.tail(service)}"
        return code is not None

    def tail(self, service: str) -> str:
        """Quote the end of a service's log."""
        return self.log(service).read_text()[-3000:]

    def url(self, service: str) -> str:
        """Say where a service's HTTP interface is."""
        return f"http://127.0.0.1:{self.stack.service_port(service, self.name)}"

    async def heal(self) -> None:
        """Bring back whatever a test left dead or frozen, and wait until all of it is ready."""
        for server in (self.stack.rabbitmq, self.stack.mongodb):
            _thaw(server)
            await asyncio.to_thread(server.start)
        for service in SERVICES:
            if service in self.processes and self.processes[service].poll() is None:
                self.send(service, signal.SIGCONT)
            else:
                self.start(service)
        await self.ready()
        self._queues_since = self._queues_since or time.monotonic()

    async def ready(self, *services: str) -> None:
        """Wait until services (all, if none is named) call themselves ready."""
        async with httpx.AsyncClient(timeout=5) as client:
            for service in services or SERVICES:
                await eventually(lambda service=service: self._is_ready(client, service), WHOLE_WITHIN)  # type: ignore[misc]

    async def until_queues_are_on_disk(self) -> None:
        """Wait until RabbitMQ can be killed without forgetting a queue it was just given."""
        await asyncio.sleep(max(0.0, self._queues_since + QUEUES_ARE_ON_DISK - time.monotonic()))

    async def _is_ready(self, client: httpx.AsyncClient, service: str) -> bool:
        code = self.processes[service].poll()
        assert code is None, f"{service} ended with {code}: {self.tail(service)}"
        try:
            return (await client.get(f"{self.url(service)}/health/ready")).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def databases(self) -> Mapping[str, Database]:
        """Give every service's database."""
        self._client = self._client or connect(self.stack.mongodb_url())
        return {service: database_of(self._client, f"houniao_{service}_{self.name}") for service in SERVICES}

    def disconnect(self) -> None:
        """Close the test's own connection to MongoDB."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def must_become_whole(self, load: Load) -> None:
        """Wait until every accepted arrival is visible everywhere exactly once and the ledger finds nothing lost."""
        troubles: list[str] = []

        async def whole() -> bool:
            troubles[:] = await load.find_missing(self.databases) or await find_losses([self.databases])
            return not troubles

        try:
            await eventually(whole, WHOLE_WITHIN, every=0.3)
        except AssertionError:
            raise AssertionError(f"after {load.sent} arrivals: {troubles}") from None

    async def is_whole(self) -> bool:
        """Say whether everything runs and the ledger finds nothing lost, nor anything under way."""
        return not await find_losses([self.databases])

    def end(self) -> None:
        """Kill what still runs."""
        for process in self.processes.values():
            process.kill()
            process.wait()


def freeze(server: Server) -> None:
    """Freeze a server's process (SIGSTOP)."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)


def _thaw(server: Server) -> None:
    if server.pid is not None:
        os.kill(server.pid, signal.SIGCONT)


def thaw(server: Server) -> None:
    """Let a frozen server go on (SIGCONT)."""
    assert server.pid is not None
    _thaw(server)


def _die_with_the_tests() -> Any:
    """Ask the kernel to kill this process when the test run dies, however it dies."""
    kill_with_parent = 1
    ctypes.CDLL(None).prctl(kill_with_parent, signal.SIGKILL)
