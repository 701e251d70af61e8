"""Whether a process is up and can do its work, told to whoever asks."""

from collections.abc import Awaitable, Callable
from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel


class Readiness(BaseModel):
    """Whether a service can do its work, and what keeps it from that."""

    status: Literal["ready", "waiting"]
    troubles: list[str]


def make_health(find_troubles: Callable[[], Awaitable[list[str]]]) -> APIRouter:
    """Return the routes that tell of a process's health, by what keeps it from its work."""
    router = APIRouter(tags=["health"])

    @router.get("/health/live", summary="Is the process up?")
    async def live() -> dict[str, str]:
        """Return 200 as long as the process runs."""
        return {"status": "live"}

    @router.get(
        "/health/ready",
        summary="Can it do its work?",
        responses={200: {"model": Readiness}, 503: {"model": Readiness, "description": "It waits for what is named"}},
    )
    async def ready() -> Response:
        """Return 200 when everything that the work needs is there; else 503 with the troubles."""
        troubles = await find_troubles()
        told = {"status": "waiting" if troubles else "ready", "troubles": troubles}
        return JSONResponse(told, 503 if troubles else 200)

    return router
