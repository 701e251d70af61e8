"""Place and end standing orders, and ask for the core messages of whoever is new."""

from datetime import date

from contracts.outreach.messages import StandingOrder, StandingOrderFact, StandingOrderPlaced
from services.outreach.commands.messages import Wanted, check_wanted
from services.outreach.commands.recording import record_decision
from services.outreach.domain import core_messages, standing_orders
from services.outreach.domain.standing_orders import NoOrderError
from services.outreach.service import Messaging
from services.outreach.views.messages import find_newcomers, list_standing_orders, note_reached

ASK_EVERY = 60.0
"""Seconds between two looks for people who are new."""
CAUSE = "standing order"


async def place(messaging: Messaging, order: StandingOrder, cause: str) -> StandingOrder:
    """Record an order in place of the one that stood; raise a refusal if its messages could not be sent."""
    wanted = Wanted(cause, order.template_id, order.channel, order.language, core_message=1)
    await check_wanted(messaging, wanted, [order.owner])

    def decide(known: StandingOrderFact | None) -> StandingOrderFact | None:
        return None if known and known.order == order else StandingOrderPlaced(order=order)

    await record_decision(messaging.service, f"standing_order/{order.owner}", StandingOrderFact, decide, cause)
    return order


async def end(messaging: Messaging, owner: str, cause: str) -> StandingOrder:
    """Record that an order is ended; raise NoOrderError if none stands."""

    def decide(known: StandingOrderFact | None) -> StandingOrderFact | None:
        return standing_orders.end(_known(known))

    return _known(await record_decision(messaging.service, f"standing_order/{owner}", StandingOrderFact, decide, cause))


def _known(fact: StandingOrderFact | None) -> StandingOrder:
    if fact is None:
        raise NoOrderError
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
