"""HTTP in: integrators read the feed of stays, page by page or waiting for new events."""

from contextlib import nullcontext
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from services.feeds.domain.entries import render_entry
from services.feeds.service import Feed
from services.feeds.tail import TooManyWaitingError
from services.feeds.views.pages import read
from services.runtime.access import Caller, Role, allow
from services.runtime.problems import Problem, refuses

router = APIRouter(tags=["feeds"])

Integrator = Annotated[Caller, Depends(allow(Role.INTEGRATOR))]


class FeedPage(BaseModel):
    """Events in the order of their positions; read on with `after=position`, which is unchanged if there were none."""

    district: str
    position: int
    events: list[dict[str, Any]]


@router.get(
    "/feeds/stays",
    summary="What happened, from a position on",
    responses=refuses(TooManyWaitingError, outside_your_division=403, district_needed=422),
)
async def get_stays(
    request: Request,
    caller: Integrator,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    wait: Annotated[float, Query(ge=0, le=30)] = 0,
    division: Annotated[str, Query(pattern=r"^([0-9]{6})?$")] = "",
) -> FeedPage:
    """Return the events of a district's stays as pseudonymous CloudEvents; positions are 1, 2, 3, … without gaps.

    The district is that of the token; a token of more than one district needs `division`.
    """
    district = division or caller.division
    if len(district) != 6:
        raise Problem(422, "district_needed", "Name one district with division=<6 digits>.", field="division")
    caller.must_cover(district)
    feed: Feed = request.app.state.feed
    with feed.tail.seat(caller.subject) if wait else nullcontext():
        found = await feed.tail.read(lambda: read(feed.service.database, district, after, limit), wait)
    events = [
        render_entry(entry, position=position, district=district, audience=caller.subject, key=feed.pseudonym_key)
        for position, entry in found
    ]
    return FeedPage(district=district, position=found[-1][0] if found else after, events=events)
