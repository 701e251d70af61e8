"""Standing orders: all core messages for somebody new, under the same ids however often they are asked for."""

from datetime import date, datetime, timedelta

import pytest

from contracts.outreach.messages import MessageChannel
from contracts.outreach.standing_orders import StandingOrder
from contracts.reference.calendar import day_of
from services.outreach.domain.core_messages import load
from services.outreach.domain.messaging import Policy
from services.outreach.domain.standing_orders import NoOrderError, ask_for, end, first_arrival
from tests.support.letters import MOMENT

POLICY, EDITION = Policy.load(), load()
ORDER = StandingOrder(owner="320507", template_id="7" * 32, channel=MessageChannel.SMS, since=date(2026, 11, 1))
NEWCOMER = ("a" * 32, "320507001", date(2026, 11, 19))


def test_somebody_new_is_asked_for_all_core_messages_within_the_month() -> None:
    asked = [fact.message for fact in ask_for(ORDER, EDITION, POLICY, NEWCOMER, MOMENT)]

    assert [one.values[0].text for one in asked] == [str(number) for number in range(1, 20)]
    days = [day_of(one.next_at) for one in asked if one.next_at is not None]
    assert len(days) == 19
    assert min(days) >= date(2026, 11, 20)
    assert max(days) <= date(2026, 11, 19) + timedelta(days=30)


def test_the_same_person_is_asked_for_under_the_same_ids_at_any_time() -> None:
    first, later = (
        {fact.message.message_id for fact in ask_for(ORDER, EDITION, POLICY, NEWCOMER, moment)}
        for moment in (MOMENT, MOMENT + timedelta(days=3))
    )

    assert first == later
    assert len(first) == 19


def test_what_was_due_before_the_order_is_sent_now_at_the_earliest() -> None:
    late = datetime.fromisoformat("2026-12-10T12:00:00+08:00")

    asked = [fact.message for fact in ask_for(ORDER, EDITION, POLICY, NEWCOMER, late)]

    assert all(one.next_at is not None and one.next_at >= late for one in asked)


def test_nobody_is_new_who_came_before_the_order_or_a_month_ago() -> None:
    assert first_arrival(ORDER, POLICY, date(2026, 11, 20)) == date(2026, 11, 1)
    assert first_arrival(ORDER, POLICY, date(2026, 12, 20)) == date(2026, 11, 20)


def test_an_order_is_ended_once() -> None:
    ended = end(ORDER).order

    assert ended.ended
    with pytest.raises(NoOrderError):
        end(ended)
