"""Whoever listens to changes hears of them whatever dies, costs little memory, and holds up no shutdown."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress

import httpx
import pytest

from deploy.local.ports import free_port
from services.runtime.access import issue
from tests.faults.deployment import Deployment
from tests.faults.test_memory_stays_flat import resident
from tests.support.instance import eventually
from tests.support.listening import Stream, listening
from tests.support.offices import make_arrival

STREET = "320507001"
LISTENERS, OF_ONE = 1000, 8
MOST_FOR_ONE = 100
"""Kibibytes of a process's memory for one listener."""
AT_ONCE = 10.0
"""Seconds in which a service stops though streams are open: half of what it gives answers that are under way."""


def port_of(houniao: Deployment) -> int:
    return houniao.stack.service_port("registration", houniao.name)


def token_of(houniao: Deployment, subject: str, role: str = "clerk") -> str:
    issuer = houniao.stack.issuer_jwk()
    return issue(issuer, services=["registration"], subject=subject, role=role, division=STREET)


def listens(houniao: Deployment, port: int | None = None) -> AbstractAsyncContextManager[Stream]:
    return listening(houniao.stack, port or port_of(houniao), "clerk", STREET, lifetime=600)


async def arrive(houniao: Deployment, number: int) -> None:
    headers = {"Authorization": f"Bearer {token_of(houniao, 'clerk')}"}
    async with httpx.AsyncClient(base_url=houniao.url("registration"), headers=headers, timeout=60) as clerk:
        arrived = await clerk.post("/arrivals", json={**make_arrival(number), "street": STREET})
        assert arrived.status_code == 201, arrived.text


@asynccontextmanager
async def another_process(houniao: Deployment) -> AsyncIterator[int]:
    """Run registration in a second process; yield its port."""
    first, port = houniao.processes["registration"], free_port()
    houniao.start("registration", HOUNIAO_PORT=str(port))
    second, houniao.processes["registration"] = houniao.processes["registration"], first

    async def is_ready() -> bool:
        try:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"http://127.0.0.1:{port}/health/ready")).status_code == 200
        except httpx.TransportError:
            return False

    try:
        await eventually(is_ready)
        yield port
    finally:
        await _end(second)


async def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    await asyncio.to_thread(process.wait, 60)


async def test_listeners_of_two_processes_hear_what_either_applied(houniao: Deployment) -> None:
    async with another_process(houniao) as port, listens(houniao) as here, listens(houniao, port) as there:
        for number in range(4):  # the broker gives the two processes one after the other
            await arrive(houniao, 1_000 + number)
            await asyncio.gather(*(stream.heard("stays", STREET) for stream in (here, there)))


async def test_a_listener_goes_on_hearing_when_mongodb_was_away(houniao: Deployment) -> None:
    async with listens(houniao) as stream:
        houniao.stack.mongodb.kill()
        await asyncio.sleep(2)  # it is away for a while
        await asyncio.to_thread(houniao.stack.mongodb.start)
        await houniao.ready("registration")

        await arrive(houniao, 1_100)

        await stream.heard("stays", STREET)


async def test_open_streams_end_with_the_service_and_hold_it_up_no_longer(houniao: Deployment) -> None:
    async with AsyncExitStack() as exits:
        streams = [await exits.enter_async_context(listens(houniao)) for _ in range(OF_ONE)]
        began = time.monotonic()

        code = await houniao.stop("registration")

        assert time.monotonic() - began < AT_ONCE
        assert code == 0
        for stream in streams:
            with suppress(httpx.RemoteProtocolError):  # it is cut off, as when a process dies
                assert await stream.rest() == []


async def test_a_thousand_listeners_cost_little_memory_and_leave_room_for_whoever_asks(
    houniao: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    pid, port = houniao.processes["registration"].pid, port_of(houniao)
    tokens = [token_of(houniao, f"listener {number}") for number in range(LISTENERS // OF_ONE)]
    opened = [await _listen(port, token) for token in tokens[:5]]  # what is made once is there
    before = resident(pid)

    opened += [await _listen(port, token) for _ in range(OF_ONE) for token in tokens[5:]]
    cost = (resident(pid) - before) * 1024 / (len(opened) - 5)
    await arrive(houniao, 1_200)
    told = await asyncio.gather(*(asyncio.wait_for(one.readuntil(b'"stays"'), 60) for one, _ in opened))

    with capsys.disabled():
        print(f"\n{len(opened)} listeners, {cost:.0f} kB each")  # noqa: T201  # the figure is what it is run for
    for _, writer in opened:
        writer.close()
    assert len(told) == len(opened)
    assert cost < MOST_FOR_ONE


async def _listen(port: int, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET /changes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    writer.write(head.encode())
    assert b" 200 " in await reader.readuntil(b"\r\n")
    await reader.readuntil(b"id: ")
    return reader, writer
