"""Every answer of a service: its headers, what is shown without a token, and what the log tells of a refusal."""

import json
import re
import sys
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated, Any

import httpx
import pytest
import structlog
from fastapi import APIRouter, Depends, FastAPI
from pydantic import Field

from services.runtime.access import Caller, Role, allow, issue
from services.runtime.bodies import Body
from services.runtime.logs import REPEATING
from services.runtime.problems import Problem
from services.runtime.service import Service
from services.runtime.settings import Settings
from services.runtime.web import make_app
from tests.unit.runtime.test_access import PRIVATE, PUBLIC

NAME, NUMBER = "夏侯候鸟", "360981198001017777"
STREET, OTHER_STREET = "320507001", "320507002"
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
}


class Report(Body):
    """What is posted here."""

    amount: Annotated[int, Field(ge=0)]


ROUTES = APIRouter()
Worker = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER))]


@ROUTES.post("/people/{person_id}")
async def report(person_id: str, body: Report, caller: Worker, division: str = STREET) -> dict[str, int]:
    caller.must_cover(division)
    if body.amount == 1:
        raise ValueError(f"{NAME} {NUMBER} {person_id}")
    if body.amount == 2:
        raise Problem(404, "not_found", "Nobody is here.")
    if body.amount == 3:
        raise Problem(429, "too_many_requests", "Later.", retry_after=60)
    return {"amount": body.amount}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Let what other tests repeated not count."""
    REPEATING.begin_anew()
    yield
    REPEATING.begin_anew()


def make(**settings: Any) -> FastAPI:
    """Return an application that is wired but not started."""
    servers = {"mongodb_url": "mongodb://127.0.0.1:1", "rabbitmq_url": "amqp://127.0.0.1:1"}
    service = Service("registration", Settings.model_validate({"jwks": PUBLIC, **servers, **settings}))
    return make_app(service, ROUTES, about="")


def token(**more: Any) -> str:
    return issue(
        PRIVATE,
        **{"services": ["registration"], "subject": "wang", "role": "health_worker", "division": STREET, **more},
    )


def client(app: FastAPI, bearer: str | None = "") -> httpx.AsyncClient:
    """Return a client of a health worker, of another token, or of nobody."""
    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer or token()}"}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)


PERSON = f"/people/{NAME}"
ASKED: dict[str, tuple[str, str, str | None, Any, dict[str, Any]]] = {
    "no token": ("POST", PERSON, None, {"amount": 0}, {"status": 401, "code": "no_token"}),
    "false token": ("POST", PERSON, "a.b.c", {"amount": 0}, {"status": 401, "code": "bad_token"}),
    "wrong role": ("POST", PERSON, token(role="clerk"), {"amount": 0}, {"status": 403, "code": "not_your_role"}),
    "outside": (
        *("POST", f"{PERSON}?division={OTHER_STREET}", "", {"amount": 0}),
        {"status": 403, "code": "outside_your_division"},
    ),
    "not there": ("POST", PERSON, "", {"amount": 2}, {"status": 404, "code": "not_found"}),
    "too often": ("POST", PERSON, "", {"amount": 3}, {"status": 429, "code": "too_many_requests"}),
    "malformed": ("POST", PERSON, "", {"amount": NAME + NUMBER}, {"status": 422, "code": "malformed"}),
    "no json": ("POST", PERSON, "", NAME.encode("gb18030"), {"status": 400, "code": "malformed"}),
    "too large": ("POST", PERSON, "", b" " * 1_100_000, {"status": 413, "code": "too_large"}),
    "wrong method": ("PATCH", PERSON, "", None, {"status": 405, "code": "method_not_allowed"}),
    "no method": (NUMBER, PERSON, "", None, {"status": 405, "code": "method_not_allowed", "method": ""}),
    "no route": ("GET", f"/{NUMBER}", "", None, {"status": 404, "code": "not_found"}),
}


async def ask(app: FastAPI, method: str, path: str, bearer: str | None, body: Any) -> httpx.Response:
    async with client(app, bearer) as asking:
        if isinstance(body, bytes):
            headers = {"Content-Type": "application/json"}
            return await asking.request(method, path, content=body, headers=headers)
        return await asking.request(method, path, json=body)


# Headers


@pytest.mark.parametrize("asked", ASKED)
async def test_every_refusal_has_the_headers_that_keep_it_between_two(asked: str) -> None:
    method, path, bearer, body, refused = ASKED[asked]
    answer = await ask(make(), method, path, bearer, body)

    assert answer.status_code == refused["status"]
    assert {name: answer.headers.get_list(name) for name in HEADERS} == {name: [is_] for name, is_ in HEADERS.items()}


@pytest.mark.parametrize(
    "path", ["/health/live", "/metrics", "/openapi.json", "/docs", "/static-offline-docs/favicon.png"]
)
async def test_every_other_answer_has_them_too(path: str) -> None:
    answer = await ask(make(), "GET", path, None, None)

    assert answer.status_code == 200
    assert HEADERS.keys() <= set(answer.headers)
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


# What is shown without a token


PUBLIC_PATHS = {"docs": ("/docs", "/openapi.json", "/static-offline-docs/swagger-ui.css"), "metrics": ("/metrics",)}


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({}, {"docs", "metrics"}),
        ({"public": ""}, set()),
        ({"env": "production"}, set()),
        ({"env": "production", "public": "metrics"}, {"metrics"}),
        ({"env": "production", "public": "docs, metrics"}, {"docs", "metrics"}),
    ],
)
async def test_documentation_and_metrics_are_shown_in_production_only_if_that_is_set(
    settings: dict[str, str], shown: set[str]
) -> None:
    app = make(**settings)

    for what, paths in PUBLIC_PATHS.items():
        for path in paths:
            answer = await ask(app, "GET", path, None, None)
            assert answer.status_code == (200 if what in shown else 404), path
    assert (await ask(app, "GET", "/health/live", None, None)).status_code == 200
    for never in ("/redoc", "/docs/oauth2-redirect", "/static-offline-docs/", "/static-offline-docs"):
        assert (await ask(app, "GET", never, None, None)).status_code == 404, never


async def test_the_page_of_routes_loads_what_the_service_has_and_its_own_script_alone() -> None:
    app = make()
    page = await ask(app, "GET", "/docs", None, None)
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    [script] = re.findall("<script>(.*?)</script>", page.text, re.DOTALL)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text) + re.findall(r"url: '([^']+)'", page.text)

    assert policy["script-src"] == f"'self' 'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
    assert (policy["default-src"], policy["base-uri"], policy["form-action"]) == ("'none'", "'none'", "'none'")
    assert len(loaded) == 4
    for address in loaded:
        assert not address.startswith(("http", "/"))
        assert (await ask(app, "GET", f"/{address}", None, None)).status_code == 200


# The log


@pytest.mark.parametrize("asked", ASKED)
async def test_a_refusal_leaves_one_line_that_tells_who_where_and_why_and_nothing_that_was_sent(asked: str) -> None:
    method, path, bearer, body, refused = ASKED[asked]
    with structlog.testing.capture_logs() as lines:
        for _ in range(5):
            await ask(make(), method, path, bearer, body)
        REPEATING.tell_counts()

    line, again = (line for line in lines if line["event"] != "signed in")
    declared = "/people/{person_id}" if path.startswith("/people") else ""
    known = bearer is not None and refused["status"] not in {401, 405} and (declared and asked != "too large")
    caller = {"subject": "wang", "division": STREET} if known else {}
    told = {"event": "refused", "log_level": "warning", "path": declared, "method": method, **refused, **caller}
    assert line == ({**told, "path": ""} if asked == "too large" else told)
    assert again == {**line, "count": 4}
    assert NAME not in str(lines)
    assert NUMBER not in str(lines)


async def test_an_error_that_nobody_expected_tells_the_caller_nothing_and_the_log_where() -> None:
    with structlog.testing.capture_logs() as lines:
        answer = await ask(make(), "POST", PERSON, "", {"amount": 1})

    [line] = (line for line in lines if line["event"] != "signed in")
    assert (answer.status_code, answer.json()["code"]) == (500, "unexpected")
    assert answer.json().keys() == {"type", "title", "status", "code", "detail"}
    assert HEADERS.items() <= dict(answer.headers).items()
    for telling in (NAME, NUMBER, "ValueError", "Traceback", ".py", sys.prefix):
        assert telling not in answer.text
    assert (line["event"], line["log_level"], line["path"]) == ("unexpected", "error", "/people/{person_id}")
    assert isinstance(line["error"], ValueError), "of which a line tells the class and the lines of code"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "TRACK", "PROPFIND", "BREW"])
@pytest.mark.parametrize("path", [PERSON, "/health/live", "/nothing"])
async def test_a_method_that_a_route_does_not_have_is_refused_and_repeats_nothing(method: str, path: str) -> None:
    async with client(make()) as asking:
        answer = await asking.request(method, path, headers={"X-Planted": NUMBER})

    assert answer.status_code == (404 if path == "/nothing" else 405)
    assert json.loads(answer.text)["code"] == ("not_found" if path == "/nothing" else "method_not_allowed")
    assert NUMBER not in answer.text
