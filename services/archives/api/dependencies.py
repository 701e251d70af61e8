"""Who may ask archives over HTTP, and what its routes have in common."""

from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Path, Query, Request
from pydantic import Field

from contracts.envelope import uuid7
from contracts.refusals import RefusedError
from services.archives.api.reading import Granted, Read
from services.archives.views.people import Heard, find_heard
from services.runtime.access import Caller, Role, allow
from services.runtime.access_log.log import AccessLog
from services.runtime.journal import StreamConflictError
from services.runtime.problems import Problem
from services.runtime.web import ServiceHere

Worker = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.SUPERVISOR))]
Supervisor = Annotated[Caller, Depends(allow(Role.SUPERVISOR))]
Reader = Annotated[Caller, Depends(allow(Role.HEALTH_WORKER, Role.SUPERVISOR, Role.DISTRICT))]
PersonInPath = Annotated[str, Path(alias="person_id", pattern=r"^[0-9a-f]{32}$")]
EntryInPath = Annotated[str, Path(alias="entry_id", pattern=r"^[0-9a-zA-Z-]{1,64}$")]
Street = Annotated[str, Field(pattern=r"^[0-9]{9}$", description="9-digit code of the street")]
StreetAsked = Annotated[str, Query(pattern=r"^[0-9]{9}$", description="9-digit code of the street")]
Reason = Query(min_length=4, max_length=200)
District = Annotated[str, Query(pattern=r"^[0-9]{6}$", description="6-digit code of the district")]
Page = Annotated[int, Query(ge=1, le=500)]
IdempotencyKey = Annotated[str | None, Header(max_length=100)]
Version = Annotated[int | None, Field(ge=1, description="the version that you looked at; none means whatever stands")]
Answer = TypeVar("Answer")


async def _log(request: Request) -> AccessLog:
    log: AccessLog = request.app.state.access_log
    return log


Log = Annotated[AccessLog, Depends(_log)]


async def _name_request(caller: Worker, idempotency_key: IdempotencyKey = None) -> str:
    """Name what is asked for by the caller's key, or by an id of its own."""
    return f"{caller.subject}/{idempotency_key}" if idempotency_key else uuid7()


Cause = Annotated[str, Depends(_name_request)]


async def _find_heard(service: ServiceHere, person_id: str) -> Heard:
    return (await find_heard(service.database, [person_id])).get(person_id, Heard())


def _read(heard: Heard, granted: Granted, action: str, reason: str) -> Read:
    archive = heard.archives[granted.district]
    return Read(action, archive.person_id, reason, archive.street)


async def decided(command: Coroutine[Any, Any, Answer]) -> Answer:
    """Wait for a command; its refusal becomes a problem with its code and advice."""
    try:
        return await command
    except RefusedError as error:
        raise Problem(404 if error.code == "not_found" else 409, error.code, error.advice) from error
    except StreamConflictError as error:
        raise Problem(409, "conflict", "Somebody else changed it at the same time; look and try again.") from error
