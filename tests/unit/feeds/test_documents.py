"""What feeds tell is described for whoever asks where `/docs` is shown, and for nobody where it is not."""

import json
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet

from contracts import schemas
from services.feeds.__main__ import FeedSettings, build
from services.runtime.settings import Settings
from tests.support.told import TOLD_TYPES

PATHS = ("/docs", "/asyncapi.json", "/schemas/feeds.stay_started.v2.json")
OTHERS = ("/schemas/feeds.subscription_approved.v1.json", "/schemas/registration.stay_started.v1.json", "/schemas/x")


def asking(**settings: Any) -> httpx.AsyncClient:
    """Return a client without a token of a feeds service that is wired but not started."""
    servers = {"MONGODB_URL": "mongodb://127.0.0.1:1", "RABBITMQ_URL": "amqp://127.0.0.1:1"}
    keys = {"pseudonym_key": "00" * 32, "webhook_keys": Fernet.generate_key().decode()}
    app = build(Settings.model_validate({**servers, **settings}), FeedSettings.model_validate(keys))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


async def test_the_asyncapi_document_is_the_committed_one() -> None:
    async with asking() as anybody:
        answer = await anybody.get("/asyncapi.json")

    assert answer.headers["content-type"] == "application/vnd.aai.asyncapi+json;version=3.0.0"
    assert answer.json() == json.loads((schemas.FOLDER / schemas.ASYNCAPI_OF_FEEDS).read_text(encoding="utf-8"))


async def test_the_schema_of_each_told_event_is_where_it_says() -> None:
    async with asking() as anybody:
        for kind in TOLD_TYPES:
            committed = json.loads((schemas.FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
            answer = await anybody.get(committed["$id"])
            assert answer.headers["content-type"] == "application/schema+json"
            assert answer.json() == committed


async def test_no_other_schema_is_shown() -> None:
    async with asking() as anybody:
        for path in OTHERS:
            answer = await anybody.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({}, 200),
        ({"public": ""}, 404),
        ({"public": "metrics"}, 404),
        ({"env": "production"}, 404),
        ({"env": "production", "public": "docs"}, 200),
    ],
)
async def test_both_are_shown_where_docs_are(settings: dict[str, str], status: int) -> None:
    async with asking(**settings) as anybody:
        assert [(await anybody.get(path)).status_code for path in PATHS] == [status] * 3
