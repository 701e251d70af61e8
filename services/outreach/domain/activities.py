"""Pure decisions on activities: planned and held."""

from datetime import date

from contracts.outreach.activities import Activity, ActivityHeld, ActivityPlanned, ActivityState
from contracts.refusals import RefusedError


class AlreadyHeldError(RefusedError):
    """The activity was recorded as held already, with another head count or day."""

    code = "already_held"
    advice = "该活动已登记开展情况。The activity was already recorded as held; look at what was recorded."


class HeldInFutureError(RefusedError):
    """The day on which the activity was held lies in the future."""

    code = "future_date"
    advice = "开展日期不能晚于今天。The day it was held must not lie in the future; correct it."


def plan(activity: Activity) -> ActivityPlanned:
    """Return the fact that an activity was planned."""
    return ActivityPlanned(activity=activity)


def hold(activity: Activity, held_on: date, attendance: int, today: date) -> ActivityHeld | None:
    """Return the fact that an activity was held with a head count; None if the same is recorded already.

    Raise HeldInFutureError or AlreadyHeldError if it contradicts the calendar or the record.
    """
    if held_on > today:
        raise HeldInFutureError
    if activity.state is ActivityState.HELD:
        if (activity.held_on, activity.attendance) != (held_on, attendance):
            raise AlreadyHeldError
        return None
    changed = {"state": ActivityState.HELD, "held_on": held_on, "attendance": attendance}
    return ActivityHeld(activity=activity.model_copy(update=changed))
