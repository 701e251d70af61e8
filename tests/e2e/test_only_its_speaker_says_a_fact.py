"""Nobody makes the services believe what its speaker did not say, whatever way it takes through the broker."""

from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import aio_pika
import pytest
import pytest_asyncio
from aio_pika.abc import AbstractChannel
from aiormq.exceptions import AMQPError

from contracts.envelope import render, render_batch
from contracts.registration.stays import StayStarted
from deploy.local.stack import Stack
from tests.support.facts import envelop, make_stay
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival

STREET = "320507001"
KEY = "registration.stay_started.v1.320507"
STAY = make_stay(street=STREET)
EVENT = render(envelop([StayStarted(stay=STAY)])[0])
PEOPLE = count(1)
SERVICES = ("registration", "archives", "outreach", "reporting", "feeds")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack) as instance:
        yield instance


@pytest_asyncio.fixture(loop_scope="module")
async def houniao(running: Instance) -> Instance:
    """Return the running services, with nothing parked and no stay."""
    for database in running.databases.values():
        await database["parked"].delete_many({})
        for rows in ("stays", "residents"):
            await database[rows].delete_many({})
    return running


@pytest_asyncio.fixture(loop_scope="module")
async def archives(stack: Stack) -> AsyncIterator[AbstractChannel]:
    """Yield a channel of the user of archives, who was taken over."""
    async with await aio_pika.connect(stack.rabbitmq_url("archives")) as connection:
        yield await connection.channel(publisher_confirms=True)


@pytest_asyncio.fixture(loop_scope="module")
async def operator(stack: Stack) -> AsyncIterator[AbstractChannel]:
    async with await aio_pika.connect(stack.rabbitmq_url()) as connection:
        yield await connection.channel(publisher_confirms=True)


async def say(channel: AbstractChannel, user_id: str | None, *events: str, key: str = KEY, **told: Any) -> None:
    """Publish facts on `events` under a user's name."""
    exchange = await channel.get_exchange("events", ensure=False)
    body = render_batch(events)
    await exchange.publish(aio_pika.Message(body, user_id=user_id, **told), routing_key=key, mandatory=False)


async def reasons(houniao: Instance, most: int) -> set[tuple[str, str]]:
    """Wait until every service has parked so many messages; return in which service for which reason."""

    async def parked() -> set[tuple[str, str]] | None:
        found = {name: await database["parked"].find().to_list(None) for name, database in houniao.databases.items()}
        if any(len(rows) < most for rows in found.values()):
            return None
        return {(name, row["reason"]) for name, rows in found.items() for row in rows}

    told: set[tuple[str, str]] = await eventually(parked, within=10)
    return told


async def believers(houniao: Instance) -> list[str]:
    """Return the services that believe in the stay, once they have handled all that waited."""
    async with houniao.client("registration", "clerk", STREET) as clerk:
        honest = await clerk.post("/arrivals", json={**make_arrival(next(PEOPLE)), "street": STREET})
        assert honest.status_code == 201, honest.text
    kept = [houniao.database(name)["stays"] for name in ("registration", "archives", "reporting")]

    async def heard() -> bool:
        return all([await stays.find_one(honest.json()["stay_id"]) for stays in kept])

    await eventually(heard, within=10)
    return [stays.database.name for stays in kept if await stays.find_one(STAY.stay_id)]


async def test_a_service_can_not_speak_for_another_through_a_binding_of_exchanges(
    houniao: Instance, archives: AbstractChannel
) -> None:
    refused: list[AMQPError] = []
    try:
        underlay = await archives.get_underlay_channel()
        await underlay.exchange_bind(destination="events", source="dead", routing_key=KEY)
        dead = await archives.get_exchange("dead", ensure=False)
        await dead.publish(aio_pika.Message(render_batch([EVENT])), KEY)
        await underlay.exchange_unbind(destination="events", source="dead", routing_key=KEY)
    except AMQPError as error:
        refused.append(error)

    assert await believers(houniao) == []
    assert refused


