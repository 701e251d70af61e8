"""Wiring: `python -m services.registration` serves; with `--help` it tells what else it does from the command line."""

from functools import partial

import typer
from fastapi import FastAPI

from contracts.facts import HEARD_BY
from services.registration import (
    conflicts_api,
    duplicates,
    duplicates_api,
    imports,
    inquiries_api,
    notices_api,
    offices,
    people_api,
    projector,
    stays_api,
    tasks_api,
    transfers_api,
    views,
)
from services.registration.api import router
from services.registration.command_line import import_command
from services.registration.commands.registration import Registration
from services.registration.commands.settling import keep_sweeping
from services.registration.identities_api import router as identities_router
from services.registration.vault import Vault, VaultSettings
from services.registration.vault_command_line import (
    erase_person_command,
    rotate_keys_command,
    verify_access_log_command,
)
from services.runtime import access_log_web
from services.runtime.clock import Clock, system_clock
from services.runtime.command_line import send_again_by
from services.runtime.imports import prepare_imports
from services.runtime.service import Service, run_service
from services.runtime.settings import Settings, load_settings, local_environment
from services.runtime.web import make_app

NAME = "registration"

TRANSFERS = (stays_api, notices_api, inquiries_api, transfers_api, conflicts_api, tasks_api, people_api)

for subject in (*TRANSFERS, duplicates_api):
    router.include_router(subject.router)

cli = typer.Typer(add_completion=False, help="Registration 登记")


def build(settings: Settings, keys: VaultSettings, clock: Clock = system_clock) -> FastAPI:
    """Wire the service and give its HTTP application."""
    registration = Registration(Service(NAME, settings, clock), Vault(keys))
    service = registration.service
    service.parked.seal_with(registration.vault.seal_bytes, registration.vault.open_bytes)
    service.prepare_with(views.prepare, prepare_imports, duplicates.prepare, registration.access_log.prepare)
    service.hear(partial(projector.hear, registration), everywhere=HEARD_BY[NAME])
    queue = settings.queue_name(f"{NAME}.{offices.OFFICES}")
    service.listener.listen(
        queue,
        offices.OFFICES,
        offices.keys(service.divisions, settings.districts),
        partial(offices.take, registration),
        offices.PREFETCH,
    )
    service.work_on(partial(imports.work_through, registration), partial(keep_sweeping, registration))
    about = "Registration 登记: arrivals, departures, stays and the people behind them."
    app = make_app(service, router, identities_router, access_log_web.router, about=about)
    app.state.registration = registration
    app.state.access_log = registration.access_log
    return app


@cli.callback(invoke_without_command=True)
def serve(context: typer.Context) -> None:
    """Serve registration until told to stop."""
    if context.invoked_subcommand is None:
        app = build(load_settings(NAME), VaultSettings(_env_file=local_environment(NAME)))
        run_service(app.state.service, app)


cli.command("import")(import_command)
cli.command("rotate-keys")(rotate_keys_command)
cli.command("erase-person")(erase_person_command)
cli.command("verify-access-log")(verify_access_log_command)
cli.command("send-again")(send_again_by(NAME))

if __name__ == "__main__":
    cli()
