"""Decisions about activities: planned, and held once with one head count."""

from datetime import date, timedelta

import pytest

from contracts.outreach.activities import Activity, ActivityHeld, ActivityKind, ActivityPlanned, ActivityState, Audience
from contracts.refusals import RefusedError
from services.outreach.domain.activities import AlreadyHeldError, Held, HeldInFutureError, hold, plan

TODAY = date(2026, 11, 20)
YESTERDAY = TODAY - timedelta(days=1)
PLANNED = Activity(
    activity_id="activity-1",
    street="320507001",
    kind=ActivityKind.LECTURE,
    topic="高血压",
    audience=Audience.ELDERLY,
    planned_on=TODAY,
)
HELD = PLANNED.model_copy(update={"state": ActivityState.HELD, "held_on": YESTERDAY, "attendance": 31})


def test_an_activity_is_planned_as_it_was_asked_for() -> None:
    assert plan(PLANNED) == ActivityPlanned(activity=PLANNED)


def test_an_activity_that_was_held_has_a_day_and_a_head_count_and_is_otherwise_as_planned() -> None:
    assert hold(PLANNED, Held(YESTERDAY, 31), TODAY) == ActivityHeld(activity=HELD)


def test_a_decision_leaves_the_activity_as_it_was() -> None:
    before = PLANNED.model_dump_json()

    hold(PLANNED, Held(YESTERDAY, 31), TODAY)

    assert PLANNED.model_dump_json() == before


@pytest.mark.parametrize("days", [-30, 0, 30], ids=["earlier", "on the day", "later"])
def test_an_activity_may_be_held_on_another_day_than_it_was_planned_for(days: int) -> None:
    planned = PLANNED.model_copy(update={"planned_on": TODAY + timedelta(days=days)})

    fact = hold(planned, Held(TODAY, 12), TODAY)

    assert fact is not None
    assert (fact.activity.planned_on, fact.activity.held_on) == (planned.planned_on, TODAY)


def test_an_activity_to_which_nobody_came_was_held_all_the_same() -> None:
    fact = hold(PLANNED, Held(TODAY, 0), TODAY)

    assert fact is not None
    assert (fact.activity.state, fact.activity.attendance) == (ActivityState.HELD, 0)


@pytest.mark.parametrize("activity", [PLANNED, HELD], ids=["planned", "held"])
def test_nothing_was_held_tomorrow(activity: Activity) -> None:
    with pytest.raises(HeldInFutureError):
        hold(activity, Held(TODAY + timedelta(days=1), 31), TODAY)


def test_the_same_again_says_nothing_new() -> None:
    assert hold(HELD, Held(YESTERDAY, 31), TODAY) is None


@pytest.mark.parametrize(("on", "attendance"), [(YESTERDAY, 32), (TODAY, 31)], ids=["head count", "day"])
def test_what_was_held_is_not_held_otherwise(on: date, attendance: int) -> None:
    with pytest.raises(AlreadyHeldError):
        hold(HELD, Held(on, attendance), TODAY)


@pytest.mark.parametrize(
    ("refusal", "code"),
    [(AlreadyHeldError, "already_held"), (HeldInFutureError, "future_date")],
)
def test_every_refusal_has_a_code_and_says_what_to_do(refusal: type[RefusedError], code: str) -> None:
    assert refusal.code == code
    assert refusal.advice
