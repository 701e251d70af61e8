"""Newcomers: which core messages did not come within the first month."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.outreach.domain import core_messages
from services.outreach.domain.newcomers import Sent, missed

ARRIVED = date(2026, 3, 1)
EDITION = core_messages.load()
NUMBERS = tuple(one.number for one in EDITION.messages)


def test_who_got_nothing_missed_all_of_them_and_who_got_all_none() -> None:
    assert missed(EDITION, 30, ARRIVED, ()) == NUMBERS
    assert missed(EDITION, 30, ARRIVED, [Sent(number, ARRIVED) for number in NUMBERS]) == ()


def test_what_came_on_the_last_day_came_in_time() -> None:
    last = ARRIVED + timedelta(days=30)

    assert NUMBERS[0] not in missed(EDITION, 30, ARRIVED, [Sent(NUMBERS[0], last)])
    assert NUMBERS[0] in missed(EDITION, 30, ARRIVED, [Sent(NUMBERS[0], last + timedelta(days=1))])
    assert NUMBERS[0] in missed(EDITION, 30, ARRIVED, [Sent(NUMBERS[0], ARRIVED - timedelta(days=1))])


@given(sent=st.lists(st.tuples(st.sampled_from(NUMBERS), st.integers(-10, 60))))
def test_more_messages_never_make_more_missed(sent: list[tuple[int, int]]) -> None:
    all_sent = [Sent(number, ARRIVED + timedelta(days=days)) for number, days in sent]

    fewer = set(missed(EDITION, 30, ARRIVED, all_sent[1:]))

    assert set(missed(EDITION, 30, ARRIVED, all_sent)) <= fewer
