"""The roles that the routes of outreach admit."""

from typing import Annotated

from fastapi import Depends

from services.runtime.access import Caller, Role, allow

Worker = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.CLERK, Role.SUPERVISOR))]
Reader = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.CLERK, Role.SUPERVISOR, Role.DISTRICT))]
