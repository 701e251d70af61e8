"""HTTP out: what changed as it changes, as server-sent events, to whoever is signed in and within its scope."""

import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.routing import APIRoute
from sse_starlette import EventSourceResponse, ServerSentEvent

from services.runtime.access import Caller, Role, allow, roles_admitted
from services.runtime.changes import Changes, Listener
from services.runtime.connections import GOES_ON
from services.runtime.parameters import ServiceHere
from services.runtime.problems import refuses
from services.runtime.seats import TooManyWaitingError

router = APIRouter(tags=["live"])

HEARTBEAT = 15.0
"""Seconds without news after which a stream says that it is there, and from where it could be gone on with."""
_TEXT = {"type": "string"}
SENT = {
    "type": "object",
    "properties": {"id": _TEXT, "event": _TEXT, "data": {**_TEXT, "contentMediaType": "application/json"}},
}
"""An event as it is sent: `change`, of which `data` is JSON with `topic` and `division`, or `again`."""

Anybody = Annotated[Caller, Depends(allow(*Role))]
Readable = Mapping[Role, frozenset[str]]
"""The topics that each role may read of."""


def readable_by_role(routers: Iterable[APIRouter]) -> Readable:
    """Return what each role may read: the first words of the paths of routes that admit it."""
    read = [
        (topic_of(route.path), roles_admitted(route))
        for one in routers
        for route in one.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    ]
    return {role: frozenset(topic for topic, roles in read if role in roles) for role in Role}


def topic_of(path: str) -> str:
    """Return the topic of what is read at a path."""
    return path.split("/")[1]


def seconds_left(caller: Caller, longest: float) -> float:
    """Return for how long a caller is told something: as long as its token holds, and not endlessly."""
    return min(longest, caller.ends_at - time.time())


async def keep_seat(service: ServiceHere, caller: Anybody, request: Request) -> AsyncIterator[None]:
    """Keep one of the caller's seats until the answer is over, on a connection that counts among those who listen."""
    with service.changes.seats.take(caller.subject):
        go_on: Callable[[], None] | None = getattr(request.state, GOES_ON, None)
        if go_on:
            go_on()
        yield


@router.get(
    "/changes",
    summary="What changed, as it changes",
    response_class=EventSourceResponse,
    dependencies=[Depends(keep_seat)],
    responses={200: {"content": {"text/event-stream": {"schema": SENT}}}, **refuses(TooManyWaitingError)},
)
async def stream_changes(
    request: Request,
    service: ServiceHere,
    caller: Anybody,
    last: Annotated[
        int, Header(alias="Last-Event-ID", ge=0, le=2**53, description="the id that came last: go on from there")
    ] = 0,
) -> EventSourceResponse:
    """Send `change` with a topic and a division of the caller's scope when what is listed there is otherwise.

    Topics are the first words of the paths that the caller's role may read. `again` means to look at everything again:
    more was missed than is kept, or told one by one. The answer ends with the token, or after some minutes.
    """
    readable: Readable = request.app.state.readable
    listener = Listener(readable[caller.role], caller.division)
    lasting = seconds_left(caller, service.settings.stream_seconds)
    return EventSourceResponse(_follow(service.changes, listener, last, lasting), ping=0)


async def _follow(changes: Changes, listener: Listener, last: int, lasting: float) -> AsyncIterator[ServerSentEvent]:
    """Yield what a listener is told, and behind each telling, or when nothing comes, the id to go on from."""
    until = time.monotonic() + lasting
    with changes.listening(listener):
        yield _mark(time.time())
        if last:
            await changes.catch_up(listener, datetime.fromtimestamp(last / 1000, UTC))
        while (left := until - time.monotonic()) > 0:
            again, found = await listener.take(min(left, HEARTBEAT))
            taken = time.time()
            if again:
                yield ServerSentEvent("{}", event="again")
            for change in found:
                yield ServerSentEvent(json.dumps(change._asdict()), event="change")
            yield _mark(taken)


def _mark(moment: float) -> ServerSentEvent:
    """Return an event without data: nobody is called for it, and who comes back says its id."""
    return ServerSentEvent(id=str(int(moment * 1000)))
