"""Counselling rooms of schools: opened, corrected, counted by month, closed and opened again."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.counselling import CounsellingMonth, CounsellingRoom, room_id
from contracts.outreach.institutions import Institution, InstitutionKind
from contracts.refusals import RefusedError
from services.outreach.domain import counselling

TODAY = date(2026, 11, 20)
SCHOOL = Institution(
    institution_id="7" * 32,
    street="320507001",
    kind=InstitutionKind.SCHOOL,
    title="采莲小学",
    opened_on=date(2019, 9, 1),
)
ROOM = CounsellingRoom(
    room_id=room_id(SCHOOL.institution_id),
    street=SCHOOL.street,
    institution_id=SCHOOL.institution_id,
    opened_on=date(2026, 3, 1),
    hours_per_week=10,
)
CLOSED = ROOM.model_copy(
    update={"closed_on": date(2026, 7, 1), "months": (CounsellingMonth(month="2026-06", sessions=9),)}
)


def test_a_room_is_opened_once_and_again_with_what_it_did() -> None:
    fact = counselling.open_room(None, ROOM, SCHOOL, TODAY)
    again = counselling.open_room(CLOSED, ROOM.model_copy(update={"opened_on": date(2026, 9, 1)}), SCHOOL, TODAY)

    assert fact is not None
    assert fact.room == ROOM
    assert counselling.open_room(ROOM, ROOM, SCHOOL, TODAY) is None
    assert again is not None
    assert again.room.months == CLOSED.months


@pytest.mark.parametrize(
    ("known", "opened_on", "school", "code"),
    [
        (None, date(2026, 11, 21), SCHOOL, "future_date"),
        (None, date(2019, 8, 31), SCHOOL, "not_a_school"),
        (None, date(2026, 3, 1), SCHOOL.model_copy(update={"kind": InstitutionKind.MARKET}), "not_a_school"),
        (None, date(2026, 3, 1), SCHOOL.model_copy(update={"closed_on": date(2026, 3, 1)}), "not_a_school"),
        (ROOM, date(2026, 3, 2), SCHOOL, "room_known"),
        (CLOSED, date(2026, 6, 30), SCHOOL, "no_room_then"),
    ],
)
def test_what_cant_be_a_room_is_refused(
    known: CounsellingRoom | None, opened_on: date, school: Institution, code: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        counselling.open_room(known, ROOM.model_copy(update={"opened_on": opened_on}), school, TODAY)

    assert refused.value.code == code


def test_a_correction_that_changes_nothing_is_none() -> None:
    longer = ROOM.model_copy(update={"hours_per_week": 12.5})

    fact = counselling.correct(ROOM, longer, SCHOOL, TODAY)

    assert fact is not None
    assert fact.room == longer
    assert counselling.correct(longer, longer, SCHOOL, TODAY) is None
    with pytest.raises(counselling.RoomClosedError):
        counselling.correct(CLOSED, CLOSED, SCHOOL, TODAY)


def test_the_sessions_of_a_month_are_counted_in_place_of_what_was_counted() -> None:
    first = counselling.count(ROOM, CounsellingMonth(month="2026-10", sessions=4), TODAY)
    assert first is not None

    second = counselling.count(first.room, CounsellingMonth(month="2026-10", sessions=5), TODAY)

    assert second is not None
    assert second.room.months == (CounsellingMonth(month="2026-10", sessions=5),)
    assert counselling.count(second.room, second.room.months[0], TODAY) is None


@pytest.mark.parametrize(
    ("room", "month", "code"),
    [(ROOM, "2026-12", "future_date"), (ROOM, "2026-02", "no_room_then"), (CLOSED, "2026-08", "no_room_then")],
)
def test_what_cant_be_counted_is_refused(room: CounsellingRoom, month: str, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        counselling.count(room, CounsellingMonth(month=month, sessions=1), TODAY)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("room", "closed_on", "code"),
    [
        (CLOSED, date(2026, 7, 2), "room_closed"),
        (ROOM, date(2026, 11, 21), "future_date"),
        (ROOM, date(2026, 2, 28), "no_room_then"),
        (CLOSED.model_copy(update={"closed_on": None}), date(2026, 5, 31), "no_room_then"),
    ],
)
def test_what_cant_be_closed_is_refused(room: CounsellingRoom, closed_on: date, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        counselling.close(room, closed_on, TODAY)

    assert refused.value.code == code


def test_a_room_is_closed_once() -> None:
    fact = counselling.close(ROOM, date(2026, 7, 1), TODAY)

    assert fact is not None
    assert counselling.close(fact.room, date(2026, 7, 1), TODAY) is None


@given(counted=st.lists(st.tuples(st.integers(3, 11), st.integers(0, 30)), max_size=12))
def test_each_month_has_its_last_count_in_order(counted: list[tuple[int, int]]) -> None:
    room = ROOM
    for month, sessions in counted:
        fact = counselling.count(room, CounsellingMonth(month=f"2026-{month:02}", sessions=sessions), TODAY)
        room = fact.room if fact else room

    expected = {f"2026-{month:02}": sessions for month, sessions in counted}
    assert [(one.month, one.sessions) for one in room.months] == sorted(expected.items())
