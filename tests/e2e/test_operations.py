"""What whoever keeps a service running sees of it: what waits, how far it is, and facts as they go by."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aio_pika
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from services.runtime.access import Role
from tests.support.attacks import served
from tests.support.instance import Instance, eventually, running_instance
from tests.support.listening import SOON, listening
from tests.support.offices import make_arrival

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, DISTRICT = "320507001", "320507"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run registration and archives."""
    async with running_instance(stack, ("registration", "archives")) as instance:
        yield instance


async def operations(houniao: Instance, service: str = "registration") -> dict[str, Any]:
    async with houniao.client(service, "admin", DISTRICT) as admin:
        answer = await admin.get("/operations")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def arrive(houniao: Instance, number: int) -> dict[str, Any]:
    typed = {**make_arrival(number), "street": STREET}
    async with houniao.client("registration", "clerk", STREET) as clerk:
        arrived: dict[str, Any] = (await clerk.post("/arrivals", json=typed)).raise_for_status().json()
    return {**arrived, **typed}


async def test_what_waits_and_how_far_a_service_is_is_told(houniao: Instance) -> None:
    await arrive(houniao, 1)

    async def quiet() -> dict[str, Any] | None:
        told = await operations(houniao)
        return told if told["applied"] and not told["unsent"] else None

    told = await eventually(quiet)

    assert (told["service"], told["instance"], told["parked"]) == ("registration", houniao.name, 0)
    assert told["oldest_unsent_seconds"] is None
    assert 0 <= told["lag_seconds"] < SOON
    assert told["uptime_seconds"] > 0
    queues = {one["queue"]: (one["messages"], one["consumers"]) for one in told["queues"]}
    assert queues == {
        f"registration.{houniao.name}": (0, 1),
        f"registration.{houniao.name}.dead": (0, 0),
        f"registration.offices.{houniao.name}": (0, 1),
        f"registration.offices.{houniao.name}.dead": (0, 0),
    }


async def test_what_waits_to_be_sent_is_counted_with_its_age(
    houniao: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    await arrive(houniao, 2)
    journal = houniao.database("registration")["journal"]

    async def send_nothing() -> int:
        return 0

    async def waits() -> dict[str, Any] | None:
        """Return what is told once the relay, which may be about to send, sends nothing any more."""
        await journal.update_one({}, {"$set": {"sent_at": None}})
        told = await operations(houniao)
        return told if told["unsent"] else None

    monkeypatch.setattr(houniao.apps["registration"].state.service.relay, "send_once", send_nothing)
    told = await eventually(waits)

    assert told["unsent"] == await journal.count_documents({"sent_at": None})
    assert told["oldest_unsent_seconds"] > 0


async def test_what_is_parked_and_what_is_a_dead_letter_is_counted(houniao: Instance, stack: Stack) -> None:
    queue = f"archives.{houniao.name}"
    async with await aio_pika.connect(stack.rabbitmq_url()) as connection, connection.channel() as channel:
        for name in (queue, f"{queue}.dead"):
            await channel.default_exchange.publish(aio_pika.Message(b"no event"), routing_key=name)

    async def counted() -> bool:
        told = await operations(houniao, "archives")
        waiting = {one["queue"]: one["messages"] for one in told["queues"]}
        return bool(told["parked"] == 1 and waiting[f"{queue}.dead"] == 1)

    assert await eventually(counted)


async def test_facts_are_seen_as_they_go_by_and_nobody_in_them(houniao: Instance, stack: Stack) -> None:
    async with (
        served(houniao.apps["registration"]) as port,
        listening(stack, port, "admin", DISTRICT, path="/facts/tail") as stream,
    ):
        arrived = await arrive(houniao, 3)
        async with asyncio.timeout(SOON):
            event = await stream.next()

    assert event is not None
    told = json.loads(event["data"])
    recorded = await houniao.database("registration")["journal"].find_one({"person_id": arrived["person_id"]})
    assert recorded is not None
    assert event["event"] == "fact"
    assert told.keys() == {"type", "division", "recorded_at", "event_id"}
    assert (told["type"], told["division"]) == ("registration.stay_started.v1", STREET)
    assert told["event_id"] == recorded["facts"][0]["id"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
@pytest.mark.parametrize("path", ["/operations", "/facts/tail"])
async def test_nobody_else_sees_it(houniao: Instance, role: str, path: str) -> None:
    async with houniao.client("registration", role, DISTRICT) as client:
        answer = await client.get(path)

    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_role")
