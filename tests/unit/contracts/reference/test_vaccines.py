"""The schedule of the national programme 国家免疫规划, against what its documents say of each dose."""

from datetime import date

import pytest

from contracts.reference.vaccines import Vaccine, schedule_for

YEAR = 12
OF_2021 = {
    # 国家免疫规划疫苗儿童免疫程序及说明（2021年版）: months of age, dose by dose
    Vaccine.HEPATITIS_B: (0, 1, 6),
    Vaccine.BCG: (0,),
    Vaccine.POLIO_INACTIVATED: (2, 3),
    Vaccine.POLIO_ORAL: (4, 4 * YEAR),
    Vaccine.DTAP: (3, 4, 5, 18),
    Vaccine.DT: (6 * YEAR,),
    Vaccine.MMR: (8, 18),
    Vaccine.JAPANESE_ENCEPHALITIS: (8, 2 * YEAR),
    Vaccine.MENINGOCOCCAL_A: (6, 9),
    Vaccine.MENINGOCOCCAL_AC: (3 * YEAR, 6 * YEAR),
    Vaccine.HEPATITIS_A: (18,),
}
OF_2025 = {**OF_2021, Vaccine.DTAP: (2, 4, 6, 18, 6 * YEAR)}
"""百白破疫苗免疫程序调整 for who is born since 1 January 2025: five doses of DTaP, none of DT."""
del OF_2025[Vaccine.DT]

TO_BE_COMPLETE_BY = {
    # the same document, 补种通用原则: the age before which a dose is to be completed
    (Vaccine.HEPATITIS_B, 3): 12,
    (Vaccine.BCG, 1): 3,
    (Vaccine.POLIO_ORAL, 1): 12,
    (Vaccine.POLIO_ORAL, 2): 5 * YEAR,
    (Vaccine.DTAP, 3): 12,
    (Vaccine.DTAP, 4): 24,
    (Vaccine.MMR, 1): 12,
    (Vaccine.MMR, 2): 24,
    (Vaccine.JAPANESE_ENCEPHALITIS, 1): 12,
    (Vaccine.JAPANESE_ENCEPHALITIS, 2): 3 * YEAR,
    (Vaccine.MENINGOCOCCAL_A, 2): 18,
    (Vaccine.MENINGOCOCCAL_AC, 1): 4 * YEAR,
    (Vaccine.MENINGOCOCCAL_AC, 2): 7 * YEAR,
    (Vaccine.HEPATITIS_A, 1): 24,
}
ASSUMED_BY = {
    # assumed, between the ages above: when the doses of a course that is under way are to be caught up
    (Vaccine.HEPATITIS_B, 1): 1,
    (Vaccine.HEPATITIS_B, 2): 3,
    (Vaccine.POLIO_INACTIVATED, 1): 4,
    (Vaccine.POLIO_INACTIVATED, 2): 6,
    (Vaccine.DTAP, 1): 6,
    (Vaccine.DTAP, 2): 9,
    (Vaccine.MENINGOCOCCAL_A, 1): 12,
}
LEAST_DAYS_SINCE_THE_LAST = {
    # 接种间隔 of the same document: days from the dose before
    (Vaccine.HEPATITIS_B, 2): 28,
    (Vaccine.HEPATITIS_B, 3): 60,
    (Vaccine.POLIO_INACTIVATED, 2): 28,
    (Vaccine.POLIO_ORAL, 1): 28,
    (Vaccine.POLIO_ORAL, 2): 28,
    (Vaccine.DTAP, 2): 28,
    (Vaccine.DTAP, 3): 28,
    (Vaccine.DTAP, 4): 180,
    (Vaccine.DTAP, 5): 180,
    (Vaccine.DT, 1): 180,
    (Vaccine.MMR, 2): 28,
    (Vaccine.JAPANESE_ENCEPHALITIS, 2): 365,
    (Vaccine.MENINGOCOCCAL_A, 2): 90,
    (Vaccine.MENINGOCOCCAL_AC, 2): 3 * 365,
}
NO_LONGER_FROM = {Vaccine.BCG: 4 * YEAR, Vaccine.MENINGOCOCCAL_A: 2 * YEAR}
"""卡介苗 is given to nobody of 4 years and over, A群流脑 below 24 months alone; all others until 7 years."""


@pytest.mark.parametrize(
    ("birth", "ages"),
    [
        (date(2019, 5, 1), OF_2021),
        (date(2024, 12, 31), OF_2021),
        (date(2025, 1, 1), OF_2025),
        (date(2026, 6, 1), OF_2025),
    ],
)
def test_each_dose_is_due_at_the_age_that_the_programme_says(birth: date, ages: dict[Vaccine, tuple[int, ...]]) -> None:
    found = {(dose.vaccine, dose.dose): dose.due_months for dose in schedule_for(birth)}

    assert found == {(vaccine, number): age for vaccine, due in ages.items() for number, age in enumerate(due, start=1)}


@pytest.mark.parametrize("birth", [date(2024, 6, 1), date(2025, 6, 1)])
def test_a_dose_is_caught_up_kept_apart_and_given_no_more_at_the_ages_that_are_written_down(birth: date) -> None:
    last_at_six = {(Vaccine.DT, 1): 7 * YEAR, (Vaccine.DTAP, 5): 7 * YEAR}
    complete_by = {**TO_BE_COMPLETE_BY, **ASSUMED_BY, **last_at_six}

    for dose in schedule_for(birth):
        name = dose.vaccine, dose.dose
        assert dose.catch_up_months == complete_by[name], name
        assert dose.gap_days == LEAST_DAYS_SINCE_THE_LAST.get(name, 0), name
        assert dose.until_months == NO_LONGER_FROM.get(dose.vaccine, 7 * YEAR), name
