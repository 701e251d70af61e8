"""Plan activities and record what becomes of them."""

from collections.abc import Callable

from contracts.outreach.activities import Activity, ActivityFact
from contracts.refusals import RefusedError
from services.outreach.domain import activities
from services.outreach.domain.activities import Held
from services.runtime.recording import record_decision
from services.runtime.service import Service

Decision = Callable[[Activity], ActivityFact | None]
"""From an activity as it is to the fact that changes it; None if it is so already."""


class UnknownActivityError(RefusedError):
    """There is no such activity."""

    code = "not_found"
    advice = "没有该活动。No such activity; plan it first."
    status = 404


async def plan(service: Service, activity: Activity, cause: str) -> Activity:
    """Record that an activity is planned, once however often it is asked for; return it as it was planned."""
    await service.journal.record([service.journal.commit(activities.plan(activity), causation=cause)])
    return activity


async def hold(service: Service, activity_id: str, held: Held, cause: str) -> Activity:
    """Record that an activity was held, with the head count, and return it; raise a RefusedError if that can't be."""
    return await change(service, activity_id, lambda activity: activities.hold(activity, held, service.today), cause)


async def change(service: Service, activity_id: str, decide: Decision, cause: str) -> Activity:
    """Record what is decided of an activity, once, and return the activity as it is then.

    Raise UnknownActivityError, or what the decision raises.
    """

    def decide_known(known: ActivityFact | None) -> ActivityFact | None:
        return decide(_known(known))

    return _known(await record_decision(service, f"activity/{activity_id}", ActivityFact, decide_known, cause))


async def find(service: Service, activity_id: str) -> Activity | None:
    """Return an activity from the journal; None if there is no such activity."""
    event = await service.journal.load(f"activity/{activity_id}", ActivityFact)
    return event.data.activity if event else None


def _known(fact: ActivityFact | None) -> Activity:
    if fact is None:
        raise UnknownActivityError
    return fact.activity
