"""The parameters that routes of several services share: divisions, people, pages, versions, the idempotency key."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Form, Header, Path, Query, Request
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

DistrictOrStreet = Annotated[str, Query(pattern=r"^(?:[0-9]{6}|[0-9]{9})$", description="6 or 9 digits")]
District = Annotated[str, Query(pattern=r"^[0-9]{6}$", description="6-digit code of the district (GB/T 2260)")]
StreetInQuery = Annotated[str, Query(pattern=STREET, description="9-digit code of the street (GB/T 10114)")]
StreetInForm = Annotated[str, Form(pattern=STREET, description="9-digit code of the street (GB/T 10114)")]
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
    """A page of a list: at most `limit` items after `cursor`; an empty cursor is the beginning."""

    cursor: Cursor = ""
    limit: Limit = 100


Paged = Annotated[Page, Depends()]


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


ServiceHere = Annotated[Service, Depends(_service)]


async def _division(
    service: ServiceHere,
    division: Annotated[
        str, Query(pattern=DIVISION, description="province, city, district or street: 2, 4, 6 or 9 digits")
    ],
) -> str:
    """Return a division that is asked for, a province or city without its padding (3205 for 320500)."""
    return service.divisions.unpadded(division)


Division = Annotated[str, Depends(_division)]


async def _begin_request(
    request: Request,
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
    """Yield the cause of a request: that of the caller's `Idempotency-Key`, else a new one.

    Afterwards note whether the request was answered or refused; refused, its key may be used again.
    """
    if idempotency_key is None:
        yield uuid7()
        return
    named = await service.requests.begin(f"http/{caller.subject}", idempotency_key, await _content_of(request))
    try:
        yield named.cause
    except (Problem, RefusedError, RequestValidationError):
        await service.requests.refuse(named)
        raise
    await service.requests.answer(named)


async def _content_of(request: Request) -> bytes:
    """Return what makes a request the same as another: method, path, query and body; of a form its fields, sorted."""
    content = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return content + await request.body()
    for name, value in sorted((await request.form()).multi_items(), key=lambda item: item[0]):
        content += f"{name}=".encode() + await _value_of(value) + b"\n"
    return content


async def _value_of(value: UploadFile | str) -> bytes:
    if isinstance(value, str):
        return value.encode()
    content = await value.read()
    await value.seek(0)
    return f"{value.filename} {sha256(content).hexdigest()}".encode()


IDEMPOTENT = Depends(_begin_request, scope="function")
"""Makes a route accept an `Idempotency-Key`; for routes that change something without recording a fact."""
Cause = Annotated[str, IDEMPOTENT]
"""The causation of the facts that a request leads to; every route that records facts takes it."""
