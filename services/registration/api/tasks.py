"""HTTP in: what offices have to do."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.registration.api.dependencies import Clerk, Here
from services.registration.domain.tasks import Task, TaskKind
from services.registration.views.transfers import count_tasks, list_tasks
from services.runtime.bodies import Day
from services.runtime.parameters import Division, Paged
from services.runtime.problems import refuses

router = APIRouter(tags=["transfers"])


@dataclass(frozen=True)
class TaskFilter:
    """Which tasks: a district's own or its streets', and those due by a day."""

    level: Literal["district", "street"] | None = None
    until: Day | None = None

    @property
    def digits(self) -> int | None:
        """Say how many digits the divisions have whose tasks are wanted."""
        return {"district": 6, "street": 9}[self.level] if self.level else None


class TaskPage(BaseModel):
    """A page of tasks, what is due first; the cursor of the next one, if there is one."""

    tasks: list[Task]
    cursor: str | None


class TaskCount(BaseModel):
    """How many tasks of a kind an office has: all, past their day, urgent, told to the district."""

    division: str
    kind: TaskKind
    tasks: int
    overdue: int
    urgent: int
    escalated: int


@router.get("/tasks", summary="What to do", responses=refuses(outside_your_division=403))
async def get_tasks(
    registration: Here, caller: Clerk, division: Division, which: Annotated[TaskFilter, Depends()], page: Paged
) -> TaskPage:
    """List what offices of a division have to do, overdue first: notices, stays, conflicts, people to find, names.

    `level=district` are a district's own: what was escalated to it, and what was addressed to no street of it.
    """
    caller.must_cover(division)
    service = registration.service
    found, following = await list_tasks(
        service.database, service.areas(division), which.digits, which.until, page.cursor, page.limit
    )
    return TaskPage(tasks=found, cursor=following)


@router.get("/tasks/summary", summary="How much there is to do", responses=refuses(outside_your_division=403))
async def get_task_summary(registration: Here, caller: Clerk, division: Division) -> list[TaskCount]:
    """Count the tasks of a division by office and kind."""
    caller.must_cover(division)
    service = registration.service
    counted = await count_tasks(service.database, service.areas(division), service.today)
    return [TaskCount.model_validate(one) for one in counted]
