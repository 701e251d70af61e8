"""Exposures at work: recorded, ended and begun anew; which training is due when; how many were in time."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.exposures import HazardExposure, HazardTraining, HazardTrainingKind, TrainingDue, exposure_id
from contracts.reference.calendar import add_months
from contracts.refusals import RefusedError
from services.outreach.domain import exposures
from services.outreach.domain.exposures import MOST_TRAININGS, POLICY, Begun, Preparation
from services.registration.domain.arrivals import Hazard
from tests.support.facts import PEOPLE

TODAY, SINCE = date(2026, 11, 20), date(2026, 3, 2)
STREET, PRE_JOB, YEARLY = "320507001", HazardTrainingKind.PRE_JOB, HazardTrainingKind.YEARLY
BARE = HazardExposure(
    exposure_id=exposure_id(STREET, PEOPLE[0], "dust"),
    street=STREET,
    person_id=PEOPLE[0],
    hazard="dust",
    since=SINCE,
)


def recorded(since: date = SINCE) -> HazardExposure:
    fact = exposures.record(None, BARE.model_copy(update={"since": since}), TODAY)
    assert fact is not None
    return fact.exposure


def make_training(on: date, kind: HazardTrainingKind = YEARLY, name: str = "1") -> HazardTraining:
    return HazardTraining(training_id=name * 32, kind=kind, held_on=on, hours=2, in_time=False)


def trained(exposure: HazardExposure, *days: date, today: date = TODAY) -> HazardExposure:
    for number, day in enumerate(days):
        fact = exposures.train(exposure, make_training(day, PRE_JOB, f"{number:x}"), today)
        assert fact is not None
        exposure = fact.exposure
    return exposure


def test_the_table_has_the_words_of_registration() -> None:
    assert set(POLICY.hazards) == {hazard.value for hazard in Hazard} - {"none"}


def test_before_the_job_is_the_first_day_and_then_each_year() -> None:
    assert recorded().due == TrainingDue(kind=PRE_JOB, due_on=SINCE)
    assert trained(recorded(), date(2026, 3, 1)).due == TrainingDue(kind=YEARLY, due_on=date(2027, 3, 2))
    assert trained(recorded(), date(2026, 3, 1), date(2026, 9, 1)).due == TrainingDue(
        kind=YEARLY, due_on=date(2027, 9, 1)
    )


def test_an_exposure_is_recorded_once() -> None:
    assert exposures.record(recorded(), BARE, TODAY) is None
    assert exposures.record(trained(recorded(), SINCE), BARE, TODAY) is None


def test_an_exposure_that_begins_anew_keeps_its_trainings_and_a_recent_one_counts() -> None:
    over = exposures.end(trained(recorded(), SINCE), date(2026, 6, 1), TODAY)
    assert over is not None
    assert over.exposure.due is None

    soon = exposures.record(over.exposure, BARE.model_copy(update={"since": date(2026, 9, 1)}), TODAY)
    later = exposures.record(over.exposure, BARE.model_copy(update={"since": date(2028, 9, 1)}), date(2028, 9, 1))

    assert soon is not None
    assert soon.exposure.due == TrainingDue(kind=YEARLY, due_on=date(2027, 9, 1))
    assert len(soon.exposure.trainings) == 1
    assert later is not None
    assert later.exposure.due == TrainingDue(kind=PRE_JOB, due_on=date(2028, 9, 1))


@pytest.mark.parametrize(
    ("known", "changed", "code"),
    [
        (None, {"hazard": "boredom"}, "unknown_hazard"),
        (None, {"hazard": "none"}, "unknown_hazard"),
        (None, {"since": date(2026, 11, 21)}, "future_date"),
        (recorded(), {"since": date(2026, 3, 3)}, "exposure_known"),
        (recorded(), {"institution_id": "7" * 32}, "exposure_known"),
        (BARE.model_copy(update={"until": date(2026, 6, 1)}), {"since": date(2026, 5, 31)}, "not_exposed_then"),
    ],
)
def test_what_cant_be_an_exposure_is_refused(known: HazardExposure | None, changed: dict[str, Any], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        exposures.record(known, BARE.model_copy(update=changed), TODAY)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("known", "until", "code"),
    [
        (BARE.model_copy(update={"until": date(2026, 6, 1)}), date(2026, 6, 2), "exposure_over"),
        (recorded(), date(2026, 11, 21), "future_date"),
        (recorded(), SINCE, "not_exposed_then"),
        (trained(recorded(), date(2026, 6, 2)), date(2026, 6, 1), "not_exposed_then"),
    ],
)
def test_what_cant_be_an_ending_is_refused(known: HazardExposure, until: date, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        exposures.end(known, until, TODAY)

    assert refused.value.code == code


def test_an_exposure_ends_once() -> None:
    over = exposures.end(recorded(), date(2026, 6, 1), TODAY)

    assert over is not None
    assert exposures.end(over.exposure, date(2026, 6, 1), TODAY) is None


@pytest.mark.parametrize(
    ("known", "training", "code"),
    [
        (recorded(), make_training(date(2026, 11, 21)), "future_date"),
        (recorded(), make_training(date(2026, 3, 1)), "not_exposed_then"),
        (recorded(), make_training(date(2025, 3, 1), PRE_JOB), "not_exposed_then"),
        (BARE.model_copy(update={"until": date(2026, 6, 1)}), make_training(date(2026, 6, 2)), "not_exposed_then"),
        (
            BARE.model_copy(update={"trainings": (make_training(SINCE),) * MOST_TRAININGS}),
            make_training(SINCE, name="2"),
            "too_many_trainings",
        ),
    ],
)
def test_what_cant_be_a_training_is_refused(known: HazardExposure, training: HazardTraining, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        exposures.train(known, training, TODAY)

    assert refused.value.code == code


def test_a_training_is_recorded_once_and_after_the_exposure_too() -> None:
    over = exposures.end(recorded(), date(2026, 6, 1), TODAY)
    assert over is not None
    training = make_training(date(2026, 5, 1))

    fact = exposures.train(over.exposure, training, TODAY)

    assert fact is not None
    assert fact.exposure.due is None
    assert exposures.train(fact.exposure, training, TODAY) is None


def test_whether_a_training_came_in_time_follows_from_those_before_it_whenever_they_are_recorded() -> None:
    late = trained(recorded(date(2024, 3, 2)), date(2024, 3, 1), date(2025, 3, 3))
    between = make_training(date(2024, 9, 1), name="f")

    mended = exposures.train(late, between, TODAY)

    assert [one.in_time for one in late.trainings] == [True, False]
    assert mended is not None
    assert [one.in_time for one in mended.exposure.trainings] == [True, True, True]


@pytest.mark.parametrize(("held", "found"), [((), None), ((date(2026, 3, 2),), True), ((date(2026, 3, 3),), False)])
def test_who_was_trained_by_the_first_day_was_prepared(held: tuple[date, ...], found: bool | None) -> None:
    assert exposures.prepared(trained(recorded(), *held)) is found


def test_coverage_counts_who_was_due_and_those_of_whom_registration_alone_tells() -> None:
    begun = [
        Begun("dust", SINCE, None, True),
        Begun("dust", SINCE, None, False),
        Begun("dust", SINCE, None, None),
        Begun("dust", SINCE, date(2026, 6, 1), None),
        Begun("dust", TODAY, None, None),
        Begun("noise", TODAY, None, None),
    ]

    dust, noise, heat = exposures.cover(begun, ["heat", "dust"], TODAY)

    assert [dust.counted[how] for how in Preparation] == [1, 1, 2, 1]
    assert (dust.unrecorded, dust.rate, dust.met) == (1, 0.2, False)
    assert (noise.rate, noise.met) == (None, None)
    assert (heat.hazard, heat.rate) == ("heat", 0.0)


@given(days=st.lists(st.integers(0, 1500), max_size=8))
def test_whatever_was_held_the_next_training_is_due_within_a_year_of_the_last(days: list[int]) -> None:
    since = date(2021, 1, 1)
    held = [since + timedelta(days=day) for day in days]

    known = trained(recorded(since), *held)

    assert list(known.trainings) == sorted(known.trainings, key=lambda one: (one.held_on, one.training_id))
    assert known.due is not None
    last = max(held, default=None)
    assert known.due.kind is (YEARLY if last else PRE_JOB)
    assert known.due.due_on == (add_months(last, 12) if last else since)


def test_a_training_that_was_recorded_by_mistake_stays_and_what_is_due_is_worked_out_anew() -> None:
    known = trained(recorded(date(2024, 3, 2)), date(2024, 3, 1), date(2025, 3, 1))

    fact = exposures.withdraw(known, "0" * 32)

    assert fact is not None
    assert [(one.withdrawn, one.in_time) for one in fact.exposure.trainings] == [(True, False), (False, False)]
    assert exposures.prepared(fact.exposure) is False
    assert exposures.withdraw(fact.exposure, "0" * 32) is None
    last = exposures.withdraw(fact.exposure, "1" * 32)
    assert last is not None
    assert last.exposure.due == TrainingDue(kind=PRE_JOB, due_on=date(2024, 3, 2))
    with pytest.raises(exposures.UnknownTrainingError):
        exposures.withdraw(known, "7" * 32)
