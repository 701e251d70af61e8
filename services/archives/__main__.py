"""Wiring: `python -m services.archives` serves; with `--help` it tells what else it does from the command line."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import typer
from fastapi import FastAPI

from contracts.envelope import Event
from services.archives import findings, findings_api, imports, imports_api, interchange_api, projector, views
from services.archives.api import router
from services.archives.command_line import import_command, verify_access_log_command
from services.archives.commands import Charting, sweep
from services.archives.reads import ReadSettings, open_access_log
from services.runtime import access_log_web
from services.runtime.clock import Clock, system_clock
from services.runtime.command_line import send_again_by
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


cli = typer.Typer(add_completion=False, help="Health archives 健康档案")


def build(settings: Settings, reads: ReadSettings, clock: Clock = system_clock) -> FastAPI:
    """Wire the service and give its HTTP application."""
    service = Service(NAME, settings, clock)
    log = open_access_log(service, reads)
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


@cli.callback(invoke_without_command=True)
def serve(context: typer.Context) -> None:
    """Serve archives until told to stop."""
    if context.invoked_subcommand is None:
        app = build(load_settings(NAME), ReadSettings(_env_file=local_environment(NAME)))
        run_service(app.state.service, app)


cli.command("import")(import_command)
cli.command("verify-access-log")(verify_access_log_command)
cli.command("send-again")(send_again_by(NAME))

if __name__ == "__main__":
    cli()
