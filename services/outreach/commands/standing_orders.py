"""Place and end standing orders, and ask for what they stand for: core messages, reminders, activities near."""

from collections.abc import Sequence
from datetime import date, timedelta

from contracts.archives.announcements import DueKind
from contracts.outreach.messages import MessageRequested, Topic
from contracts.outreach.standing_orders import StandingOrder, StandingOrderFact, StandingOrderPlaced, order_id
from services.outreach.commands.messages import BATCH, Wanted, check_wanted, find_template
from services.outreach.domain import core_messages, standing_orders
from services.outreach.domain.segments import AUDIENCES
from services.outreach.domain.standing_orders import NoOrderError, OtherTopicError
from services.outreach.service import Messaging
from services.outreach.views.activities import find_publicised
from services.outreach.views.announcements import find_due
from services.outreach.views.messages import find_newcomers, find_reached, list_standing_orders, note_reached
from services.outreach.views.residents import find_segment, find_streets_of
from services.runtime.recording import record_decision

ASK_EVERY = 60.0
"""Seconds between two looks for whom an order is."""
CAUSE = "standing order"


async def place(messaging: Messaging, order: StandingOrder, cause: str) -> StandingOrder:
    """Record an order in place of the one that stood; raise a refusal if its messages could not be sent."""
    template = await find_template(messaging, order.template_id)
    if template and order.owner.startswith(template.owner) and template.topic is not order.topic:
        raise OtherTopicError
    core = 1 if order.topic is Topic.CORE_MESSAGE else None
    values = standing_orders.fill_for_trial(order)
    wanted = Wanted(cause, order.template_id, order.channel, order.language, values, core_message=core)
    await check_wanted(messaging, wanted, [order.owner])

    def decide(known: StandingOrderFact | None) -> StandingOrderFact | None:
        return None if known and known.order == order else StandingOrderPlaced(order=order)

    await record_decision(messaging.service, f"standing_order/{order.order_id}", StandingOrderFact, decide, cause)
    return order


async def end(messaging: Messaging, owner: str, topic: Topic, cause: str) -> StandingOrder:
    """Record that an order is ended; raise NoOrderError if none stands."""

    def decide(known: StandingOrderFact | None) -> StandingOrderFact | None:
        return standing_orders.end(_known(known))

    stream = f"standing_order/{order_id(owner, topic)}"
    return _known(await record_decision(messaging.service, stream, StandingOrderFact, decide, cause))


def _known(fact: StandingOrderFact | None) -> StandingOrder:
    if fact is None:
        raise NoOrderError
    return fact.order


async def ask_for_all(messaging: Messaging) -> int:
    """Ask for what every order stands for and was not asked for yet; return for how many people or activities."""
    orders = await list_standing_orders(messaging.service.database)
    return sum([await _ASKING[order.topic](messaging, order) for order in orders])


async def _ask_newcomers(messaging: Messaging, order: StandingOrder) -> int:
    """Ask for one person after another, and note each afterwards: after a crash the same is asked for again, once."""
    service, policy = messaging.service, messaging.policy
    since: date = standing_orders.first_arrival(order, policy, service.today)
    found = await find_newcomers(service.database, service.areas(order.owner), order.owner, since)
    for newcomer in found:
        now = service.clock()
        asked = list(standing_orders.ask_for(order, core_messages.load(), policy, newcomer, now))
        await _record(messaging, order, asked, newcomer[0])
    return len(found)


async def _remind(messaging: Messaging, order: StandingOrder) -> int:
    """Remind people of what is due, unless they moved away since."""
    service, kind = messaging.service, DueKind(order.topic)
    areas, since = service.areas(order.owner), max(order.since, service.today)
    found = await find_due(service.database, areas, kind, order.order_id, since)
    living = await find_streets_of(service.database, [one.person_id for one in found], areas)
    for one in found:
        here = one.person_id in living
        asked = [standing_orders.remind(order, messaging.policy, one, service.clock())] if here else []
        await _record(messaging, order, asked, one.announcement_id)
    return len(found)


async def _tell_of_activities(messaging: Messaging, order: StandingOrder) -> int:
    """Tell whomever an activity addresses, a few days before, once it was publicised."""
    service = messaging.service
    since = max(order.since, service.today + timedelta(days=1))
    until = service.today + messaging.policy.tell_before
    near = await find_publicised(service.database, service.areas(order.owner), since, until)
    reached = await find_reached(service.database, order.order_id, [one.activity_id for one in near])
    untold = [one for one in near if one.activity_id not in reached]
    for activity in untold:
        asked = [
            standing_orders.tell_of(order, messaging.policy, activity, person, service.clock())
            async for person in find_segment(
                service.database,
                service.areas(activity.street),
                activity.segment or AUDIENCES[activity.audience],
                service.today,
            )
        ]
        await _record(messaging, order, asked, activity.activity_id)
    return len(untold)


async def _record(messaging: Messaging, order: StandingOrder, asked: Sequence[MessageRequested], name: str) -> None:
    """Record what is asked for, then that it was: after a crash the same is asked for again, under the same ids."""
    service, now = messaging.service, messaging.service.clock()
    for start in range(0, len(asked), BATCH):
        commits = [service.journal.commit(fact, causation=CAUSE, at=now) for fact in asked[start : start + BATCH]]
        await service.journal.record(commits)
    await note_reached(service.database, order.order_id, name, now)


_ASKING = {
    Topic.CORE_MESSAGE: _ask_newcomers,
    Topic.FOLLOW_UP: _remind,
    Topic.VACCINATION: _remind,
    Topic.ACTIVITY: _tell_of_activities,
}
