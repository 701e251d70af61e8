"""An HTTP application on a port of its own, for a test: a door before a service, a system of others."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from tests.support.instance import eventually

UVICORN = "uvicorn.error"


@asynccontextmanager
async def serving(app: ASGIApp, port: int) -> AsyncIterator[None]:
    """Serve an application until the block ends, with nothing of it in the log."""
    level = logging.getLogger(UVICORN).level  # what uvicorn sets for the whole process, and nobody takes back
    server = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", log_level="critical"))
    task = asyncio.create_task(server.serve())

    async def is_up() -> bool:
        return server.started

    await eventually(is_up)
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True  # whoever waits for news is not waited for
        await task
        logging.getLogger(UVICORN).setLevel(level)
