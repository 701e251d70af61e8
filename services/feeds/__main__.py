"""Wiring and entry point: `python -m services.feeds` serves."""

from functools import partial

from fastapi import FastAPI
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.feeds import projector
from services.feeds.api import routers
from services.feeds.commands import releasing, snapshots
from services.feeds.commands.queueing import Sender
from services.feeds.service import Feed
from services.feeds.tail import Tail
from services.feeds.views import pages, releases, subscriptions
from services.runtime.clock import Clock, system_clock
from services.runtime.logs import configure_logs
from services.runtime.service import Service, keep_doing, run_service
from services.runtime.settings import HexKey, Settings, load_settings, local_environment
from services.runtime.web import make_app

NAME = "feeds"


class FeedSettings(BaseSettings):
    """The key that only feeds has."""

    model_config = SettingsConfigDict(env_prefix="HOUNIAO_", extra="ignore", frozen=True, hide_input_in_errors=True)

    pseudonym_key: HexKey
    """The hexadecimal key from which the ids and the order of each audience's events are derived."""


def build(settings: Settings, feeds: FeedSettings, clock: Clock = system_clock) -> FastAPI:
    """Return the HTTP application of the service, wired."""
    service = Service(NAME, settings, clock)
    feed = Feed(service, Tail(), bytes.fromhex(feeds.pseudonym_key.get_secret_value()))
    service.prepare_with(pages.prepare, releases.prepare, subscriptions.prepare)
    service.hear(partial(projector.hear, service))
    service.work_on(
        partial(keep_doing, releasing.LOOK_EVERY, partial(releasing.release_all, feed)),
        partial(keep_doing, snapshots.LOOK_EVERY, partial(snapshots.make_all, feed)),
        Sender(feed).run,
    )
    app = make_app(service, *routers, about="Feeds 数据订阅: what happened, without saying to whom.")
    app.state.feed = feed
    return app


if __name__ == "__main__":
    configure_logs("json", NAME)  # before the settings are read
    app = build(load_settings(NAME), FeedSettings(_env_file=local_environment(NAME)))
    run_service(app.state.service, app)
