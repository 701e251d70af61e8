"""Signing in and out: the whole way through the provider, the sealed cookie, and who is kept out."""

import base64
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from deploy.local.accounts import ACCOUNTS
from deploy.local.stack import Stack
from tests.support.console import CLERK, Console, console_at_work
from tests.support.problems import assert_problem


@pytest.fixture
async def console(stack: Stack) -> AsyncIterator[Console]:
    async with console_at_work(stack) as running:
        yield running


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.key)
async def test_every_demo_account_signs_in_as_what_it_is(stack: Stack, account: object) -> None:
    assert isinstance(account, type(ACCOUNTS[0]))
    async with console_at_work(stack) as console, console.browser() as browser:
        landed = await browser.sign_in(account.key, to="/people?sort=day")
        who = (await browser.get("/session")).json()

    assert (landed.status_code, landed.headers["location"]) == (303, "/people?sort=day")
    assert [who[name] for name in ("subject", "name", "role", "division")] == [
        account.subject,
        account.name,
        account.role,
        account.division,
    ]
    assert time.time() < who["expires_at"] <= time.time() + 901


async def test_a_clerk_is_told_the_name_of_the_street(console: Console) -> None:
    async with console.browser(CLERK) as browser:
        assert (await browser.get("/session")).json()["division_name"] == "元和街道"


async def test_the_cookie_is_for_the_console_alone_and_out_of_reach_of_scripts(console: Console) -> None:
    async with console.browser() as browser:
        landed = await browser.sign_in()

    session, begun = landed.headers.get_list("set-cookie")
    assert session.startswith("houniao-session=")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(session.split("; "))
    assert "Max-Age=0" in begun
    assert "Domain" not in session


async def test_by_tls_no_other_host_can_have_set_the_cookie(stack: Stack) -> None:
    async with console_at_work(stack, console_url="https://console.invalid") as console, httpx.AsyncClient() as client:
        sent = await client.get(f"{console.url}/sign-in", headers={"Host": "console.invalid"})

    assert sent.headers["set-cookie"].startswith("__Host-houniao-sign-in=")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(sent.headers["set-cookie"].split("; "))


async def test_the_cookie_tells_nobody_what_is_in_it(console: Console) -> None:
    async with console.browser(CLERK) as browser:
        sealed = browser.session_cookie()

    read = b"".join(base64.urlsafe_b64decode(part + "===") for part in sealed.split("."))
    assert b"clerk-demo" not in read
    assert b"access" not in read


async def test_nobody_is_signed_in_without_a_cookie(console: Console) -> None:
    async with console.browser() as browser:
        assert (await browser.get("/session")).status_code == 204
        assert_problem(await browser.get("/divisions"), 401, "no_session")


@pytest.mark.parametrize("place", [5, 60, -1])
async def test_a_cookie_that_was_changed_is_none(console: Console, place: int) -> None:
    async with console.browser(CLERK) as browser:
        sealed = list(browser.session_cookie())
        sealed[place] = "A" if sealed[place] != "A" else "B"
        browser.cookies.clear()

        asked = await browser.get("/session", headers={"Cookie": f"houniao-session={''.join(sealed)}"})

    assert asked.status_code == 204


async def test_what_is_sealed_for_signing_in_is_no_session(console: Console) -> None:
    async with console.browser() as browser:
        await browser.begin()
        begun = browser.cookies["houniao-sign-in"]

        asked = await browser.get("/session", headers={"Cookie": f"houniao-session={begun}"})

    assert asked.status_code == 204
