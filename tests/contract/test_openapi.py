"""The pages at /docs: every route that asks who is asking says so, so that a token can be pasted there."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from deploy.local.stack import Stack
from services.runtime.openapi import refusals_of
from tests.support.instance import SERVICES, Instance
from tests.support.refusals import errors_of
from tests.support.routes import SIGNED

OPEN_TO_ALL = {"/health/live", "/health/ready", "/metrics"}


@cache  # nobody changes it
def describe(stack: Stack, service: str) -> dict[str, Any]:
    """Return a service's OpenAPI document."""
    described: dict[str, Any] = Instance(stack, "described").build(service).openapi()
    return described


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_but_health_wants_a_token(stack: Stack, service: str) -> None:
    described = describe(stack, service)

    unguarded = {
        path for path, methods in described["paths"].items() for told in methods.values() if not told.get("security")
    }

    assert unguarded - SIGNED == OPEN_TO_ALL


RECORDS_NOTHING = {
    "/activities/{activity_id}/door",
    "/arrivals/check",
    "/audiences/size",
    "/contacts",
    "/identities",
    "/message-reports",
    "/people/lookup",
    "/people/search",
    "/parked/{parked_id}/replay",
    "/surveys/{survey_id}/form",
}
"""What is asked by POST though nothing new comes of it, however often: a phone counts once."""


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_that_changes_something_takes_an_idempotency_key(stack: Stack, service: str) -> None:
    described = describe(stack, service)

    without = {
        (method, path)
        for path, methods in described["paths"].items()
        for method, route in methods.items()
        if method != "get" and "idempotency-key" not in {parameter["name"] for parameter in route.get("parameters", ())}
    }

    assert {path for _, path in without} <= RECORDS_NOTHING


def decisions(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the routes by which offices record something of a transfer."""
    for path, methods in described["paths"].items():
        if "post" in methods and "transfers" in methods["post"]["tags"] and path != "/people/lookup":  # only asks
            yield path, methods["post"]


def test_every_decision_takes_a_key_and_says_how_it_refuses(stack: Stack) -> None:
    described = describe(stack, "registration")
    found = dict(decisions(described))

    assert len(found) >= 12
    for path, told in found.items():
        assert "idempotency-key" in {parameter["name"] for parameter in told["parameters"]}, path
        for status in ("401", "403", "422", "503"):
            assert "application/problem+json" in told["responses"][status]["content"], (path, status)


def test_every_refused_decision_is_documented_somewhere(stack: Stack) -> None:
    described = describe(stack, "registration")
    told = " ".join(
        answer["description"]
        for methods in described["paths"].values()
        for route in methods.values()
        for answer in route["responses"].values()
    )

    assert {refusal.code for refusal in errors_of("registration") if f"`{refusal.code}`" not in told} == set()


def test_the_shape_of_a_refusal_is_described(stack: Stack) -> None:
    assert {"code", "detail", "version"} <= describe(stack, "registration")["components"]["schemas"]["ProblemDetails"][
        "properties"
    ].keys()


def routes_of(stack: Stack, service: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return every route of a service, by method and path."""
    for path, methods in describe(stack, service)["paths"].items():
        for method, route in methods.items():
            yield f"{method} {path}", route


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_tells_what_its_guard_its_input_and_its_key_refuse(stack: Stack, service: str) -> None:
    for name, route in routes_of(stack, service):
        names = {parameter["name"] for parameter in route.get("parameters", ())}
        told = {f"{status} {code}" for status, codes in refusals_of(route).items() for code in codes}

        assert ({"401 no_token", "401 bad_token", "403 not_your_role", "503 storage_away"} <= told) == (
            "security" in route
        ), name
        assert ("422 malformed" in told) == bool(names or "requestBody" in route), name
        assert ("413 too_large" in told) == name.startswith("post "), name
        assert ("422 idempotency_mismatch" in told) == ("idempotency-key" in names), name


@pytest.mark.parametrize("service", SERVICES)
def test_no_refusal_is_described_without_its_codes(stack: Stack, service: str) -> None:
    without = {
        (name, status)
        for name, route in routes_of(stack, service)
        for status in route["responses"]
        if int(status) >= 400 and int(status) not in refusals_of(route)
    }

    assert without == {("get /health/ready", "503")}, "which says what it waits for"


@pytest.mark.parametrize("service", SERVICES)
def test_every_decision_that_a_service_may_refuse_is_described_at_some_route(stack: Stack, service: str) -> None:
    told = {
        (status, code)
        for _, route in routes_of(stack, service)
        for status, codes in refusals_of(route).items()
        for code in codes
    }

    assert {(error.status, error.code) for error in errors_of(service)} <= told
