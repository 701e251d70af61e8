"""What the routes of reporting share: roles, divisions and periods."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import AwareDatetime, Field

from services.reporting.commands.counting import Counting, Recounting
from services.reporting.commands.moments import (
    KnownBy,
    MomentAheadError,
    NotCountedThenError,
    find_counting_of,
)
from services.reporting.exports.uploads import Mapped
from services.reporting.views.contributions import uncounted_since
from services.runtime.access import Caller, Role, allow, sign_in
from services.runtime.access_log.log import Access, AccessLog
from services.runtime.bodies import Day
from services.runtime.parameters import ServiceHere
from services.runtime.problems import Problem
from services.runtime.service import Service

Reader = Annotated[Caller, Depends(allow(Role.DISTRICT, Role.SUPERVISOR, Role.CLERK, Role.HEALTH_WORKER))]
Assessor = Annotated[Caller, Depends(allow(Role.DISTRICT, Role.SUPERVISOR))]


@dataclass(frozen=True)
class Viewer:
    """Whoever is shown people, which is logged."""

    caller: Caller
    log: AccessLog

    async def note(self, action: str, reason: str) -> None:
        """Record what is about to be shown; the reason names a number or a report, nobody."""
        await self.log.record(Access.of(self.caller, action, reason))


async def _viewer(request: Request, caller: Reader) -> Viewer:
    return Viewer(caller, request.app.state.access_log)


ViewerHere = Annotated[Viewer, Depends(_viewer)]
Since = Annotated[Day, Query(alias="from")]
Until = Annotated[Day, Query(alias="to")]


def _recounting(request: Request) -> Recounting:
    counting: Recounting = request.app.state.counting
    return counting


RecountingHere = Annotated[Recounting, Depends(_recounting)]


async def _counting(counting: RecountingHere, _: Annotated[Caller, Depends(sign_in)]) -> Counting:
    """Return what numbers are read from: all numbers of an answer come from one build."""
    return await counting.now()


CountingHere = Annotated[Counting, Depends(_counting)]


async def _counting_then(
    service: ServiceHere,
    counting: RecountingHere,
    _: Annotated[Caller, Depends(sign_in)],
    as_of: Annotated[AwareDatetime | None, Query(description="as known at this moment; none: as known now")] = None,
    known: Annotated[
        KnownBy, Query(description="what had been recorded by then, or heard here by then")
    ] = KnownBy.HEARD,
) -> Counting:
    """Return what numbers are read from, now or as of a moment; raise a refusal if they aren't counted."""
    return await counting.now() if as_of is None else await find_counting_of(service, counting, as_of, known)


CountingThen = Annotated[Counting, Depends(_counting_then)]
NOT_THEN = (MomentAheadError, NotCountedThenError)


async def as_known(service: Service, counting: Counting) -> dict[str, datetime]:
    """Return as of when numbers are told that are read from now on, and up to when all that was heard is in them."""
    as_of = counting.as_of or service.clock()
    return {"as_of": as_of, "counted_until": min(await uncounted_since(service.database) or as_of, as_of)}


def _layout(request: Request) -> Mapped:
    layout: Mapped = request.app.state.upload_layout
    return layout


Layout = Annotated[Mapped, Depends(_layout)]
OwnDivision = Annotated[str, Field(pattern=r"^(?:[0-9]{6}|[0-9]{9})$", description="district or street: 6 or 9 digits")]
DivisionCursor = Annotated[str, Query(pattern=r"^([0-9]{6}(?:[0-9]{3})?\|[0-9a-f]{32})?$")]
IdInPath = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
LONGEST = timedelta(days=1100)
"""The longest period."""
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
"""The days that periods lie between, as those that are named by year do."""
BAD_PERIOD = (
    "to 不早于 from，最长三年，在 2000 至 2099 年之间。"
    "'to' must not lie before 'from', nor more than three years after it; both lie between 2000 and 2099."
)

FUTURE = "该日尚未到来，请改日期。The day has not come yet; take an earlier one."


def division_of(service: Service, caller: Caller, typed: str) -> str:
    """Return the division that stands for one now; raise Problem if the caller may see neither, or there is none."""
    asked = service.divisions.unpadded(typed)
    caller.must_cover(asked)
    division = service.divisions.successor(asked, service.today)
    caller.must_cover(division)
    if not service.divisions.has(division):
        raise Problem(422, "unknown_division", "没有该区划代码。No such division; check the code.", field="division")
    return division


def must_have_come(service: Service, day: date) -> None:
    """Raise Problem (422) if a day has not come yet."""
    if day > service.today:
        raise Problem(422, "future_date", FUTURE, field="on")


def must_be_period(since: date, until: date) -> None:
    """Raise Problem (422) if a period ends before it begins, is longer than three years, or not of this century."""
    if not timedelta(0) <= until - since <= LONGEST or not FIRST_DAY <= since <= until <= LAST_DAY:
        raise Problem(422, "bad_period", BAD_PERIOD)
