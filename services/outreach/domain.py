"""Outreach as pure decisions: planning and holding activities, and who belongs to an audience."""

from dataclasses import dataclass
from datetime import date

from contracts.outreach import Activity, ActivityHeld, ActivityPlanned, ActivityState, Audience


class RefusedError(Exception):
    """A decision that says no; `code` is stable and `advice` says what to do."""

    code = "refused"
    advice = "The request does not fit what is known."


class AlreadyHeldError(RefusedError):
    """The activity was held already, with another head count or day."""

    code = "already_held"
    advice = "该活动已登记开展情况。The activity was already recorded as held; look at what was recorded."


class HeldInFutureError(RefusedError):
    """An activity can't have been held after today."""

    code = "future_date"
    advice = "开展日期不能晚于今天。The day it was held must not lie in the future; correct it."


@dataclass(frozen=True, slots=True)
class Ages:
    """Who an audience is: ages in full years, from and including `youngest` up to and including `oldest`."""

    youngest: int = 0
    oldest: int = 150
    women_only: bool = False
    hazard_only: bool = False


AUDIENCES: dict[Audience, Ages] = {
    Audience.EVERYONE: Ages(),
    Audience.CHILDREN: Ages(oldest=6),
    Audience.PUPILS: Ages(youngest=6, oldest=14),
    Audience.WOMEN: Ages(youngest=15, oldest=49, women_only=True),
    Audience.ELDERLY: Ages(youngest=65),
    Audience.HAZARD_WORKERS: Ages(hazard_only=True),
}


def born_between(ages: Ages, today: date) -> tuple[date, date]:
    """Give the birthdays (after the first, up to the second) of people of these ages today."""
    return _years_before(today, ages.oldest + 1), _years_before(today, ages.youngest)


def plan(activity: Activity) -> ActivityPlanned:
    """Plan an activity."""
    return ActivityPlanned(activity=activity)


def hold(activity: Activity, held_on: date, attendance: int, today: date) -> ActivityHeld | None:
    """Record that an activity was held and how many came; the same again says nothing new."""
    if held_on > today:
        raise HeldInFutureError
    if activity.state is ActivityState.HELD:
        if (activity.held_on, activity.attendance) != (held_on, attendance):
            raise AlreadyHeldError
        return None
    changed = {"state": ActivityState.HELD, "held_on": held_on, "attendance": attendance}
    return ActivityHeld(activity=activity.model_copy(update=changed))


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
