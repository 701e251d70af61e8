"""Health-education activities as facts of outreach: planned and held."""

from datetime import date
from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact
from contracts.reference.divisions import StreetCode


class ActivityKind(StrEnum):
    """The kinds of activity that the plans name: 讲座, 咨询, 义诊, 结对, 宣传, 培训."""

    LECTURE = "lecture"
    CONSULTATION = "consultation"
    FREE_CLINIC = "free_clinic"
    PAIRING = "pairing"
    CAMPAIGN = "campaign"
    TRAINING = "training"


class Audience(StrEnum):
    """Whom an activity addresses: everyone, children 0-6, pupils 6-14, women 15-49, elderly 65+, hazard workers."""

    EVERYONE = "everyone"
    CHILDREN = "children"
    PUPILS = "pupils"
    WOMEN = "women"
    ELDERLY = "elderly"
    HAZARD_WORKERS = "hazard_workers"


class ActivityState(StrEnum):
    """How far an activity is."""

    PLANNED = "planned"
    HELD = "held"


class Activity(BaseModel):
    """A health-education activity of a street; `attendance` is the head count once it was held."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    activity_id: str
    street: StreetCode
    kind: ActivityKind
    topic: str
    audience: Audience
    planned_on: date
    state: ActivityState = ActivityState.PLANNED
    held_on: date | None = None
    attendance: int | None = None


class ActivityFact(Fact):
    """A fact of the stream `activity/<activity_id>`."""

    activity: Activity

    @property
    def stream(self) -> str:
        """Return the stream of the activity."""
        return f"activity/{self.activity.activity_id}"

    @property
    def division(self) -> str:
        """Return the street that organises the activity."""
        return self.activity.street


class ActivityPlanned(ActivityFact):
    """A street planned an activity."""

    TYPE: ClassVar[str] = "outreach.activity_planned.v1"


class ActivityHeld(ActivityFact):
    """The activity took place; people were counted."""

    TYPE: ClassVar[str] = "outreach.activity_held.v1"


ACTIVITY_FACTS: tuple[type[ActivityFact], ...] = (ActivityPlanned, ActivityHeld)
