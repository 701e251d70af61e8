"""Standing orders: core messages for whoever is new, reminders of what is due, activities that are near."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from contracts.archives.announcements import Announcement
from contracts.outreach.activities import Activity
from contracts.outreach.messages import Filled, Language, Message, MessageRequested, Topic
from contracts.outreach.standing_orders import StandingOrder, StandingOrderEnded
from contracts.refusals import RefusedError
from services.outreach.domain.core_messages import Edition, spread
from services.outreach.domain.messages import message_id, request
from services.outreach.domain.messaging import Policy
from services.outreach.domain.templates import CORE_NUMBER

FILLED: Mapping[Topic, tuple[str, ...]] = {
    Topic.FOLLOW_UP: ("day",),
    Topic.VACCINATION: ("day",),
    Topic.ACTIVITY: ("day", "activity"),
    Topic.CORE_MESSAGE: (),
}
"""The fields of a template that an order fills in by itself."""


class OtherTopicError(RefusedError):
    """The template is about something else than the order."""

    code = "another_topic"
    advice = "模板主题与常设任务不符。The template is about something else; choose one of the order's topic."
    field = "template_id"
    status = 422


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


def fill_for_trial(order: StandingOrder) -> tuple[Filled, ...]:
    """Return the values of an order with those that it fills in by itself, to see whether the template takes them."""
    return (*order.values, *(Filled(field=name, text="…") for name in FILLED[order.topic]))


def remind(order: StandingOrder, policy: Policy, announced: Announcement, now: datetime) -> MessageRequested:
    """Return the reminder of what is due to a person, always under the same id."""
    about = (announced.announcement_id, announced.person_id, announced.street)
    return _ask(order, policy, about, {"day": _tell(announced.due_on, order.language)}, now)


def tell_of(
    order: StandingOrder, policy: Policy, activity: Activity, person: tuple[str, str], now: datetime
) -> MessageRequested:
    """Return the message to a person (and street) of an activity that is near, always under the same id."""
    values = {"day": _tell(activity.planned_on, order.language), "activity": activity.topic}
    asked = _ask(order, policy, (activity.activity_id, *person), values, now)
    return MessageRequested(message=asked.message.model_copy(update={"activity_id": activity.activity_id}))


def _ask(
    order: StandingOrder, policy: Policy, about: tuple[str, str, str], values: Mapping[str, str], now: datetime
) -> MessageRequested:
    """Return the request of a message about something (its id) to a person in a street."""
    known, person_id, street = about
    named = message_id("standing order", order.order_id, known)
    filled = tuple(Filled(field=name, text=text) for name, text in values.items())
    message = Message(
        message_id=message_id(named, person_id),
        request_id=named,
        person_id=person_id,
        street=street,
        channel=order.channel,
        topic=order.topic,
        template_id=order.template_id,
        language=order.language,
        values=(*order.values, *filled),
        requested_at=now,
        expires_at=now + policy.expires[order.topic],
        next_at=now,
    )
    return request(message, policy)


def _tell(day: date, language: Language) -> str:
    return day.isoformat() if language is Language.EN else f"{day.month}月{day.day}日"


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
