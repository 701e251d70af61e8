"""Wiring: `python -m services.archives`."""

import asyncio
from functools import partial

from fastapi import FastAPI

from services.archives import projector, views
from services.archives.api import router
from services.archives.commands import sweep
from services.runtime.clock import Clock, system_clock
from services.runtime.journal import ConflictError
from services.runtime.logs import get_log
from services.runtime.mongo import wait_while_away
from services.runtime.service import Service, run_service
from services.runtime.settings import Settings, load_settings
from services.runtime.web import make_app

NAME = "archives"

SWEEP_EVERY = 3600.0
"""Seconds between looks at the calendar."""


async def sweep_for_ever(service: Service) -> None:
    """Do what the calendar asks for, again and again."""
    while True:
        try:
            await wait_while_away(partial(sweep, service))
        except ConflictError as error:
            get_log().warning("sweep goes on later", error=error)
        await asyncio.sleep(SWEEP_EVERY)


def build(settings: Settings, clock: Clock = system_clock) -> FastAPI:
    """Wire the service and give its HTTP application."""
    service = Service(NAME, settings, clock)
    service.prepare_with(views.prepare)
    service.hear(partial(projector.hear, service), everywhere=projector.EVERYWHERE)
    service.work_on(partial(sweep_for_ever, service))
    return make_app(
        service, router, about="Health archives 健康档案: one for each resident, and what is entered in it."
    )


if __name__ == "__main__":
    app = build(load_settings(NAME))
    run_service(app.state.service, app)
