"""The local stack's servers are real, keep their users apart, and survive being killed."""

import asyncio
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import aio_pika
import pytest
from aiormq.exceptions import ChannelAccessRefused, ProbableAuthenticationError
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from deploy.local.failure import LocalStackError
from deploy.local.services import REPOSITORY
from deploy.local.stack import Stack
from deploy.local.temporary import temporary_stack

pytestmark = pytest.mark.skipif(
    any(os.environ.get(name) for name in ("RABBITMQ_URL", "MONGODB_URL")), reason="the servers are somebody else's"
)

LOCAL = REPOSITORY / ".local"
NAMED_ON_DISK = 4
"""Seconds until RabbitMQ 3.10 has surely written down a new quorum queue's name; killed before, the queue is lost."""


@pytest.fixture(scope="module")
def own_stack() -> Iterator[Stack]:
    """Run a stack that a test may kill, beside the one that the other tests share."""
    with temporary_stack(LOCAL) as running:
        yield running


def write(stack: Stack, user: str, database: str) -> None:
    with MongoClient[dict[str, object]](stack.mongodb_url(user)) as client:
        client[database]["things"].insert_one({})


def test_a_service_writes_to_its_own_databases_and_to_no_other(stack: Stack) -> None:
    write(stack, "archives", "houniao_archives")
    write(stack, "archives", "houniao_archives_320507")

    for foreign in ("houniao_registration", "houniao_archives2", "admin"):
        with pytest.raises(OperationFailure, match="not authorized"):
            write(stack, "archives", foreign)


def test_nobody_uses_mongodb_without_a_password(stack: Stack) -> None:
    address = stack.mongodb_url().replace(stack.mongodb_url().split("//")[1].split("@")[0] + "@", "")

    with (
        MongoClient[dict[str, object]](address.replace("authSource=admin&", "")) as stranger,
        pytest.raises(OperationFailure, match="requires authentication"),
    ):
        stranger["houniao_archives"]["things"].insert_one({})


async def test_a_service_says_only_its_own_facts(stack: Stack) -> None:
    async with await aio_pika.connect(stack.rabbitmq_url("archives")) as connection:
        channel = await connection.channel()
        events = await channel.get_exchange("events", ensure=False)

        await events.publish(aio_pika.Message(b""), "archives.archive_opened.v1.320507", mandatory=False)

        with pytest.raises(ChannelAccessRefused):
            await events.publish(aio_pika.Message(b""), "registration.stay_started.v1.320507", mandatory=False)


async def test_a_service_reads_no_queue_of_another(stack: Stack) -> None:
    async with await aio_pika.connect(stack.rabbitmq_url("archives")) as connection:
        channel = await connection.channel()
        queue = await channel.get_queue("registration", ensure=False)

        with pytest.raises(ChannelAccessRefused):
            await queue.get(fail=False)


async def test_an_office_reports_for_its_own_street_and_reads_its_own_replies(stack: Stack) -> None:
    async with await aio_pika.connect(stack.rabbitmq_url("office-320507001")) as connection:
        channel = await connection.channel()
        offices = await channel.get_exchange("offices", ensure=False)
        await channel.declare_queue("office.320507001", durable=True)

        await offices.publish(aio_pika.Message(b""), "320507001.arrival", mandatory=False)

        with pytest.raises(ChannelAccessRefused):
            await offices.publish(aio_pika.Message(b""), "320507002.arrival", mandatory=False)


async def test_an_office_reads_no_replies_of_another(stack: Stack) -> None:
    async with await aio_pika.connect(stack.rabbitmq_url("office-320507001")) as connection:
        channel = await connection.channel()

        with pytest.raises(ChannelAccessRefused):
            await channel.declare_queue("office.320507002", durable=True)


async def test_there_is_no_guest(stack: Stack) -> None:
    host = stack.rabbitmq_url().split("@")[1]

    with pytest.raises(ProbableAuthenticationError):
        await aio_pika.connect(f"amqp://guest:guest@{host}")


def test_secrets_are_readable_by_their_owner_alone(stack: Stack) -> None:
    stack.issuer_jwk()

    for name in ("credentials.json", "issuer.jwk.json", "mongodb/keyfile", "rabbitmq/definitions.json"):
        assert stat.S_IMODE((stack.folder / name).stat().st_mode) == 0o600


async def test_a_killed_rabbitmq_starts_again_with_its_durable_queue(own_stack: Stack) -> None:
    async with await aio_pika.connect(own_stack.rabbitmq_url()) as connection:
        channel = await connection.channel()
        message = aio_pika.Message(b"kept", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, "archives")

    await asyncio.sleep(NAMED_ON_DISK)
    own_stack.rabbitmq.kill()
    assert own_stack.rabbitmq.pid is None
    own_stack.rabbitmq.start()

    async with await aio_pika.connect(own_stack.rabbitmq_url("archives")) as connection:
        channel = await connection.channel()
        queue = await channel.get_queue("archives", ensure=False)
        assert (await queue.get(timeout=10)).body == b"kept"


def test_a_killed_mongod_starts_again_with_its_documents(own_stack: Stack) -> None:
    write(own_stack, "archives", "houniao_archives")

    own_stack.mongodb.kill()
    assert own_stack.mongodb.pid is None
    own_stack.mongodb.start()

    with MongoClient[dict[str, object]](own_stack.mongodb_url("archives")) as client:
        assert client["houniao_archives"]["things"].count_documents({}) == 1


def test_a_taken_port_is_named(own_stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text((own_stack.folder / "ports.json").read_text())

    with pytest.raises(LocalStackError, match="taken by another program"):
        Stack(tmp_path).start()
