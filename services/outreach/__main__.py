"""Wiring and entry point: `python -m services.outreach` serves; `--help` lists its other commands."""

from functools import partial

import typer
from fastapi import FastAPI

from services.outreach import projector
from services.outreach.api import routers
from services.outreach.commands import imports
from services.outreach.commands.files import SWEEP_EVERY, sweep
from services.outreach.commands.sending import SEND_EVERY, Sender
from services.outreach.commands.standing_orders import ASK_EVERY, ask_for_all
from services.outreach.service import MessagingSettings, open_messaging
from services.outreach.views import (
    activities,
    announcements,
    articles,
    audiovisuals,
    boards,
    care,
    counselling,
    educators,
    exposures,
    files,
    honours,
    institutions,
    letters,
    materials,
    messages,
    prescriptions,
    questionnaires,
    residents,
    sign_ins,
    supplies,
    surveys,
    year_plans,
)
from services.runtime.clock import Clock, system_clock
from services.runtime.command_line import make_send_again_command
from services.runtime.imports import prepare_imports
from services.runtime.logs import configure_logs
from services.runtime.service import Service, keep_doing
from services.runtime.serving import serve_until_stopped
from services.runtime.settings import Settings, load_settings, local_environment
from services.runtime.web import make_app

NAME = "outreach"
VIEWS = (
    activities,
    announcements,
    articles,
    audiovisuals,
    boards,
    care,
    counselling,
    educators,
    exposures,
    files,
    honours,
    institutions,
    letters,
    materials,
    messages,
    prescriptions,
    questionnaires,
    residents,
    sign_ins,
    supplies,
    surveys,
    year_plans,
)

cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help="Health education 健康教育")


def build(settings: Settings, messaging_settings: MessagingSettings, clock: Clock = system_clock) -> FastAPI:
    """Return the HTTP application of the service, wired."""
    service = Service(NAME, settings, clock)
    for view in VIEWS:
        service.prepare_with(view.prepare)
    service.prepare_with(prepare_imports)
    service.work_on(partial(imports.work_through, service))
    service.work_on(partial(keep_doing, SWEEP_EVERY, partial(sweep, service)))
    service.hear(partial(projector.hear, service), projector.TOPICS)
    messaging = open_messaging(service, messaging_settings)
    service.work_on(messaging.keep_open, partial(keep_doing, ASK_EVERY, partial(ask_for_all, messaging)))
    for gateway in messaging.gateways.values():
        service.work_on(partial(keep_doing, SEND_EVERY, Sender(messaging, gateway).send_due))
    about = "Health education 健康教育: institutions, health days, activities, boards, materials, surveys, messages."
    app = make_app(service, *routers, about=about)
    app.state.messaging = messaging
    app.state.code_key = bytes.fromhex(messaging_settings.code_key.get_secret_value())
    return app


@cli.callback(invoke_without_command=True)
def serve(context: typer.Context) -> None:
    """Serve outreach until told to stop."""
    if context.invoked_subcommand is None:
        configure_logs("json", NAME)  # before the settings are read
        app = build(load_settings(NAME), MessagingSettings(_env_file=local_environment(NAME)))
        serve_until_stopped(app, NAME, app.state.service.settings)


cli.command("send-again")(make_send_again_command(NAME))

if __name__ == "__main__":
    cli()
