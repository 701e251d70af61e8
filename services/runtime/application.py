"""An HTTP application as everything here has one: OpenAPI at `/docs`, limits, clear refusals, private answers."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, Depends, FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.runtime.access import Gate
from services.runtime.limits import LimitBody
from services.runtime.once import must_be_given_once
from services.runtime.openapi import describe_refusals
from services.runtime.pages import show_docs
from services.runtime.problems import PRIVATE, refuse_clearly
from services.runtime.settings import WebSettings

VERSION = "0.1.0"

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class KeepPrivate:
    """Adds the headers that keep an answer between the service and its caller, where the answer has none of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the headers."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in PRIVATE.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


def make_application(
    name: str, settings: WebSettings, gate: Gate, lifespan: Lifespan, *routers: APIRouter, about: str
) -> FastAPI:
    """Return an HTTP application with these routes, whose callers the gate lets in."""
    documented = settings.shows("docs")
    app = FastAPI(
        title=f"Houniao 候鸟 · {name}",
        description=about,
        version=VERSION,
        lifespan=lifespan,
        redirect_slashes=False,  # to whatever host the caller names
        openapi_url="/openapi.json" if documented else None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(must_be_given_once)],
    )
    app.state.gate = gate
    app.add_middleware(LimitBody)
    app.add_middleware(KeepPrivate)
    refuse_clearly(app)
    describe_refusals(app)
    for router in routers:
        app.include_router(router)
    if documented:
        show_docs(app)
    return app
