"""The HTTP application of the console: its routes, and what every request goes through."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
from fastapi import FastAPI

from contracts.reference.divisions import Divisions
from services.console import live, page, passing, reference, sign_in, waiting
from services.console.operations import Operations
from services.console.provider import Provider
from services.console.same_site import SameSite
from services.console.session import KeepRenewed, Sessions
from services.console.settings import SERVICES, ConsoleSettings
from services.runtime.access import Gate
from services.runtime.application import make_application
from services.runtime.health import make_health
from services.runtime.logs import tell_what_repeats
from services.runtime.problems import Problem
from services.runtime.seats import Seats

NAME = "console"
ABOUT = "Console 工作台: who is signed in, and the way from the page to the services."


def build(settings: ConsoleSettings, built: page.Page | None = None) -> FastAPI:
    """Wire the console and return its HTTP application."""
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # what is set for one person would be sent for all
    client = httpx.AsyncClient(
        timeout=10, limits=httpx.Limits(max_connections=None), trust_env=False, cookies=no_cookies
    )
    gate = Gate(settings.jwks, settings.issuer, NAME, longest=settings.token_hours * 3600)
    provider = Provider(settings, client)
    sessions = Sessions(settings, gate, provider)

    async def find_troubles() -> list[str]:
        try:
            await provider.describe()
        except Problem as problem:
            return [f"provider: {problem.code}"]
        return []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        telling = asyncio.create_task(tell_what_repeats())
        async with client:
            yield
        telling.cancel()

    routers = (
        sign_in.router,
        waiting.router,
        reference.router,
        passing.router,
        live.router,
        make_health(find_troubles),
    )
    app = make_application(NAME, settings, gate, lifespan, *routers, about=ABOUT)
    app.include_router(page.router)  # last: it answers whatever is asked otherwise
    app.add_middleware(SameSite, own=settings.console_url)
    app.add_middleware(KeepRenewed, cookies=sessions.cookies)
    app.state.settings, app.state.client = settings, client
    app.state.provider, app.state.sessions = provider, sessions
    app.state.divisions = Divisions.load(settings.divisions)
    app.state.operations = Operations.read(SERVICES)
    app.state.seats = Seats()
    app.state.page = built or page.Page()
    return app
