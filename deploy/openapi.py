"""The OpenAPI documents in docs/openapi, as everything is in production; `--check` compares, else they are written."""

import json
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from deploy.local.services import REPOSITORY
from services.archives.__main__ import build as build_archives
from services.console.api import build as build_console
from services.console.settings import SERVICES, ConsoleSettings
from services.feeds.__main__ import FeedSettings
from services.feeds.__main__ import build as build_feeds
from services.outreach.__main__ import build as build_outreach
from services.outreach.service import MessagingSettings
from services.registration.__main__ import build as build_registration
from services.registration.vault import VaultSettings
from services.reporting.__main__ import build as build_reporting
from services.runtime.access_log.settings import AccessLogSettings
from services.runtime.settings import Settings

FOLDER = REPOSITORY / "docs" / "openapi"
HEX, FERNET = "0" * 64, urlsafe_b64encode(bytes(32)).decode()
"""Keys that nothing is ever sealed with: no service is started here."""


def applications() -> Iterator[tuple[str, FastAPI]]:
    """Yield every application by its name."""
    settings = Settings(mongodb_url="mongodb://none", rabbitmq_url="amqp://none", env="production")
    reads = AccessLogSettings(access_log_keys=HEX)
    vault = VaultSettings(person_key=HEX, sealing_keys=FERNET, access_log_keys=HEX)
    yield "registration", build_registration(settings, vault)
    yield "archives", build_archives(settings, reads)
    yield "outreach", build_outreach(settings, MessagingSettings(code_key=HEX))
    yield "reporting", build_reporting(settings, reads)
    yield "feeds", build_feeds(settings, FeedSettings(pseudonym_key=HEX, webhook_keys=FERNET))
    console = ConsoleSettings(
        console_url="https://console.invalid",
        provider="https://provider.invalid",
        client_secret="none",  # noqa: S106  # nobody is asked
        session_keys=HEX,
        services=dict.fromkeys(SERVICES, "http://service.invalid"),
        env="production",
    )
    yield "console", build_console(console)


def render(app: FastAPI) -> str:
    """Return an application's document as text: paths and schemas in order, each in a line of its own."""
    told = app.openapi()
    head = {name: told[name] for name in ("openapi", "info")}
    components = {name: told["components"][name] for name in sorted(told["components"])}
    parts = [f"{_text(name)}: {{\n{_lines(part)}\n}}" for name, part in components.items()]
    return (
        f'{_text(head)[:-1]},\n"paths": {{\n{_lines(told["paths"])}\n}},\n"components": {{\n'
        + ",\n".join(parts)
        + "\n}}\n"
    )


def _lines(parts: dict[str, Any]) -> str:
    return ",\n".join(f"{_text(name)}: {_text(part)}" for name, part in sorted(parts.items()))


def _text(told: Any) -> str:
    return json.dumps(told, ensure_ascii=False)


def main() -> None:
    """Write the documents, or end with an error where one is not what it should be."""
    FOLDER.mkdir(exist_ok=True)
    for name, app in applications():
        file, text = FOLDER / f"{name}.json", render(app)
        if "--check" not in sys.argv:
            file.write_text(text, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text:
            sys.exit(f"docs/openapi/{name}.json is not what {name} answers: run `make schemas`.")


if __name__ == "__main__":
    main()
