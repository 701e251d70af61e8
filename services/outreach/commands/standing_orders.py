"""Place and end standing orders, and ask for the core messages of whoever is new."""

from datetime import date

from contracts.outreach.messages import StandingOrder, StandingOrderFact, StandingOrderPlaced
from services.outreach.commands.messages import Wanted, check_wanted
from services.outreach.domain import core_messages, standing_orders
from services.outreach.domain.standing_orders import NoOrderError
from services.outreach.service import Messaging
from services.outreach.views.messages import find_newcomers, list_standing_orders, note_reached
from services.runtime.journal import StreamConflictError

ASK_EVERY = 60.0
"""Seconds between two looks for people who are new."""
CAUSE = "standing order"


async def place(messaging: Messaging, order: StandingOrder, cause: str) -> StandingOrder:
    """Record an order in place of the one that stood; raise a refusal if its messages could not be sent."""
    wanted = Wanted(cause, order.template_id, order.channel, order.language, core_message=1)
    await check_wanted(messaging, wanted, [order.owner])
    journal = messaging.service.journal
    event = await journal.load(f"standing_order/{order.owner}", StandingOrderFact)
    if event is not None and event.data.order == order:
        return order
    after = event.sequence if event else 0
    try:
        await journal.record_one(journal.commit(StandingOrderPlaced(order=order), after=after, causation=cause))
    except StreamConflictError:
        return await place(messaging, order, cause)
    return order


async def end(messaging: Messaging, owner: str, cause: str) -> StandingOrder:
    """Record that an order is ended; raise NoOrderError if none stands."""
    journal = messaging.service.journal
    event = await journal.load(f"standing_order/{owner}", StandingOrderFact)
    if event is None:
        raise NoOrderError
    fact = standing_orders.end(event.data.order)
    try:
        await journal.record_one(journal.commit(fact, after=event.sequence, causation=cause))
    except StreamConflictError:
        return await end(messaging, owner, cause)
    return fact.order


async def ask_for_newcomers(messaging: Messaging) -> int:
    """Ask for the core messages of whoever is new and was not reached by the division's order; return how many."""
    orders = await list_standing_orders(messaging.service.database)
    return sum([await _ask(messaging, order) for order in orders])


async def _ask(messaging: Messaging, order: StandingOrder) -> int:
    """Ask for one person after another, and note each afterwards: after a crash the same is asked for again, once."""
    service, policy = messaging.service, messaging.policy
    since: date = standing_orders.first_arrival(order, policy, service.today)
    found = await find_newcomers(service.database, service.areas(order.owner), order.owner, since)
    for newcomer in found:
        now = service.clock()
        asked = list(standing_orders.ask_for(order, core_messages.load(), policy, newcomer, now))
        await service.journal.record([service.journal.commit(fact, causation=CAUSE, at=now) for fact in asked])
        await note_reached(service.database, order.owner, newcomer[0], now)
    return len(found)
