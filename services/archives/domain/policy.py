"""The numbers that decide what is due, after the national specification, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from contracts.reference.vaccines import SCHEDULES, ScheduledDose


@dataclass(frozen=True, slots=True)
class Policy:
    """Days, months and limits of the plans and the national standard.

    Blood pressures are in mmHg, glucose in mmol/L; `_below` is the first value that is too high, `_urgent` the first
    that is urgent, `glucose_low` the highest that is urgently low.
    """

    first_days: int = 14
    uncontrolled_days: int = 14
    controlled_months: int = 3
    plan_months: int = 1
    monthly_grades: frozenset[int] = frozenset()
    face_to_face_a_year: int = 4
    face_to_face_months: int = 3
    exam_months: int = 12
    incomplete_exam_days: int = 30
    elderly_age: int = 65
    systolic_below: int = 140
    systolic_below_elderly: int = 150
    diastolic_below: int = 90
    systolic_urgent: int = 180
    diastolic_urgent: int = 110
    glucose_below: float = 7.0
    glucose_urgent: float = 16.7
    glucose_low: float = 3.9
    tuberculosis_first_days: int = 3
    tuberculosis_intensive_days: int = 60
    tuberculosis_intensive_every: int = 10
    basically_stable_months: int = 1
    referral_days: int = 14
    dead_after_days: int = 365
    offer_days: int = 30
    announce_days: int = 3
    schedules: Mapping[date, tuple[ScheduledDose, ...]] = field(default_factory=lambda: SCHEDULES)


POLICY = Policy()
