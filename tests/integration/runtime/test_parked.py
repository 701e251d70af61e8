"""Parked messages over HTTP: listed without what they carry, and taken in again after a fix."""

from collections.abc import AsyncIterator
from typing import Any

import aio_pika
import httpx
import pytest
import pytest_asyncio
from aio_pika.abc import AbstractChannel

from contracts.envelope import render
from contracts.registration.stays import StayStarted
from deploy.local.stack import Stack
from services.reporting import projector
from tests.support.facts import envelop, make_stay
from tests.support.instance import Instance, eventually, running_instance

STAY = make_stay(street="320507001")
EVENT = render(envelop([StayStarted(stay=STAY)])[0]).encode()
ARRIVAL = {
    "name": "李小满",
    "document_type": "居民身份证",
    "document_number": "11010519491231002X",
    "arrived_on": "2026-03-01",
}


@pytest_asyncio.fixture
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run reporting and registration."""
    async with running_instance(stack, ["reporting", "registration"]) as instance:
        yield instance


async def parked(houniao: Instance, service: str, count: int = 1) -> list[dict[str, Any]]:
    async with houniao.client(service, "admin", "") as admin:

        async def found() -> list[dict[str, Any]]:
            listed: list[dict[str, Any]] = (await admin.get("/parked")).json()
            return listed if len(listed) >= count else []

        lying: list[dict[str, Any]] = await eventually(found, within=10)
        return lying


async def replay(houniao: Instance, service: str, parked_id: str) -> httpx.Response:
    async with houniao.client(service, "admin", "") as admin:
        return await admin.post(f"/parked/{parked_id}/replay")


async def send(channel: AbstractChannel, queue: str, body: bytes) -> None:
    await channel.default_exchange.publish(aio_pika.Message(body, user_id="registration"), routing_key=queue)


async def test_a_fact_that_could_not_be_applied_is_applied_by_a_replay_after_the_fix(
    houniao: Instance, channel: AbstractChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a mistake of ours")

    with monkeypatch.context() as mistake:
        mistake.setattr(projector, "write_versions", broken)
        await send(channel, f"reporting.{houniao.name}", EVENT)
        [lying] = await parked(houniao, "reporting")
        still_broken = await replay(houniao, "reporting", lying["parked_id"])

    mended = await replay(houniao, "reporting", lying["parked_id"])

    assert lying["reason"] == "could not be applied: RuntimeError"
    assert still_broken.json()["understood"] is False
    assert mended.json() == {"parked_id": lying["parked_id"], "understood": True, "reason": None}
    assert await houniao.database("reporting")["stays"].count_documents({"_id": STAY.stay_id}) == 1
    assert await houniao.database("reporting")["parked"].count_documents({}) == 0


async def test_what_is_still_not_understood_stays_parked(houniao: Instance, channel: AbstractChannel) -> None:
    await send(channel, f"reporting.{houniao.name}", b"{")
    [lying] = await parked(houniao, "reporting")

    answer = await replay(houniao, "reporting", lying["parked_id"])

    assert answer.json() == {
        "parked_id": lying["parked_id"],
        "understood": False,
        "reason": "the body is not JSON",
    }
    assert len(await parked(houniao, "reporting")) == 1


async def test_an_offices_report_that_we_failed_at_is_taken_in_by_a_replay(
    houniao: Instance, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a mistake of ours")

    user = "office-320507001"
    with monkeypatch.context() as mistake:
        mistake.setattr("services.registration.commands.arrivals.record_requests", broken)
        async with await aio_pika.connect(stack.rabbitmq_url(user)) as connection:
            offices = await (await connection.channel()).get_exchange("offices", ensure=False)
            message = aio_pika.Message(httpx.Request("POST", "http://x", json=ARRIVAL).content, user_id=user)
            await offices.publish(message, routing_key="320507001.arrival")
        [lying] = await parked(houniao, "registration")

    answer = await replay(houniao, "registration", lying["parked_id"])

    assert lying["reason"] == "handler failed: RuntimeError"
    assert answer.json()["understood"] is True, answer.text
    assert await houniao.database("registration")["journal"].count_documents({}) == 1


async def test_the_list_shows_reasons_and_never_what_a_message_carries(
    houniao: Instance, channel: AbstractChannel
) -> None:
    await send(channel, f"reporting.{houniao.name}", '{"name": "李小满", "type": "11010519491231002X"}'.encode())

    [lying] = await parked(houniao, "reporting")

    assert set(lying) == {"parked_id", "queue", "reason", "routing_key", "first_seen", "seen"}
    assert "李小满" not in str(lying)
    assert "11010519491231002X" not in str(lying)


async def test_parked_messages_are_listed_in_pages(houniao: Instance, channel: AbstractChannel) -> None:
    for number in range(5):
        await send(channel, f"reporting.{houniao.name}", str(number).encode())
    everything = [lying["parked_id"] for lying in await parked(houniao, "reporting", 5)]

    async with houniao.client("reporting", "admin", "") as admin:
        first = (await admin.get("/parked", params={"limit": 2})).json()
        rest = (await admin.get("/parked", params={"after": first[-1]["parked_id"]})).json()

    assert [lying["parked_id"] for lying in (*first, *rest)] == everything


async def test_a_replay_of_nothing_is_not_found(houniao: Instance) -> None:
    answer = await replay(houniao, "reporting", "0" * 32)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("role", ["clerk", "district", "supervisor", "health_worker", "integrator"])
async def test_nobody_but_an_admin_sees_or_replays_what_is_parked(houniao: Instance, role: str) -> None:
    async with houniao.client("reporting", role, "320507") as curious:
        seen = await curious.get("/parked")
        replayed = await curious.post(f"/parked/{'0' * 32}/replay")

    assert (seen.status_code, replayed.status_code) == (403, 403)
