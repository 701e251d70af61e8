"""Wiring and entry point: `python -m services.reporting` serves; `--help` lists its other commands."""

from functools import partial

import typer
from fastapi import FastAPI

from services.reporting import projector
from services.reporting.api import routers
from services.reporting.command_line import rebuild_command, verify_command
from services.reporting.commands import imports, rebuilding
from services.reporting.commands.counting import Recounting
from services.reporting.commands.reports import LOOK_EVERY, draft_due, sweep
from services.reporting.exports.uploads import OURS, Mapped
from services.reporting.service import ReportSettings
from services.reporting.views import files, reports, rows, supervision, targets
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

NAME = "reporting"
VIEWS = (files, reports, rows, supervision, targets)

cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help="Numbers and reports 统计")


def build(settings: Settings, reads: AccessLogSettings, clock: Clock = system_clock, layout: Mapped = OURS) -> FastAPI:
    """Return the HTTP application of the service, wired."""
    service = Service(NAME, settings, clock)
    counting, log = Recounting(service), open_access_log(service, reads)
    service.prepare_with(*(view.prepare for view in VIEWS), prepare_imports, counting.prepare, log.prepare)
    service.hear(partial(projector.hear, service, counting), projector.TOPICS, everywhere=projector.EVERYWHERE)
    service.work_on(counting.run, partial(imports.work_through, service))
    service.work_on(partial(rebuilding.work_through, service, counting))
    service.work_on(partial(keep_doing, rebuilding.SWEEP_EVERY, partial(rebuilding.sweep, service)))
    service.work_on(partial(keep_doing, LOOK_EVERY, partial(draft_due, service, counting)))
    service.work_on(partial(keep_doing, LOOK_EVERY, partial(sweep, service)))
    about = "Numbers 统计: residents, flows and rates of streets and districts, and the reports made of them."
    app = make_app(service, *routers, access_log.router, about=about)
    app.state.counting = counting
    app.state.access_log = log
    app.state.upload_layout = layout
    return app


@cli.callback(invoke_without_command=True)
def serve(context: typer.Context) -> None:
    """Serve reporting until told to stop."""
    if context.invoked_subcommand is None:
        configure_logs("json", NAME)  # before the settings are read
        layout = ReportSettings(_env_file=local_environment(NAME)).layout()
        reads = AccessLogSettings(_env_file=local_environment(NAME))
        app = build(load_settings(NAME), reads, layout=layout)
        serve_until_stopped(app, NAME, app.state.service.settings)


cli.command("verify")(verify_command)
cli.command("verify-access-log")(make_verify_command(NAME))
cli.command("rebuild")(rebuild_command)
cli.command("send-again")(make_send_again_command(NAME))

if __name__ == "__main__":
    cli()
