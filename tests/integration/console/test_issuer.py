"""The demo's provider is as strict as one that asks for passwords."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from deploy.local.issuer import IssuerSettings
from deploy.local.stack import Stack
from tests.support.console import Browser, Console, console_at_work

SECRET = ("houniao-console", "s3cret")


@pytest.fixture
async def console(stack: Stack) -> AsyncIterator[Console]:
    async with console_at_work(stack) as running:
        yield running


@pytest.mark.parametrize(
    ("name", "value"),
    [("redirect_uri", "https://elsewhere.invalid/signed-in"), ("client_id", "another"), ("redirect_uri", "")],
)
async def test_nobody_is_sent_back_to_another_client(console: Console, name: str, value: str) -> None:
    async with console.browser() as browser:
        asked = (await browser.begin()).copy_set_param(name, value)

        for answer in (await browser.get(asked), await browser.post(asked, data={"account": "clerk-demo.clerk"})):
            assert (answer.status_code, answer.headers.get("location")) == (400, None)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "profile", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("nonce", "", "invalid_request"),
        ("prompt", "none", "login_required"),
    ],
)
async def test_what_is_asked_for_wrongly_is_refused_to_the_client(
    console: Console, name: str, value: str, error: str
) -> None:
    async with console.browser() as browser:
        answer = await browser.get((await browser.begin()).copy_set_param(name, value))

    back = httpx.URL(answer.headers["location"])
    assert (back.params["error"], "code" in back.params) == (error, False)


async def redeem(console: Console, browser: Browser, **told: str) -> httpx.Response:
    """Ask for tokens with a code of one's own, something about it wrong."""
    verifier = "v" * 43
    challenge = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"
    asked = (await browser.begin()).copy_set_param("code_challenge", told.pop("challenge", challenge))
    back = await browser.choose(asked)
    form = {
        "grant_type": "authorization_code",
        "code": back.params["code"],
        "code_verifier": verifier,
        "redirect_uri": f"{console.url}/signed-in",
        **told,
    }
    return await browser.post(f"{console.provider}/token", data=form, auth=SECRET)


async def again(console: Console, refresh: str, auth: Any = SECRET) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
        return await client.post(f"{console.provider}/token", data=form, auth=auth)


@pytest.mark.parametrize(
    "told", [{"code_verifier": "w" * 43}, {"redirect_uri": "https://elsewhere.invalid"}, {"code": "guessed"}]
)
async def test_a_code_is_redeemed_as_it_was_asked_for(console: Console, told: dict[str, str]) -> None:
    async with console.browser() as browser:
        good = await redeem(console, browser)
        wrong = await redeem(console, browser, **told)

    assert good.status_code == 200
    assert (wrong.status_code, wrong.json()) == (400, {"error": "invalid_grant"})


async def test_a_code_that_is_redeemed_twice_voids_what_came_of_it(console: Console) -> None:
    async with console.browser() as browser:
        given = await redeem(console, browser)
        form = httpx.QueryParams(given.request.content.decode())
        twice = await browser.post(f"{console.provider}/token", data=dict(form), auth=SECRET)

    assert twice.json() == {"error": "invalid_grant"}
    assert (await again(console, given.json()["refresh_token"])).json() == {"error": "invalid_grant"}


async def test_a_refresh_token_that_is_used_twice_voids_the_one_after_it(console: Console) -> None:
    async with console.browser() as browser:
        first = (await redeem(console, browser)).json()["refresh_token"]

    second = (await again(console, first)).json()["refresh_token"]
    stolen = await again(console, first)

    assert stolen.json() == {"error": "invalid_grant"}
    assert (await again(console, second)).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize("auth", [None, ("houniao-console", "guessed"), ("another", "s3cret")])
async def test_tokens_are_for_the_client_alone(console: Console, auth: Any) -> None:
    async with console.browser() as browser:
        refresh = (await redeem(console, browser)).json()["refresh_token"]

    assert (await again(console, refresh, auth)).status_code == 401
    assert (await again(console, refresh)).status_code == 200


def test_it_does_not_run_in_production(stack: Stack) -> None:
    with pytest.raises(ValidationError, match="does not run where HOUNIAO_ENV=production"):
        IssuerSettings(env="production", issuer_key=stack.issuer_jwk(), client_secret="s")
