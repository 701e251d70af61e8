"""Networks that stall and break between services and their servers lose nothing and double nothing."""

import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from deploy.local.ports import free_port
from tests.faults.deployment import Deployment
from tests.faults.form import in_form
from tests.faults.load import under_load
from tests.faults.stalling import StallingProxy, stalling_proxy

BEHIND_THEM = ("registration", "archives")
ROUNDS = in_form(short=1, long=8)
MEANWHILE = in_form(short=50, long=300)


async def test_the_networks_to_both_servers_stall_and_break(houniao: Deployment) -> None:
    async with bad_networks(houniao) as (to_rabbitmq, to_mongodb):
        async with under_load(houniao) as load:
            for _ in range(ROUNDS):
                to_rabbitmq.stall_answers()
                await load.reaches(MEANWHILE)
                to_rabbitmq.cut()
                to_rabbitmq.flow()
                await load.reaches(MEANWHILE)
                to_rabbitmq.stall_requests()
                await load.reaches(MEANWHILE)
                to_rabbitmq.flow()

                to_mongodb.stall_answers()
                await load.falters()
                to_mongodb.cut()
                to_mongodb.flow()
                await load.reaches(MEANWHILE)
                to_mongodb.stall_requests()
                await load.falters()
                to_mongodb.flow()
                await load.reaches(MEANWHILE)

        await load.must_be_whole()


@contextlib.asynccontextmanager
async def bad_networks(houniao: Deployment) -> AsyncIterator[tuple[StallingProxy, StallingProxy]]:
    """Place bad networks between some services and RabbitMQ and MongoDB until the block ends."""
    stack, rabbitmq_port, mongodb_port = houniao.stack, free_port(), free_port()
    async with (
        stalling_proxy(rabbitmq_port, port_of(stack.rabbitmq_url())) as to_rabbitmq,
        stalling_proxy(mongodb_port, port_of(stack.mongodb_url())) as to_mongodb,
    ):
        for service in BEHIND_THEM:
            assert await houniao.stop(service) == 0
            houniao.start(
                service,
                RABBITMQ_URL=with_port(stack.rabbitmq_url(service), rabbitmq_port),
                MONGODB_URL=with_port(stack.mongodb_url(), mongodb_port) + "&directConnection=true",
            )
        await houniao.ready()
        yield to_rabbitmq, to_mongodb
        for service in BEHIND_THEM:
            assert await houniao.stop(service) == 0


def port_of(url: str) -> int:
    """Read the port in a server's address."""
    port = urlsplit(url).port
    assert port is not None
    return port


def with_port(url: str, port: int) -> str:
    """Return the same address with another port."""
    return url.replace(f":{port_of(url)}/", f":{port}/")
