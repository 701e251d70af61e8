"""Follow-ups 随访 of chronic diseases, and blood pressure readings: what an entry about them contains."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.archives.forms import Content, Finding, Mode
from contracts.archives.measures import (
    Diastolic,
    FastingGlucose,
    GlycatedHaemoglobin,
    HeartRate,
    Measured,
    Systolic,
    Weight,
    Words,
)


class Adherence(StrEnum):
    """How regularly a medicine is taken 服药依从性: 规律, 间断, 不服药."""

    REGULAR = "regular"
    INTERMITTENT = "intermittent"
    NONE = "none"


class Medication(BaseModel):
    """A medicine that somebody takes: what, how much each time, how often a day."""

    model_config = ConfigDict(frozen=True)

    drug: Words
    dose: Words | None = None
    times_a_day: Annotated[int, Field(ge=1, le=24)] | None = None
    adherence: Adherence | None = None


class FollowUp(Content):
    """What every follow-up 随访 records: its mode, medication, side effects and complications, and the next day agreed.

    `urgent` is a red flag that the worker saw (chest pain, clouded mind and the like), besides those in the numbers.
    """

    mode: Mode
    medications: tuple[Medication, ...] = ()
    adherence: Adherence | None = None
    side_effects: bool = False
    complications: tuple[Words, ...] = ()
    new_complication: bool = False
    urgent: bool = False
    referred: bool = False
    next_on: date | None = None


class BloodPressure(Content):
    """A blood pressure reading in mmHg (LOINC 85354-9 with 8480-6 systolic and 8462-4 diastolic)."""

    kind: Literal["blood_pressure"] = "blood_pressure"
    systolic: Annotated[int, Field(ge=40, le=300)]
    diastolic: Annotated[int, Field(ge=20, le=200)]
    mode: Mode | None = None
    heart_rate: HeartRate | None = None


class HypertensionFollowUp(FollowUp):
    """A follow-up of hypertension 高血压随访."""

    kind: Literal["hypertension_follow_up"] = "hypertension_follow_up"
    systolic: Systolic
    diastolic: Diastolic
    heart_rate: HeartRate | None = None
    weight_kg: Weight | None = None
    smokes_a_day: Annotated[int, Field(ge=0, le=200), Measured("{cigarettes}/d")] | None = None
    salt_reduced: bool | None = None


class DiabetesFollowUp(FollowUp):
    """A follow-up of type 2 diabetes 2型糖尿病随访; glucose is fasting."""

    kind: Literal["diabetes_follow_up"] = "diabetes_follow_up"
    fasting_glucose: FastingGlucose
    systolic: Systolic | None = None
    diastolic: Diastolic | None = None
    glycated_haemoglobin: GlycatedHaemoglobin | None = None
    weight_kg: Weight | None = None
    hypoglycaemia: bool = False
    foot_pulse: Finding | None = None


class TuberculosisFollowUp(FollowUp):
    """A follow-up of tuberculosis under treatment 肺结核随访: doses that were due and taken since the last one."""

    kind: Literal["tuberculosis_follow_up"] = "tuberculosis_follow_up"
    treatment_month: Annotated[int, Field(ge=0, le=36)] | None = None
    doses_due: Annotated[int, Field(ge=0, le=400)] = 0
    doses_taken: Annotated[int, Field(ge=0, le=400)] = 0
    first_home_visit: bool = False
    treatment_ended: bool = False


class Stability(StrEnum):
    """How a severe mental disorder is 病情: 稳定, 基本稳定, 不稳定."""

    STABLE = "stable"
    BASICALLY_STABLE = "basically_stable"
    UNSTABLE = "unstable"


class MentalHealthFollowUp(FollowUp):
    """A follow-up of a severe mental disorder 严重精神障碍随访; `risk` is the level of danger 0 to 5."""

    kind: Literal["mental_health_follow_up"] = "mental_health_follow_up"
    stability: Stability
    risk: Annotated[int, Field(ge=0, le=5)] = 0
    insight: bool | None = None
    in_hospital: bool = False
