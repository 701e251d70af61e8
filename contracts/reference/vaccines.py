"""The vaccines of the national programme 国家免疫规划 for children of 0 to 6 years, and their schedule as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Vaccine(StrEnum):
    """Vaccines by the programme's abbreviations; the last ones are outside the schedule."""

    HEPATITIS_B = "HepB"
    BCG = "BCG"
    POLIO_INACTIVATED = "IPV"
    POLIO_ORAL = "bOPV"
    DTAP = "DTaP"
    DT = "DT"
    MMR = "MMR"
    JAPANESE_ENCEPHALITIS = "JE-L"
    MENINGOCOCCAL_A = "MPSV-A"
    MENINGOCOCCAL_AC = "MPSV-AC"
    HEPATITIS_A = "HepA-L"
    INFLUENZA = "Flu"
    PNEUMOCOCCAL = "PPV23"
    RABIES = "Rabies"
    VARICELLA = "Var"
    HPV = "HPV"
    COVID = "COVID-19"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ScheduledDose:
    """One dose of the schedule, by months of age.

    Due at `due_months`, not sooner than `gap_days` after the dose before; to be caught up (查漏补种) once
    `catch_up_months` have passed; no longer given from `until_months` on.
    """

    vaccine: Vaccine
    dose: int
    due_months: int
    catch_up_months: int
    gap_days: int = 0
    until_months: int = 84


_COMMON = (
    ScheduledDose(Vaccine.HEPATITIS_B, 1, 0, 1),
    ScheduledDose(Vaccine.HEPATITIS_B, 2, 1, 3, 28),
    ScheduledDose(Vaccine.HEPATITIS_B, 3, 6, 12, 60),
    ScheduledDose(Vaccine.BCG, 1, 0, 3, until_months=48),
    ScheduledDose(Vaccine.POLIO_INACTIVATED, 1, 2, 4),
    ScheduledDose(Vaccine.POLIO_INACTIVATED, 2, 3, 6, 28),
    ScheduledDose(Vaccine.POLIO_ORAL, 1, 4, 12, 28),
    ScheduledDose(Vaccine.POLIO_ORAL, 2, 48, 60, 28),
    ScheduledDose(Vaccine.MMR, 1, 8, 12),
    ScheduledDose(Vaccine.MMR, 2, 18, 24, 28),
    ScheduledDose(Vaccine.JAPANESE_ENCEPHALITIS, 1, 8, 12),
    ScheduledDose(Vaccine.JAPANESE_ENCEPHALITIS, 2, 24, 36, 365),
    ScheduledDose(Vaccine.MENINGOCOCCAL_A, 1, 6, 12, until_months=24),
    ScheduledDose(Vaccine.MENINGOCOCCAL_A, 2, 9, 18, 90, until_months=24),
    ScheduledDose(Vaccine.MENINGOCOCCAL_AC, 1, 36, 48),
    ScheduledDose(Vaccine.MENINGOCOCCAL_AC, 2, 72, 84, 1095),
    ScheduledDose(Vaccine.HEPATITIS_A, 1, 18, 24),
)

SCHEDULES: Mapping[date, tuple[ScheduledDose, ...]] = {
    date(1, 1, 1): (
        *_COMMON,
        ScheduledDose(Vaccine.DTAP, 1, 3, 6),
        ScheduledDose(Vaccine.DTAP, 2, 4, 9, 28),
        ScheduledDose(Vaccine.DTAP, 3, 5, 12, 28),
        ScheduledDose(Vaccine.DTAP, 4, 18, 24, 180),
        ScheduledDose(Vaccine.DT, 1, 72, 84, 180),
    ),
    date(2025, 1, 1): (
        *_COMMON,
        ScheduledDose(Vaccine.DTAP, 1, 2, 6),
        ScheduledDose(Vaccine.DTAP, 2, 4, 9, 28),
        ScheduledDose(Vaccine.DTAP, 3, 6, 12, 28),
        ScheduledDose(Vaccine.DTAP, 4, 18, 24, 180),
        ScheduledDose(Vaccine.DTAP, 5, 72, 84, 180),
    ),
}
"""The schedule for children born on or after each day: the 2021 edition, and the DTaP schedule since 2025."""


def schedule_for(
    birth: date, schedules: Mapping[date, tuple[ScheduledDose, ...]] = SCHEDULES
) -> tuple[ScheduledDose, ...]:
    """Return the schedule that applies to a child with this day of birth."""
    return schedules[max(day for day in schedules if day <= birth)]
