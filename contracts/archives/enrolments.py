"""Enrolments 慢病管理 for the management of a condition, and the duties that follow from them and from age."""

from datetime import date
from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact, PersonId
from contracts.reference.divisions import DistrictCode, StreetCode


class Condition(StrEnum):
    """What somebody is managed for: 高血压, 2型糖尿病, 肺结核, 严重精神障碍."""

    HYPERTENSION = "hypertension"
    DIABETES_2 = "diabetes_2"
    TUBERCULOSIS = "tuberculosis"
    SEVERE_MENTAL_DISORDER = "severe_mental_disorder"


class EnrolmentEnding(StrEnum):
    """Why somebody is no longer managed in a district; only `handed_over` goes on elsewhere."""

    CURED = "cured"
    MISDIAGNOSED = "misdiagnosed"
    DECLINED = "declined"
    DIED = "died"
    LOST = "lost"
    HANDED_OVER = "handed_over"


class Enrolment(BaseModel):
    """A person's management for one condition in one district; stream `enrolment/<person>:<condition>@<district>`.

    `enrolled_on` is the first day anywhere: it travels with the person, as `grade` does. A `monthly` plan asks for a
    follow-up every month whatever the grade. `turn` is the custody turn (`contracts.custody`) with which it came. One
    that was handed over says to whom, with the turn of which offer.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_id: PersonId
    condition: Condition
    district: DistrictCode
    street: StreetCode
    enrolled_on: date
    diagnosed_on: date | None = None
    grade: int | None = None
    monthly: bool = False
    recorded_by: str | None = None
    taken_over_from: DistrictCode | None = None
    turn: int = 0
    ended_on: date | None = None
    ending: EnrolmentEnding | None = None
    handed_to: DistrictCode | None = None
    handed_turn: int | None = None

    @property
    def active(self) -> bool:
        """Return whether the person is managed here."""
        return self.ended_on is None


class EnrolmentFact(Fact):
    """A fact of an enrolment's stream, written by its district."""

    enrolment: Enrolment

    @property
    def stream(self) -> str:
        """Return the stream of the enrolment."""
        enrolment = self.enrolment
        return enrolment_stream(enrolment.person_id, enrolment.condition, enrolment.district)

    @property
    def division(self) -> str:
        """Return the street that manages the person."""
        return self.enrolment.street

    @property
    def person_id(self) -> str:
        """Return the id of the person who is managed."""
        return self.enrolment.person_id

    @property
    def addressees(self) -> tuple[str, ...]:
        """Return the districts that must hear it: its own, and the one that the enrolment was handed to."""
        district, handed_to = self.enrolment.district, self.enrolment.handed_to
        return (district, handed_to) if handed_to else (district,)


def enrolment_stream(person_id: str, condition: str, district: str) -> str:
    """Return the stream of a person's management for a condition in a district."""
    return f"enrolment/{person_id}:{condition}@{district}"


class ChronicEnrolled(EnrolmentFact):
    """A person is managed for a condition: newly, again, or taken over from another district."""

    TYPE: ClassVar[str] = "archives.chronic_enrolled.v1"


class EnrolmentEnded(EnrolmentFact):
    """A person is no longer managed for a condition in this district."""

    TYPE: ClassVar[str] = "archives.enrolment_ended.v1"


ENROLMENT_FACTS: tuple[type[EnrolmentFact], ...] = (ChronicEnrolled, EnrolmentEnded)


class DutyKind(StrEnum):
    """What an archive's custodian owes a person."""

    HYPERTENSION_FOLLOW_UP = "hypertension_follow_up"
    DIABETES_FOLLOW_UP = "diabetes_follow_up"
    TUBERCULOSIS_FOLLOW_UP = "tuberculosis_follow_up"
    MENTAL_HEALTH_FOLLOW_UP = "mental_health_follow_up"
    REFERRAL_CHECK = "referral_check"
    ANNUAL_EXAM = "annual_exam"
    ELDERLY_EXAM = "elderly_exam"
    VACCINATION = "vaccination"
    CHILD_VISIT = "child_visit"
    MATERNAL_VISIT = "maternal_visit"


class DutyReason(StrEnum):
    """Why a duty is due when it is."""

    FIRST = "first"
    CONTROLLED = "controlled"
    UNCONTROLLED = "uncontrolled"
    REFER = "refer"
    URGENT = "urgent"
    AGREED = "agreed"
    MONTHLY = "monthly"
    QUOTA = "quota"
    YEARLY = "yearly"
    INCOMPLETE = "incomplete"
    SCHEDULE = "schedule"


class Duty(BaseModel):
    """One open duty 随访任务: what is due on which day, and why.

    `item` tells duties of one kind apart: a vaccine and its dose (`MMR-1`), the stage of a visit, the referral's id.
    It can be done from `opens_on` on, wants catching up (查漏补种) from `catch_up_on` on, and lapses on `lapses_on`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: DutyKind
    due_on: date
    reason: DutyReason
    item: str = ""
    face_to_face: bool = False
    opens_on: date | None = None
    catch_up_on: date | None = None
    lapses_on: date | None = None

    @property
    def name(self) -> str:
        """Return what identifies the duty among the person's duties: its kind, and its item if it has one."""
        return f"{self.kind}:{self.item}" if self.item else self.kind.value
