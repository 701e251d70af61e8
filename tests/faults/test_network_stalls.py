"""A network that stalls and breaks between services and a server loses nothing and doubles nothing."""

import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from deploy.local.ports import free_port
from tests.faults.deployment import Deployment
from tests.faults.form import in_form
from tests.faults.load import under_load
from tests.faults.stalling import StallingProxy, stalling_proxy

BEHIND_IT = ("registration", "archives", "feeds")
ROUNDS = in_form(short=1, long=8)
MEANWHILE = in_form(short=50, long=1000)


async def test_the_network_to_rabbitmq_stalls_and_breaks(houniao: Deployment) -> None:
    async with network_to(houniao, "RABBITMQ_URL", houniao.stack.rabbitmq_url()) as network:
        async with under_load(houniao) as load:
            for _ in range(ROUNDS):
                network.stall_answers()
                await load.reaches(MEANWHILE)
                network.cut()
                network.flow()
                await load.reaches(MEANWHILE)
                network.stall_requests()
                await load.reaches(MEANWHILE)
                network.flow()

        await load.must_be_whole()


async def test_the_network_to_mongodb_stalls_and_breaks(houniao: Deployment) -> None:
    url = houniao.stack.mongodb_url() + "&directConnection=true"

    async with network_to(houniao, "MONGODB_URL", url) as network:
        async with under_load(houniao) as load:
            for _ in range(ROUNDS):
                network.stall_answers()
                await load.falters()
                network.cut()
                network.flow()
                await load.reaches(MEANWHILE)
                network.stall_requests()
                await load.falters()
                network.flow()
                await load.reaches(MEANWHILE)

        await load.must_be_whole()


@contextlib.asynccontextmanager
async def network_to(houniao: Deployment, server: str, url: str) -> AsyncIterator[StallingProxy]:
    """Put a bad network between some services and a server until the block ends."""
    port, server_port = free_port(), urlsplit(url).port
    assert server_port is not None
    async with stalling_proxy(port, server_port) as proxy:
        for service in BEHIND_IT:
            assert await houniao.stop(service) == 0
            houniao.start(service, **{server: url.replace(f":{server_port}/", f":{port}/")})
        await houniao.ready()
        yield proxy
        for service in BEHIND_IT:
            assert await houniao.stop(service) == 0
