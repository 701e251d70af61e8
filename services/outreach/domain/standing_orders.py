"""Standing orders: whoever is new in a division gets the core messages, spread over the first month."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from contracts.outreach.messages import Filled, Message, MessageRequested, StandingOrder, StandingOrderEnded, Topic
from contracts.refusals import RefusedError
from services.outreach.domain.core_messages import Edition, spread
from services.outreach.domain.messages import message_id, request
from services.outreach.domain.messaging import Policy
from services.outreach.domain.templates import CORE_NUMBER


class NoOrderError(RefusedError):
    """No order stands for the division."""

    code = "no_standing_order"
    advice = "该区划没有常设任务。No order stands for the division."
    status = 404


def end(order: StandingOrder) -> StandingOrderEnded:
    """Return the fact that an order is ended; raise NoOrderError if it was before."""
    if order.ended:
        raise NoOrderError
    return StandingOrderEnded(order=order.model_copy(update={"ended": True}))


def first_arrival(order: StandingOrder, policy: Policy, today: date) -> date:
    """Return the first day of arrival that an order is for: nobody is new for longer than a month."""
    return max(order.since, today - timedelta(days=policy.core_within_days))


def ask_for(
    order: StandingOrder, edition: Edition, policy: Policy, newcomer: tuple[str, str, date], now: datetime
) -> Iterator[MessageRequested]:
    """Yield each core message for somebody new (person, street, day of arrival), always under the same ids."""
    person_id, street, arrived_on = newcomer
    ordered = message_id("standing order", order.owner, person_id)
    moments = spread(arrived_on, policy.core_within_days, len(edition.messages))
    for core, moment in zip(edition.messages, moments, strict=True):
        at = max(moment, now)
        message = Message(
            message_id=message_id(ordered, str(core.number)),
            request_id=ordered,
            person_id=person_id,
            street=street,
            channel=order.channel,
            topic=Topic.CORE_MESSAGE,
            template_id=order.template_id,
            language=order.language,
            values=(Filled(field=CORE_NUMBER, text=str(core.number)),),
            requested_at=now,
            expires_at=at + policy.expires[Topic.CORE_MESSAGE],
            next_at=at,
        )
        yield request(message, policy)
