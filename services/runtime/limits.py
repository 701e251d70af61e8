"""Bodies are let in for those who may send them, up to a size and as long as they come."""

import asyncio
import time

from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.runtime.access import admit_early
from services.runtime.problems import Problem, render_problem

MAX_BODY = 1024 * 1024
MAX_UPLOAD = 10 * 1024 * 1024
UPLOADS = ("multipart/", "application/fhir+json")
STALLS_AFTER, BODY_WITHIN = 20.0, 600.0
"""Seconds after which a body is given up: that nothing came of it, and that it has been coming."""

TOO_SLOW = "请求内容未及时送达，请重发。The body did not arrive in time; send the request again."


class LimitBody:
    """Refuses a body before it is read, or read whole: whose sender may not send it, or over 1 MiB, uploads 10 MiB."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with the limits on its body if it has one."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        upload = headers.get("content-type", "").startswith(UPLOADS)
        limit = MAX_UPLOAD if upload else MAX_BODY
        declared = headers.get("content-length", "0")
        if not declared.isascii() or not declared.isdigit() or int(declared) > limit:
            await render_problem(413, "too_large", _advice(limit))(scope, receive, send)
            return
        await self._app(scope, _Body(scope, receive, limit).receive, send)


class _Body:
    """The body of a request on its way in."""

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        self._scope = scope
        self._receive = receive
        self._limit = limit
        self._seen = 0
        self._until: float | None = None
        self._whole = False

    async def receive(self) -> Message:
        """Return the next piece, or raise what is wrong with it."""
        if self._whole:
            return await self._receive()
        if self._until is None:
            if isinstance(route := self._scope.get("route"), APIRoute):
                admit_early(route, self._scope)
            self._until = time.monotonic() + BODY_WITHIN
        try:
            async with asyncio.timeout(min(STALLS_AFTER, self._until - time.monotonic())):
                message = await self._receive()
        except TimeoutError as error:
            raise Problem(408, "too_slow", TOO_SLOW) from error
        self._seen += len(message.get("body", b""))
        if self._seen > self._limit:
            raise Problem(413, "too_large", _advice(self._limit))
        self._whole = not message.get("more_body", False)
        return message


def _advice(limit: int) -> str:
    return f"Send at most {limit // (1024 * 1024)} MiB; split a larger file."
