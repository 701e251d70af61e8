"""The story of leaving: declared over HTTP or RabbitMQ, counted from the day on which the person left."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from contracts.registration.stays import StayFact
from deploy.local.stack import Stack
from tests.support.instance import Instance, eventually, running_instance
from tests.support.ledger import find_losses
from tests.support.offices import make_arrival, make_departure, office_at

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET = "320507001"
NEIGHBOUR = "320507002"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run registration and reporting for all the stories of this file."""
    async with running_instance(stack, ["registration", "reporting"]) as instance:
        yield instance


async def post(houniao: Instance, path: str, body: dict[str, str], street: str = STREET) -> httpx.Response:
    async with houniao.client("registration", "clerk", street) as clerk:
        return await clerk.post(path, json={**body, "street": street})


async def arrive(houniao: Instance, arrival: dict[str, str], street: str = STREET) -> dict[str, Any]:
    answer = await post(houniao, "/arrivals", arrival, street)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def flows(houniao: Instance, street: str, until: str) -> tuple[int, int, int]:
    """Return residents, inflow and outflow of a street, once everything is counted."""

    async def whole() -> bool:
        return not await find_losses([houniao.databases])

    await eventually(whole)
    async with houniao.client("reporting", "district", "320507") as district:
        period = {"division": street, "from": "2026-01-01", "to": until}
        found = (await district.get("/flows", params=period)).json()
        return found["residents"], found["inflow"], found["outflow"]


async def test_who_left_is_a_resident_until_the_day_of_leaving(houniao: Instance) -> None:
    arrival = make_arrival(1, "2026-03-01")
    await arrive(houniao, arrival)

    left = await post(houniao, "/departures", make_departure(arrival, "2026-05-10", "江苏省淮安市清江浦区"))

    assert left.status_code == 200, left.text
    assert (left.json()["state"], left.json()["ended_on"], left.json()["destination"]) == (
        "ended",
        "2026-05-10",
        "320812",
    )
    assert await flows(houniao, STREET, "2026-02-28") == (0, 0, 0)
    assert await flows(houniao, STREET, "2026-05-09") == (1, 1, 0)
    assert await flows(houniao, STREET, "2026-05-10") == (0, 1, 1)


async def test_the_same_departure_again_changes_nothing(houniao: Instance) -> None:
    arrival = make_arrival(2)
    await arrive(houniao, arrival)
    departure = make_departure(arrival, "2026-05-10")
    first = await post(houniao, "/departures", departure)

    again = await post(houniao, "/departures", departure)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()


async def test_another_departure_of_somebody_who_left_is_refused(houniao: Instance) -> None:
    arrival = make_arrival(3)
    await arrive(houniao, arrival)
    await post(houniao, "/departures", make_departure(arrival, "2026-05-10"))

    other = await post(houniao, "/departures", make_departure(arrival, "2026-05-11"))

    assert (other.status_code, other.json()["code"]) == (409, "not_registered_here")


async def test_nobody_leaves_where_they_never_arrived(houniao: Instance) -> None:
    stranger = await post(houniao, "/departures", make_departure(make_arrival(4), "2026-05-10"))

    assert (stranger.status_code, stranger.json()["code"]) == (409, "not_registered_here")
    assert stranger.json()["detail"]


async def test_nobody_leaves_before_arriving(houniao: Instance) -> None:
    arrival = make_arrival(5, "2026-03-01")
    await arrive(houniao, arrival)

    early = await post(houniao, "/departures", make_departure(arrival, "2026-02-28"))

    assert (early.status_code, early.json()["code"]) == (409, "left_before_arriving")


async def test_a_departure_ends_the_stay_of_its_own_street_alone(houniao: Instance) -> None:
    arrival = make_arrival(6, "2026-03-01")
    await arrive(houniao, arrival)
    later = await arrive(houniao, {**arrival, "arrived_on": "2026-04-01"}, NEIGHBOUR)

    left = await post(houniao, "/departures", make_departure(arrival, "2026-04-01"))

    assert (left.status_code, left.json()["street"]) == (200, STREET)
    async with houniao.client("registration", "clerk", "320507") as district:

        async def lives_at_the_neighbours() -> bool:
            person = (await district.get(f"/people/{later['person_id']}")).json()
            states = [(stay["street"], stay["state"]) for stay in person.get("stays", [])]
            return states == [(STREET, "ended"), (NEIGHBOUR, "open")]

        await eventually(lives_at_the_neighbours)


