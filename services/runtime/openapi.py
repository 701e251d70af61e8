"""What OpenAPI tells of refusals: a route's own ones, and those that its guard, its input and its key bring along."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from fastapi import FastAPI

from services.runtime.problems import PROBLEM_JSON, ProblemDetails, describe_status

Operation = dict[str, Any]

GUARD: Mapping[int, tuple[str, ...]] = {
    401: ("no_token", "bad_token"),
    403: ("not_your_role",),
    503: ("storage_away", "too_many_connections"),
}
"""What every route refuses that asks who is asking."""
INPUT: Mapping[int, tuple[str, ...]] = {422: ("malformed",)}
"""What every route refuses that takes parameters or a body."""
BODY: Mapping[int, tuple[str, ...]] = {400: ("malformed",), 408: ("too_slow",), 413: ("too_large",)}
"""What every route refuses to which a body may be sent: one that can't be read, is over the limit or doesn't come."""
KEY: Mapping[int, tuple[str, ...]] = {422: ("idempotency_mismatch",)}
"""What every route refuses that takes an `Idempotency-Key`."""


def describe_refusals(app: FastAPI) -> None:
    """Let an app's OpenAPI document tell every refusal of every route."""
    app.openapi = partial(_describe, app)  # type: ignore[method-assign]  # as FastAPI documents it


def refusals_of(operation: Operation) -> dict[int, list[str]]:
    """Return the codes that an operation documents, by status."""
    return {
        int(status): answer["content"][PROBLEM_JSON]["schema"]["allOf"][1]["properties"]["code"]["enum"]
        for status, answer in operation["responses"].items()
        if PROBLEM_JSON in answer.get("content", {})
    }


def _describe(app: FastAPI) -> dict[str, Any]:
    described = FastAPI.openapi(app)
    for path in described["paths"].values():
        for method, operation in path.items():
            _tell(method, operation)
    schemas = described.setdefault("components", {}).setdefault("schemas", {})
    for replaced in ("HTTPValidationError", "ValidationError"):  # FastAPI's own shape, in which nothing is answered
        schemas.pop(replaced, None)
    told = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**told.pop("$defs"), "ProblemDetails": told}
    return described


def _tell(method: str, operation: Operation) -> None:
    """Put the refusals of a kind of route before the route's own ones."""
    told = refusals_of(operation)
    brought = list(_brought_along(method, operation))
    for status in sorted({*told, *(status for refusals in brought for status in refusals)}):
        general = (code for refusals in brought for code in refusals.get(status, ()))
        codes = list(dict.fromkeys((*general, *told.get(status, ()))))
        operation["responses"][str(status)] = describe_status(status, codes)


def _brought_along(method: str, operation: Operation) -> Iterator[Mapping[int, tuple[str, ...]]]:
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    if operation.get("security"):
        yield GUARD
    if names or "requestBody" in operation:
        yield INPUT
    if method != "get":
        yield BODY
    if "idempotency-key" in names:
        yield KEY
