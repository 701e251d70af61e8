"""What the routes of every service take: divisions, people, pages, versions, and the name of the request."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Form, Header, Path, Query
from fastapi import Request as HttpRequest
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.datastructures import UploadFile

from contracts.envelope import uuid7
from contracts.refusals import RefusedError
from services.runtime.access import Caller, sign_in
from services.runtime.problems import Problem
from services.runtime.service import Service

DIVISION = r"^(?:[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9})$"
STREET = r"^[0-9]{9}$"

Division = Annotated[
    str, Query(pattern=DIVISION, description="province, city, district or street: 2, 4, 6 or 9 digits")
]
DistrictOrStreet = Annotated[str, Query(pattern=r"^(?:[0-9]{6}|[0-9]{9})$", description="6 or 9 digits")]
District = Annotated[str, Query(pattern=r"^[0-9]{6}$", description="6-digit code of the district (GB/T 2260)")]
StreetAsked = Annotated[str, Query(pattern=STREET, description="9-digit code of the street (GB/T 10114)")]
StreetTyped = Annotated[str, Form(pattern=STREET, description="9-digit code of the street (GB/T 10114)")]
Street = Annotated[str, Field(pattern=STREET, description="9-digit code of the street (GB/T 10114)")]
PersonId = Annotated[str, Path(alias="person_id", pattern=r"^[0-9a-f]{32}$")]
Version = Annotated[
    int | None, Field(ge=0, description="the version that you looked at, refused if it is stale; none: whatever stands")
]
Reason = Annotated[str, Query(min_length=4, max_length=200)]
Cursor = Annotated[str, Query(max_length=150)]
Limit = Annotated[int, Query(ge=1, le=500)]


@dataclass(frozen=True)
class Page:
    """Which page of a list: what follows a cursor, and how much of it."""

    cursor: Cursor = ""
    limit: Limit = 100


Paged = Annotated[Page, Depends()]


async def _service(request: HttpRequest) -> Service:
    service: Service = request.app.state.service
    return service


ServiceHere = Annotated[Service, Depends(_service)]


async def _name_request(
    request: HttpRequest,
    service: ServiceHere,
    caller: Annotated[Caller, Depends(sign_in)],
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            description="the same key with the same request again gets the first answer and records nothing",
        ),
    ] = None,
) -> AsyncIterator[str]:
    """Yield the cause of what is asked for: the one that the caller's key stands for, or a new one."""
    if idempotency_key is None:
        yield uuid7()
        return
    named = await service.requests.begin(f"http/{caller.subject}", idempotency_key, await _asked(request))
    try:
        yield named.cause
    except (Problem, RefusedError, RequestValidationError):
        await service.requests.refuse(named)
        raise
    await service.requests.answer(named)


async def _asked(request: HttpRequest) -> bytes:
    """Return all that makes a request what it is; a form counts by its fields, however they are wrapped."""
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return asked + await request.body()
    for name, value in sorted((await request.form()).multi_items(), key=lambda item: item[0]):
        asked += f"{name}=".encode() + await _content(value) + b"\n"
    return asked


async def _content(value: UploadFile | str) -> bytes:
    if isinstance(value, str):
        return value.encode()
    content = await value.read()
    await value.seek(0)
    return f"{value.filename} {sha256(content).hexdigest()}".encode()


NAMED = Depends(_name_request, scope="function")
"""Lets a request be named by an `Idempotency-Key`; for routes that change something but record no fact."""
Cause = Annotated[str, NAMED]
"""What the facts of a request are recorded as caused by. A route that records a fact takes it."""
