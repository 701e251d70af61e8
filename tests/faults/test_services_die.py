"""Services killed at random, frozen or stopped under load go on where they were."""

import asyncio
import random
import signal

import pytest

from tests.faults.deployment import Deployment, signal_server
from tests.faults.form import LONG, SEED, in_form
from tests.faults.load import under_load
from tests.support.instance import SERVICES

KILLS = in_form(short=6, long=100)
ROUNDS = in_form(short=1, long=8)
MEANWHILE = in_form(short=50, long=200)


async def test_services_killed_again_and_again(houniao: Deployment) -> None:
    chance = random.Random(SEED)

    async with under_load(houniao) as load:
        for victim in chance.choices(SERVICES, k=KILLS):
            houniao.kill(victim)
            houniao.start(victim)
            await load.reaches(chance.randrange(1, 2 * MEANWHILE))

    await load.must_be_whole()


async def test_services_frozen(houniao: Deployment) -> None:
    async with under_load(houniao) as load:
        for _ in range(ROUNDS):
            for hearer in ("archives", "outreach", "reporting", "feeds"):
                houniao.send(hearer, signal.SIGSTOP)
            await load.reaches(MEANWHILE)
            houniao.send("registration", signal.SIGSTOP)
            await load.falters()
            houniao.send("registration", signal.SIGCONT)
            for hearer in ("archives", "outreach", "reporting", "feeds"):
                houniao.send(hearer, signal.SIGCONT)

    await load.must_be_whole()


async def test_services_told_to_stop_finish_their_work_and_end_well(houniao: Deployment) -> None:
    async with under_load(houniao) as load:
        for _ in range(ROUNDS):
            await load.reaches(MEANWHILE)
            exit_codes = await asyncio.gather(*map(houniao.stop, SERVICES))
            for service in SERVICES:
                houniao.start(service)

            assert exit_codes == [0] * len(SERVICES)
            await load.reaches(MEANWHILE)

    await load.must_be_whole()


@pytest.mark.skipif(not LONG, reason="takes its time: `make faults`")
@pytest.mark.parametrize("away", ["rabbitmq", "mongodb"])
async def test_a_service_told_to_stop_while_a_server_is_frozen_ends_in_time(houniao: Deployment, away: str) -> None:
    server = getattr(houniao.stack, away)

    async with under_load(houniao) as load:
        await load.reaches(MEANWHILE)
        signal_server(server, signal.SIGSTOP)
        exit_code = await houniao.stop("archives")
        signal_server(server, signal.SIGCONT)
        houniao.start("archives")

    assert exit_code == 0, houniao.tail("archives")
    await load.must_be_whole()
