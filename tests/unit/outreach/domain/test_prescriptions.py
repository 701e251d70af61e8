"""Prescriptions of health education: given once, withdrawn with a reason; how much institutions use them."""

from datetime import date

import pytest

from contracts.outreach.prescriptions import (
    PrescriptionGiven,
    PrescriptionSetting,
    PrescriptionUseCounted,
    WithdrawalReason,
    prescription_id,
)
from services.outreach.domain import prescriptions
from services.outreach.domain.prescriptions import (
    GivenInFutureError,
    MonthInFutureError,
    MoreGivenError,
    OtherPrescriptionError,
    WithdrawnOtherwiseError,
    rate_use,
)
from tests.support.samples import sample_of

TODAY = date(2026, 11, 20)
GIVEN = sample_of(PrescriptionGiven).data.prescription
USE = sample_of(PrescriptionUseCounted).data.use


def test_a_prescription_is_recorded_once_whoever_records_it_again() -> None:
    assert prescriptions.give(None, GIVEN, TODAY) == PrescriptionGiven(prescription=GIVEN)
    assert prescriptions.give(GIVEN, GIVEN.model_copy(update={"given_by": "nurse-9"}), TODAY) is None


def test_another_setting_of_the_same_prescription_is_no_repetition() -> None:
    with pytest.raises(OtherPrescriptionError):
        prescriptions.give(GIVEN, GIVEN.model_copy(update={"setting": PrescriptionSetting.WARD}), TODAY)


def test_nothing_is_given_in_the_future() -> None:
    with pytest.raises(GivenInFutureError):
        prescriptions.give(None, GIVEN.model_copy(update={"given_on": date(2026, 11, 21)}), TODAY)


def test_a_prescription_is_withdrawn_once_for_one_reason() -> None:
    fact = prescriptions.withdraw(GIVEN, WithdrawalReason.NOT_GIVEN)
    assert fact is not None

    assert prescriptions.withdraw(fact.prescription, WithdrawalReason.NOT_GIVEN) is None
    with pytest.raises(WithdrawnOtherwiseError):
        prescriptions.withdraw(fact.prescription, WithdrawalReason.WRONG_PERSON)


def test_the_id_is_that_of_giver_person_topic_day_and_turn() -> None:
    asked = ("5" * 32, "a" * 32, "合理 膳食", TODAY)

    assert prescription_id(*asked) == prescription_id("5" * 32, "a" * 32, "合理膳食", TODAY, 0)
    assert len({prescription_id(*asked, turn) for turn in range(3)}) == 3


def test_a_month_is_counted_anew_if_the_numbers_are_others() -> None:
    assert prescriptions.count_use(USE, USE, TODAY) is None
    corrected = USE.model_copy(update={"given": USE.given + 1})
    assert prescriptions.count_use(USE, corrected, TODAY) == PrescriptionUseCounted(use=corrected)


@pytest.mark.parametrize(
    ("changed", "error"), [({"month": "2026-12"}, MonthInFutureError), ({"given": 813}, MoreGivenError)]
)
def test_a_month_to_come_or_more_prescriptions_than_patients_are_refused(
    changed: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        prescriptions.count_use(None, USE.model_copy(update=changed), TODAY)


def test_rates_stand_beside_the_targets_of_the_plan() -> None:
    settings = PrescriptionSetting
    counted = [
        ("a", settings.WARD, 100, 80),
        ("a", settings.OUTPATIENT, 100, 19),
        ("b", settings.HOME, 4, 1),
        ("b", settings.WARD, 0, 0),
    ]

    told = {(one.institution_id, one.setting): (one.rate, one.target, one.reached) for one in rate_use(counted)}

    assert told == {
        ("a", settings.OUTPATIENT): (0.19, 0.2, False),
        ("a", settings.WARD): (0.8, 0.8, True),
        ("b", settings.HOME): (0.25, None, None),
        ("b", settings.WARD): (None, 0.8, None),
    }
