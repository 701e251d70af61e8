"""Wiring and entry point: `python -m services.feeds` serves."""

from datetime import timedelta
from functools import partial
from ipaddress import ip_network
from typing import Annotated

from fastapi import FastAPI
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.feeds import projector
from services.feeds.api import documents, routers
from services.feeds.channels.receivers import Receivers
from services.feeds.commands import compacting, following, releasing, snapshots
from services.feeds.commands.delivering import Deliverer
from services.feeds.commands.following import News
from services.feeds.commands.queueing import Sender
from services.feeds.commands.webhooks import reseal
from services.feeds.domain.addresses import Network, Reach
from services.feeds.service import Delivering, Feed
from services.feeds.tail import Tail
from services.feeds.vault import Vault
from services.feeds.views import pages, releases, subscriptions, webhooks
from services.runtime.clock import Clock, system_clock
from services.runtime.logs import configure_logs
from services.runtime.service import Service, keep_doing
from services.runtime.serving import serve_until_stopped
from services.runtime.settings import HexKey, Settings, load_settings, local_environment
from services.runtime.web import make_app

NAME = "feeds"


class FeedSettings(BaseSettings):
    """The keys that only feeds has, and where its webhooks may lead."""

    model_config = SettingsConfigDict(env_prefix="HOUNIAO_", extra="ignore", frozen=True, hide_input_in_errors=True)

    pseudonym_key: HexKey
    """The hexadecimal key from which the ids and the order of each audience's events are derived."""
    webhook_keys: SecretStr
    """Fernet keys, separated by commas: the first seals the secrets of webhooks, all of them open."""
    feed_kept_days: Annotated[int, Field(ge=30, le=3650)] = 400
    """For so many days what an audience was told is kept one by one; then a snapshot counts it."""
    webhook_networks: Annotated[tuple[Network, ...], NoDecode] = ()
    """Networks inside that webhooks may lead to, beside the public Internet; none means none."""
    reads_only: bool = False
    """Whether this process answers over HTTP and does nothing else: others hear, tell and deliver."""

    @field_validator("webhook_networks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())


def build(settings: Settings, feeds: FeedSettings, clock: Clock = system_clock) -> FastAPI:
    """Return the HTTP application of the service, wired."""
    service = Service(NAME, settings, clock)
    key = bytes.fromhex(feeds.pseudonym_key.get_secret_value())
    feed = Feed(service, Tail(), key, stream_seconds=settings.stream_seconds)
    kept = timedelta(days=feeds.feed_kept_days)
    reach = Reach(feeds.webhook_networks, plain=settings.env == "local")
    delivering = Delivering(service, Vault(feeds.webhook_keys), Receivers(reach), feed.tail)
    service.prepare_with(pages.prepare, releases.prepare, subscriptions.prepare, webhooks.prepare)
    service.prepare_with(partial(reseal, delivering.vault))
    if feeds.reads_only:
        service.work_on(partial(keep_doing, following.NEWS_EVERY, News(feed).look))
    else:
        service.hear(partial(projector.hear, service, {}), projector.TOPICS, everywhere=projector.EVERYWHERE)
        service.work_on(
            partial(keep_doing, releasing.LOOK_EVERY, partial(releasing.release_all, feed)),
            partial(keep_doing, snapshots.LOOK_EVERY, partial(snapshots.make_all, feed)),
            partial(keep_doing, compacting.LOOK_EVERY, partial(compacting.compact_all, feed, kept)),
            Sender(feed).run,
            Deliverer(delivering).run,
        )
    shown = (*routers, documents.router) if settings.shows("docs") else routers
    app = make_app(service, *shown, about="Feeds 数据订阅: what happened, without saying to whom.")
    app.state.feed = feed
    app.state.delivering = delivering
    return app


if __name__ == "__main__":
    configure_logs("json", NAME)  # before the settings are read
    app = build(load_settings(NAME), FeedSettings(_env_file=local_environment(NAME)))
    serve_until_stopped(app, NAME, app.state.service.settings)
