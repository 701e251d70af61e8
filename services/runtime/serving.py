"""Serving an HTTP application in a process of its own."""

import contextlib
import gc
import signal

import uvicorn
from fastapi import FastAPI

from services.runtime.connections import BoundedProtocol
from services.runtime.logs import configure_logs, get_log
from services.runtime.settings import WebSettings


def keep_what_is_loaded() -> None:
    """Tell the garbage collector that what is loaded now stays.

    Measured: without it a third of the time spent on a batch of events goes into walking the imported modules.
    """
    gc.collect()
    gc.freeze()


def make_server_config(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    """Return how HTTP is served."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=BoundedProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here goes by what a caller says of where it is
        timeout_graceful_shutdown=20,
        timeout_keep_alive=75,
    )


def serve_until_stopped(app: FastAPI, name: str, settings: WebSettings) -> None:
    """Serve an application until it is told to stop (SIGTERM or SIGINT)."""
    configure_logs(settings.log, name)
    keep_what_is_loaded()
    config = make_server_config(app, settings.host, settings.port)
    get_log().info("starting", port=settings.port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # uvicorn raises it again when it has stopped
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()
