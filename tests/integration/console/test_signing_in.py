"""Signing in and out: the whole way through the provider, the sealed cookie, and who is kept out."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from deploy.local.accounts import ACCOUNTS, Account
from deploy.local.stack import Stack
from services.console.provider import Provider, Tokens
from services.console.sealing import Seal
from services.console.session import Session
from services.runtime.access import issue
from tests.support.console import CLERK, KEY, OTHER_KEY, Console, console_at_work
from tests.support.problems import assert_problem


@pytest.fixture
async def console(stack: Stack) -> AsyncIterator[Console]:
    async with console_at_work(stack) as running:
        yield running


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.key)
async def test_every_demo_account_signs_in_as_what_it_is(stack: Stack, account: Account) -> None:
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


def sealed(session: Session, keys: str = KEY) -> dict[str, str]:
    """Return the header with a session's cookie."""
    return {"Cookie": f"houniao-session={Seal(SecretStr(keys)).seal('session', asdict(session))}"}


def session_of(stack: Stack, since: float = 0.0, **told: Any) -> Session:
    """Return a session that began a moment ago."""
    claims = {"services": ["console"], "subject": "s", "role": "clerk", "division": "320507001", **told}
    return Session(issue(stack.issuer_jwk(), **claims), "", "张登记", since or time.time())


async def status_of(console: Console, cookie: dict[str, str]) -> tuple[int, str]:
    async with httpx.AsyncClient(base_url=console.url) as client:
        answer = await client.get("/session", headers=cookie)
    return answer.status_code, answer.json().get("code", "") if answer.content else ""


async def test_a_session_ends_after_its_hours_whatever_happens(stack: Stack, console: Console) -> None:
    long_ago = time.time() - 12 * 3600 - 1

    assert await status_of(console, sealed(session_of(stack))) == (200, "")
    assert await status_of(console, sealed(session_of(stack, long_ago))) == (401, "session_over")


@pytest.mark.parametrize("told", [{"services": ["registration"]}, {"role": "service"}, {"issuer": "elsewhere"}])
async def test_a_token_that_is_not_for_the_console_is_none(stack: Stack, console: Console, told: Any) -> None:
    assert await status_of(console, sealed(session_of(stack, **told))) == (401, "session_over")


async def test_keys_are_changed_without_signing_anybody_out(stack: Stack) -> None:
    old, new = sealed(session_of(stack), KEY), sealed(session_of(stack), OTHER_KEY)

    async with console_at_work(stack, session_keys=f"{OTHER_KEY},{KEY}") as between:
        assert await status_of(between, old) == (200, "")
        assert await status_of(between, new) == (200, "")
    async with console_at_work(stack, session_keys=OTHER_KEY) as after:
        assert await status_of(after, old) == (204, "")
        assert await status_of(after, new) == (200, "")


@pytest.fixture
async def short_lived(stack: Stack) -> AsyncIterator[Console]:
    """Run a console whose access tokens are about to run out as soon as they are given."""
    async with console_at_work(stack, access_seconds=30) as running:
        yield running


async def test_many_requests_at_once_renew_a_session_once(
    short_lived: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider: Provider = short_lived.app.state.provider
    renewed: list[str] = []
    renew = provider.renew

    async def counted(refresh: str) -> Tokens:
        renewed.append(refresh)
        return await renew(refresh)

    monkeypatch.setattr(provider, "renew", counted)
    async with short_lived.browser(CLERK) as browser, httpx.AsyncClient(base_url=short_lived.url) as client:
        cookie = {"Cookie": f"houniao-session={browser.session_cookie()}"}
        answers = await asyncio.gather(*(client.get("/session", headers=cookie) for _ in range(20)))

        assert [answer.status_code for answer in answers] == [200] * 20
        assert all("houniao-session=" in answer.headers["set-cookie"] for answer in answers)
        assert len(renewed) == 1

        again = await client.get("/session", headers={"Cookie": answers[-1].headers["set-cookie"].partition(";")[0]})

    assert again.status_code == 200, "a refresh token that was used twice would have ended all of it"
    assert len(renewed) == 2


async def test_who_signed_out_is_out_and_an_old_cookie_is_renewed_no_more(short_lived: Console) -> None:
    async with short_lived.browser(CLERK) as browser:
        before = browser.session_cookie()
        await browser.get("/session")
        after = browser.session_cookie()

        assert (await browser.post("/sign-out")).status_code == 204
        assert browser.session_cookie() == ""
        assert (await browser.get("/session")).status_code == 204

    for cookie in (before, after):
        assert await status_of(short_lived, {"Cookie": f"houniao-session={cookie}"}) == (401, "session_over")


@pytest.mark.parametrize(
    "to",
    [
        "https://elsewhere.invalid",
        "//elsewhere.invalid",
        "/\\elsewhere.invalid",
        "\\/x",
        "javascript:alert(1)",
        "x",
        "/a\n",
    ],
)
async def test_nobody_is_sent_elsewhere_after_signing_in(console: Console, to: str) -> None:
    async with console.browser() as browser:
        assert (await browser.sign_in(to=to)).headers["location"] == "/"


def is_refused(answer: httpx.Response) -> bool:
    """Return whether somebody was not let in, and is told so by the page."""
    cookies = answer.headers.get_list("set-cookie")
    return (answer.status_code, answer.headers["location"]) == (303, "/signed-out?why=not_granted") and not any(
        cookie.startswith("houniao-session=") for cookie in cookies
    )


@pytest.mark.parametrize("name", ["state", "code", "iss"])
async def test_what_the_provider_did_not_send_back_lets_nobody_in(console: Console, name: str) -> None:
    async with console.browser() as browser:
        back = await browser.choose(await browser.begin())

        assert is_refused(await browser.get(back.copy_set_param(name, "forged")))


async def test_a_code_is_good_for_the_browser_that_asked_alone(console: Console) -> None:
    async with console.browser() as attacker, console.browser() as victim:
        back = await attacker.choose(await attacker.begin())
        await victim.begin()

        assert is_refused(await victim.get(back))


@pytest.mark.parametrize("name", ["nonce", "code_challenge"])
async def test_what_was_asked_of_the_provider_can_not_be_exchanged(console: Console, name: str) -> None:
    async with console.browser() as browser:
        asked = (await browser.begin()).copy_set_param(name, "A" * 43)

        assert is_refused(await browser.get(await browser.choose(asked)))


async def test_a_provider_that_is_away_lets_nobody_in_and_is_said_to_be(stack: Stack) -> None:
    async with console_at_work(stack, provider="http://127.0.0.1:9") as console, console.browser() as browser:
        sent = await browser.get("/sign-in")
        ready = await browser.get("/health/ready")

    assert (sent.status_code, sent.headers["location"]) == (303, "/signed-out?why=provider_away")
    assert (ready.status_code, ready.json()["troubles"]) == (503, ["provider: provider_away"])


async def test_a_console_without_tls_does_not_run_in_production(stack: Stack) -> None:
    with pytest.raises(ValidationError, match="HOUNIAO_CONSOLE_URL begins with https"):
        async with console_at_work(stack, env="production"):
            pass
