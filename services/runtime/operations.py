"""HTTP out, for whoever keeps a service running: what waits and how old it is, and facts as they go by."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sse_starlette import EventSourceResponse, ServerSentEvent

from contracts.envelope import render_time
from services.runtime.access import Caller, allow
from services.runtime.application import VERSION
from services.runtime.journal import count_unsent, oldest_unsent
from services.runtime.parameters import ServiceHere
from services.runtime.problems import refuses
from services.runtime.seats import TooManyWaitingError
from services.runtime.service import Service
from services.runtime.streams import HEARTBEAT, keep_seat, seconds_left
from services.runtime.watching import Watcher

router = APIRouter(tags=["operations"])

SHOW_EVERY = 1.0
"""Seconds between two showings of facts: what goes by meanwhile is shown together."""
_TEXT = {"type": "string"}
SHOWN = {"type": "object", "properties": {"event": _TEXT, "data": {**_TEXT, "contentMediaType": "application/json"}}}

Operator = Annotated[Caller, Depends(allow())]


class Waiting(BaseModel):
    """What waits in a queue and who takes from it; without numbers, the broker did not tell."""

    queue: str
    messages: int | None = None
    consumers: int | None = None


class Operations(BaseModel):
    """How a service does: `applied` and what follows is of the process that answers, everything else of all.

    `lag_seconds` is the time from when the newest fact of the last batch was recorded to when it was applied.
    """

    service: str
    version: str
    instance: str
    started_at: datetime | None
    uptime_seconds: float
    unsent: int
    oldest_unsent_seconds: float | None
    parked: int
    queues: list[Waiting]
    applied: int
    last_applied_at: datetime | None
    lag_seconds: float | None
    listeners: int


@router.get("/operations", summary="What waits, and how far the service is")
async def get_operations(service: ServiceHere, _: Operator) -> Operations:
    """Return what waits to be sent, heard and looked at, how far the service is, and since when it runs."""
    now, oldest, last = service.clock(), await oldest_unsent(service.database), service.watching.last
    return Operations(
        service=service.name,
        version=VERSION,
        instance=service.settings.suffix,
        started_at=service.started_at,
        uptime_seconds=(now - service.started_at).total_seconds() if service.started_at else 0,
        unsent=await count_unsent(service.database),
        oldest_unsent_seconds=(now - oldest).total_seconds() if oldest else None,
        parked=await service.parked.count(),
        queues=await _count_waiting(service),
        applied=last.facts if last else 0,
        last_applied_at=last.at if last else None,
        lag_seconds=(last.at - last.recorded_at).total_seconds() if last else None,
        listeners=service.changes.listeners,
    )


async def _count_waiting(service: Service) -> list[Waiting]:
    counted = await service.listener.count_waiting()
    return [
        Waiting(queue=queue, messages=found[0], consumers=found[1]) if found else Waiting(queue=queue)
        for queue, found in counted.items()
    ]


@router.get(
    "/facts/tail",
    summary="Facts as they go by",
    response_class=EventSourceResponse,
    dependencies=[Depends(keep_seat)],
    responses={200: {"content": {"text/event-stream": {"schema": SHOWN}}}, **refuses(TooManyWaitingError)},
)
async def stream_facts(service: ServiceHere, caller: Operator) -> EventSourceResponse:
    """Send `fact` with the type, division, moment and id of each event that this process applies within the scope.

    Nothing of what it says, and not whom it is about. `more` tells how many were left out in a burst.
    """
    lasting = seconds_left(caller, service.settings.stream_seconds)
    return EventSourceResponse(_watch(service, Watcher(caller.covers), lasting), ping=0)


async def _watch(service: Service, watcher: Watcher, lasting: float) -> AsyncIterator[ServerSentEvent]:
    until = time.monotonic() + lasting
    with service.watching.watched(watcher):
        yield ServerSentEvent(comment="")
        while (left := until - time.monotonic()) > 0:
            seen, left_out = await watcher.take(min(left, HEARTBEAT))
            if left_out:
                yield ServerSentEvent(json.dumps({"facts": left_out}), event="more")
            for fact in seen:
                told = {**fact._asdict(), "recorded_at": render_time(fact.recorded_at)}
                yield ServerSentEvent(json.dumps(told), event="fact")
            yield ServerSentEvent(comment="")
            if seen:
                await asyncio.sleep(SHOW_EVERY)
