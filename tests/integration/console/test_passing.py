"""Requests on their way to a service: as whom, which, from where, and that they pass as they come."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from deploy.local.ports import free_port
from deploy.local.stack import Stack
from services.runtime import limits
from tests.support.attacks import answer_to, served
from tests.support.console import CLERK, Console, console_at_work
from tests.support.instance import Instance, running_instance
from tests.support.offices import make_arrival
from tests.support.problems import assert_problem
from tests.support.serving import serving

STREET = "320507001"
STAYS = "/api/registration/stays?division=320507001"


@pytest.fixture
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["registration"]) as instance:
        yield instance


@pytest.fixture
async def console(stack: Stack, houniao: Instance) -> AsyncIterator[Console]:
    async with (
        served(houniao.apps["registration"]) as port,
        console_at_work(stack, {"registration": f"http://127.0.0.1:{port}"}) as running,
    ):
        yield running


async def test_an_arrival_is_registered_by_whoever_is_signed_in(console: Console, houniao: Instance) -> None:
    report = {**make_arrival(1), "street": STREET}
    async with console.browser(CLERK) as browser:
        first = await browser.post("/api/registration/arrivals", json=report, headers={"Idempotency-Key": "once"})
        again = await browser.post("/api/registration/arrivals", json=report, headers={"Idempotency-Key": "once"})

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["stay_id"] == again.json()["stay_id"]
    assert await houniao.database("registration")["journal"].count_documents({}) == 1


async def test_a_refusal_comes_back_as_the_service_says_it(console: Console, houniao: Instance) -> None:
    report = {**make_arrival(1), "street": STREET, "arrived_on": "3/1/2026"}
    async with console.browser(CLERK) as browser, houniao.client("registration", "clerk", STREET) as direct:
        elsewhere = await browser.get("/api/registration/stays", params={"division": "320812008"})
        passed = await browser.post("/api/registration/arrivals", json=report)
        said = await direct.post("/arrivals", json=report)

    assert_problem(elsewhere, 403, "outside_your_division")
    assert_problem(said, 422, "bad_date")
    assert (passed.status_code, passed.json()) == (said.status_code, said.json())


async def test_an_integrator_may_in_the_console_what_it_may_at_the_service(console: Console) -> None:
    async with console.browser("integrator-demo.integrator") as browser:
        assert_problem(await browser.get(STAYS), 403, "not_your_role")


async def test_nothing_is_passed_on_for_who_is_not_signed_in(console: Console) -> None:
    async with console.browser() as browser:
        assert_problem(await browser.get(STAYS), 401, "no_session")


@pytest.mark.parametrize(
    "line",
    [
        "GET /api/registration/metrics",
        "GET /api/registration/openapi.json",
        "GET /api/registration/docs",
        "DELETE /api/registration/stays?division=320507001",
        "GET /api/registration/stays/../metrics",
        "GET /api/registration/people/%2e%2e/timeline",
        "GET /api/registration/people/a%2fb/timeline",
        "GET /api/registration/people/a%5cb/timeline",
        "GET /api/registration/people/a%00b/timeline",
        "POST /api/outreach/activities/%2e%2e/door",
        "GET /api/registration//stays?division=320507001",
        "GET /api/registration/stays%3fdivision=320507001",
        "GET /api/elsewhere/stays",
        "GET /api/registration@127.0.0.1:1/stays",
    ],
)
async def test_what_stands_in_no_document_is_passed_to_nobody(console: Console, line: str) -> None:
    async with console.browser(CLERK) as browser:
        cookie = browser.session_cookie()
    head = f"{line} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nCookie: houniao-session={cookie}\r\n"

    answer = await answer_to(int(console.url.rpartition(":")[2]), f"{head}Connection: close\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 404 "), answer
    assert b'"code":"no_such_operation"' in answer


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "own"},
        {"Origin": "https://elsewhere.invalid"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize("path", ["/api/registration/arrivals", "/sign-out"])
async def test_another_site_changes_nothing(console: Console, headers: dict[str, str], path: str) -> None:
    async with console.browser(CLERK) as browser:
        sent = {name: console.url if value == "own" else value for name, value in headers.items()}
        cookie = {"Cookie": f"houniao-session={browser.session_cookie()}"}

        async with httpx.AsyncClient(base_url=console.url) as elsewhere:
            assert_problem(await elsewhere.post(path, headers={**cookie, **sent}, json={}), 403, "cross_site")


async def test_an_older_browser_says_its_origin(console: Console) -> None:
    async with console.browser(CLERK) as browser:
        cookie = {"Cookie": f"houniao-session={browser.session_cookie()}", "Origin": console.url}
        async with httpx.AsyncClient(base_url=console.url) as older:
            assert (await older.post("/sign-out", headers=cookie)).status_code == 204


async def test_a_service_that_is_away_is_said_to_be(stack: Stack) -> None:
    async with console_at_work(stack) as console, console.browser(CLERK) as browser:
        assert_problem(await browser.get(STAYS), 502, "service_away")
        assert (await browser.get("/session")).status_code == 200


class Told:
    """A service that tells what reached it, and answers piece by piece."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.pieces: list[bytes] = []
        self.came, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
            if message["body"]:
                self.pieces.append(message["body"])
                self.came.set()
        headers = [(b"etag", b'"1"'), (b"location", b"/stays/1"), (b"set-cookie", b"a=b"), (b"retry-after", b"5")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await self.go_on.wait()
        await send({"type": "http.response.body", "body": b"last"})


@pytest.fixture
async def told() -> Told:
    return Told()


@pytest.fixture
async def before(stack: Stack, told: Told) -> AsyncIterator[Console]:
    port = free_port()
    async with (
        serving(told, port),
        console_at_work(stack, {"registration": f"http://127.0.0.1:{port}"}) as running,
    ):
        yield running


async def test_bodies_pass_piece_by_piece_both_ways(before: Console, told: Told) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.wait_for(told.came.wait(), 30)  # which it has before the rest is sent
        yield b"last"

    async with (
        before.browser(CLERK) as browser,
        browser.stream("POST", "/api/registration/arrivals", content=body()) as answer,
    ):
        pieces = answer.aiter_raw()
        first = await anext(pieces)
        told.go_on.set()
        rest = b"".join([piece async for piece in pieces])

    assert (b"".join(told.pieces), first, rest) == (b"firstlast", b"first", b"last")
    assert answer.status_code == 201
    assert [answer.headers[name] for name in ("etag", "location", "retry-after")] == ['"1"', "/stays/1", "5"]
    assert "set-cookie" not in answer.headers


async def test_a_service_gets_the_token_and_never_the_cookie(before: Console, told: Told) -> None:
    told.go_on.set()
    async with before.browser(CLERK) as browser:
        sent = {"Authorization": "Bearer forged", "X-Forwarded-For": "10.0.0.1", "Accept-Language": "zh-CN"}
        await browser.get(STAYS, headers=sent)

    assert told.headers["authorization"].startswith("Bearer ey")
    assert told.headers["accept-language"] == "zh-CN"
    assert told.headers.keys() & {"cookie", "x-forwarded-for", "origin", "sec-fetch-site"} == set()


async def test_a_body_that_is_too_large_or_does_not_come_is_given_up(
    before: Console, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STALLS_AFTER", 0.5)

    async def stalling() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(10)

    async with before.browser(CLERK) as browser:
        large = await browser.post("/api/registration/arrivals", content=b" " * (limits.MAX_BODY + 1))
        slow = await browser.post("/api/registration/arrivals", content=stalling())

    assert_problem(large, 413, "too_large")
    assert_problem(slow, 408, "too_slow")


async def test_whoever_has_a_code_needs_no_session_and_sends_no_token(stack: Stack, told: Told) -> None:
    told.go_on.set()
    port = free_port()
    link = {"Link-Code": "a" * 26, "Link-Respondent": "0" * 32}
    async with serving(told, port), console_at_work(stack, {"outreach": f"http://127.0.0.1:{port}"}) as console:
        for account in ("", CLERK):
            async with console.browser(account) as browser:
                assert (await browser.post("/api/outreach/activities/1/door", json={})).status_code == 201
                assert (await browser.post("/api/outreach/surveys/1/form", json={})).status_code == 201
                assert (await browser.get("/api/outreach/surveys/1/form", headers=link)).status_code == 201

            assert told.headers.keys() & {"authorization", "cookie"} == set()
            assert (told.headers["link-code"], told.headers["link-respondent"]) == tuple(link.values())


@pytest.mark.parametrize(
    "path", ["activities/1/door", "activities/1", "surveys/1", "surveys/1/link", "message-reports"]
)
async def test_a_code_stands_for_nothing_else(console: Console, path: str) -> None:
    async with console.browser() as browser:
        assert_problem(await browser.get(f"/api/outreach/{path}"), 401, "no_session")
