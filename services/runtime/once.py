"""What a request may give once: a parameter, a header, a field of a form, a key of an object; twice, it is refused.

Whoever reads it before us, such as a gateway that checks it, may take the first of two where we would take the last.
"""

from collections.abc import AsyncIterator, Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.params import Form
from fastapi.routing import APIRoute

from services.runtime.bodies import find_repeated_key, list_repeated
from services.runtime.malformed import REPEATED

_HEADERS = ("authorization", "idempotency-key", "content-type", "content-length")

Loc = tuple[str, str]


async def must_be_given_once(request: Request) -> None:
    """Raise RequestValidationError if a request gives something twice that its route reads once."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    twice = [*_headers(request), *_query(request, route), *[loc async for loc in _body(request, route)]]
    if twice:
        raise RequestValidationError([{"type": REPEATED, "loc": loc, "msg": "", "input": None} for loc in twice])


def _headers(request: Request) -> Iterator[Loc]:
    return (("header", name) for name in _HEADERS if len(request.headers.getlist(name)) > 1)


def _query(request: Request, route: APIRoute) -> Iterator[Loc]:
    given = list_repeated(name for name, _ in request.query_params.multi_items())
    return (("query", name) for name in given if name in _known(route.dependant))


async def _body(request: Request, route: APIRoute) -> AsyncIterator[Loc]:
    if route.body_field is None:
        return
    if isinstance(route.body_field.field_info, Form):
        given = list_repeated(name for name, _ in (await request.form()).multi_items())
        for name in given:
            if name in _known(route.dependant):
                yield "body", name
    elif (key := find_repeated_key(await request.body())) is not None:
        yield "body", key


def _known(dependant: Dependant) -> set[str]:
    """Return the names of the parameters and fields of a form that a route reads; any other is of no consequence."""
    own = {field.alias for field in (*dependant.query_params, *dependant.body_params)}
    return own.union(*map(_known, dependant.dependencies))
