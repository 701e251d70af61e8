"""HTTP in: list and count the tasks of offices 待办."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.registration.api.dependencies import Clerk, RegistrationHere
from services.registration.domain.tasks import DoneTask, Task, TaskKind
from services.registration.views.transfers import count_tasks, list_done, list_tasks
from services.runtime.bodies import Day
from services.runtime.parameters import Division, Paged
from services.runtime.problems import refuses

router = APIRouter(tags=["transfers"])


@dataclass(frozen=True)
class TaskFilter:
    """A filter for tasks: those of the district itself or of its streets, and those due by a day."""

    level: Literal["district", "street"] | None = None
    until: Day | None = None

    @property
    def digits(self) -> int | None:
        """Return the number of digits of the divisions to list; None for any."""
        return {"district": 6, "street": 9}[self.level] if self.level else None


class TaskPage(BaseModel):
    """A page of tasks, the earliest due first, and the cursor of the next page, if there is one."""

    tasks: list[Task]
    cursor: str | None


class DonePage(BaseModel):
    """A page of what was done on a day, and the cursor of the next page, if there is one."""

    day: date
    done: list[DoneTask]
    cursor: str | None


class TaskCount(BaseModel):
    """How many tasks of a kind an office has: all, overdue, urgent, escalated to the district."""

    division: str
    kind: TaskKind
    tasks: int
    overdue: int
    urgent: int
    escalated: int


@router.get("/tasks", summary="What to do", responses=refuses(outside_your_division=403))
async def get_tasks(
    registration: RegistrationHere,
    caller: Clerk,
    division: Division,
    task_filter: Annotated[TaskFilter, Depends()],
    page: Paged,
) -> TaskPage:
    """List the tasks of a division, overdue ones first: notices, stays, conflicts, people to find, names.

    `level=district` lists those of the district itself: escalated ones, and those addressed to no street of it.
    """
    caller.must_cover(division)
    service = registration.service
    found, following = await list_tasks(
        service.database, service.areas(division), task_filter.digits, task_filter.until, page.cursor, page.limit
    )
    return TaskPage(tasks=found, cursor=following)


@router.get("/tasks/summary", summary="How much there is to do", responses=refuses(outside_your_division=403))
async def get_task_summary(registration: RegistrationHere, caller: Clerk, division: Division) -> list[TaskCount]:
    """Count the tasks of a division by office and kind."""
    caller.must_cover(division)
    service = registration.service
    counted = await count_tasks(service.database, service.areas(division), service.today)
    return [TaskCount.model_validate(count) for count in counted]


@router.get("/tasks/done", summary="What was done on a day", responses=refuses(outside_your_division=403))
async def get_done(
    registration: RegistrationHere, caller: Clerk, division: Division, page: Paged, day: Day | None = None
) -> DonePage:
    """List what the offices of a division did about the notices addressed to them on a day, by default today."""
    caller.must_cover(division)
    service = registration.service
    asked = day or service.today
    found, following = await list_done(service.database, service.areas(division), asked, page.cursor, page.limit)
    return DonePage(day=asked, done=found, cursor=following)
