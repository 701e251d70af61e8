"""RabbitMQ and MongoDB killed or frozen under load: services wait and go on, nothing is lost, nothing doubled."""

import asyncio
import signal

from tests.faults.deployment import Deployment, signal_server
from tests.faults.form import in_form
from tests.faults.load import under_load

ROUNDS = in_form(short=1, long=8)
MEANWHILE = in_form(short=100, long=500)
"""Arrivals that are accepted while a server is away."""


async def test_rabbitmq_killed_under_load(houniao: Deployment) -> None:
    await houniao.until_queues_are_on_disk()

    async with under_load(houniao) as load:
        for _ in range(ROUNDS):
            await load.reaches(MEANWHILE)
            houniao.stack.rabbitmq.kill()
            await load.reaches(MEANWHILE)
            await asyncio.to_thread(houniao.stack.rabbitmq.start)

    await load.must_be_whole()
    await houniao.ready()


async def test_mongod_killed_under_load(houniao: Deployment) -> None:
    async with under_load(houniao) as load:
        for _ in range(ROUNDS):
            await load.reaches(MEANWHILE)
            houniao.stack.mongodb.kill()
            await load.falters()
            await asyncio.to_thread(houniao.stack.mongodb.start)
            await load.reaches(MEANWHILE)

    await load.must_be_whole()
    await houniao.ready()


async def test_mongod_stopped_and_started_under_load(houniao: Deployment) -> None:
    async with under_load(houniao) as load:
        for _ in range(ROUNDS):
            await load.reaches(MEANWHILE)
            await asyncio.to_thread(houniao.stack.mongodb.stop)
            await load.falters()
            await asyncio.to_thread(houniao.stack.mongodb.start)
            await load.reaches(MEANWHILE)

    await load.must_be_whole()
    await houniao.ready()


async def test_rabbitmq_frozen_under_load(houniao: Deployment) -> None:
    async with under_load(houniao) as load:
        for _ in range(ROUNDS):
            await load.reaches(MEANWHILE)
            signal_server(houniao.stack.rabbitmq, signal.SIGSTOP)
            await load.reaches(MEANWHILE)
            signal_server(houniao.stack.rabbitmq, signal.SIGCONT)

    await load.must_be_whole()
    await houniao.ready()


async def test_mongod_frozen_under_load(houniao: Deployment) -> None:
    async with under_load(houniao) as load:
        for _ in range(ROUNDS):
            await load.reaches(MEANWHILE)
            signal_server(houniao.stack.mongodb, signal.SIGSTOP)
            await load.falters()
            signal_server(houniao.stack.mongodb, signal.SIGCONT)

    await load.must_be_whole()
    await houniao.ready()
