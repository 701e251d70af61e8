"""What changes elsewhere, for the page: one stream for a browser, of what every service tells its user of changes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import NamedTuple

import httpx
from fastapi import APIRouter, Depends, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from services.console.session import SignedInHere
from services.console.sign_in import NEEDS_SESSION
from services.runtime.connections import GOES_ON
from services.runtime.problems import refuses
from services.runtime.seats import Seats, TooManyWaitingError

HEARTBEAT = 15
"""Seconds without news after which the stream says that it is there."""
SILENT_FOR = 45.0
"""Seconds without a word of a service, which says every 15 that it is there, after which it is taken to be away."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0
"""Seconds until a service that is away is asked again: twice as many each time."""
NOTHING_TO_FOLLOW = (401, 403, 404)
"""What a service answers that tells this user nothing of changes."""
MOST_OWED = 1000
"""Changes that wait for one browser; one that falls further behind looks at everything again."""
BACK = ("back", "{}")
"""That pages look at everything again: a service was away, or told more than was heard."""

router = APIRouter(tags=["live"])
_TEXT = {"type": "string"}
SENT = {
    "type": "object",
    "properties": {"event": _TEXT, "data": {**_TEXT, "contentMediaType": "application/json"}},
}
"""An event as it is sent: `change` with `service`, `topic` and `division`, or `back`."""


class Heard(NamedTuple):
    """What a service sent: an event, or only the id to go on from."""

    last: str
    event: str
    data: str


class Owed:
    """What a browser was not told yet, each only once."""

    def __init__(self) -> None:
        self._events: dict[tuple[str, str], None] = {}
        self._woken = asyncio.Event()

    def add(self, event: tuple[str, str]) -> None:
        """Owe it an event; too many are a look at everything."""
        if len(self._events) >= MOST_OWED:
            self._events.clear()
            event = BACK
        self._events[event] = None
        self._woken.set()

    async def take(self, within: float) -> Iterable[tuple[str, str]]:
        """Return what it is owed; wait for it, but not for longer."""
        try:
            async with asyncio.timeout(within):
                await self._woken.wait()
        except TimeoutError:
            return ()
        taken, self._events = self._events, {}
        self._woken.clear()
        return taken


class Following:
    """Follows one service's changes with somebody's token, on from where it was when the service was away."""

    def __init__(self, client: httpx.AsyncClient, service: str, address: str, access: str) -> None:
        self._client = client
        self._service = service
        self._address = f"{address}/changes"
        self._access = access
        self._last = ""

    async def run(self, owed: Owed) -> None:
        """Owe a browser what the service tells, until it tells this user nothing."""
        pause = 0.0
        while True:
            try:
                async for heard in self._listen():
                    if pause:
                        owed.add(BACK)
                    pause = 0.0
                    self._take(heard, owed)
                await asyncio.sleep(FIRST_PAUSE)  # it ends its streams now and then
            except httpx.HTTPError as error:
                if isinstance(error, httpx.HTTPStatusError) and error.response.status_code in NOTHING_TO_FOLLOW:
                    return
                pause = min(max(FIRST_PAUSE, pause * 2), LONGEST_PAUSE)
                await asyncio.sleep(pause)

    def _take(self, heard: Heard, owed: Owed) -> None:
        self._last = heard.last or self._last
        if heard.event == "change":
            owed.add(("change", json.dumps({"service": self._service, **json.loads(heard.data)})))
        elif heard.event:
            owed.add(BACK)

    async def _listen(self) -> AsyncIterator[Heard]:
        headers = {"Authorization": f"Bearer {self._access}", **({"Last-Event-ID": self._last} if self._last else {})}
        timeout = httpx.Timeout(SILENT_FOR, connect=5)
        async with self._client.stream("GET", self._address, headers=headers, timeout=timeout) as answer:
            answer.raise_for_status()
            async for heard in read_events(answer.aiter_lines()):
                yield heard


async def read_events(lines: AsyncIterator[str]) -> AsyncIterator[Heard]:
    """Yield the events of a stream (HTML, server-sent events) as their lines come."""
    fields: dict[str, str] = {}
    async for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif fields.keys() & {"id", "event"}:
            yield Heard(fields.get("id", ""), fields.get("event", ""), fields.get("data", ""))
            fields = {}


async def _seat(request: Request, signed_in: SignedInHere) -> AsyncIterator[None]:
    """Keep one of the user's seats until the answer is over, on a connection that counts among those who listen."""
    seats: Seats = request.app.state.seats
    with seats.take(signed_in.caller.subject):
        go_on: Callable[[], None] | None = getattr(request.state, GOES_ON, None)
        if go_on:
            go_on()
        yield


@router.get(
    "/live",
    summary="What changed, as it changes",
    response_class=EventSourceResponse,
    dependencies=[Depends(_seat)],
    responses={
        200: {"content": {"text/event-stream": {"schema": SENT}}},
        **NEEDS_SESSION,
        **refuses(TooManyWaitingError),
    },
)
async def stream_changes(request: Request, signed_in: SignedInHere) -> EventSourceResponse:
    """Send `change` when a list of a service is otherwise now, and `back` when pages had better look at everything.

    The answer ends with the access token; whoever comes again is given a new one.
    """
    client: httpx.AsyncClient = request.app.state.client
    addresses = request.app.state.settings.services
    access = signed_in.session.access
    followed = [Following(client, service, address, access) for service, address in addresses.items()]
    return EventSourceResponse(_tell(followed, signed_in.caller.ends_at), ping=HEARTBEAT)


async def _tell(followed: Iterable[Following], until: float) -> AsyncIterator[ServerSentEvent]:
    owed = Owed()
    tasks = [asyncio.create_task(each.run(owed)) for each in followed]
    try:
        while (left := until - time.time()) > 0:
            for event, data in await owed.take(left):
                yield ServerSentEvent(data, event=event)
    finally:
        for task in tasks:
            task.cancel()
