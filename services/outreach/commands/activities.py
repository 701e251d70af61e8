"""Plan activities and record that they were held."""

from datetime import date

from contracts.outreach.activities import Activity, ActivityFact
from contracts.refusals import RefusedError
from services.outreach.domain import activities
from services.runtime.journal import StreamConflictError
from services.runtime.service import Service


class UnknownActivityError(RefusedError):
    """There is no such activity."""

    code = "not_found"
    advice = "没有该活动。No such activity; plan it first."
    status = 404


async def plan(service: Service, activity: Activity, cause: str) -> Activity:
    """Record that an activity is planned, once however often it is asked for; return it as it was planned."""
    await service.journal.record([service.journal.commit(activities.plan(activity), causation=cause)])
    return activity


async def hold(service: Service, activity_id: str, held_on: date, attendance: int, cause: str) -> Activity:
    """Record that an activity was held, with the head count, and return it.

    Raise UnknownActivityError, AlreadyHeldError or HeldInFutureError if that can't be so.
    """
    event = await service.journal.load(f"activity/{activity_id}", ActivityFact)
    if event is None:
        raise UnknownActivityError
    activity = event.data.activity
    fact = activities.hold(activity, held_on, attendance, service.today)
    if fact is None:
        return activity
    commit = service.journal.commit(fact, after=event.sequence, causation=cause, correlation=event.correlationid)
    try:
        await service.journal.record_one(commit)
    except StreamConflictError:
        return await hold(service, activity_id, held_on, attendance, cause)
    return fact.activity


async def find(service: Service, activity_id: str) -> Activity | None:
    """Return an activity from the journal; None if there is no such activity."""
    event = await service.journal.load(f"activity/{activity_id}", ActivityFact)
    return event.data.activity if event else None
