"""What the routes of outreach share: the roles that they admit, ids, streets, and how people are written to."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from pydantic import Field

from contracts.outreach.activities import Activity
from services.outreach.commands.activities import UnknownActivityError, find
from services.outreach.service import Messaging
from services.runtime.access import Caller, Role, allow
from services.runtime.problems import Problem
from services.runtime.service import Service

Worker = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.CLERK, Role.SUPERVISOR))]
Reader = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.CLERK, Role.SUPERVISOR, Role.DISTRICT))]

ID = r"^[0-9a-f]{32}$"
HexId = Annotated[str, Field(pattern=ID)]
"""The id of a message, a template or a request."""
IdInPath = Annotated[str, Path(pattern=ID)]
InstitutionId = Annotated[str | None, Field(pattern=ID, description="the institution that it belongs to, if any")]
Staff = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,39}$", description="a staff number or account")]
StreetCursor = Annotated[str, Query(pattern=r"^([0-9]{9}\|[0-9a-f]{32})?$")]
ArrivalCursor = Annotated[str, Query(pattern=r"^([0-9]{9}\|[0-9]{4}-[0-9]{2}-[0-9]{2}\|[0-9a-f]{32})?$")]
Quantity = Annotated[int, Field(ge=1, le=1_000_000)]
ActivityId = Annotated[str, Path(max_length=64)]


async def activity_of(service: Service, caller: Caller, activity_id: str) -> Activity:
    """Return an activity of the caller's division; raise UnknownActivityError for others, as if there were none."""
    activity = await find(service, activity_id)
    if activity is None or not caller.covers(activity.street):
        raise UnknownActivityError
    return activity


def next_cursor(found: Sequence[Any], limit: int, *fields: str) -> str | None:
    """Return the cursor of the page after some items, from fields of the last of them; None if no page follows."""
    return "|".join(str(getattr(found[-1], name)) for name in fields) if len(found) == limit else None


def street_of(service: Service, caller: Caller, typed: str) -> str:
    """Return the street that stands for a typed one now; raise Problem if the caller may not, or there is none."""
    caller.must_cover(typed)
    street = service.divisions.successor(typed, service.today)
    if not service.divisions.is_street(street) or service.divisions.needs_choice(typed, service.today):
        raise Problem(422, "unknown_street", "没有该街道代码。No such street; check the code.", field="street")
    return street


Sender = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.CLERK, Role.SUPERVISOR, Role.SERVICE))]
"""Whoever may ask for messages: another service too, such as archives for what is due."""
Supervision = Annotated[Caller, Depends(allow(Role.SUPERVISOR, Role.DISTRICT))]


async def _messaging(request: Request) -> Messaging:
    messaging: Messaging = request.app.state.messaging
    return messaging


MessagingHere = Annotated[Messaging, Depends(_messaging)]


async def _code_key(request: Request) -> bytes:
    key: bytes = request.app.state.code_key
    return key


CodeKey = Annotated[bytes, Depends(_code_key)]
"""The key that signs the codes in survey links and at doors."""
