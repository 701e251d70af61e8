"""Pages that are delivered: verified, and taken as if they had been read."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from .effect import Json

LARGEST = 4 * 1024 * 1024
SLOWEST = 10
"""Seconds for which a request may say nothing."""
Take = Callable[[list[Json]], None]


def receive(port: int, secret_file: Path, take: Take) -> None:
    """Receive pages on a port of this machine until the process ends; a server in front of it ends TLS."""
    HTTPServer(("127.0.0.1", port), _receiver(secret_file, take)).serve_forever()


def _receiver(secret_file: Path, take: Take) -> type[BaseHTTPRequestHandler]:
    class Receiver(BaseHTTPRequestHandler):
        timeout = SLOWEST

        def do_POST(self) -> None:
            self.send_response(self._take())
            self.end_headers()

        def _take(self) -> int:
            told = self.headers.get("content-length", "")
            if not told.isdecimal() or int(told) > LARGEST:
                return 413
            page = verify(secret_file, self.rfile.read(int(told)), dict(self.headers))
            if page is None:
                return 401
            take(page)  # what is raised leaves the request without an answer, and the page comes again
            return 204

    return Receiver


def verify(secret_file: Path, body: bytes, headers: dict[str, str]) -> list[Json] | None:
    """Return a page that was signed with one of the secrets in a file, a line each; None if it was not."""
    for secret in secret_file.read_text(encoding="ascii").split() if secret_file.exists() else ():
        try:
            page: Any = Webhook(secret).verify(body, headers)
        except (WebhookVerificationError, ValueError):  # ValueError: a header that is not even one of a webhook
            continue
        return list(page)
    return None
