"""Pure decisions on activities: planned, publicised, held, cancelled, evaluated, and what they cost."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from contracts.outreach.activities import (
    Activity,
    ActivityBudgeted,
    ActivityCancelled,
    ActivityEvaluated,
    ActivityHeld,
    ActivityPlanned,
    ActivityPublicised,
    ActivityReplanned,
    ActivityState,
    BudgetLine,
    CancelReason,
    Channel,
    CountedBy,
    Evaluation,
)
from contracts.refusals import RefusedError


class AlreadyHeldError(RefusedError):
    """The activity was recorded as held already, with another head count or day, or can't be otherwise any more."""

    code = "already_held"
    advice = "该活动已登记开展情况。The activity was already recorded as held; look at what was recorded."


class HeldInFutureError(RefusedError):
    """The day on which the activity was held lies in the future."""

    code = "future_date"
    advice = "开展日期不能晚于今天。The day it was held must not lie in the future; correct it."


class HeldBeforePlannedError(RefusedError):
    """The day lies before the plan: it is earlier than the day planned for and than the day the plan was made."""

    code = "held_before_planned"
    advice = (
        "开展日期早于计划日期和计划登记日期，请核对日期或另登记活动。"
        "It was held before it was planned; correct the day, or plan that other activity for its own day."
    )
    field = "held_on"


class AnotherStreetError(RefusedError):
    """The activity is another street's."""

    code = "another_street"
    advice = "该活动由另一街道组织，请核对。The activity is organised by another street; look at which one you mean."
    field = "street"


class MoreSignInsError(RefusedError):
    """More people signed in than were there."""

    code = "more_sign_ins_than_people"
    advice = "签到人数多于到场人数，请核对。More signed in than were there; correct the head count or the sign-ins."
    field = "attendance"


class CancelledError(RefusedError):
    """The activity was cancelled."""

    code = "cancelled"
    advice = "该活动已取消，请另行计划。The activity was cancelled; plan another one."


class NotHeldError(RefusedError):
    """The activity is not recorded as held, so nothing of it can be there yet."""

    code = "not_held"
    advice = "该活动尚未登记开展，请先登记。The activity is not recorded as held; record that first."


class BeforeHeldError(RefusedError):
    """The day of the evaluation lies before that on which the activity was held, or in the future."""

    code = "evaluated_at_wrong_time"
    advice = "评价日期应在开展之后且不晚于今天。The day of the evaluation is after it was held, and not in the future."
    field = "evaluated_on"


class MoreThanAskedError(RefusedError):
    """More people were satisfied, or knew, than were asked, or more were asked than came."""

    code = "more_than_people"
    advice = (
        "满意或知晓人数多于调查人数，或调查人数多于到场人数。"
        "More answered so than were asked, or more were asked than came; correct the numbers."
    )
    field = "asked"


class NotPublicisedYetError(RefusedError):
    """The day on which people were told lies in the future, or after the activity."""

    code = "publicised_at_wrong_time"
    advice = "宣传日期不能晚于今天。The day on which people were told must not lie in the future; correct it."
    field = "publicised_on"


class ReplannedIntoPastError(RefusedError):
    """The day to which the activity is put off is over."""

    code = "replanned_into_past"
    advice = "新的日期已过；已开展的请登记开展情况。The day is over; if it took place, record it as held."
    field = "planned_on"


class Held(NamedTuple):
    """How an activity went: on which day, how many came, how they were counted, where, how many signed in."""

    held_on: date
    attendance: int
    counted_by: CountedBy | None = None
    street: str | None = None
    signed_in: int = 0


def plan(activity: Activity) -> ActivityPlanned:
    """Return the fact that an activity was planned."""
    return ActivityPlanned(activity=activity)


def replan(activity: Activity, planned_on: date, topic: str, today: date) -> ActivityReplanned | None:
    """Return the fact that an activity is planned for another day or about something else; None if it is so already.

    Raise CancelledError, AlreadyHeldError or ReplannedIntoPastError if it is too late for that.
    """
    if (activity.planned_on, activity.topic) == (planned_on, topic):
        return None
    _must_be_ahead(activity)
    if planned_on < today:
        raise ReplannedIntoPastError
    return ActivityReplanned(activity=activity.model_copy(update={"planned_on": planned_on, "topic": topic}))


