"""Who may ask archives over HTTP, and what its routes have in common."""

from typing import Annotated

from fastapi import Depends, Path, Request

from services.runtime.access import Caller, Role, allow
from services.runtime.access_log.log import AccessLog

Worker = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.SUPERVISOR))]
Supervisor = Annotated[Caller, Depends(allow(Role.SUPERVISOR))]
Reader = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.SUPERVISOR, Role.DISTRICT))]
EntryId = Annotated[str, Path(alias="entry_id", pattern=r"^[0-9a-zA-Z-]{1,64}$")]


async def _log(request: Request) -> AccessLog:
    log: AccessLog = request.app.state.access_log
    return log


Log = Annotated[AccessLog, Depends(_log)]
