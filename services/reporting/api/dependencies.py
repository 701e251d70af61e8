"""What the routes of reporting share: roles and periods."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import Depends, Query, Request

from services.reporting.commands.counting import Counting
from services.runtime.access import Caller, Role, allow
from services.runtime.bodies import Day
from services.runtime.problems import Problem

Reader = Annotated[Caller, Depends(allow(Role.DISTRICT, Role.SUPERVISOR, Role.CLERK, Role.HEALTH_WORKER))]
Assessor = Annotated[Caller, Depends(allow(Role.DISTRICT, Role.SUPERVISOR))]
Since = Annotated[Day, Query(alias="from")]
Until = Annotated[Day, Query(alias="to")]


def _counting(request: Request) -> Counting:
    counting: Counting = request.app.state.counting
    return counting


CountingHere = Annotated[Counting, Depends(_counting)]
LONGEST = timedelta(days=1100)
"""The longest period."""


def must_be_period(since: date, until: date) -> None:
    """Raise Problem (422) if a period ends before it begins, or is longer than three years."""
    if not timedelta(0) <= until - since <= LONGEST:
        raise Problem(422, "bad_period", "'to' must not lie before 'from', nor more than three years after it.")
