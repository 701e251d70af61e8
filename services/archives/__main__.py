"""Wiring: `python -m services.archives`."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from fastapi import FastAPI
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts.envelope import Event
from services.archives import findings, findings_api, imports, imports_api, interchange_api, projector, views
from services.archives.api import router
from services.archives.commands import Charting, sweep
from services.runtime import access_log_web
from services.runtime.access_log import AccessLog
from services.runtime.clock import Clock, system_clock
from services.runtime.imports import prepare_imports
from services.runtime.journal import ConflictError
from services.runtime.logs import get_log
from services.runtime.mongo import wait_while_away
from services.runtime.service import Service, run_service
from services.runtime.settings import Settings, load_settings, local_environment
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


class ReadSettings(BaseSettings):
    """The keys that seal the log of who read what."""

    model_config = SettingsConfigDict(env_prefix="HOUNIAO_", extra="ignore", frozen=True)

    access_log_keys: SecretStr
    """Hexadecimal keys of 32 bytes, separated by commas: the first seals the access log's entries, all verify them."""


def build(settings: Settings, reads: ReadSettings, clock: Clock = system_clock) -> FastAPI:
    """Wire the service and give its HTTP application."""
    service = Service(NAME, settings, clock)
    log = AccessLog(service.database, clock, reads.access_log_keys.get_secret_value())
    service.prepare_with(views.prepare, findings.prepare, prepare_imports, log.prepare)
    charting = Charting(service)

    async def hear(events: Sequence[Event[Any]]) -> None:
        charting.is_busy()
        await projector.hear(service, events)

    service.hear(hear, everywhere=projector.EVERYWHERE)
    service.work_on(partial(sweep_for_ever, service), charting.run, partial(imports.work_through, service))
    about = "Health archives 健康档案: one that follows each resident, and what is entered in it."
    # interchange first: /archives/export is no person
    routers = (interchange_api.router, findings_api.router, imports_api.router, router, access_log_web.router)
    app = make_app(service, *routers, about=about)
    app.state.access_log = log
    return app


if __name__ == "__main__":
    app = build(load_settings(NAME), ReadSettings(_env_file=local_environment(NAME)))
    run_service(app.state.service, app)
