"""HTTP as every service speaks it: OpenAPI at `/docs`, health, metrics, what is parked, limits on size."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Response
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.runtime.access import Caller, Role, allow
from services.runtime.openapi import describe_refusals
from services.runtime.parameters import Limit, ServiceHere
from services.runtime.problems import Problem, refuse_clearly, refuses, render_problem
from services.runtime.service import Service

MAX_BODY = 1024 * 1024
MAX_UPLOAD = 10 * 1024 * 1024
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
A_WORKBOOK: dict[int | str, dict[str, Any]] = {200: {"content": {XLSX: {}}}}
"""What a route that gives a workbook answers, for OpenAPI."""
UPLOADS = (b"multipart/", b"application/fhir+json")


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


class LimitBody:
    """Refuses a body over the limit before it is read whole: 1 MiB, for files and FHIR bundles 10 MiB."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on while its body stays within the limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        upload = headers.get(b"content-type", b"").startswith(UPLOADS)
        limit = MAX_UPLOAD if upload else MAX_BODY
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > limit:
            await _too_large(limit)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413, _advice(limit))
            return message

        await self._app(scope, counted, send)


def make_app(service: Service, *routers: APIRouter, about: str) -> FastAPI:
    """Make a service's HTTP application, which starts and stops the service with itself."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    app = FastAPIOffline(title=f"Houniao 候鸟 · {service.name}", description=about, version="0.1.0", lifespan=lifespan)
    app.state.service = service
    app.state.gate = service.gate
    app.add_middleware(LimitBody)
    refuse_clearly(app)
    describe_refusals(app)
    for router in (*routers, _common):
        app.include_router(router)
    return app


def give_workbook(content: bytes, filename: str) -> Response:
    """Give a workbook (.xlsx) as a file to keep."""
    return Response(content, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{filename}"'})


_common = APIRouter()


@_common.get("/health/live", tags=["health"], summary="Is the process up?")
async def live() -> dict[str, str]:
    """Answer as long as the process can."""
    return {"status": "live"}


@_common.get(
    "/health/ready",
    tags=["health"],
    summary="Can it do its work?",
    responses={200: {"model": Readiness}, 503: {"model": Readiness, "description": "It waits for what is named"}},
)
async def ready(service: ServiceHere) -> Response:
    """Answer 200 when consumers are attached, MongoDB answers and nothing is stuck; else 503 with the troubles."""
    troubles = await service.find_troubles()
    return JSONResponse({"status": "waiting" if troubles else "ready", "troubles": troubles}, 503 if troubles else 200)


@_common.get(
    "/metrics",
    tags=["health"],
    summary="Prometheus metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
)
async def metrics(service: ServiceHere) -> Response:
    """Give the service's counters."""
    service.oldest_unsent_seconds()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@_common.get("/parked", tags=["parked"], summary="What could not be understood")
async def list_parked(
    service: ServiceHere,
    _: Annotated[Caller, Depends(allow(Role.ADMIN))],
    after: str = "",
    limit: Limit = 50,
) -> list[ParkedMessage]:
    """List parked messages with the reason, never with what they carry."""
    found = await service.parked.read(after, limit)
    return [ParkedMessage(parked_id=document.pop("_id"), **document) for document in found]


@_common.post(
    "/parked/{parked_id}/replay",
    tags=["parked"],
    summary="Take a parked message in again",
    responses=refuses(not_found=404),
)
async def replay(
    parked_id: str, service: ServiceHere, _: Annotated[Caller, Depends(allow(Role.ADMIN))]
) -> dict[str, Any]:
    """Replay one message after a fix; it leaves the list if it is understood now."""
    try:
        reason = await service.parked.replay(parked_id, service.listener.take_again)
    except KeyError as error:
        raise Problem(404, "not_found", "No such parked message; it may have been replayed already.") from error
    return {"parked_id": parked_id, "understood": reason is None, "reason": reason}


def _advice(limit: int) -> str:
    return f"Send at most {limit // (1024 * 1024)} MiB; split a larger file."


def _too_large(limit: int) -> ASGIApp:
    return render_problem(413, "too_large", _advice(limit))
