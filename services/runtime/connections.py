"""Connections as a service bears them: so many at once, with heads that come in time and are not endless."""

import asyncio
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.runtime.problems import render_problem, tell_refusal

MOST_CONNECTIONS = 500
"""At once in one process; half as many again are told to come back, any more are closed without a word.

Those on which an answer goes on for long are counted where they have their seats.
"""
HEAD_WITHIN = 20.0
"""Seconds for the line and the headers of a request, from the connection or their first byte on."""
LONGEST_HEAD = 64 * 1024
LINGERS = 5.0
"""Seconds for which a body that nobody reads is still let in after the answer, so that its sender can read that."""

GOES_ON = "goes_on"
"""The name in a request's state of what a route calls whose answer goes on for long."""

FULL = "连接过多，请稍后重试。Too many connections are open; try again in a moment."
TOO_LONG = "请求头过长，请缩短后重发。The head of the request has more than 64 KiB; send less in it."
SLOW, LONG = (408, "Request Timeout", "too_slow"), (431, "Request Header Fields Too Large", "head_too_long")
"""What is answered to a head that does not end: status, its words, and the code in the log."""


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 on one connection, which waits neither for ever nor for much."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._timer: asyncio.TimerHandle | None = None
        self._head: int | None = 0
        self._crowded = False
        self._goes_on = False
        self._answering = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own narrower signature
        """Begin to wait for a request; one connection too many is told so when it has asked."""
        super().connection_made(transport)
        others = self._count_others()
        self._crowded = others > MOST_CONNECTIONS
        if others > MOST_CONNECTIONS * 3 // 2:
            transport.abort()
        self._close_in(HEAD_WITHIN)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._let_be()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what comes; refuse a head that does not end."""
        waited = self._head is not None
        super().data_received(data)
        if self._head is not None:
            self._head += len(data) if waited else 1
            if self._head > LONGEST_HEAD:
                self._end_with(LONG)

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a head."""
        super().on_message_begin()
        self._head = 0
        self._close_in(HEAD_WITHIN)

    def on_headers_complete(self) -> None:
        """Stop waiting, and choose who answers."""
        self._head, self._answering = None, True
        self._let_be()
        self.scope["state"][GOES_ON] = self._go_on
        served, self.app = self.app, self._choose()
        super().on_headers_complete()
        self.app = served

    def _go_on(self) -> None:
        self._goes_on = True

    def _count_others(self) -> int:
        """Count the connections, but for those on which an answer goes on for long if there are many."""
        many = len(self.connections)
        return many if many <= MOST_CONNECTIONS else many - sum(_goes_on(one) for one in self.connections)

    def _choose(self) -> Any:
        """Return who answers: a head may have come whole, and yet be too long."""
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > LONGEST_HEAD:
            return _refuse_head
        return _Full(self.app) if self._crowded else self.app

    def on_message_complete(self) -> None:
        """Go on as usual after a body whose answer was given before it."""
        super().on_message_complete()
        if not self._crowded:
            self._let_be()

    def on_response_complete(self) -> None:
        """Close the connection in a while if it is one too many, or its body is still coming."""
        self._answering = bool(self.pipeline)
        self._goes_on = False
        body_comes = self.cycle.more_body and not self._answering
        super().on_response_complete()
        if (body_comes or self._crowded) and not self.transport.is_closing():
            self._close_in(LINGERS)

    def _close_in(self, seconds: float) -> None:
        self._let_be()
        self._timer = self.loop.call_later(seconds, self._give_up)

    def _let_be(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if self._answering:  # what comes by half is the request after this one
            self._close_in(HEAD_WITHIN)
        else:
            self._end_with(SLOW if self._head else None)

    def _end_with(self, refusal: tuple[int, str, str] | None) -> None:
        self._let_be()
        if self.transport.is_closing():
            return
        if refusal and not self._answering:
            status, words, code = refusal
            tell_refusal({}, status, code)
            head = f"HTTP/1.1 {status} {words}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            self.transport.write(head.encode())
        self.transport.close()


def _goes_on(connection: Any) -> bool:
    return bool(connection._goes_on)  # noqa: SLF001  # one of our own


async def _refuse_head(scope: Scope, receive: Receive, send: Send) -> None:
    await render_problem(431, "head_too_long", TOO_LONG)(scope, receive, send)


class _Full:
    """Says that there are too many connections to whoever asks for anything but the health of the service."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 503, or pass the request on."""
        healthy = scope["path"].startswith("/health/")
        answer = self._app if healthy else render_problem(503, "too_many_connections", FULL)
        await answer(scope, receive, send)
