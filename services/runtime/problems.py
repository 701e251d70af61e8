"""Refusals over HTTP, as `application/problem+json` (RFC 9457), with a stable code and advice."""

import logging
from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from contracts.refusals import RefusedError
from services.runtime.logs import REPEATING
from services.runtime.malformed import MOST_EXPLAINED, FieldError, explain, list_fields

PROBLEM_JSON = "application/problem+json"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
"""What is told of as it was sent; any other word in place of a method may be anything."""
PRIVATE: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
"""The headers of every answer: nobody stores it, shows it as a page or in a frame, passes its address on, takes it for
what it does not say it is, or asks again without TLS."""
NOT_JSON = "请求体无法读取，请以 UTF-8 编码的 JSON 重发。The body can't be read; send it as JSON in UTF-8."


class Problem(HTTPException):
    """A refusal: HTTP status, stable code, advice (`detail`), and further members of the answer such as `field`.

    As an HTTPException it comes through where FastAPI reads a body, which takes any other error for a malformed one.
    """

    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        super().__init__(status, detail)
        self.status = status
        self.code = code
        self.more = more

    def __str__(self) -> str:
        return self.code


class ProblemDetails(BaseModel):
    """A refusal: `code` is stable, `detail` is the advice, `version` is the current version of what was to be changed.

    With the code `malformed`, `errors` has each field that is wrong; `retry_after` is in seconds; `snapshot` is where
    what is not told one by one any more is told as counts.
    """

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str | None = None
    version: int | None = None
    errors: list[FieldError] | None = None
    retry_after: int | None = None
    snapshot: str | None = None


_LATER = {"Retry-After": "5"}
_HEADERS: Mapping[int, Mapping[str, str]] = {401: {"WWW-Authenticate": "Bearer"}, 429: _LATER, 503: _LATER}


def refuses(*errors: type[RefusedError], **more: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route itself may refuse, for OpenAPI: decisions, and other codes with their status.

    What its guard, its input and its key bring along is told in `openapi.py`.
    """
    statuses = [(error.status, error.code) for error in errors] + [(more[code], code) for code in more]
    return {
        status: describe_status(status, [code for its, code in statuses if its == status]) for status, _ in statuses
    }


def describe_status(status: int, codes: Sequence[str]) -> dict[str, Any]:
    """Return the refusals of one status for OpenAPI: their shape, and the codes that they may have."""
    told = {"properties": {"status": {"const": status}, "code": {"enum": list(codes)}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/ProblemDetails"}, told]}
    return {"description": ", ".join(f"`{code}`" for code in codes), "content": {PROBLEM_JSON: {"schema": schema}}}


class _Refusal(JSONResponse):
    """A refusal, which the log is told of as it is answered."""

    media_type = PROBLEM_JSON

    def __init__(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        super().__init__(jsonable_encoder(body), body["status"], headers={**PRIVATE, **headers})
        self._code: str = body["code"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell the log who was refused what, and answer."""
        if self.status_code != 500:  # told with its cause
            tell_refusal(scope, self.status_code, self._code)
        await super().__call__(scope, receive, send)


def tell_refusal(scope: Scope, status: int, code: str) -> None:
    """Write into the log, once a minute and then how often, what was refused to whom; nothing of what was sent."""
    caller = scope.get("caller")
    who = {"subject": caller.subject, "division": caller.division} if caller else {}
    told = {"path": _declared(scope), "method": _method(scope), "status": status, "code": code, **who}
    REPEATING.tell(who.get("subject", ""), logging.WARNING, "refused", told)


def _declared(scope: Scope) -> str:
    """Return a path as it is declared: what was typed into it may say who somebody is. Empty if there is none."""
    path: str = getattr(scope.get("route"), "path", "")
    return path


def _method(scope: Scope) -> str:
    method = scope.get("method", "")
    return method if method in METHODS else ""


def render_problem(status: int, code: str, detail: str, **more: Any) -> Response:
    """Return a refusal as a response; `more` are further members of its body."""
    body = {
        "type": f"/problems/{code}",
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": detail,
    }
    headers = dict(_HEADERS.get(status, {}))
    if "retry_after" in more:
        headers["Retry-After"] = str(more["retry_after"])
    if "snapshot" in more:
        headers["Link"] = f'<{more["snapshot"]}>; rel="snapshot"'
    return _Refusal({**body, **more}, headers)


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return render_problem(error.status, error.code, error.detail, **error.more)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    concerned = {"version": error.version, "field": error.field, "snapshot": error.snapshot}
    more = {name: value for name, value in concerned.items() if value is not None}
    return render_problem(error.status, error.code, error.advice, **more)


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    body = _body_of(request)
    errors = [
        explain({**found, "loc": found["loc"][1:]}, body if found["loc"][0] == "body" else None)
        for found in error.errors()[:MOST_EXPLAINED]
    ]
    chinese, english = list_fields(errors)
    advice = f"请按 errors 中的提示更正 {chinese} 后重发。Mend {english} as told under 'errors' and send again."
    return render_problem(422, "malformed", advice, errors=errors)


def _body_of(request: Request) -> Any:
    """Return the type of the body that a route declares; None for a form, and for a route without a body."""
    body = signature(request.scope["endpoint"]).parameters.get("body")
    return body.annotation if body else None


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 400: "malformed"}
    code = codes.get(error.status_code, "refused")
    return render_problem(error.status_code, code, NOT_JSON if code == "malformed" else str(error.detail))


async def refuse_unexpected(request: Request, error: Exception) -> Response:
    """Return the refusal for an error that nobody foresaw, which the log is told of."""
    told = {"path": _declared(request.scope), "method": _method(request.scope)}
    REPEATING.tell("", logging.ERROR, "unexpected", told, error)
    return render_problem(500, "unexpected", "Something broke on our side; it is logged. Try again or tell us.")


def refuse_clearly(app: FastAPI) -> None:
    """Make an app answer every refusal as `application/problem+json`."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, refuse_unexpected)
