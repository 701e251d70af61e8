"""Requests that are passed on to a service with the token of whoever sends them, as they come and as it answers."""

from collections.abc import AsyncIterator

import httpx
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect

from services.console.operations import Operations
from services.console.session import SignedInHere
from services.runtime.limits import TOO_SLOW
from services.runtime.problems import Problem

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
SENT = (
    *("accept", "accept-encoding", "accept-language", "content-type", "content-length"),
    *("idempotency-key", "if-match", "if-none-match", "last-event-id", "range"),
    *("link-code", "link-respondent"),
)
"""The headers of a request that a service is told; the cookie is not among them."""
KEPT = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "trailer", "date", "set-cookie"})
"""The headers of an answer that are between us and the service."""
TIMEOUT = httpx.Timeout(120, connect=5)
UNKNOWN = "没有这项操作。There is no such operation; the services' OpenAPI documents tell which there are."
AWAY = "该服务暂时无法访问，请稍后重试。The service is away for a moment; send the same request again."

router = APIRouter(include_in_schema=False)


@router.post("/api/outreach/activities/{_}/door")
@router.get("/api/outreach/surveys/{_}/form")
@router.post("/api/outreach/surveys/{_}/form")
async def pass_on_code(request: Request) -> Response:
    """Pass on what is asked with a code in the place of a token: nobody needs to be signed in, and no token is sent."""
    return await _pass_on(request, "outreach", None)


@router.api_route("/api/{service}/{path:path}", methods=METHODS)
async def pass_on(request: Request, service: str, signed_in: SignedInHere) -> Response:
    """Pass a request on, and the service's answer back unchanged."""
    return await _pass_on(request, service, signed_in.session.access)


async def _pass_on(request: Request, service: str, access: str | None) -> Response:
    path = request.scope["raw_path"].decode("ascii").partition("?")[0].removeprefix(f"/api/{service}")
    operations: Operations = request.app.state.operations
    if not operations.has(service, request.method, path):
        raise Problem(404, "no_such_operation", UNKNOWN)
    answer = await _send(request, service, path, access)
    headers = {name: value for name, value in answer.headers.multi_items() if name not in KEPT}
    return StreamingResponse(answer.aiter_raw(), answer.status_code, headers, background=BackgroundTask(answer.aclose))


async def _send(request: Request, service: str, path: str, access: str | None) -> httpx.Response:
    client: httpx.AsyncClient = request.app.state.client
    query = request.scope["query_string"]
    target = path.encode("ascii") + (b"?" + query if query else b"")
    address = httpx.URL(request.app.state.settings.services[service]).copy_with(raw_path=target)
    headers = {name: request.headers[name] for name in SENT if name in request.headers}
    if access is not None:
        headers["authorization"] = f"Bearer {access}"
    passed = client.build_request(request.method, address, headers=headers, content=_body_of(request), timeout=TIMEOUT)
    try:
        return await client.send(passed, stream=True)
    except httpx.TransportError as error:
        raise Problem(502, "service_away", AWAY) from error
    except ClientDisconnect as error:
        raise Problem(408, "too_slow", TOO_SLOW) from error


def _body_of(request: Request) -> AsyncIterator[bytes] | None:
    has_body = "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"
    return request.stream() if has_body else None
