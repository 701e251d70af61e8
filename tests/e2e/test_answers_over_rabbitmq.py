"""An office answers notices and registers departures over RabbitMQ, with the checks of the page and of HTTP."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from aiormq.exceptions import ChannelAccessRefused

from deploy.local.stack import Stack
from tests.support.clerks import A, B, Clerks, Somebody, clerks_at_work
from tests.support.offices import make_departure, office_at

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIVED_SINCE, MOVED = "2026-03-01", "2026-06-15"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Clerks]:
    async with clerks_at_work(stack) as clerks:
        yield clerks


@pytest.fixture
def clerks(houniao: Clerks) -> Clerks:
    houniao.about.clear()
    return houniao


async def moved(clerks: Clerks) -> tuple[Somebody, str, str]:
    somebody = Somebody()
    old = await clerks.arrive(somebody, A, LIVED_SINCE)
    await clerks.arrive(somebody, B, MOVED)
    return somebody, old, (await clerks.notice(somebody, A))["notice"]["notice_id"]


async def test_an_office_answers_a_notice_step_by_step(clerks: Clerks, stack: Stack) -> None:
    somebody, old, notice = await moved(clerks)
    async with office_at(stack, A) as office:
        received = await office.report("answer", {"notice_id": notice, "state": "received"})
        verified = await office.report("answer", {"notice_id": notice, "state": "verified", "version": 1})
        stale = await office.report("answer", {"notice_id": notice, "state": "confirmed", "version": 1})
        said = {"notice_id": notice, "state": "confirmed", "left_on": "2026-06-10", "version": 2}
        confirmed = await office.report("answer", said)
    await clerks.whole()

    assert (received["outcome"], received["state"], received["version"]) == ("accepted", "received", 1)
    assert (verified["outcome"], verified["state"], verified["version"]) == ("accepted", "verified", 2)
    assert (stale["outcome"], stale["code"], stale["version"]) == ("refused", "stale", 2)
    assert (confirmed["outcome"], confirmed["person_id"]) == ("accepted", somebody.person_id)
    assert ((await clerks.stay(old))["state"], (await clerks.stay(old))["ended_on"]) == ("ended", "2026-06-10")


async def test_an_answer_sent_twice_is_answered_alike_and_another_under_its_name_is_refused(
    clerks: Clerks, stack: Stack
) -> None:
    _, _, notice = await moved(clerks)
    name, said = uuid4().hex, {"notice_id": notice, "state": "rejected", "reason": "still_here"}
    async with office_at(stack, A) as office:
        first = await office.report("answer", said, message_id=name)
        again = await office.report("answer", said, message_id=name)
        other = await office.report("answer", {"notice_id": notice, "state": "confirmed"}, message_id=name)

    assert first == again
    assert (other["outcome"], other["code"]) == ("refused", "idempotency_mismatch")
    answers = clerks.instance.database("registration")["journal"]
    assert await answers.count_documents({"stream": f"answer/{notice}"}) == 1


async def test_an_answer_that_is_not_in_order_is_refused_with_its_code(clerks: Clerks, stack: Stack) -> None:
    _, old, notice = await moved(clerks)
    refused = {}
    async with office_at(stack, A) as office:
        for code, said in {
            "no_such_notice": {"notice_id": "0" * 32, "state": "received"},
            "future_date": {"notice_id": notice, "state": "confirmed", "left_on": "2999-01-01"},
            "left_before_arriving": {"notice_id": notice, "state": "confirmed", "left_on": "2026-02-01"},
            "malformed": {"notice_id": notice, "state": "rejected"},
        }.items():
            refused[code] = await office.report("answer", said)
    async with office_at(stack, B) as office:
        refused["not_yours"] = await office.report("answer", {"notice_id": notice, "state": "confirmed"})

    assert {code: answer["code"] for code, answer in refused.items()} == {code: code for code in refused}
    assert all(answer["advice"] for answer in refused.values())
    assert await clerks.state(old) == ["contested"]


async def test_an_office_answers_under_its_own_street_alone(clerks: Clerks, stack: Stack) -> None:
    _, old, notice = await moved(clerks)
    async with office_at(stack, B) as office:
        with pytest.raises(ChannelAccessRefused):
            await office.send("answer", {"notice_id": notice, "state": "confirmed"}, key=f"{A}.answer")

    assert await clerks.state(old) == ["contested"]


async def test_a_departure_is_answered_with_what_was_understood_of_it(clerks: Clerks, stack: Stack) -> None:
    people = [Somebody(), Somebody()]
    for somebody in people:
        await clerks.arrive(somebody, A, LIVED_SINCE)
    async with office_at(stack, A) as office:
        seasonal = make_departure(people[0].typed, "2026-08-01", "境外") | {"returning_on": "2027-02-20"}
        known = await office.report("departure", seasonal)
        vague = await office.report("departure", make_departure(people[1].typed, "2026-08-01", "不知何处"))

    assert (known["outcome"], known["state"], known["ended_on"]) == ("accepted", "ended", "2026-08-01")
    assert (known["destination_kind"], known["returning_on"]) == ("external", "2027-02-20")
    assert (vague["destination_kind"], vague["warnings"]) == ("unknown", ["unknown_destination"])
