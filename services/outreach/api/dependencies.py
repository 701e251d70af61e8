"""Who may ask outreach over HTTP."""

from typing import Annotated

from fastapi import Depends, Query

from services.runtime.access import Caller, Role, allow

Worker = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.CLERK, Role.SUPERVISOR))]
Reader = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.CLERK, Role.SUPERVISOR, Role.DISTRICT))]
Division = Annotated[str, Query(pattern=r"^[0-9]{2,9}$")]
