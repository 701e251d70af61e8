"""Exposures to hazards at work as facts of outreach, and the training of each person who is exposed."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact, PersonId
from contracts.reference.divisions import StreetCode


class HazardTrainingKind(StrEnum):
    """When somebody is trained for a hazard: before the work begins 上岗前, or each year of it 在岗期间每年."""

    PRE_JOB = "pre_job"
    YEARLY = "yearly"


class HazardTraining(BaseModel):
    """A person's training for a hazard 职业卫生个体化培训, and whether it came in time."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    training_id: str
    kind: HazardTrainingKind
    held_on: date
    hours: float
    in_time: bool
    activity_id: str | None = None
    withdrawn: bool = False
    """Whether it was recorded by mistake: it stays, and counts nowhere."""


class TrainingDue(BaseModel):
    """The training that a person needs next, and the last day on which it is in time."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: HazardTrainingKind
    due_on: date


class HazardExposure(BaseModel):
    """A person's exposure to a hazard at work 职业危害接触 from a day on, until a day (not included).

    `exposure_id` is natural: the same person and hazard in the same street. `hazard` is a word of registration's.
    `trainings` are in order of their days, those of earlier exposures included. `due` was worked out by the table that
    was in force; it is None once the exposure is over.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    exposure_id: str
    street: StreetCode
    person_id: PersonId
    hazard: str
    since: date
    until: date | None = None
    institution_id: str | None = None
    trainings: tuple[HazardTraining, ...] = ()
    due: TrainingDue | None = None


def exposure_id(street: str, person_id: str, hazard: str) -> str:
    """Return the id of an exposure, derived from its street, person and hazard (32 hexadecimal digits)."""
    return sha256(f"exposure|{street}|{person_id}|{hazard}".encode()).hexdigest()[:32]


class ExposureFact(Fact):
    """A fact of the stream `exposure/<exposure_id>`."""

    exposure: HazardExposure

    @property
    def stream(self) -> str:
        """Return the stream of the exposure."""
        return f"exposure/{self.exposure.exposure_id}"

    @property
    def division(self) -> str:
        """Return the street where the person lives."""
        return self.exposure.street

    @property
    def person_id(self) -> str:
        """Return the id of the person who is exposed."""
        return self.exposure.person_id


class ExposureRecorded(ExposureFact):
    """Somebody is exposed to a hazard at work, for the first time or again."""

    TYPE: ClassVar[str] = "outreach.exposure_recorded.v1"


class ExposureEnded(ExposureFact):
    """Somebody is no longer exposed to a hazard."""

    TYPE: ClassVar[str] = "outreach.exposure_ended.v1"


class HazardTrainingHeld(ExposureFact):
    """Somebody who is exposed was trained for the hazard."""

    TYPE: ClassVar[str] = "outreach.hazard_training_held.v1"


class HazardTrainingWithdrawn(ExposureFact):
    """A training for a hazard had been recorded by mistake."""

    TYPE: ClassVar[str] = "outreach.hazard_training_withdrawn.v1"


EXPOSURE_FACTS: tuple[type[ExposureFact], ...] = (
    ExposureRecorded,
    ExposureEnded,
    HazardTrainingHeld,
    HazardTrainingWithdrawn,
)