async def test_a_service_can_not_speak_for_another_through_dead_letters(
    houniao: Instance, archives: AbstractChannel
) -> None:
    refused: list[AMQPError] = []
    own = "archives.entry_recorded.v1.990000"
    try:
        told: dict[str, Any] = {"x-dead-letter-exchange": "events", "x-dead-letter-routing-key": KEY}
        queue = await archives.declare_queue("archives.forger", exclusive=True, arguments=told)
        await queue.bind("events", own)
        await say(archives, None, EVENT, key=own)
        await (await queue.get(timeout=5)).reject(requeue=False)
    except AMQPError as error:
        refused.append(error)

    assert await believers(houniao) == []
    assert refused


@pytest.mark.parametrize("user_id", [None, "archives", "reporting", "office-320507001", "houniao-admin"])
async def test_what_another_says_is_parked_as_forged_by_whoever_hears_it(
    houniao: Instance, operator: AbstractChannel, user_id: str | None
) -> None:
    await say(operator, user_id, EVENT)

    assert await reasons(houniao, 1) == {(service, "forged") for service in SERVICES}
    assert await believers(houniao) == []


async def test_a_forged_fact_among_others_is_parked_alone(houniao: Instance, operator: AbstractChannel) -> None:
    archived = EVENT.replace("registration.stay_started", "archives.stay_started")

    await say(operator, "archives", archived, EVENT, key="archives.archive_opened.v1.320507")

    async def parked() -> set[str] | None:
        rows = await houniao.database("reporting")["parked"].find().to_list(None)
        return {row["reason"] for row in rows} if len(rows) == 2 else None

    assert await eventually(parked, within=10) == {"unknown fact archives.stay_started.v1", "forged"}
    assert await believers(houniao) == []


async def test_a_forged_fact_stays_forged_when_it_is_replayed(houniao: Instance, operator: AbstractChannel) -> None:
    await say(operator, None, EVENT)
    await reasons(houniao, 1)
    async with houniao.client("reporting", "admin", "") as admin:
        [lying] = (await admin.get("/parked")).json()
        answer = (await admin.post(f"/parked/{lying['parked_id']}/replay")).json()

    assert (answer["understood"], answer["reason"]) == (False, "forged")


async def test_a_fact_of_an_own_district_is_not_believed_of_another_broker(
    houniao: Instance, operator: AbstractChannel
) -> None:
    await say(operator, "registration", EVENT, headers={"x-received-from": [{"uri": "amqp://neighbour"}]})

    assert await reasons(houniao, 1) == {(service, "forged") for service in SERVICES}
    assert await believers(houniao) == []
    async with houniao.client("reporting", "admin", "") as admin:
        [lying] = (await admin.get("/parked")).json()
        assert (await admin.post(f"/parked/{lying['parked_id']}/replay")).json()["understood"] is False


async def test_a_dead_letter_keeps_its_speaker_and_is_believed_when_an_operator_puts_it_back(
    houniao: Instance, operator: AbstractChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise ValueError("neither handled nor parked")

    service = houniao.apps["reporting"].state.service
    with monkeypatch.context() as broken:
        broken.setitem(service.listener._handlers, service.queue, fail)
        broken.setattr(service.parked, "park", fail)
        await say(operator, "registration", EVENT)
        dead = await operator.get_queue(f"{service.queue}.dead", ensure=False)
        letter = await eventually(lambda: dead.get(fail=False), within=30)
    await operator.default_exchange.publish(aio_pika.Message(letter.body, user_id=letter.user_id), service.queue)
    await letter.ack()

    async def applied() -> bool:
        return await houniao.database("reporting")["stays"].find_one(STAY.stay_id) is not None

    assert letter.user_id == "registration"
    await eventually(applied, within=10)


async def test_what_its_speaker_says_is_believed(houniao: Instance, operator: AbstractChannel) -> None:
    await say(operator, "registration", EVENT)

    async def applied() -> bool:
        return await houniao.database("reporting")["stays"].find_one(STAY.stay_id) is not None

    await eventually(applied, within=10)
