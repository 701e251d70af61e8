"""Wiring: `python -m services.archives`."""

from functools import partial

from fastapi import FastAPI

from services.archives import projector, views
from services.archives.api import router
from services.runtime.clock import Clock, system_clock
from services.runtime.service import Service, run_service
from services.runtime.settings import Settings, load_settings
from services.runtime.web import make_app

NAME = "archives"


def build(settings: Settings, clock: Clock = system_clock) -> FastAPI:
    """Wire the service and give its HTTP application."""
    service = Service(NAME, settings, clock)
    service.prepare_with(views.prepare)
    service.hear(partial(projector.hear, service), everywhere=projector.EVERYWHERE)
    return make_app(
        service, router, about="Health archives 健康档案: one for each resident, and what is entered in it."
    )


if __name__ == "__main__":
    app = build(load_settings(NAME))
    run_service(app.state.service, app)
