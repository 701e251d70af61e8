"""Educators as facts of outreach: the lecturers' corps, volunteers and staff by their numbers, and their training."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact
from contracts.reference.divisions import StreetCode


class EducatorKind(StrEnum):
    """In which part somebody teaches: 讲师团成员, 志愿者, 健康教育工作人员."""

    LECTURER = "lecturer"
    VOLUNTEER = "volunteer"
    STAFF = "staff"


class Term(BaseModel):
    """The days on which somebody was an educator, as a half-open interval [joined_on, left_on)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    joined_on: date
    left_on: date | None = None
    institution_id: str | None = None

    def holds_on(self, day: date) -> bool:
        """Return whether somebody is an educator on a day by this term."""
        return self.joined_on <= day and (self.left_on is None or day < self.left_on)


class Educator(BaseModel):
    """Somebody who teaches in a street, in one part, known by a staff number or account and never by name.

    Who is a lecturer and a member of the staff is two educators. `terms` are in order; only the last may go on.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    educator_id: str
    street: StreetCode
    kind: EducatorKind
    staff: str
    terms: tuple[Term, ...]

    def term_on(self, day: date) -> Term | None:
        """Return the term by which somebody is an educator on a day; None if there is none."""
        return next((term for term in self.terms if term.holds_on(day)), None)


def educator_id(street: str, kind: EducatorKind, staff: str) -> str:
    """Return the id of an educator, derived from street, kind and staff number (32 hexadecimal digits)."""
    return sha256(f"educator|{street}|{kind}|{staff}".encode()).hexdigest()[:32]


class EducatorFact(Fact):
    """A fact of the stream `educator/<educator_id>`."""

    educator: Educator

    @property
    def stream(self) -> str:
        """Return the stream of the educator."""
        return f"educator/{self.educator.educator_id}"

    @property
    def division(self) -> str:
        """Return the street in which the educator teaches."""
        return self.educator.street


class EducatorJoined(EducatorFact):
    """Somebody became an educator, for the first time or again."""

    TYPE: ClassVar[str] = "outreach.educator_joined.v1"


class EducatorReleased(EducatorFact):
    """Somebody is no educator any more."""

    TYPE: ClassVar[str] = "outreach.educator_released.v1"


EDUCATOR_FACTS: tuple[type[EducatorFact], ...] = (EducatorJoined, EducatorReleased)


class TrainingKind(StrEnum):
    """When educators are trained: before they begin 岗前培训, or while they teach 在岗培训."""

    PRE_JOB = "pre_job"
    IN_SERVICE = "in_service"


class Training(BaseModel):
    """A session in which educators were trained, of `hours`, and the staff numbers of those who took part.

    It is meant for the educators of a street, or of one institution, who are of the kinds in `meant_for`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    training_id: str
    street: StreetCode
    kind: TrainingKind
    topic: str
    held_on: date
    hours: float
    participants: tuple[str, ...]
    meant_for: tuple[EducatorKind, ...]
    institution_id: str | None = None
    activity_id: str | None = None
    withdrawn: bool = False
    """Whether it was recorded by mistake: it counts nowhere."""


class TrainingFact(Fact):
    """A fact of the stream `training/<training_id>`."""

    training: Training

    @property
    def stream(self) -> str:
        """Return the stream of the training."""
        return f"training/{self.training.training_id}"

    @property
    def division(self) -> str:
        """Return the street whose educators were trained."""
        return self.training.street


class TrainingHeld(TrainingFact):
    """Educators were trained."""

    TYPE: ClassVar[str] = "outreach.training_held.v1"


class TrainingWithdrawn(TrainingFact):
    """A training had been recorded by mistake."""

    TYPE: ClassVar[str] = "outreach.training_withdrawn.v1"


TRAINING_FACTS: tuple[type[TrainingFact], ...] = (TrainingHeld, TrainingWithdrawn)
