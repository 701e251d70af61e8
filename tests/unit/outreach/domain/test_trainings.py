"""The training of educators: who may have taken part, and the share of those whom it was meant for."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.educators import Educator, EducatorKind, Term, Training, TrainingKind, educator_id
from contracts.refusals import RefusedError
from services.outreach.domain import trainings
from services.outreach.domain.trainings import TARGETS, USUAL_EDITION, Participation, participation

TODAY = date(2026, 11, 20)
STREET, ELSEWHERE, SCHOOL = "320507001", "320507002", "7" * 32
YEAR = (date(2026, 1, 1), date(2026, 12, 31))
LECTURER, STAFF = EducatorKind.LECTURER, EducatorKind.STAFF


def make_training(**more: Any) -> Training:
    told = {
        "training_id": "5" * 32,
        "street": STREET,
        "kind": TrainingKind.IN_SERVICE,
        "topic": "健康素养66条",
        "held_on": date(2026, 10, 20),
        "hours": 2.5,
        "participants": ("edu-1", "edu-2"),
        "meant_for": tuple(EducatorKind),
    }
    return Training.model_validate(told | more)


def make_educator(staff: str, *terms: Term, kind: EducatorKind = LECTURER, street: str = STREET) -> Educator:
    return Educator(educator_id=educator_id(street, kind, staff), street=street, kind=kind, staff=staff, terms=terms)


SINCE_2024 = Term(joined_on=date(2024, 3, 1))


def counted(
    educators: list[Educator], held: list[Training], kind: TrainingKind, of: EducatorKind = LECTURER
) -> Participation:
    found = participation(educators, held, YEAR, TARGETS[USUAL_EDITION])
    return next(one for one in found if (one.educators, one.kind) == (of, kind))


def test_a_training_names_educators_of_the_day() -> None:
    training = make_training()

    assert trainings.hold(training, {"edu-1", "edu-2"}, TODAY).training == training


def test_who_is_trained_before_the_job_is_no_educator_yet() -> None:
    training = make_training(kind=TrainingKind.PRE_JOB)

    assert trainings.hold(training, (), TODAY).training == training


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"held_on": date(2026, 11, 21)}, "future_date"),
        ({"participants": ("edu-1", "edu-1")}, "named_twice"),
        ({"participants": ("edu-1", "edu-3")}, "not_an_educator_then"),
    ],
)
def test_what_cant_be_a_training_is_refused(changed: dict[str, Any], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        trainings.hold(make_training(**changed), {"edu-1", "edu-2"}, TODAY)

    assert refused.value.code == code


def test_an_edition_that_is_not_there_is_refused() -> None:
    with pytest.raises(RefusedError) as refused:
        trainings.targets_of("nowhere")

    assert refused.value.code == "unknown_edition"


def test_only_who_was_active_on_the_day_is_expected_to_take_part() -> None:
    left = Term(joined_on=date(2024, 3, 1), left_on=date(2026, 10, 20))
    later = Term(joined_on=date(2026, 10, 21))
    educators = [
        make_educator("edu-1", SINCE_2024),
        make_educator("edu-2", SINCE_2024),
        make_educator("edu-3", left),
        make_educator("edu-4", later),
        make_educator("edu-1", SINCE_2024, street=ELSEWHERE),
    ]

    found = counted(educators, [make_training(participants=("edu-1",))], TrainingKind.IN_SERVICE)

    assert (found.expected, found.took_part, found.rate, found.met) == (2, 1, 0.5, False)


def test_the_training_of_an_institution_is_for_those_who_are_there() -> None:
    there = SINCE_2024.model_copy(update={"institution_id": SCHOOL})
    educators = [make_educator("edu-1", there), make_educator("edu-2", SINCE_2024)]

    found = counted(educators, [make_training(institution_id=SCHOOL)], TrainingKind.IN_SERVICE)

    assert (found.expected, found.took_part, found.met) == (1, 1, True)


def test_a_training_asks_nothing_of_whom_it_is_not_meant_for() -> None:
    educators = [make_educator("edu-1", SINCE_2024), make_educator("edu-2", SINCE_2024, kind=STAFF)]
    held = [make_training(meant_for=(STAFF,))]

    assert counted(educators, held, TrainingKind.IN_SERVICE).rate is None
    assert counted(educators, held, TrainingKind.IN_SERVICE, STAFF).took_part == 1


def test_before_the_job_is_before_the_day_of_joining() -> None:
    joined = Term(joined_on=date(2026, 6, 1))
    educators = [make_educator("edu-1", joined), make_educator("edu-2", joined), make_educator("edu-3", SINCE_2024)]
    in_time = make_training(kind=TrainingKind.PRE_JOB, held_on=date(2026, 6, 1), participants=("edu-1",))
    late = make_training(kind=TrainingKind.PRE_JOB, held_on=date(2026, 6, 2), participants=("edu-2",))

    found = counted(educators, [in_time, late], TrainingKind.PRE_JOB)

    assert (found.expected, found.took_part, found.target, found.met) == (2, 1, 1.0, False)


@given(
    joined=st.lists(st.integers(0, 300), min_size=1, max_size=6),
    held=st.lists(st.tuples(st.integers(0, 300), st.sets(st.integers(0, 5))), max_size=6),
)
def test_never_more_take_part_than_are_expected(joined: list[int], held: list[tuple[int, set[int]]]) -> None:
    first = YEAR[0]
    educators = [
        make_educator(f"edu-{number}", Term(joined_on=first + timedelta(days=days)))
        for number, days in enumerate(joined)
    ]
    sessions = [
        make_training(held_on=first + timedelta(days=days), participants=[f"edu-{number}" for number in who])
        for days, who in held
    ]

    for one in participation(educators, sessions, YEAR, TARGETS[USUAL_EDITION]):
        assert 0 <= one.took_part <= one.expected
        assert one.rate is None or 0 <= one.rate <= 1


def test_a_training_that_was_recorded_by_mistake_counts_nowhere() -> None:
    fact = trainings.withdraw(make_training())

    assert fact is not None
    assert trainings.withdraw(fact.training) is None
    educators = [make_educator("edu-1", SINCE_2024)]
    assert counted(educators, [fact.training], TrainingKind.IN_SERVICE).expected == 0
