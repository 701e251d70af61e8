"""Two-way scores: what one notice counts as from day to day, worked by hand, and what holds for any of them."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.registration.notices import AnswerState, NoticeKind, RejectionReason
from services.reporting.domain.scores import RATES, Exchange, Mark, marks, rate, score

MARCH = date(2026, 3, 1)
SENT = Exchange(
    sender="320812001",
    addressee="320507001",
    kind=NoticeKind.ARRIVAL,
    receipt_due=date(2026, 3, 10),
    answer_due=date(2026, 3, 31),
    completes_on=date(2026, 4, 10),
)


def on(month: int, day: int) -> date:
    return date(2026, month, day)


def counted(exchange: Exchange, as_of: date, **more: Any) -> set[str]:
    return {mark.value for mark in marks(replace(exchange, **more), as_of)}


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (on(3, 10), {"notices"}),
        (on(3, 11), {"notices", "receipt_owed", "overdue"}),
        (on(3, 31), {"notices", "receipt_owed", "overdue"}),
        (on(4, 1), {"notices", "receipt_owed", "overdue", "feedback_owed"}),
        (on(4, 10), {"notices", "receipt_owed", "overdue", "feedback_owed"}),
        (on(4, 11), {"notices", "receipt_owed", "overdue", "feedback_owed", "by_default"}),
    ],
)
def test_a_notice_that_nobody_answers_is_overdue_after_its_days_and_in_the_end_by_default(
    as_of: date, expected: set[str]
) -> None:
    assert counted(SENT, as_of) == expected


@pytest.mark.parametrize(
    ("received_on", "expected"),
    [
        (on(3, 10), {"notices", "received", "receipt_owed", "received_in_time"}),
        (on(3, 11), {"notices", "received", "receipt_owed"}),
    ],
)
def test_a_receipt_is_in_time_on_its_last_day_and_late_on_the_next(received_on: date, expected: set[str]) -> None:
    assert counted(SENT, on(3, 20), received_on=received_on, state=AnswerState.RECEIVED) == expected


def test_what_was_received_in_time_is_overdue_only_once_its_feedback_is() -> None:
    received = replace(SENT, received_on=on(3, 2), state=AnswerState.RECEIVED)

    assert "overdue" not in counted(received, on(3, 31))
    assert "overdue" in counted(received, on(4, 1))


@pytest.mark.parametrize(
    ("answered_on", "in_time"), [(on(3, 31), {"fed_back_in_time"}), (on(4, 1), set()), (on(5, 1), set())]
)
def test_a_feedback_is_in_time_on_its_last_day_and_ends_what_was_overdue(answered_on: date, in_time: set[str]) -> None:
    answered = {"received_on": on(3, 2), "answered_on": answered_on, "state": AnswerState.CONFIRMED}

    found = counted(SENT, on(6, 1), **answered)

    assert found == in_time | {
        "notices", "received", "receipt_owed", "received_in_time", "fed_back", "feedback_owed", "paired",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("state", "reason", "paired"),
    [
        (AnswerState.RECEIVED, None, False),
        (AnswerState.PAIRED, None, True),
        (AnswerState.VERIFIED, None, True),
        (AnswerState.CONFIRMED, None, True),
        (AnswerState.REJECTED, RejectionReason.STILL_HERE, True),
        (AnswerState.REJECTED, RejectionReason.NO_SUCH_PERSON, False),
        (AnswerState.REJECTED, RejectionReason.NOT_OURS, False),
    ],
)
def test_paired_is_where_the_addressee_found_its_record(
    state: AnswerState, reason: RejectionReason | None, paired: bool
) -> None:
    found = counted(SENT, on(3, 5), received_on=on(3, 2), answered_on=on(3, 3), state=state, reason=reason)

    assert ("paired" in found) is paired
    assert ("rejected" in found) is (state is AnswerState.REJECTED)


def test_a_withdrawn_notice_counts_in_no_rate() -> None:
    assert counted(SENT, on(6, 1), withdrawn=True, received_on=on(3, 2), state=AnswerState.RECEIVED) == {"withdrawn"}


@pytest.mark.parametrize(
    ("registered_on", "kind", "expected"),
    [
        (on(3, 4), NoticeKind.ARRIVAL, {"arrivals", "sent_in_time"}),
        (on(3, 5), NoticeKind.ARRIVAL, {"arrivals"}),
        (on(3, 4), NoticeKind.DEPARTURE, set()),
        (None, NoticeKind.ARRIVAL, set()),
    ],
)
def test_an_arrival_is_told_in_time_where_it_was_registered_by_the_day_that_its_stay_names(
    registered_on: date | None, kind: NoticeKind, expected: set[str]
) -> None:
    found = counted(SENT, on(3, 5), kind=kind, registration_due=on(3, 4), registered_on=registered_on)

    assert found == expected | {"notices"}


def test_an_arrival_that_a_host_registers_is_neither_in_time_nor_late() -> None:
    assert counted(SENT, on(3, 5), kind=NoticeKind.ARRIVAL, registered_on=on(3, 4)) == {"notices"}


def test_a_score_gives_each_rate_beside_its_numerator_and_denominator() -> None:
    received = replace(SENT, received_on=on(3, 2), state=AnswerState.RECEIVED)
    rejected = replace(SENT, received_on=on(3, 12), answered_on=on(3, 13), state=AnswerState.REJECTED)
    exchanges = [SENT, received, rejected, replace(SENT, withdrawn=True)]

    found = score(Counter(mark for each in exchanges for mark in marks(each, on(3, 15))))

    assert (found.notices, found.withdrawn) == (3, 1)
    assert (found.received, found.receipt_rate) == (2, 2 / 3)
    assert (found.received_in_time, found.receipt_owed, found.receipt_in_time_rate) == (1, 3, 1 / 3)
    assert (found.fed_back, found.feedback_rate) == (1, 1 / 3)
    assert (found.fed_back_in_time, found.feedback_owed, found.feedback_in_time_rate) == (1, 1, 1.0)
    assert (found.paired, found.paired_rate) == (0, 0.0)
    assert (found.rejected, found.overdue, found.by_default) == (1, 1, 0)
    assert (found.arrivals, found.sent_in_time_rate) == (0, None)


def test_a_rate_of_nothing_is_none_neither_nothing_nor_everything() -> None:
    assert rate(0, 0) is None
    assert rate(0, 3) == 0.0
    assert rate(3, 3) == 1.0


days = st.dates(date(2026, 3, 1), date(2026, 5, 31))


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    """Make any notice, with any answer or none."""
    receipt_due = draw(days)
    answer_due = receipt_due + timedelta(days=draw(st.integers(0, 30)))
    state = draw(st.sampled_from((None, *AnswerState)))
    received_on = draw(days) if state else None
    fed_back = state in {AnswerState.CONFIRMED, AnswerState.REJECTED} and received_on is not None
    registration_due = draw(st.none() | days)
    return Exchange(
        sender="320812001",
        addressee="320507001",
        kind=draw(st.sampled_from(NoticeKind)),
        receipt_due=receipt_due,
        answer_due=answer_due,
        completes_on=draw(st.none() | st.just(answer_due + timedelta(days=10))),
        withdrawn=draw(st.booleans()),
        received_on=received_on,
        answered_on=received_on + timedelta(days=draw(st.integers(0, 30))) if fed_back and received_on else None,
        state=state,
        reason=draw(st.sampled_from(RejectionReason)) if state is AnswerState.REJECTED else None,
        registration_due=registration_due,
        registered_on=draw(st.none() | days),
    )


@given(exchange=exchanges(), as_of=days)
def test_what_counts_above_a_line_counts_below_it(exchange: Exchange, as_of: date) -> None:
    found = list(marks(exchange, as_of))

    assert len(found) == len(set(found))
    for above, below in RATES.values():
        assert above not in found or below in found
    assert Mark.FED_BACK not in found or Mark.OVERDUE not in found
    assert Mark.BY_DEFAULT not in found or Mark.OVERDUE in found


@given(exchange=exchanges(), as_of=days)
def test_waiting_takes_nothing_away(exchange: Exchange, as_of: date) -> None:
    assert set(marks(exchange, as_of)) <= set(marks(exchange, as_of + timedelta(days=1)))


@given(notices=st.lists(exchanges()), as_of=days)
def test_every_rate_lies_between_nothing_and_everything_or_is_none(notices: list[Exchange], as_of: date) -> None:
    found = score(Counter(mark for each in notices for mark in marks(each, as_of))).model_dump()

    for name, (above, below) in RATES.items():
        assert found[name] == (found[above] / found[below] if found[below] else None)
        assert found[name] is None or 0 <= found[name] <= 1
