"""The HTTP application of every service that has a database and a queue: health, metrics, parked messages."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from pymongo.errors import PyMongoError

from services.runtime.access import Caller, Role, allow
from services.runtime.application import make_application
from services.runtime.attempts import must_be_within
from services.runtime.health import make_health
from services.runtime.mongo import is_away
from services.runtime.operations import router as operations
from services.runtime.parameters import Limit, ServiceHere
from services.runtime.problems import Problem, refuse_unexpected, refuses, render_problem
from services.runtime.service import Service
from services.runtime.streams import readable_by_role
from services.runtime.streams import router as streams

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


def make_app(service: Service, *routers: APIRouter, about: str) -> FastAPI:
    """Return a service's HTTP application, which starts and stops the service together with itself."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    shown = (_metrics,) if service.settings.shows("metrics") else ()
    common = (make_health(service.find_troubles), streams, operations, _common, *shown)
    app = make_application(service.name, service.settings, service.gate, lifespan, *routers, *common, about=about)
    app.state.service = service
    app.state.readable = readable_by_role(routers)
    app.add_exception_handler(PyMongoError, _storage)
    return app


async def _storage(request: Request, error: Exception) -> Response:
    if not is_away(error):
        return await refuse_unexpected(request, error)
    return render_problem(503, "storage_away", "The database is away for a moment; send the same request again.")


def workbook_response(content: bytes, filename: str) -> Response:
    """Return a response with a workbook (.xlsx) to download."""
    return Response(content, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{filename}"'})


_common, _metrics = APIRouter(), APIRouter()


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
