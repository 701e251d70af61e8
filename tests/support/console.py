"""The console and the demo's provider on real sockets, and a browser that signs in there."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from deploy.local.credentials import public_keys
from deploy.local.issuer import IssuerSettings
from deploy.local.issuer import build as build_issuer
from deploy.local.ports import free_port
from deploy.local.stack import Stack
from services.console.api import build as build_console
from services.console.page import Page
from services.console.settings import SERVICES, ConsoleSettings
from tests.support.attacks import served

KEY, OTHER_KEY = "1" * 64, "2" * 64
NOBODY_LISTENS = "http://127.0.0.1:9"
CLERK = "clerk-demo.clerk"


class Browser(httpx.AsyncClient):
    """Keeps cookies and says which page a request is from, as browsers do."""

    def __init__(self, url: str) -> None:
        super().__init__(base_url=url, headers={"Sec-Fetch-Site": "same-origin"}, timeout=60)

    async def begin(self, to: str = "/") -> httpx.URL:
        """Return where the console sends the browser to sign in."""
        sent = await self.get("/sign-in", params={"to": to})
        assert sent.status_code == 302, sent.text
        return httpx.URL(sent.headers["location"])

    async def choose(self, at: httpx.URL | str, account: str = CLERK) -> httpx.URL:
        """Return where the provider sends the browser back to once an account was chosen."""
        shown = await self.get(at)
        assert account in shown.text, shown.text
        sent = await self.post(at, data={"account": account})
        return httpx.URL(sent.headers["location"])

    async def sign_in(self, account: str = CLERK, to: str = "/") -> httpx.Response:
        """Sign in, and return the console's last answer."""
        return await self.get(await self.choose(await self.begin(to), account))

    def session_cookie(self) -> str:
        """Return the cookie of the session; "" if there is none."""
        return self.cookies.get("houniao-session") or ""


@dataclass
class Console:
    """A running console and the provider before it."""

    app: FastAPI
    url: str
    provider: str

    @asynccontextmanager
    async def browser(self, account: str = "") -> AsyncIterator[Browser]:
        """Open a browser of its own, signed in as an account if one is named."""
        async with Browser(self.url) as browser:
            if account:
                assert (await browser.sign_in(account)).status_code == 303
            yield browser


@asynccontextmanager
async def console_at_work(
    stack: Stack,
    services: Mapping[str, str] | None = None,
    *,
    access_seconds: int = 900,
    page: Page | None = None,
    **told: Any,
) -> AsyncIterator[Console]:
    """Run a console before services at these addresses; the others are away."""
    async with AsyncExitStack() as exits:
        key, secret = stack.issuer_jwk(), "s3cret"
        issuer_port, port = free_port(), free_port()
        provider, url = f"http://127.0.0.1:{issuer_port}", f"http://127.0.0.1:{port}"
        shared: dict[str, Any] = {"client_secret": secret, "console_url": url, "jwks": public_keys(key)}
        issuer = IssuerSettings(issuer_key=key, issuer_url=provider, access_seconds=access_seconds, **shared)
        settings = ConsoleSettings(
            **{
                "provider": provider,
                "session_keys": KEY,
                "services": {**dict.fromkeys(SERVICES, NOBODY_LISTENS), **(services or {})},
                **shared,
                **told,
            }
        )
        app = build_console(settings, page)
        await exits.enter_async_context(serving_at(build_issuer(issuer), issuer_port))
        await exits.enter_async_context(serving_at(app, port))
        yield Console(app, url, provider)


@asynccontextmanager
async def serving_at(app: FastAPI, port: int) -> AsyncIterator[None]:
    """Serve an application with its lifespan, until the block ends."""
    async with app.router.lifespan_context(app), served(app, port):
        yield
