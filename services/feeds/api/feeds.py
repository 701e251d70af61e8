"""HTTP in: other systems read feeds, page by page or waiting for new events (http-feeds.org)."""

from contextlib import nullcontext
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse

from contracts.envelope import BATCH_CONTENT_TYPE
from services.feeds.api.dependencies import Audience, FeedHere, Integrator, district_of
from services.feeds.domain.releases import render_event
from services.feeds.domain.subscriptions import ExpiredError, NotSubscribedError
from services.feeds.tail import TooManyWaitingError
from services.feeds.views.releases import read
from services.runtime.problems import refuses

router = APIRouter(tags=["feeds"])


class Batch(JSONResponse):
    """A JSON array of CloudEvents."""

    media_type = BATCH_CONTENT_TYPE


@router.get(
    "/feeds/{name}",
    summary="What happened, from a position on",
    response_class=Batch,
    responses=refuses(
        NotSubscribedError, ExpiredError, TooManyWaitingError, outside_your_division=403, district_needed=422
    ),
)
async def get_feed(
    feed: FeedHere,
    caller: Integrator,
    audience: Audience,
    district: Annotated[str, Depends(district_of)],
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    wait: Annotated[float, Query(ge=0, le=30)] = 0,
) -> list[dict[str, Any]]:
    """Return what the caller is told of a district as CloudEvents; positions are 1, 2, 3, … without gaps.

    Read on with `after=<position of the last event>`.
    """
    with feed.tail.seat(caller.subject) if wait else nullcontext():
        found = await feed.tail.read(lambda: read(feed.service.database, audience, after, limit), wait)
    return [render_event(event, position=position, district=district, time=time) for position, time, event in found]
