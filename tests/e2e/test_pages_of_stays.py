"""The story of a long list: read page by page, each stay comes once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from tests.support.instance import Instance, eventually, running_instance
from tests.support.ledger import find_losses
from tests.support.offices import make_arrival, make_departure

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREETS = ("320507001", "320507002", "320507003")
PEOPLE = 24


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run registration with people in three streets of one district and one of another; some left, some moved on."""
    async with running_instance(stack, ["registration"]) as instance:
        async with instance.client("registration", "clerk", "32") as clerk:
            await asyncio.gather(
                *(clerk.post("/arrivals", json={**make_arrival(n), "street": STREETS[n % 3]}) for n in range(PEOPLE)),
                clerk.post("/arrivals", json={**make_arrival(PEOPLE), "street": "320812001"}),
                *(
                    clerk.post("/arrivals", json={**make_arrival(n, "2026-04-01"), "street": STREETS[0]})
                    for n in (1, 2)
                ),
            )
            for n in (3, 4, 5):
                departure = make_departure(make_arrival(n), "2026-05-01")
                await clerk.post("/departures", json={**departure, "street": STREETS[n % 3]})

        async def whole() -> bool:
            return not await find_losses([instance.databases])

        await eventually(whole)
        yield instance


async def read_all(houniao: Instance, limit: int, **query: str) -> list[dict[str, Any]]:
    """Read a list to its end; no page but the last may be short."""
    stays: list[dict[str, Any]] = []
    cursor = ""
    async with houniao.client("registration", "district", "320507") as reader:
        while True:
            told = {"division": "320507", "limit": str(limit), "cursor": cursor, **query}
            answer = await reader.get("/stays", params=told)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            stays += page["stays"]
            if page["cursor"] is None:
                return stays
            assert len(page["stays"]) == limit
            cursor = page["cursor"]


@pytest.mark.parametrize("limit", [1, 2, 5, 7, 13, 26, 27, 500])
async def test_pages_of_any_size_show_each_stay_once(houniao: Instance, limit: int) -> None:
    stays = await read_all(houniao, limit)

    assert max(Counter(stay["stay_id"] for stay in stays).values()) == 1
    assert len(stays) == PEOPLE + 2
    assert {stay["street"] for stay in stays} == set(STREETS)
    order = [(stay["street"], stay["stay_id"]) for stay in stays]
    assert order == sorted(order)


@pytest.mark.parametrize(("state", "count"), [("open", PEOPLE - 3), ("contested", 2), ("ended", 3), ("retracted", 0)])
async def test_pages_of_one_state_show_that_state_alone(houniao: Instance, state: str, count: int) -> None:
    stays = await read_all(houniao, 2, state=state)

    assert [stay["state"] for stay in stays] == [state] * count
    assert len({stay["stay_id"] for stay in stays}) == count


async def test_pages_of_a_street_show_that_street_alone(houniao: Instance) -> None:
    stays = await read_all(houniao, 3, division=STREETS[1])

    assert {stay["street"] for stay in stays} == {STREETS[1]}
    assert len({stay["stay_id"] for stay in stays}) == len(stays) == PEOPLE // 3


async def test_a_list_that_grows_while_it_is_read_shows_what_was_there_once(houniao: Instance) -> None:
    async with houniao.client("registration", "clerk", "320507") as reader:
        query = {"division": "320507", "limit": "10"}
        first = (await reader.get("/stays", params=query)).json()
        newcomer = await reader.post("/arrivals", json={**make_arrival(99), "street": STREETS[0]})
        rest: list[dict[str, Any]] = []
        cursor = first["cursor"]
        while cursor:
            page = (await reader.get("/stays", params={**query, "cursor": cursor})).json()
            rest += page["stays"]
            cursor = page["cursor"]
        await reader.post(f"/stays/{newcomer.json()['stay_id']}/retraction")

    seen = Counter(stay["stay_id"] for stay in [*first["stays"], *rest])
    seen.pop(newcomer.json()["stay_id"], None)
    assert len(seen) == PEOPLE + 2
    assert set(seen.values()) == {1}


async def test_no_page_names_who_a_person_is(houniao: Instance) -> None:
    stays = await read_all(houniao, 500)

    assert "李小满" not in str(stays)
    assert not any(make_arrival(n)["document_number"] in str(stays) for n in range(PEOPLE))
