"""By when an arrival has to be registered: rows of the table, and who is registered otherwise."""

from dataclasses import replace
from datetime import date

import pytest

from services.registration.deadlines import Period, Policy, Term, Unit
from services.registration.domain.arrivals import Dwelling, Purpose, registration_due
from tests.support.districts import POLICY

ARRIVED = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("purpose", "dwelling", "due"),
    [
        (None, None, date(2026, 11, 23)),
        (Purpose.LABOUR, Dwelling.RENTED, date(2026, 11, 23)),
        (Purpose.LABOUR, Dwelling.HOTEL, None),
        (Purpose.TREATMENT, None, None),
        (Purpose.STUDY, Dwelling.RENTED, None),
        (Purpose.VISITING_KIN, Dwelling.HOUSEHOLD, date(2026, 12, 23)),
        (Purpose.JOINING_KIN, Dwelling.HOUSEHOLD, date(2026, 12, 23)),
        (Purpose.VISITING_KIN, Dwelling.RENTED, date(2026, 11, 23)),
        (Purpose.LABOUR, Dwelling.HOUSEHOLD, date(2026, 11, 23)),
    ],
)
def test_an_arrival_has_to_be_registered_in_days(
    purpose: Purpose | None, dwelling: Dwelling | None, due: date | None
) -> None:
    assert registration_due(POLICY, ARRIVED, purpose, dwelling) == due


def test_what_a_stay_carries_as_text_counts_like_the_word_that_was_typed() -> None:
    assert registration_due(POLICY, ARRIVED, Purpose.VISITING_KIN.value, Dwelling.HOUSEHOLD.value) == date(2026, 12, 23)
    assert registration_due(POLICY, ARRIVED, None, Dwelling.HOTEL.value) is None


def test_the_days_to_register_and_to_visit_are_rows_of_the_table() -> None:
    own: dict[tuple[str, str, str], Term] = {
        (Period.REGISTRATION, "", ""): Term(Unit.WORKING_DAYS, 5),
        (Period.VISIT, "", ""): Term(Unit.MONTHS, 3),
    }
    policy: Policy = replace(POLICY, terms={**POLICY.terms, **own})

    assert registration_due(policy, ARRIVED, None, None) == date(2026, 11, 27)
    assert registration_due(policy, ARRIVED, Purpose.VISITING_KIN, Dwelling.HOUSEHOLD) == date(2027, 2, 26)
