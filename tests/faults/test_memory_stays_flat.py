"""However much waits in the queues, a service takes in no more than fits into its memory."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import aio_pika
from aio_pika import ExchangeType, Message
from pydantic_core import to_json

from contracts.envelope import render, render_batch, wrap
from contracts.registration.stays import StayStarted
from tests.faults.deployment import Deployment
from tests.faults.form import WHOLE_WITHIN, in_form
from tests.support.facts import make_stay
from tests.support.instance import eventually

FACTS = in_form(short=20_000, long=100_000)
FACTS_IN_A_MESSAGE = 250
REPORTS = in_form(short=300, long=450)
REPORT_BYTES = 1_000_000
IN_FLIGHT = 20
MOST_GROWTH_BY_FACTS, MOST_GROWTH_BY_REPORTS = 80, 200
"""Mebibytes by which a service may grow while it catches up, the same for any backlog.

Reporting counts at most 5,000 people at once, behind the facts that it hears: that is most of what it grows by.
"""
STREET = "320507001"
OFFICE = f"office-{STREET}"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Growth:
    """By how many MiB a process grew at most."""

    mebibytes: float = 0.0

    async def watch(self, pid: int, before: float) -> None:
        """Look at a process again and again, until cancelled."""
        while True:
            self.mebibytes = max(self.mebibytes, resident(pid) - before)
            await asyncio.sleep(0.02)


def resident(pid: int) -> float:
    """Return a process's memory in MiB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


async def test_a_backlog_of_facts_does_not_fill_the_memory_of_reporting(houniao: Deployment) -> None:
    stays = houniao.databases["reporting"]["stays"]

    async def all_heard() -> bool:
        return await stays.count_documents({"person_id": {"$regex": "^f100d"}}) == FACTS

    async with flooded(houniao, "reporting", "reporting", _facts()) as growth:
        await eventually(all_heard, WHOLE_WITHIN)

    assert growth.mebibytes < MOST_GROWTH_BY_FACTS, f"grew by {growth.mebibytes:.0f} MiB"


async def test_a_flood_of_reports_does_not_fill_the_memory_of_registration(houniao: Deployment) -> None:
    parked = houniao.databases["registration"]["parked"]

    async def all_parked() -> bool:
        return await parked.count_documents({"user_id": OFFICE}) == REPORTS

    async with flooded(houniao, "registration", "registration.offices", _reports()) as growth:
        await eventually(all_parked, WHOLE_WITHIN)

    assert growth.mebibytes < MOST_GROWTH_BY_REPORTS, f"grew by {growth.mebibytes:.0f} MiB"


@asynccontextmanager
async def flooded(
    houniao: Deployment, service: str, queue: str, messages: Iterator[tuple[str, str, bytes]]
) -> AsyncIterator[Growth]:
    """Let messages (user, key, body) gather for a service that stands still, and watch it once it goes on."""
    pid = houniao.processes[service].pid
    before = resident(pid)
    houniao.send(service, signal.SIGSTOP)
    async with await aio_pika.connect(houniao.stack.rabbitmq_url()) as connection:
        channel = await connection.channel()
        flood = await channel.declare_exchange("flood", ExchangeType.TOPIC, auto_delete=True)
        await (await channel.get_queue(f"{queue}.{houniao.name}", ensure=False)).bind(flood, "#")
        while batch := list(islice(messages, IN_FLIGHT)):
            await asyncio.gather(*(flood.publish(Message(body, user_id=user), key) for user, key, body in batch))
        await (await channel.get_queue(f"{queue}.{houniao.name}", ensure=False)).unbind(flood, "#")
    growth = Growth()
    watching = asyncio.create_task(growth.watch(pid, before))
    houniao.send(service, signal.SIGCONT)
    yield growth
    watching.cancel()


def _facts() -> Iterator[tuple[str, str, bytes]]:
    for first in range(0, FACTS, FACTS_IN_A_MESSAGE):
        numbers = range(first, min(first + FACTS_IN_A_MESSAGE, FACTS))
        facts = [StayStarted(stay=make_stay(person=f"f100d{number:027x}", street=STREET)) for number in numbers]
        events = [
            wrap(fact, sequence=1, service="registration", recorded_at=NOW, causation="flood", correlation="flood")
            for fact in facts
        ]
        yield "registration", "registration.stay_started.v1.320507", render_batch(map(render, events))


def _reports() -> Iterator[tuple[str, str, bytes]]:
    """Yield reports that are as long as one may be and malformed: each is looked at and parked."""
    for number in range(REPORTS):
        yield OFFICE, f"{STREET}.arrival", to_json({"name": number, "address": "路" * (REPORT_BYTES // 3)})
