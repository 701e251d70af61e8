"""HTTP in: other systems read feeds, page by page, waiting for new events (http-feeds.org), or as they are told."""

import json
from collections.abc import AsyncIterator
from contextlib import nullcontext
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import JSONResponse
from pydantic_core import to_json
from sse_starlette import EventSourceResponse, ServerSentEvent

from contracts.envelope import BATCH_CONTENT_TYPE, EVENT_CONTENT_TYPE
from contracts.feeds.feeds import FeedName
from services.feeds.api.dependencies import FeedHere, Integrator, district_of
from services.feeds.commands.compacting import must_be_kept, read_kept
from services.feeds.commands.following import follow
from services.feeds.commands.subscriptions import find_standing
from services.feeds.domain.compaction import CompactedError
from services.feeds.domain.releases import render_event
from services.feeds.domain.subscriptions import ExpiredError, NotSubscribedError
from services.runtime.problems import refuses
from services.runtime.seats import TooManyWaitingError

router = APIRouter(tags=["feeds"])


After = Annotated[int, Query(ge=0, le=2**53)]
_CODES = {"outside_your_division": 403, "district_needed": 422}


_TEXT = {"type": "string"}
SENT = {
    "type": "object",
    "properties": {"id": _TEXT, "event": _TEXT, "data": {**_TEXT, "contentMediaType": EVENT_CONTENT_TYPE}},
}
"""An event as it is sent: its position, its type, and the CloudEvent as JSON."""


class Batch(JSONResponse):
    """A JSON array of CloudEvents."""

    media_type = BATCH_CONTENT_TYPE

    def render(self, content: Any) -> bytes:
        """Return the events as JSON."""
        return to_json(content)


@router.get(
    "/feeds/{name}",
    summary="What happened, from a position on",
    response_class=Batch,
    responses={
        304: {"description": "The page is as it was: it was full, and `If-None-Match` names its `ETag`"},
        **refuses(NotSubscribedError, ExpiredError, TooManyWaitingError, CompactedError, **_CODES),
    },
)
async def get_feed(
    name: FeedName,
    feed: FeedHere,
    caller: Integrator,
    district: Annotated[str, Depends(district_of)],
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    wait: Annotated[float, Query(ge=0, le=30)] = 0,
    had: Annotated[str, Header(alias="If-None-Match", max_length=100, description="the `ETag` of a full page")] = "",
) -> Any:
    """Return what the caller is told of a district as CloudEvents; positions are 1, 2, 3, … without gaps.

    Read on with `after=<position of the last event>`. A full page stays as it is: it has an `ETag`. It is for the
    caller alone, and is asked for each time, since what is taken back is given no more. What was told long ago is
    counted in the snapshot alone.
    """
    audience = await find_standing(feed.service, caller.subject, name, district)
    tag = f'"{audience.subscription_id}-{after}-{limit}"'
    if had == tag:
        await must_be_kept(feed.service.database, audience, after)
        return Response(status_code=304, headers=_marked(tag))
    with feed.tail.seats.take(caller.subject) if wait else nullcontext():
        look = partial(read_kept, feed.service.database, audience, after, limit)
        found = await feed.tail.read(audience.subscription_id, look, wait)
    told = [render_event(event, position=position, district=district, time=time) for position, time, event in found]
    return Batch(told, headers=_marked(tag) if len(found) == limit else None)


def _marked(tag: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": "private, no-cache"}


async def _seat(feed: FeedHere, caller: Integrator) -> AsyncIterator[None]:
    """Keep one of the caller's seats at the end of feeds until the answer is over."""
    with feed.tail.seats.take(caller.subject):
        yield


@router.get(
    "/feeds/{name}/events",
    summary="What happens, as it is told",
    response_class=EventSourceResponse,
    dependencies=[Depends(_seat)],
    responses={
        200: {"content": {"text/event-stream": {"schema": SENT}}},
        **refuses(NotSubscribedError, ExpiredError, TooManyWaitingError, CompactedError, **_CODES),
    },
)
async def stream_feed(
    name: FeedName,
    feed: FeedHere,
    caller: Integrator,
    district: Annotated[str, Depends(district_of)],
    after: After = 0,
    last: Annotated[
        int, Header(alias="Last-Event-ID", ge=0, le=2**53, description="the position of the last event; over `after`")
    ] = 0,
) -> EventSourceResponse:
    """Send each event as it is told: `id` is its position, `event` its type, `data` the CloudEvent.

    The answer ends after some minutes, or when the subscription is over; a reader comes again with `Last-Event-ID`.
    """
    audience = await find_standing(feed.service, caller.subject, name, district)
    await must_be_kept(feed.service.database, audience, last or after)

    async def events() -> AsyncIterator[ServerSentEvent]:
        async for position, time, event in follow(feed, audience, last or after):
            told = render_event(event, position=position, district=district, time=time)
            yield ServerSentEvent(json.dumps(told, ensure_ascii=False), event=told["type"], id=str(position))

    return EventSourceResponse(events())
