"""The HTTP application of every service: OpenAPI at `/docs`, health, metrics, parked messages, limits on size."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.runtime.access import Caller, Role, allow
from services.runtime.attempts import must_be_within
from services.runtime.limits import LimitBody
from services.runtime.once import must_be_given_once
from services.runtime.openapi import describe_refusals
from services.runtime.pages import show_docs
from services.runtime.parameters import Limit, ServiceHere
from services.runtime.problems import PRIVATE, Problem, refuse_clearly, refuses
from services.runtime.service import Service

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
A_WORKBOOK: dict[int | str, dict[str, Any]] = {200: {"content": {XLSX: {}}}}
"""What a route that gives a workbook answers, for OpenAPI."""


class ParkedMessage(BaseModel):
    """A message that could not be understood, without its content."""

    parked_id: str
    queue: str
    reason: str
    routing_key: str
    first_seen: datetime
    seen: int


class Readiness(BaseModel):
    """Whether a service can do its work, and what keeps it from that."""

    status: Literal["ready", "waiting"]
    troubles: list[str]


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


def make_app(service: Service, *routers: APIRouter, about: str) -> FastAPI:
    """Return a service's HTTP application, which starts and stops the service together with itself."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    documented = service.settings.shows("docs")
    app = FastAPI(
        title=f"Houniao 候鸟 · {service.name}",
        description=about,
        version="0.1.0",
        lifespan=lifespan,
        redirect_slashes=False,  # to whatever host the caller names
        openapi_url="/openapi.json" if documented else None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(must_be_given_once)],
    )
    app.state.service = service
    app.state.gate = service.gate
    app.add_middleware(LimitBody)
    app.add_middleware(KeepPrivate)
    refuse_clearly(app)
    describe_refusals(app)
    for router in (*routers, _common, *((_metrics,) if service.settings.shows("metrics") else ())):
        app.include_router(router)
    if documented:
        show_docs(app)
    return app


def workbook_response(content: bytes, filename: str) -> Response:
    """Return a response with a workbook (.xlsx) to download."""
    return Response(content, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{filename}"'})


_common, _metrics = APIRouter(), APIRouter()


@_common.get("/health/live", tags=["health"], summary="Is the process up?")
async def live() -> dict[str, str]:
    """Return 200 as long as the process runs."""
    return {"status": "live"}


@_common.get(
    "/health/ready",
    tags=["health"],
    summary="Can it do its work?",
    responses={200: {"model": Readiness}, 503: {"model": Readiness, "description": "It waits for what is named"}},
)
async def ready(service: ServiceHere) -> Response:
    """Return 200 when consumers are attached, MongoDB answers and nothing is stuck; else 503 with the troubles."""
    troubles = await service.find_troubles()
    return JSONResponse({"status": "waiting" if troubles else "ready", "troubles": troubles}, 503 if troubles else 200)


@_metrics.get(
    "/metrics",
    tags=["health"],
    summary="Prometheus metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
)
async def metrics(service: ServiceHere) -> Response:
    """Return the service's metrics in the text format of Prometheus."""
    service.oldest_unsent_seconds()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@_common.get("/parked", tags=["parked"], summary="What could not be understood")
async def list_parked(
    service: ServiceHere,
    _: Annotated[Caller, Depends(allow(Role.ADMIN))],
    after: str = "",
    limit: Limit = 50,
) -> list[ParkedMessage]:
    """Return parked messages with the reason, never with their content."""
    found = await service.parked.read(after, limit)
    return [ParkedMessage(parked_id=document.pop("_id"), **document) for document in found]


@_common.post(
    "/parked/{parked_id}/replay",
    tags=["parked"],
    summary="Take a parked message in again",
    responses=refuses(not_found=404, too_many_requests=429),
)
async def replay(
    parked_id: str, request: Request, service: ServiceHere, caller: Annotated[Caller, Depends(allow(Role.ADMIN))]
) -> dict[str, Any]:
    """Take in a parked message once more after a fix; it leaves the list if it is understood now.

    Ids of parked messages are digests of their content, so guesses at ids are limited.
    """
    await must_be_within(service.attempts, getattr(request.app.state, "access_log", None), "replay", caller)
    try:
        reason = await service.parked.replay(parked_id, service.listener.take_again)
    except KeyError as error:
        raise Problem(404, "not_found", "No such parked message; it may have been replayed already.") from error
    await service.attempts.give_back("replay", caller)
    return {"parked_id": parked_id, "understood": reason is None, "reason": reason}
