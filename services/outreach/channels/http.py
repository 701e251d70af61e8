"""Asking a gateway over HTTP, within limits of time and size: its answer, or what its silence means."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic_core import from_json

from services.outreach.channels.gateways import LARGEST_ANSWER, TIMEOUT
from services.outreach.domain.messages import NotTaken, Unsure

NEVER_REACHED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)
"""Raised before anything was sent."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A gateway's answer: its status, and its body if that is a JSON object."""

    status: int
    body: Mapping[str, Any]
    retry_after: float = 0.0


def open_client(headers: Mapping[str, str] | None = None, timeout: float = TIMEOUT) -> httpx.AsyncClient:
    """Return a client for one gateway: it follows no redirect, and takes no proxy from the environment."""
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=16)
    bounds = httpx.Timeout(timeout, connect=min(timeout, 3.0))
    return httpx.AsyncClient(headers=dict(headers or {}), timeout=bounds, limits=limits, trust_env=False)


async def ask(client: httpx.AsyncClient, method: str, url: str, **sent: Any) -> Heard | NotTaken | Unsure:
    """Return a gateway's answer; NotTaken if it was never reached, Unsure if it may have heard and said nothing."""
    try:
        async with asyncio.timeout(client.timeout.read), client.stream(method, url, **sent) as answer:
            content = b""
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > LARGEST_ANSWER:
                    return Unsure("odd_answer")
            return Heard(answer.status_code, _object_in(content), _seconds(answer.headers.get("retry-after", "")))
    except NEVER_REACHED:
        return NotTaken("gateway_away")
    except (httpx.HTTPError, TimeoutError):
        return Unsure("no_answer")


def _object_in(content: bytes) -> Mapping[str, Any]:
    try:
        read = from_json(content)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _seconds(text: str) -> float:
    """Return the seconds of a `Retry-After`, up to an hour; 0 if it has none."""
    return min(float(text), 3600.0) if text.isascii() and text.isdigit() else 0.0
