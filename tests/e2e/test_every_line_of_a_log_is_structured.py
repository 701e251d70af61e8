"""A service's log as an operator collects it: every line is JSON, from the allow-list, whoever writes it."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from deploy.local.ports import free_port
from deploy.local.stack import Stack
from services.runtime.access import issue
from services.runtime.logs import ALLOWED
from tests.faults.stalling import StallingProxy, stalling_proxy
from tests.support.instance import REPOSITORY, eventually, forget_instance

STREET = "320507001"
NAME, NUMBER = "夏侯候鸟", "360981198001017777"
BROKEN_FORMS = (
    f"--x\r\n{NAME}{NUMBER}",
    f"x\r\n\r\n--x--{NAME}",
    f"--x\r\nContent-Disposition: {NAME}\r\n\r\n",
    f'--x\r\nContent-Disposition: form-data; name="street"\r\n\r\n{STREET}\r\n--x--{NAME}',
)


@dataclass
class Running:
    """Registration in a process of its own: how it is reached, what lies between it and RabbitMQ, and its log."""

    stack: Stack
    port: int
    log: Path
    broker: StallingProxy

    def client(self) -> httpx.AsyncClient:
        """Return an HTTP client of a clerk."""
        token = issue(
            self.stack.issuer_jwk(), services=["registration"], subject="clerk", role="clerk", division=STREET
        )
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=30)

    async def is_ready(self) -> bool:
        """Return whether the service is up and its consumers are attached."""
        try:
            async with self.client() as client:
                return (await client.get("/health/ready")).status_code == 200
        except httpx.TransportError:
            return False

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of the log; fail at the first that is not one of ours."""
        for line in self.log.read_text().splitlines():
            assert line.startswith("{"), f"raw: {line}"
            told = json.loads(line)
            assert told.keys() <= ALLOWED, line
            assert {"event", "level", "timestamp", "service"} <= told.keys(), line
            yield told


@asynccontextmanager
async def registration(stack: Stack, folder: Path) -> AsyncIterator[Running]:
    """Run registration with a proxy before RabbitMQ."""
    name, at = uuid4().hex[:10], urlsplit(stack.rabbitmq_url())
    environment = stack.service_environment("registration", instance=name)
    through, log = free_port(), folder / "registration.log"
    environment |= {
        "MONGODB_URL": stack.mongodb_url(),
        "RABBITMQ_URL": stack.rabbitmq_url("registration").replace(f":{at.port}", f":{through}"),
        "HOUNIAO_LOG": "json",
    }
    await asyncio.to_thread(stack.declare_queues, name)
    async with stalling_proxy(through, at.port or 5672) as proxy:
        with log.open("wb") as written:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-W", "always", "-m", "services.registration"),
                cwd=REPOSITORY,
                env={**os.environ, **environment},
                stdout=written,
                stderr=subprocess.STDOUT,
            )
        running = Running(stack, int(environment["HOUNIAO_PORT"]), log, proxy)
        try:
            await eventually(running.is_ready)
            yield running
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), 60)
    await forget_instance(stack, name)


def say_raw(port: int, said: bytes) -> None:
    """Send bytes that are no HTTP, and hear whatever comes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(said)
        connection.recv(1024)


async def test_lines_of_libraries_are_structured_and_quote_nothing(stack: Stack, tmp_path: Path) -> None:
    async with registration(stack, tmp_path) as service:
        async with service.client() as client:
            for broken in BROKEN_FORMS:
                headers = {"Content-Type": "multipart/form-data; boundary=x"}
                answer = await client.post("/imports", content=broken.encode(), headers=headers)
                assert answer.status_code in {400, 422}
            assert (await client.get(f"/people/{NAME}{NUMBER}")).status_code == 404
        await asyncio.to_thread(say_raw, service.port, f"{NAME} {NUMBER}\r\n\r\n".encode())
        service.broker.cut()
        await eventually(service.is_ready)

    told = list(service.lines())
    assert "library" in {line["event"] for line in told}
    assert {"uvicorn.error"} <= {line.get("logger") for line in told}
    assert NAME not in service.log.read_text()
    assert NUMBER not in service.log.read_text()


async def test_what_goes_wrong_before_the_settings_are_read_is_a_line_too(stack: Stack) -> None:
    environment = {**os.environ, **stack.service_environment("registration"), "HOUNIAO_ENV": NAME}

    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "services.registration"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.returncode != 0
    [line] = (ended.stdout + ended.stderr).splitlines()
    assert json.loads(line)["error"] == "ValidationError"
    assert NAME not in line
