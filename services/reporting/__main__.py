"""Wiring and entry point: `python -m services.reporting` serves."""

from functools import partial

from fastapi import FastAPI

from services.reporting import projector
from services.reporting.api import routers
from services.reporting.commands import imports
from services.reporting.commands.counting import Counting
from services.reporting.views import rows, supervision, targets
from services.runtime.clock import Clock, system_clock
from services.runtime.imports import prepare_imports
from services.runtime.logs import configure_logs
from services.runtime.service import Service, run_service
from services.runtime.settings import Settings, load_settings
from services.runtime.web import make_app

NAME = "reporting"


def build(settings: Settings, clock: Clock = system_clock) -> FastAPI:
    """Return the HTTP application of the service, wired."""
    service = Service(NAME, settings, clock)
    counting = Counting(service)
    service.prepare_with(rows.prepare, targets.prepare, supervision.prepare, prepare_imports, counting.prepare)
    service.hear(partial(projector.hear, service, counting), everywhere=projector.EVERYWHERE)
    service.work_on(counting.run, partial(imports.work_through, service))
    app = make_app(service, *routers, about="Numbers 统计: residents, flows and rates of streets and districts.")
    app.state.counting = counting
    return app


if __name__ == "__main__":
    configure_logs("json", NAME)  # before the settings are read
    app = build(load_settings(NAME))
    run_service(app.state.service, app)
