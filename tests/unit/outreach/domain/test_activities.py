"""Decisions about activities: planned, and held once with one head count."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from contracts.outreach.activities import (
    Activity,
    ActivityHeld,
    ActivityKind,
    ActivityPlanned,
    ActivityState,
    Audience,
    BudgetItem,
    BudgetLine,
    CancelReason,
    Channel,
    Evaluation,
)
from contracts.refusals import RefusedError
from services.outreach.domain.activities import (
    AlreadyHeldError,
    Held,
    HeldInFutureError,
    budget,
    cancel,
    evaluate,
    hold,
    plan,
    publicise,
)

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


RECORDED = PLANNED.model_copy(update={"recorded_on": TODAY, "planned_on": TODAY + timedelta(days=9)})
CANCELLED = PLANNED.model_copy(update={"state": ActivityState.CANCELLED})
SAID = Evaluation(evaluated_on=TODAY, asked=30, satisfied=28)


@pytest.mark.parametrize(
    ("decide", "code"),
    [
        (lambda: hold(RECORDED, Held(YESTERDAY, 3), TODAY), "held_before_planned"),
        (lambda: hold(PLANNED, Held(TODAY, 3, street="320507002"), TODAY), "another_street"),
        (lambda: hold(CANCELLED, Held(TODAY, 3), TODAY), "cancelled"),
        (lambda: cancel(HELD, CancelReason.WEATHER, TODAY), "already_held"),
        (lambda: publicise(HELD, TODAY, [Channel.SMS], TODAY), "already_held"),
        (lambda: publicise(CANCELLED, TODAY, [Channel.SMS], TODAY), "cancelled"),
        (lambda: publicise(PLANNED, TODAY + timedelta(days=1), [Channel.SMS], TODAY), "publicised_at_wrong_time"),
        (lambda: evaluate(PLANNED, SAID, TODAY), "not_held"),
        (lambda: evaluate(HELD, SAID, YESTERDAY), "evaluated_at_wrong_time"),
        (lambda: evaluate(HELD, SAID.model_copy(update={"satisfied": 31}), TODAY), "more_than_people"),
        (lambda: evaluate(HELD, SAID.model_copy(update={"asked": 32}), TODAY), "more_than_people"),
        (lambda: budget(CANCELLED, [BudgetLine(item=BudgetItem.VENUE, planned=1)]), "cancelled"),
    ],
)
def test_what_contradicts_the_record_is_refused(decide: Callable[[], object], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        decide()

    assert refused.value.code == code


def test_channels_add_up_and_the_first_day_stays() -> None:
    first = publicise(PLANNED, TODAY, [Channel.SMS], TODAY)
    assert first is not None
    second = publicise(first.activity, YESTERDAY, [Channel.NOTICE, Channel.SMS], TODAY)

    assert second is not None
    assert (second.activity.channels, second.activity.publicised_on) == ((Channel.SMS, Channel.NOTICE), YESTERDAY)


def test_every_decision_made_again_says_nothing_new() -> None:
    lines = [BudgetLine(item=BudgetItem.VENUE, planned=100, spent=90)]
    told, off = publicise(PLANNED, TODAY, [Channel.SMS], TODAY), cancel(PLANNED, CancelReason.VENUE, TODAY)
    found, costs = evaluate(HELD, SAID, TODAY), budget(HELD, lines)
    assert told is not None
    assert off is not None
    assert found is not None
    assert costs is not None

    assert publicise(told.activity, TODAY, [Channel.SMS], TODAY) is None
    assert cancel(off.activity, CancelReason.WEATHER, TODAY) is None
    assert evaluate(found.activity, SAID, TODAY) is None
    assert budget(costs.activity, lines) is None
