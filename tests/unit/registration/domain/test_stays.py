"""Decisions about stays: what each says, and what it refuses."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.reference.identity import Sex
from contracts.refusals import RefusedError
from contracts.registration.stays import Category, DestinationKind, Ending, Stay, StayState
from services.registration.domain import stays as domain
from services.registration.domain.errors import (
    LeftBeforeArrivingError,
    NotEndedError,
    NothingToCorrectError,
    NotLivingHereError,
    RetractedError,
)
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


# --- corrections, moves inside a street, ends that may be declared


def ended(ending: Ending | None = Ending.DEPARTED, day: int = 9, **more: Any) -> Stay:
    told = {"state": StayState.ENDED, "ending": ending, "ended_on": FIRST_DAY + timedelta(days=day), **more}
    return make_stay().model_copy(update=told)


@pytest.mark.parametrize(
    ("stay", "may"),
    [
        (make_stay(), True),
        (contested_by(RIVAL), True),
        (ended(Ending.DEPARTED), False),
        (ended(None), False),
        (ended(Ending.CONFIRMED), True),
        (ended(Ending.BY_DEFAULT), True),
        (ended(Ending.DIED), True),
        (make_stay(state=StayState.RETRACTED), False),
    ],
)
def test_what_the_office_did_not_declare_itself_it_may_still_declare(stay: Stay, may: bool) -> None:
    assert domain.may_end(stay) is may
    assert domain.is_declared(stay) is (stay.state is StayState.ENDED and stay.ending in {None, Ending.DEPARTED})


@pytest.mark.parametrize(("days", "refused"), [(0, False), (1, True)])
def test_the_dead_left_no_later_than_they_died(days: int, refused: bool) -> None:
    dead = ended(Ending.DIED)
    left_on = FIRST_DAY + timedelta(days=9 + days)
    if refused:
        with pytest.raises(NotLivingHereError):
            domain.end(dead, left_on, None)
        return

    assert domain.end(dead, left_on, None).stay.ending is Ending.DEPARTED


@pytest.mark.parametrize("ending", [Ending.CONFIRMED, Ending.BY_DEFAULT])
def test_who_did_not_die_may_have_left_later_than_was_thought(ending: Ending) -> None:
    assert domain.end(ended(ending), FIRST_DAY + timedelta(days=30), None).stay.ending is Ending.DEPARTED


@pytest.mark.parametrize(
    ("destination", "kind", "found"),
    [
        ("320812", DestinationKind.UNKNOWN, DestinationKind.DIVISION),
        (None, DestinationKind.UNKNOWN, DestinationKind.UNKNOWN),
        (None, DestinationKind.EXTERNAL, DestinationKind.EXTERNAL),
    ],
)
def test_a_named_destination_is_a_division(
    destination: str | None, kind: DestinationKind, found: DestinationKind
) -> None:
    assert domain.end(make_stay(), FIRST_DAY, destination, kind).stay.destination_kind is found


@pytest.mark.parametrize(
    ("changes", "destination", "kind"),
    [
        ({"destination": "320812"}, "320812", DestinationKind.DIVISION),
        ({"destination": None}, None, DestinationKind.UNKNOWN),
        ({"destination_kind": DestinationKind.EXTERNAL}, None, DestinationKind.EXTERNAL),
        ({"destination_kind": DestinationKind.UNKNOWN}, None, DestinationKind.UNKNOWN),
        ({"ended_on": FIRST_DAY + timedelta(days=8)}, "320507", DestinationKind.DIVISION),
        ({"ended_on": FIRST_DAY + timedelta(days=8), "destination_kind": None}, "320507", None),
    ],
)
def test_a_corrected_destination_and_its_kind_agree(
    changes: dict[str, Any], destination: str | None, kind: DestinationKind | None
) -> None:
    stay = ended(destination="320507", destination_kind=DestinationKind.DIVISION)

    corrected = domain.correct(stay, changes).stay

    assert (corrected.destination, corrected.destination_kind) == (destination, kind)
    assert corrected.ending is Ending.DEPARTED


@pytest.mark.parametrize("stay", [make_stay(), ended(Ending.DIED)])
@pytest.mark.parametrize(
    "changes", [{"ended_on": FIRST_DAY}, {"destination": "320812"}, {"destination_kind": DestinationKind.EXTERNAL}]
)
def test_no_departure_is_corrected_where_none_was_told(stay: Stay, changes: dict[str, Any]) -> None:
    with pytest.raises(NotEndedError):
        domain.correct(stay, changes)


def test_a_correction_changes_something_and_nothing_that_was_retracted() -> None:
    with pytest.raises(NothingToCorrectError):
        domain.correct(make_stay(), {"started_on": FIRST_DAY})
    with pytest.raises(RetractedError):
        domain.correct(make_stay(state=StayState.RETRACTED), {"grid": "3"})
    assert domain.correct(ended(Ending.DIED), {"grid": "3"}).stay.grid == "3"


@pytest.mark.parametrize(
    ("ending", "day", "state"),
    [
        (Ending.DEPARTED, 9, StayState.ENDED),
        (Ending.DEPARTED, 10, None),
        (Ending.CONFIRMED, 10, None),
        (Ending.BY_DEFAULT, 9, StayState.ENDED),
        (Ending.BY_DEFAULT, 10, StayState.OPEN),
        (Ending.DIED, 10, StayState.OPEN),
    ],
)
def test_a_first_day_after_the_last_opens_what_was_derived_and_is_refused_of_what_was_said(
    ending: Ending, day: int, state: StayState | None
) -> None:
    changes = {"started_on": FIRST_DAY + timedelta(days=day)}
    if state is None:
        with pytest.raises(LeftBeforeArrivingError):
            domain.correct(ended(ending), changes)
        return

    corrected = domain.correct(ended(ending), changes).stay

    assert corrected.state is state
    assert (corrected.ended_on is None) is (state is StayState.OPEN)


@pytest.mark.parametrize("stay", [make_stay(community="a"), contested_by(RIVAL)])
def test_who_lives_here_moves_inside_the_street(stay: Stay) -> None:
    moved = domain.relocate(stay, "b", "2", "rented").stay

    assert (moved.community, moved.grid, moved.dwelling, moved.state) == ("b", "2", "rented", stay.state)


def test_nobody_moves_to_where_they_live_or_from_where_they_do_not() -> None:
    with pytest.raises(NothingToCorrectError):
        domain.relocate(make_stay(community="a"), "a", None, None)
    for over in (ended(), make_stay(state=StayState.RETRACTED)):
        with pytest.raises(NotLivingHereError):
            domain.relocate(over, "b", None, None)
