"""Rebuilding: everybody is counted anew beside the counters that answer, which go on; at the end the new ones answer.

Whoever is noted meanwhile is counted in both. A rebuild is held by one worker at a time and gone on with by another if
that one died, from the position that was saved last.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial

from pydantic import BaseModel

from contracts.refusals import RefusedError
from services.reporting.commands.counting import Recounting
from services.reporting.views.builds import (
    LEASE,
    begin_rebuild,
    build_of,
    claim_rebuild,
    drop_builds,
    end_rebuild,
    find_builds,
    find_rebuild,
    forget_uncountable,
    list_rebuilds,
    save_rebuild,
)
from services.reporting.views.contributions import Build
from services.reporting.views.everybody import find_next
from services.runtime.logs import get_log
from services.runtime.mongo import Document, wait_while_away
from services.runtime.service import Service

STEP = 2000
"""Rows of each kind that a step goes on by: what is lost when a worker dies, and what others wait for."""
LOOK_AGAIN_AFTER = 1.0
SWEEP_EVERY = 60.0


class RebuildRunningError(RefusedError):
    """Another rebuild is under way."""

    code = "rebuild_running"
    advice = "正在重新统计，请等待其完成。Numbers are being rebuilt already; wait until that is done."


class UnknownRebuildError(RefusedError):
    """There is no such rebuild."""

    code = "not_found"
    advice = "没有该重新统计任务。There is no such rebuild."
    status = 404


class Rebuild(BaseModel):
    """A rebuild: `done` people and things of about `expected` are counted; it answers since `ended_at`."""

    rebuild_id: str
    edition: str
    done: int
    expected: int
    began_at: datetime
    ended_at: datetime | None


async def begin(service: Service, recounting: Recounting, *, held: bool = False) -> Rebuild:
    """Begin a rebuild for a worker of the service, or, `held`, for whoever calls; raise RebuildRunningError."""
    database, now = service.database, service.clock()
    number = len(await list_rebuilds(database)) + 2
    row = {**await recounting.begin_build(Build(str(number))), "number": number}
    if held:
        row["leased_until"] = now + LEASE
    if not await begin_rebuild(database, row):
        raise RebuildRunningError
    return _told(row)


async def find(service: Service, rebuild_id: str) -> Rebuild:
    """Return how far a rebuild is; raise UnknownRebuildError if there is none."""
    return _told(await _find_row(service, rebuild_id))


async def _find_row(service: Service, rebuild_id: str) -> Document:
    row = await find_rebuild(service.database, rebuild_id)
    if row is None:
        raise UnknownRebuildError
    return row


async def list_all(service: Service) -> list[Rebuild]:
    """Return all rebuilds, the newest first."""
    return [_told(row) for row in reversed(await list_rebuilds(service.database))]


async def work_through(service: Service, recounting: Recounting) -> None:
    """Work for ever on a rebuild that is not done, wherever a worker that died left it."""
    while True:
        row = await wait_while_away(lambda: claim_rebuild(service.database, service.clock()))
        if row is None:
            await asyncio.sleep(LOOK_AGAIN_AFTER)
            continue
        try:
            async for _ in count_on(service, recounting, row["_id"]):
                pass
        except Exception as error:
            get_log().error("rebuild stopped, will go on", version=row["_id"], error=error)
            await asyncio.sleep(LOOK_AGAIN_AFTER)


async def count_on(service: Service, recounting: Recounting, rebuild_id: str) -> AsyncIterator[Rebuild]:
    """Count everybody from where a rebuild is, and yield how far it is after each step; at the end it answers."""
    while True:
        reached = await wait_while_away(partial(_step, service, recounting, rebuild_id))
        yield reached
        if reached.ended_at:
            return


async def _step(service: Service, recounting: Recounting, rebuild_id: str) -> Rebuild:
    """Count the next people or things; if there is nobody left, let the build answer."""
    database, known = service.database, await _find_row(service, rebuild_id)
    ids, after = await find_next(database, known["after"], STEP)
    await recounting.count_all(build_of(known), ids)
    if ids:
        await save_rebuild(database, rebuild_id, after, known["done"] + len(ids), service.clock())
    else:
        await end_rebuild(database, rebuild_id, service.clock())
        if "until" not in known:
            await forget_uncountable(database, known["began_at"])
    return await find(service, rebuild_id)


async def sweep(service: Service) -> None:
    """Drop builds that nobody reads any more."""
    await drop_builds(service.database, (await find_builds(service.database, service.clock())).dropped)


def _told(row: Document) -> Rebuild:
    return Rebuild.model_validate({**row, "rebuild_id": row["_id"]})