def publicise(activity: Activity, on: date, channels: Sequence[Channel], today: date) -> ActivityPublicised | None:
    """Return the fact that people were told of an activity; None if the same is recorded already.

    Raise CancelledError, AlreadyHeldError or NotPublicisedYetError if it is too late or too early for that.
    """
    told = tuple(dict.fromkeys((*activity.channels, *channels)))
    if told == activity.channels and activity.publicised_on is not None:
        return None
    _must_be_ahead(activity)
    if on > today:
        raise NotPublicisedYetError
    first = min(on, activity.publicised_on or on)
    changed = {"state": ActivityState.PUBLICISED, "publicised_on": first, "channels": told}
    return ActivityPublicised(activity=activity.model_copy(update=changed))


def hold(activity: Activity, held: Held, today: date) -> ActivityHeld | None:
    """Return the fact that an activity was held with a head count; None if the same is recorded already.

    Raise HeldInFutureError, HeldBeforePlannedError, AnotherStreetError, CancelledError, AlreadyHeldError or
    MoreSignInsError if it contradicts the calendar or the record.
    """
    if held.held_on > today:
        raise HeldInFutureError
    if held.street not in (None, activity.street):
        raise AnotherStreetError
    if activity.state is ActivityState.CANCELLED:
        raise CancelledError
    if activity.held_on is not None:
        if (activity.held_on, activity.attendance) != (held.held_on, held.attendance):
            raise AlreadyHeldError
        return None
    if held.attendance < held.signed_in:
        raise MoreSignInsError
    if activity.recorded_on is not None and held.held_on < min(activity.recorded_on, activity.planned_on):
        raise HeldBeforePlannedError
    changed = {
        "state": ActivityState.HELD,
        "held_on": held.held_on,
        "attendance": held.attendance,
        "counted_by": held.counted_by,
    }
    return ActivityHeld(activity=activity.model_copy(update=changed))


def cancel(activity: Activity, reason: CancelReason, today: date) -> ActivityCancelled | None:
    """Return the fact that an activity will not take place; None if that is recorded already.

    Raise AlreadyHeldError if it took place.
    """
    if activity.state is ActivityState.CANCELLED:
        return None
    _must_be_ahead(activity)
    changed = {"state": ActivityState.CANCELLED, "cancelled_on": today, "cancel_reason": reason}
    return ActivityCancelled(activity=activity.model_copy(update=changed))


def evaluate(activity: Activity, evaluation: Evaluation, today: date) -> ActivityEvaluated | None:
    """Return the fact of how an activity was found, in place of what was said before; None if it says the same.

    Raise NotHeldError, BeforeHeldError or MoreThanAskedError if that can't be.
    """
    if activity.held_on is None:
        raise NotHeldError
    if not activity.held_on <= evaluation.evaluated_on <= today:
        raise BeforeHeldError
    answered = max(evaluation.satisfied, evaluation.knew or 0)
    if answered > evaluation.asked or evaluation.asked > (activity.attendance or 0):
        raise MoreThanAskedError
    if activity.evaluation == evaluation:
        return None
    changed = {"state": ActivityState.EVALUATED, "evaluation": evaluation}
    return ActivityEvaluated(activity=activity.model_copy(update=changed))


def budget(activity: Activity, lines: Sequence[BudgetLine]) -> ActivityBudgeted | None:
    """Return the fact of what an activity is to cost and did, in place of the lines before; None if they are the same.

    Raise CancelledError if it was cancelled and nothing of it was spent.
    """
    if activity.budget == tuple(lines):
        return None
    if activity.state is ActivityState.CANCELLED and not any(line.spent for line in lines):
        raise CancelledError
    return ActivityBudgeted(activity=activity.model_copy(update={"budget": tuple(lines)}))


def _must_be_ahead(activity: Activity) -> None:
    if activity.state is ActivityState.CANCELLED:
        raise CancelledError
    if activity.held_on is not None:
        raise AlreadyHeldError