async def test_who_came_back_leaves_the_newer_stay(houniao: Instance) -> None:
    arrival = make_arrival(7, "2026-03-01")
    await arrive(houniao, arrival)
    await post(houniao, "/departures", make_departure(arrival, "2026-03-20"))
    back = await arrive(houniao, {**arrival, "arrived_on": "2026-06-01"})

    left = await post(houniao, "/departures", make_departure(arrival, "2026-06-30"))

    assert (left.json()["stay_id"], left.json()["started_on"]) == (back["stay_id"], "2026-06-01")


async def test_a_departure_by_the_old_number_of_fifteen_digits_is_understood(houniao: Instance) -> None:
    arrival = make_arrival(8)
    await arrive(houniao, arrival)
    number = arrival["document_number"]
    old = {**make_departure(arrival, "2026-05-10"), "document_number": number[:6] + number[8:17]}

    left = await post(houniao, "/departures", old)

    assert left.status_code == 200, left.text


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"left_on": "2999-01-01"}, "future_date", "left_on"),
        ({"left_on": "2026-02-30"}, "bad_date", "left_on"),
        ({"left_on": ""}, "missing", "left_on"),
        ({"document_number": "110105194912310021"}, "id_checksum", "document_number"),
        ({"document_type": "学生证"}, "bad_document_type", "document_type"),
    ],
)
async def test_a_departure_that_is_not_in_order_is_refused_by_field(
    houniao: Instance, changes: dict[str, str], code: str, field: str
) -> None:
    departure = {**make_departure(make_arrival(9), "2026-05-10"), **changes}

    refused = await post(houniao, "/departures", departure)

    assert refused.status_code == 422
    assert (refused.json()["code"], refused.json()["field"]) == (code, field)


async def test_an_office_registers_a_departure_over_rabbitmq(houniao: Instance, stack: Stack) -> None:
    arrival = make_arrival(10)
    async with office_at(stack, STREET) as office:
        arrived = await office.report("arrival", arrival)

        left = await office.report("departure", make_departure(arrival, "2026-05-10"))
        again = await office.report("departure", make_departure(arrival, "2026-05-10"))
        refused = await office.report("departure", make_departure(make_arrival(11), "2026-05-10"))

    assert (left["outcome"], left["stay_id"]) == ("accepted", arrived["stay_id"])
    assert again["outcome"] == "accepted"
    assert (refused["outcome"], refused["code"]) == ("refused", "not_registered_here")
    assert refused["advice"]


async def test_a_retracted_arrival_was_never_counted(houniao: Instance) -> None:
    arrived = await arrive(houniao, make_arrival(12, "2026-03-01"), "320507003")
    before = await flows(houniao, "320507003", "2026-06-01")
    async with houniao.client("registration", "clerk", "320507003") as clerk:
        retracted = await clerk.post(f"/stays/{arrived['stay_id']}/retraction")
        again = await clerk.post(f"/stays/{arrived['stay_id']}/retraction")

    assert before == (1, 1, 0)
    assert (retracted.status_code, retracted.json()["state"]) == (200, "retracted")
    assert (again.status_code, again.json()["code"]) == (409, "retracted")
    assert await flows(houniao, "320507003", "2026-06-01") == (0, 0, 0)


async def test_a_retracted_arrival_can_be_registered_again_but_an_old_request_does_not_bring_it_back(
    houniao: Instance,
) -> None:
    async with houniao.client("registration", "clerk", "320507") as clerk:
        first = {"Idempotency-Key": uuid4().hex}
        second = {"Idempotency-Key": uuid4().hex}
        arrival = {**make_arrival(13, "2026-03-01"), "street": "320507004"}
        stay_id = (await clerk.post("/arrivals", json=arrival, headers=first)).json()["stay_id"]
        await clerk.post(f"/stays/{stay_id}/retraction")

        late = await clerk.post("/arrivals", json=arrival, headers=first)
        after_late = await newest_state(houniao, stay_id)
        again = await clerk.post("/arrivals", json=arrival, headers=second)
        repeated = await clerk.post("/arrivals", json=arrival, headers=second)

    assert (late.status_code, after_late) == (201, "retracted")
    assert (again.status_code, repeated.status_code) == (201, 201)
    assert await newest_state(houniao, stay_id) == "open"


async def newest_state(houniao: Instance, stay_id: str) -> str:
    event = await houniao.apps["registration"].state.service.journal.load(f"stay/{stay_id}", StayFact)
    return str(event.data.stay.state)
