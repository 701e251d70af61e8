"""What goes wrong over RabbitMQ: forged, malformed and too large reports are refused, parked, and stop nobody."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aio_pika
import pytest
import pytest_asyncio
from aio_pika.abc import AbstractQueue
from aiormq.exceptions import ChannelAccessRefused, ChannelPreconditionFailed

from deploy.local.stack import Stack
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival, office_at
from tests.support.problems import assert_nothing_half_applied

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET = "320507001"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run the five services once for all that goes wrong in this file."""
    async with running_instance(stack) as instance:
        yield instance


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nothing_half_applied(houniao: Instance) -> AsyncIterator[None]:
    """Check after each test that nothing came of what was refused."""
    yield
    await assert_nothing_half_applied(houniao)


async def parked_reasons(houniao: Instance, count: int = 1) -> list[str]:
    async def found() -> Any:
        documents = await houniao.database("registration")["parked"].find().to_list(None)
        return documents if len(documents) >= count else None

    return sorted(document["reason"] for document in await eventually(found, within=10))


async def test_a_report_that_does_not_say_who_sends_it_is_parked_and_not_answered(
    houniao: Instance, stack: Stack
) -> None:
    async with office_at(stack, STREET) as office:
        await office.send("arrival", make_arrival(), user_id=None)
        reasons = await parked_reasons(houniao)

        assert reasons == ["refused: user_id_missing"]
        assert await office.hears_nothing()


async def test_the_broker_refuses_a_sender_who_says_to_be_another(stack: Stack, houniao: Instance) -> None:
    async with office_at(stack, STREET) as office:
        with pytest.raises(ChannelPreconditionFailed):
            await office.send("arrival", make_arrival(), user_id="office-320507002")


async def test_a_report_that_says_something_twice_is_refused_and_parked(houniao: Instance, stack: Stack) -> None:
    body = json.dumps(make_arrival(), ensure_ascii=False)
    twice = body[:-1] + ', "name": "李大满"}'
    async with office_at(stack, STREET) as office:
        await office.send("arrival", twice.encode())
        answer = await office.hear()

    assert (answer["outcome"], answer["code"], answer["field"]) == ("refused", "malformed", "name")
    assert await parked_reasons(houniao) == ["malformed: name"]


@pytest.mark.parametrize(
    "key", ["320507002.arrival", "320812001.departure", f"{STREET}.anything", f"{STREET}x.arrival"]
)
async def test_the_broker_refuses_an_office_that_reports_for_another_street(
    stack: Stack, houniao: Instance, key: str
) -> None:
    async with office_at(stack, STREET) as office:
        with pytest.raises(ChannelAccessRefused):
            await office.send("arrival", make_arrival(), key=key)


async def test_whoever_gets_past_the_broker_with_another_streets_key_is_refused_all_the_same(
    houniao: Instance, stack: Stack
) -> None:
    async with office_at(stack, "320507002") as office, await aio_pika.connect(stack.rabbitmq_url()) as admin:
        channel = await admin.channel()
        message = aio_pika.Message(json.dumps(make_arrival()).encode(), user_id="houniao-admin")
        exchange = await channel.get_exchange("offices")
        await exchange.publish(message, routing_key="320507002.arrival")

        assert await parked_reasons(houniao) == ["refused: not_your_street"]
        assert await office.hears_nothing(0.2)


@pytest_asyncio.fixture(loop_scope="module")
async def victims(stack: Stack, houniao: Instance) -> AsyncIterator[list[AbstractQueue]]:
    """Yield queues that an office must not make us write into: another service's, and another office's."""
    async with await aio_pika.connect(stack.rabbitmq_url()) as admin:
        channel = await admin.channel()
        other_office = await channel.declare_queue("office.320507002", durable=True)
        other_service = await channel.declare_queue("archives.victim", durable=True)
        yield [other_office, other_service]
        await other_office.delete(if_empty=False)
        await other_service.delete(if_empty=False)


async def test_an_answer_goes_to_the_offices_own_queue_and_to_no_other(
    houniao: Instance, stack: Stack, victims: list[AbstractQueue]
) -> None:
    async with office_at(stack, STREET) as office:
        for queue in victims:
            await office.send("arrival", {**make_arrival(), "name": "=1+1"}, reply_to=queue.name)
        answer = await office.report("arrival", {**make_arrival(), "name": "=1+1"})

        assert answer["code"] == "bad_name"
        assert [await queue.get(fail=False) for queue in victims] == [None, None]
        assert await office.hears_nothing(0.2)


async def test_an_office_that_no_longer_listens_stops_nobody(houniao: Instance, stack: Stack) -> None:
    async with office_at(stack, STREET) as office:
        bad = {**make_arrival(), "name": "=1+1"}
        await office.answers.delete()
        await office.send("arrival", bad)

        async with office_at(stack, "320507002") as other:
            answer = await other.report("arrival", bad)

        assert answer["code"] == "bad_name"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b"\xff\xfe", "body"),
        ({"name": 7}, "name"),
        ({"name": "长" * 2000}, "name"),
        ({"arrived_on": {"$gt": ""}}, "arrived_on"),
    ],
)
async def test_a_malformed_report_is_answered_and_parked(
    houniao: Instance, stack: Stack, body: Any, field: str
) -> None:
    async with office_at(stack, STREET) as office:
        answer = await office.report("arrival", body)

        assert (answer["outcome"], answer["code"], answer["field"]) == ("refused", "malformed", field)
        assert answer["advice"]
        assert await parked_reasons(houniao) == [f"malformed: {field}"]


async def test_a_report_that_is_too_large_is_answered_and_parked_unread(houniao: Instance, stack: Stack) -> None:
    async with office_at(stack, STREET) as office:
        answer = await office.report("arrival", make_arrival() | {"address": "路" * 400_000})

        assert (answer["outcome"], answer["code"], answer["field"]) == ("refused", "too_large", "body")
        assert answer["advice"]
        assert await parked_reasons(houniao) == ["refused: too_large"]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"name": "=1+1"}, "bad_name", "name"),
        ({"document_number": ""}, "missing", "document_number"),
        ({"arrived_on": "2999-01-01"}, "future_date", "arrived_on"),
    ],
)
async def test_a_refused_report_is_answered_with_code_field_and_advice(
    houniao: Instance, stack: Stack, changes: dict[str, str], code: str, field: str
) -> None:
    async with office_at(stack, STREET) as office:
        answer = await office.report("arrival", {**make_arrival(), **changes})

    assert (answer["outcome"], answer["code"], answer["field"]) == ("refused", code, field)
    assert answer["advice"]
    assert make_arrival()["document_number"] not in str(answer)


@pytest.mark.parametrize("service", ["registration", "archives", "outreach", "reporting", "feeds"])
async def test_what_is_no_known_fact_is_parked_on_every_services_queue(
    houniao: Instance, stack: Stack, service: str
) -> None:
    bodies = [b"{", b"42", b'{"type":"weather.rain_fell.v1"}', b'[{"type":"weather.snow_fell.v1"},7]']
    async with await aio_pika.connect(stack.rabbitmq_url()) as admin:
        channel = await admin.channel()
        for body in bodies:
            await channel.default_exchange.publish(aio_pika.Message(body), routing_key=f"{service}.{houniao.name}")

        async def all_parked() -> bool:
            return await houniao.database(service)["parked"].count_documents({}) == 5

        await eventually(all_parked, within=10)
        queue = await channel.get_queue(f"{service}.{houniao.name}")
        assert queue.declaration_result.message_count == 0
