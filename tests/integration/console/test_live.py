"""What changes elsewhere reaches a browser: of its user's scope alone, and again after a service was away."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from deploy.local.ports import free_port
from deploy.local.stack import Stack
from services.console.live import BACK, MOST_OWED, Owed, read_events
from tests.support.attacks import served
from tests.support.console import CLERK, Browser, console_at_work
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival
from tests.support.problems import assert_problem
from tests.support.serving import serving

STREET, NEXT_STREET = "320507001", "320507002"
NEXT_CLERK = "both-demo.clerk"

Told = asyncio.Queue[tuple[str, dict[str, str]]]


@pytest.fixture
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["registration"]) as instance:
        yield instance


async def follow(browser: Browser, told: Told) -> None:
    async with browser.stream("GET", "/live", timeout=None) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        async for heard in read_events(stream.aiter_lines()):
            told.put_nowait((heard.event, json.loads(heard.data)))


async def register(houniao: Instance, street: str, order: int) -> None:
    async with houniao.client("registration", "clerk", street) as clerk:
        assert (await clerk.post("/arrivals", json={**make_arrival(order), "street": street})).is_success


async def is_listened_to(houniao: Instance, times: int) -> None:
    """Wait until so many listen to registration's changes."""
    seats = houniao.apps["registration"].state.service.changes.seats

    async def listened() -> bool:
        return bool(seats._taken.total() >= times)

    await eventually(listened)


class Away:
    """A service that is not up yet, and knows that it was asked."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Response(status_code=503)(scope, receive, send)
        self.asked.set()


async def test_a_clerk_hears_of_the_own_street_alone(stack: Stack, houniao: Instance) -> None:
    mine, next_ones = Told(), Told()
    async with (
        served(houniao.apps["registration"]) as port,
        console_at_work(stack, {"registration": f"http://127.0.0.1:{port}"}) as console,
        console.browser(CLERK) as clerk,
        console.browser(NEXT_CLERK) as neighbour,
    ):
        following = [asyncio.create_task(follow(clerk, mine)), asyncio.create_task(follow(neighbour, next_ones))]
        await is_listened_to(houniao, 2)
        await register(houniao, STREET, 1)
        event, first = await asyncio.wait_for(mine.get(), 60)
        await register(houniao, NEXT_STREET, 2)
        _, heard_next = await asyncio.wait_for(next_ones.get(), 60)
        for task in following:
            task.cancel()

    assert (event, first["service"], first["division"]) == ("change", "registration", STREET)
    assert heard_next["division"] == NEXT_STREET, "nothing of the other street came before"
    assert {told["division"] for _, told in list(mine._queue)} <= {STREET}  # type: ignore[attr-defined]  # what is left


async def test_a_service_that_was_away_is_followed_again_and_pages_are_told(stack: Stack, houniao: Instance) -> None:
    told, port, away = Told(), free_port(), Away()
    async with (
        console_at_work(stack, {"registration": f"http://127.0.0.1:{port}"}) as console,
        console.browser(CLERK) as clerk,
    ):
        async with serving(away, port):
            following = asyncio.create_task(follow(clerk, told))
            await asyncio.wait_for(away.asked.wait(), 60)
        async with served(houniao.apps["registration"], port):
            assert await asyncio.wait_for(told.get(), 60) == ("back", {})
            await register(houniao, STREET, 1)
            assert (await asyncio.wait_for(told.get(), 60))[1]["division"] == STREET
            following.cancel()


async def test_nobody_listens_who_is_not_signed_in(stack: Stack) -> None:
    async with console_at_work(stack) as console, console.browser() as browser:
        assert_problem(await browser.get("/live"), 401, "no_session")


async def test_the_stream_ends_with_the_token_and_the_next_one_has_a_new_session(stack: Stack) -> None:
    async with console_at_work(stack, access_seconds=3) as console, console.browser(CLERK) as browser:
        before = browser.session_cookie()

        ended = await browser.get("/live")

        assert ended.status_code == 200
        assert browser.session_cookie() != before


async def test_a_browser_that_falls_behind_looks_at_everything(stack: Stack) -> None:
    owed = Owed()
    for number in range(MOST_OWED + 1):
        owed.add(("change", str(number)))

    assert list(await owed.take(1)) == [BACK]
    assert list(await owed.take(0.01)) == []
