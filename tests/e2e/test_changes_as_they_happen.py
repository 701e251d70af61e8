"""What changed is told as it changes: to whoever is signed in, within the scope, with nothing of anybody in it."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from services.runtime import seats, streams
from tests.support.attacks import served
from tests.support.instance import Instance, eventually, running_instance
from tests.support.listening import SOON, listening
from tests.support.offices import make_arrival

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, OTHER, DISTRICT, VILLAGE = "320507001", "320507002", "320507", "320507001001"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run registration, archives and reporting."""
    async with running_instance(stack, ("registration", "archives", "reporting")) as instance:
        yield instance


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def port(houniao: Instance) -> AsyncIterator[int]:
    """Serve registration on a port of its own: what does not end can't be read without a connection."""
    async with served(houniao.apps["registration"]) as port:
        yield port


async def arrive(houniao: Instance, number: int, street: str = STREET) -> None:
    async with houniao.client("registration", "clerk", street) as clerk:
        arrived = await clerk.post("/arrivals", json={**make_arrival(number), "street": street})
        assert arrived.status_code == 201, arrived.text


async def test_a_clerk_hears_of_the_own_street_what_can_be_read_by_then_and_never_of_another(
    houniao: Instance, port: int, stack: Stack
) -> None:
    async with (
        listening(stack, port, "clerk", STREET) as own,
        listening(stack, port, "clerk", OTHER) as other,
        listening(stack, port, "clerk", VILLAGE) as village,
        listening(stack, port, "district", DISTRICT) as district,
    ):
        await arrive(houniao, 1)
        heard = await own.until("stays", STREET)
        async with houniao.client("registration", "clerk", STREET) as clerk:
            listed = (await clerk.get("/stays", params={"division": STREET})).json()
        await arrive(houniao, 2, OTHER)
        whole = [*await district.until("stays", STREET), *await district.until("stays", OTHER)]
        others = await other.until("stays", OTHER)
        for stream in (own, village):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(stream.until("stays", OTHER), 2)

    assert {place for _, place in heard} == {STREET}
    assert {place for _, place in others} == {OTHER}
    assert {place for _, place in whole} == {STREET, OTHER}
    assert len(listed["stays"]) == 1
    assert own.answer.headers["content-type"].startswith("text/event-stream")
    assert own.answer.headers["cache-control"] == "no-store"


async def test_who_comes_back_hears_what_it_missed(houniao: Instance, port: int, stack: Stack) -> None:
    kept = houniao.database("registration")["changes"]
    async with listening(stack, port, "clerk", STREET) as first:
        await arrive(houniao, 3)
        await first.until("stays", STREET)
    await kept.delete_many({"again": True})  # that the service was started is no part of this
    async with listening(stack, port, "supervisor", STREET) as watching:
        await arrive(houniao, 4)
        await watching.until("stays", STREET)

    async with listening(stack, port, "clerk", STREET, last=first.last) as again:
        assert ("stays", STREET) in await again.until("stays", STREET)


async def test_who_comes_back_after_long_looks_at_everything_again(houniao: Instance, port: int, stack: Stack) -> None:
    async with listening(stack, port, "clerk", STREET, last="1000") as again:
        event = await again.next()

    assert event == {"event": "again", "data": "{}"}


async def test_numbers_are_told_of_once_they_are_counted(houniao: Instance, stack: Stack) -> None:
    async with (
        served(houniao.apps["reporting"]) as reporting,
        listening(stack, reporting, "district", DISTRICT, service="reporting") as stream,
    ):
        await arrive(houniao, 5)
        await stream.until("residents", STREET)
        asked = {"division": STREET, "on": datetime.now(UTC).date().isoformat()}
        async with houniao.client("reporting", "district", DISTRICT) as client:
            waits = (await client.get("/numbers/uncounted", params=asked)).json()

    assert not waits.get("people")


async def test_an_archive_that_is_opened_is_told_of(houniao: Instance, stack: Stack) -> None:
    async with (
        served(houniao.apps["archives"]) as archives,
        listening(stack, archives, "health_worker", STREET, service="archives") as stream,
    ):
        await arrive(houniao, 6)
        await stream.until("archives", STREET)


async def test_an_import_is_told_of_as_it_goes_on(houniao: Instance, port: int, stack: Stack) -> None:
    register = {"file": ("a.csv", "姓名,证件号码,到达日期\n甲,1,2026-01-01\n".encode())}
    async with (
        listening(stack, port, "clerk", STREET) as stream,
        houniao.client("registration", "clerk", STREET) as clerk,
    ):
        handed_in = await clerk.post("/imports", data={"street": STREET}, files=register)
        assert handed_in.status_code < 300, handed_in.text
        while True:  # what changes twice between two tellings is told once
            await stream.until("imports", STREET)
            if (await clerk.get(f"/imports/{handed_in.json()['import_id']}")).json()["state"] == "done":
                break


async def test_a_stream_ends_with_the_token(houniao: Instance, port: int, stack: Stack) -> None:
    began = time.time()
    async with listening(stack, port, "clerk", STREET, lifetime=3) as stream:
        await stream.rest()

    assert 1 < time.time() - began < SOON


async def test_while_nothing_comes_a_stream_says_that_it_is_there(
    houniao: Instance, port: int, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.2)
    async with listening(stack, port, "clerk", "320812001") as stream:
        opened = stream.last
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stream.next(), 2)

    assert int(stream.last) > int(opened)


async def test_so_many_streams_of_one_account_and_of_all_are_open_at_once(
    houniao: Instance, port: int, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "MOST_WAITING", 1)
    monkeypatch.setattr(seats, "MOST_IN_ALL", 2)
    changes = houniao.apps["registration"].state.service.changes

    async def nobody_listens() -> bool:
        return not changes._listeners

    async def refused(role: str) -> tuple[int, str]:
        async with houniao.client("registration", role, STREET, f"{role}/{STREET}/") as client:
            answer = await asyncio.wait_for(client.get("/changes"), SOON)
        return answer.status_code, answer.json()["code"]

    await eventually(nobody_listens)
    async with listening(stack, port, "clerk", STREET), listening(stack, port, "supervisor", STREET):
        assert await refused("clerk") == (429, "too_many_waiting")
        assert await refused("admin") == (503, "too_many_connections")
    await eventually(nobody_listens)
    async with listening(stack, port, "clerk", STREET):
        pass
