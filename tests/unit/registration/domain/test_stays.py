"""Decisions about stays: what each says, and what it refuses."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.reference.identity import Sex
from contracts.refusals import RefusedError
from contracts.registration.stays import Category, Stay, StayState
from services.registration.domain import stays as domain
from services.registration.domain.errors import LeftBeforeArrivingError, NotLivingHereError, RetractedError
from tests.support.facts import FIRST_DAY, STREETS, make_stay
from tests.support.refusals import errors_of

RIVAL = make_stay(street=STREETS[2], day=30)


def contested_by(rival: Stay) -> Stay:
    return make_stay().model_copy(update={"state": StayState.CONTESTED, "contested_by": rival.stay_id})


def test_a_stay_starts_as_it_was_reported() -> None:
    stay = make_stay()

    fact = domain.start(stay)

    assert fact.stay == stay


def test_a_stay_ends_on_the_day_the_person_left_for_where_the_person_went() -> None:
    left_on = FIRST_DAY + timedelta(days=9)

    ended = domain.end(make_stay(), left_on, "320812").stay

    assert (ended.state, ended.ended_on, ended.destination) == (StayState.ENDED, left_on, "320812")


def test_a_stay_may_end_on_its_first_day() -> None:
    ended = domain.end(make_stay(), FIRST_DAY, None).stay

    assert ended.ended_on == FIRST_DAY


@pytest.mark.parametrize(
    ("recorded", "says", "differs"),
    [
        ({}, {}, ()),
        ({"origin": "341204", "sex": Sex.FEMALE, "categories": (Category.DISABLED,)}, {}, ()),
        ({}, {"origin": "341204", "purpose": "labour"}, ("origin", "purpose")),
        ({"origin": "341204", "grid": "3"}, {"origin": "341205", "grid": "3"}, ("origin",)),
        ({"sex": Sex.FEMALE}, {"sex": Sex.UNSPECIFIED}, ()),
        ({"sex": Sex.FEMALE}, {"sex": Sex.MALE, "birth": FIRST_DAY}, ("birth", "sex")),
        (
            {"household_id": "0" * 32, "started_on": FIRST_DAY - timedelta(days=1)},
            {"household_id": "1" * 32, "guardian_id": "2" * 32},
            ("arrived_on", "household_document_number", "guardian_document_number"),
        ),
        (
            {"categories": (Category.DISABLED,)},
            {"categories": (Category.DISABLED, Category.HARDSHIP)},
            ("hardship",),
        ),
    ],
)
def test_what_a_further_report_says_of_a_stay_is_named_as_reports_call_it(
    recorded: dict[str, Any], says: dict[str, Any], differs: tuple[str, ...]
) -> None:
    assert domain.find_differences(make_stay().model_copy(update=recorded), make_stay(**says)) == differs


def test_nobody_leaves_before_arriving() -> None:
    with pytest.raises(LeftBeforeArrivingError):
        domain.end(make_stay(), FIRST_DAY - timedelta(days=1), None)


@pytest.mark.parametrize("state", [StayState.ENDED, StayState.RETRACTED])
def test_what_is_over_does_not_end_again(state: StayState) -> None:
    over = make_stay(state=state)

    with pytest.raises(NotLivingHereError):
        domain.end(over, FIRST_DAY, None)


def test_a_contested_stay_ends_when_the_clerk_registers_the_departure_and_forgets_its_rival() -> None:
    ended = domain.end(contested_by(RIVAL), FIRST_DAY + timedelta(days=3), None).stay

    assert (ended.state, ended.ended_on, ended.contested_by) == (
        StayState.ENDED,
        FIRST_DAY + timedelta(days=3),
        None,
    )


@pytest.mark.parametrize("state", [StayState.OPEN, StayState.CONTESTED, StayState.ENDED])
def test_whatever_was_registered_by_mistake_is_retracted_without_a_trace_of_its_end(state: StayState) -> None:
    stay = make_stay(state=state, ended_on=FIRST_DAY, destination="320812", contested_by=RIVAL.stay_id)

    retracted = domain.retract(stay).stay

    assert retracted.state is StayState.RETRACTED
    assert (retracted.ended_on, retracted.destination, retracted.contested_by) == (None, None, None)


def test_nothing_is_retracted_twice() -> None:
    with pytest.raises(RetractedError):
        domain.retract(make_stay(state=StayState.RETRACTED))


def test_a_decision_leaves_its_stay_as_it_was() -> None:
    stay = contested_by(RIVAL)
    before = stay.model_dump()

    domain.end(stay, FIRST_DAY, None)
    domain.retract(stay)

    assert stay.model_dump() == before


@pytest.mark.parametrize("refusal", errors_of("registration"))
def test_every_refusal_has_a_code_and_says_what_to_do(refusal: type[RefusedError]) -> None:
    assert refusal.code.replace("_", "").islower()
    assert len(refusal.advice) > 10
