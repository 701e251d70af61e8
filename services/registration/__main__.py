"""Wiring: `python -m services.registration` serves; `--help` lists the other commands."""

from functools import partial

import typer
from fastapi import FastAPI

from contracts.facts import HEARD_BY
from services.registration import amqp, projector
from services.registration.api import routers
from services.registration.command_line import (
    erase_person_command,
    import_command,
    rotate_keys_command,
)
from services.registration.commands import imports
from services.registration.commands.arrivals import Arrivals
from services.registration.commands.rotation import FILL_EVERY, fill_index
from services.registration.commands.settling import SWEEP_EVERY, sweep
from services.registration.service import Registration
from services.registration.vault import Vault, VaultSettings
from services.registration.views import duplicates, name_differences, searches
from services.registration.views.rows import prepare
from services.runtime.access_log import web as access_log
from services.runtime.access_log.command_line import make_verify_command
from services.runtime.clock import Clock, system_clock
from services.runtime.command_line import make_send_again_command
from services.runtime.imports import prepare_imports
from services.runtime.logs import configure_logs
from services.runtime.service import Service, keep_doing
from services.runtime.serving import serve_until_stopped
from services.runtime.settings import Settings, load_settings, local_environment
from services.runtime.web import make_app

NAME = "registration"

cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help="Registration 登记")


def build(settings: Settings, keys: VaultSettings, clock: Clock = system_clock) -> FastAPI:
    """Wire the service and return its HTTP application."""
    registration = Registration(Service(NAME, settings, clock), Vault(keys))
    arrivals, service = Arrivals(registration), registration.service
    service.parked.seal_with(registration.vault.seal_bytes, registration.vault.open_bytes)
    service.prepare_with(
        prepare,
        prepare_imports,
        duplicates.prepare,
        name_differences.prepare,
        searches.prepare,
        registration.access_log.prepare,
    )
    service.hear(partial(projector.hear, registration), projector.TOPICS, everywhere=HEARD_BY[NAME])
    queue = settings.queue_name(f"{NAME}.{amqp.OFFICES}")
    service.listener.listen(
        queue,
        amqp.OFFICES,
        amqp.routing_keys(service.divisions, settings.districts),
        partial(amqp.take_in, registration, arrivals),
        amqp.PREFETCH,
    )
    sweeping = partial(keep_doing, SWEEP_EVERY, partial(sweep, registration))
    filling = partial(keep_doing, FILL_EVERY, partial(fill_index, service.database, registration.vault))
    service.work_on(partial(imports.work_through, registration), sweeping, filling)
    about = "Registration 登记: arrivals, departures, stays and the people behind them."
    app = make_app(service, *routers, access_log.router, about=about)
    app.state.registration = registration
    app.state.arrivals = arrivals
    app.state.access_log = registration.access_log
    return app


@cli.callback(invoke_without_command=True)
def serve(context: typer.Context) -> None:
    """Serve registration until told to stop."""
    if context.invoked_subcommand is None:
        configure_logs("json", NAME)  # before the settings are read
        app = build(load_settings(NAME), VaultSettings(_env_file=local_environment(NAME)))
        serve_until_stopped(app, NAME, app.state.service.settings)


cli.command("import")(import_command)
cli.command("rotate-keys")(rotate_keys_command)
cli.command("erase-person")(erase_person_command)
cli.command("verify-access-log")(make_verify_command(NAME))
cli.command("send-again")(make_send_again_command(NAME))

if __name__ == "__main__":
    cli()
