"""Sign-ins: once each, on the day, no more than there were people; the code at the door is for one activity and day."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.activities import Activity, ActivityKind, ActivityState, Audience
from contracts.refusals import RefusedError
from services.outreach.domain.activities import Held, MoreSignInsError, hold
from services.outreach.domain.sign_ins import CODE_LENGTH, WrongCodeError, make_code, must_be_code, sign_in, sign_in_id

TODAY = date(2026, 11, 20)
YESTERDAY = TODAY - timedelta(days=1)
PLANNED = Activity(
    activity_id="7" * 32,
    street="320507001",
    kind=ActivityKind.LECTURE,
    topic="高血压",
    audience=Audience.ELDERLY,
    planned_on=TODAY,
    recorded_on=YESTERDAY,
)
HELD = PLANNED.model_copy(update={"state": ActivityState.HELD, "held_on": TODAY, "attendance": 31})
PERSON = "3c" * 16
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


def test_who_came_is_a_fact_of_a_stream_of_its_own() -> None:
    came = sign_in(PLANNED, PERSON, PERSON, TODAY, TODAY, 0).sign_in

    assert (came.person_id, came.activity_id, came.signed_on) == (PERSON, PLANNED.activity_id, TODAY)
    assert came.sign_in_id == sign_in_id(PLANNED.activity_id, PERSON)
    assert PERSON not in came.sign_in_id


@pytest.mark.parametrize(
    ("activity", "on", "so_far", "code"),
    [
        (PLANNED, TODAY + timedelta(days=1), 0, "future_date"),
        (PLANNED, YESTERDAY - timedelta(days=1), 0, "another_day"),
        (HELD, YESTERDAY, 0, "another_day"),
        (HELD, TODAY, 31, "more_sign_ins_than_people"),
        (PLANNED.model_copy(update={"state": ActivityState.CANCELLED}), TODAY, 0, "cancelled"),
    ],
)
def test_nobody_comes_to_what_is_not_there(activity: Activity, on: date, so_far: int, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        sign_in(activity, PERSON, PERSON, on, TODAY, so_far)

    assert refused.value.code == code


@pytest.mark.parametrize(("attendance", "fits"), [(11, False), (12, True), (13, True)])
def test_heads_are_no_fewer_than_sign_ins(attendance: int, fits: Any) -> None:
    held = Held(TODAY, attendance, signed_in=12)

    if fits:
        assert hold(PLANNED, held, TODAY) is not None
    else:
        with pytest.raises(MoreSignInsError):
            hold(PLANNED, held, TODAY)


@given(key=st.binary(min_size=32, max_size=32), day=DAYS)
def test_a_code_opens_its_own_door_on_its_own_day_alone(key: bytes, day: date) -> None:
    code = make_code(key, "one", day)

    must_be_code(code.lower(), key, "one", day)
    assert len(code) == CODE_LENGTH
    for wrong in ((key, "two", day), (key, "one", day + timedelta(days=1)), (bytes(31) + b"1", "one", day)):
        with pytest.raises(WrongCodeError):
            must_be_code(code, *wrong)
