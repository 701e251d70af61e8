"""The roles that the routes of archives admit, and the parameters that they have in common."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from services.runtime.access import Caller, Role, allow
from services.runtime.access_log.log import AccessLog
from services.runtime.bodies import WithoutNumbers

Worker = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.SUPERVISOR))]
Supervisor = Annotated[Caller, Depends(allow(Role.SUPERVISOR))]
Reader = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.SUPERVISOR, Role.DISTRICT))]
Emergency = Annotated[
    str | None, Query(min_length=4, max_length=200, description="the reason, if it is one"), WithoutNumbers
]
EntryId = Annotated[str, Path(alias="entry_id", pattern=r"^[0-9a-zA-Z-]{1,64}$")]


async def _log(request: Request) -> AccessLog:
    log: AccessLog = request.app.state.access_log
    return log


Log = Annotated[AccessLog, Depends(_log)]
