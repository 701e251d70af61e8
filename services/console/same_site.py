"""What changes something comes from our own page: no other page can send it with somebody's cookie (CSRF)."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from services.runtime.problems import render_problem

READS = ("GET", "HEAD")
CROSS_SITE = "请求来自其他网站，已拒绝；请从工作台页面操作。The request is from another site; use the console's page."


class SameSite:
    """Refuses whatever is no reading unless the browser says that it comes from the console's own page."""

    def __init__(self, app: ASGIApp, own: str) -> None:
        self._app = app
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http" or scope["method"] in READS or self._is_own(Headers(scope=scope)):
            await self._app(scope, receive, send)
        else:
            await render_problem(403, "cross_site", CROSS_SITE)(scope, receive, send)

    def _is_own(self, headers: Headers) -> bool:
        site = headers.get("sec-fetch-site")
        return site == "same-origin" if site is not None else headers.get("origin") == self._own
