"""Wiring: `python -m services.archives` serves; `--help` lists the other commands."""

from collections.abc import Sequence
from functools import partial

import typer
from fastapi import FastAPI

from contracts.envelope import Event
from services.archives import projector
from services.archives.api import routers
from services.archives.command_line import import_command
from services.archives.commands import imports
from services.archives.commands.announcements import announce_due
from services.archives.commands.summaries import SWEEP_EVERY, Summariser, sweep
from services.archives.views import education, findings
from services.archives.views.rows import prepare
from services.runtime.access_log import web as access_log
from services.runtime.access_log.command_line import make_verify_command
from services.runtime.access_log.settings import AccessLogSettings, open_access_log
from services.runtime.clock import Clock, system_clock
from services.runtime.command_line import make_send_again_command
from services.runtime.imports import prepare_imports
from services.runtime.logs import configure_logs
from services.runtime.service import Service, keep_doing
from services.runtime.serving import serve_until_stopped
from services.runtime.settings import Settings, load_settings, local_environment
from services.runtime.web import make_app

NAME = "archives"

cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help="Health archives 健康档案")


def build(settings: Settings, reads: AccessLogSettings, clock: Clock = system_clock) -> FastAPI:
    """Return the HTTP application of the service, wired."""
    service = Service(NAME, settings, clock)
    log = open_access_log(service, reads)
    service.prepare_with(prepare, education.prepare, findings.prepare, prepare_imports, log.prepare)
    summariser = Summariser(service)

    async def hear(events: Sequence[Event[projector.HeardFact]]) -> None:
        summariser.is_busy()
        await projector.hear(service, events)

    service.hear(hear, projector.TOPICS, everywhere=projector.EVERYWHERE)
    sweeping = partial(keep_doing, SWEEP_EVERY, partial(sweep, service))
    announcing = partial(keep_doing, SWEEP_EVERY, partial(announce_due, service))
    service.work_on(sweeping, announcing, summariser.run, partial(imports.work_through, service))
    about = "Health archives 健康档案: one that follows each resident, and what is entered in it."
    app = make_app(service, *routers, access_log.router, about=about)
    app.state.access_log = log
    return app


@cli.callback(invoke_without_command=True)
def serve(context: typer.Context) -> None:
    """Serve archives until told to stop."""
    if context.invoked_subcommand is None:
        configure_logs("json", NAME)  # before the settings are read
        app = build(load_settings(NAME), AccessLogSettings(_env_file=local_environment(NAME)))
        serve_until_stopped(app, NAME, app.state.service.settings)


cli.command("import")(import_command)
cli.command("verify-access-log")(make_verify_command(NAME))
cli.command("send-again")(make_send_again_command(NAME))

if __name__ == "__main__":
    cli()
