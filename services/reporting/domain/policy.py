"""The numbers that decide what counts, as data: an edition of the rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from contracts.reference.vaccines import SCHEDULES, ScheduledDose


def _itself(code: str) -> str:
    return code


@dataclass(frozen=True, slots=True)
class Policy:
    """What counts by the national specification of 2017 and the plans; another edition is counted beside this one.

    常住: `usual_months` without a break in a district. 使用率: a dynamic record within `used_days`. 规范管理:
    `face_to_face_a_year` in the calendar year, each `face_to_face_gap_days` after the one before, or, `pro_rata`, a
    share of them for who is managed for a part of the year. 控制: at the last follow-up, if not older than
    `controlled_days`; pressures in mmHg and glucose in mmol/L, the first values that are too high. 失访: who was lost
    counts as managed until the end of the year if `lost_counts`. 填报及时: entered within
    `entry_days`. `home_of` returns the current district of a code.
    """

    edition: str = "2017.1"
    usual_months: int = 6
    elderly_age: int = 65
    child_age: int = 7
    used_days: int = 365
    face_to_face_a_year: int = 4
    face_to_face_gap_days: int = 0
    pro_rata: bool = False
    controlled_days: int = 365
    systolic_below: int = 140
    systolic_below_elderly: int = 150
    diastolic_below: int = 90
    glucose_below: float = 7.0
    lost_counts: bool = True
    home_visit_days: int = 3
    early_weeks: int = 13
    after_birth_days: int = 28
    entry_days: int = 3
    schedules: Mapping[date, tuple[ScheduledDose, ...]] = field(default_factory=lambda: SCHEDULES)
    home_of: Callable[[str], str] = _itself


POLICY = Policy()
