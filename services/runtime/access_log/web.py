"""Reading the access log over HTTP: pass `router` to `make_app` and set `app.state.access_log`."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from contracts.reference.calendar import start_of
from services.runtime.access import Caller, Role, allow
from services.runtime.access_log.log import Access, AccessLog, Entry, Search
from services.runtime.parameters import ServiceHere
from services.runtime.problems import refuses

router = APIRouter(tags=["access log"])

Supervision = Annotated[Caller, Depends(allow(Role.SUPERVISOR, Role.DISTRICT))]


class Head(BaseModel):
    """The newest entry's position and hash; noted elsewhere, they show whether the log was cut off or rewritten."""

    position: int
    hash: str


class AccessLogPage(BaseModel):
    """A page of entries, the newest first, the cursor of the next page if there is one, and the log's head."""

    entries: list[Entry]
    cursor: str | None
    head: Head


async def _access_log(request: Request) -> AccessLog:
    log: AccessLog = request.app.state.access_log
    return log


@router.get(
    "/access-log",
    summary="Who saw or erased whose data, and why",
    responses=refuses(outside_your_division=403),
)
async def get_access_log(
    log: Annotated[AccessLog, Depends(_access_log)],
    service: ServiceHere,
    caller: Supervision,
    division: Annotated[str | None, Query(pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$")] = None,
    person_id: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None,
    by: Annotated[str | None, Query(max_length=200)] = None,
    since: Annotated[date | None, Query(alias="from", description="First day, in Asia/Shanghai")] = None,
    until: Annotated[date | None, Query(alias="to", description="Last day, in Asia/Shanghai")] = None,
    cursor: Annotated[str, Query(pattern=r"^[0-9]{0,15}$")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AccessLogPage:
    """Return accesses by callers of a division, and to data of people who lived there; this reading is logged too."""
    division = caller.division if division is None else service.divisions.unpadded(division)
    caller.must_cover(division)
    reading = await log.record(Access.of(caller, "access_log_read", "supervision", person_id=person_id))
    search = Search(
        division=division,
        person_id=person_id,
        by=by,
        since=start_of(since) if since else None,
        until=start_of(until + timedelta(days=1)) if until and until < date.max else None,
        before=int(cursor) if cursor else None,
    )
    entries = await log.read(search, limit + 1)
    following = str(entries[limit - 1].position) if len(entries) > limit else None
    return AccessLogPage(
        entries=entries[:limit], cursor=following, head=Head(position=reading.position, hash=reading.hash)
    )
