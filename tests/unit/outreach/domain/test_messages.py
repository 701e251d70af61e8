"""Decisions on messages: whatever gateways answer and whoever crashes, nothing is sent twice by us."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.messages import (
    Message,
    MessageDelivered,
    MessageDoubted,
    MessageFailed,
    MessagePostponed,
    MessageSent,
    MessageState,
    MessageSuppressed,
    MessageUndelivered,
    Preference,
    Topic,
)
from services.outreach.domain.messages import (
    ANSWERED,
    ENDED,
    Answer,
    NotTaken,
    Refused,
    Reported,
    Taken,
    Unsure,
    attempt,
    conclude,
    doubt,
    hold_back,
    leave_in_doubt,
    may_ask_again,
    message_id,
    report,
    request,
    suppress,
    wait_until,
)
from services.outreach.domain.messaging import Policy
from tests.support.letters import MOMENT, make_message, make_template

POLICY = Policy.load()
NIGHT = datetime.fromisoformat("2026-11-20T23:30:00+08:00")
LEASE = timedelta(seconds=60)
WAITING = make_message()
TRIED = attempt(WAITING, MOMENT, LEASE).message
DOUBTED = doubt(TRIED, "no_answer", MOMENT).message
ANSWERS = st.sampled_from([Taken("g-1"), Refused(), NotTaken(), Unsure()])


def test_the_same_request_to_the_same_person_is_the_same_message() -> None:
    assert message_id("request", "person", "3") == message_id("request", "person", "3")
    assert message_id("request", "person", "3") != message_id("request", "person", "4")


def test_a_message_waits_for_the_end_of_quiet_hours_and_says_so() -> None:
    asked = request(make_message(requested_at=NIGHT, next_at=None), POLICY).message

    assert asked.next_at == datetime.fromisoformat("2026-11-21T08:00:00+08:00")
    assert asked.reason == "quiet_hours"


def test_by_day_a_message_is_sent_at_once() -> None:
    asked = request(make_message(next_at=None), POLICY).message

    assert (asked.next_at, asked.reason) == (MOMENT, None)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("template_retired", {"template": None}),
        ("template_retired", {"template": make_template(retired=True)}),
        ("opted_out", {"preference": Preference(person_id="a" * 32, street="320507001", refused=(Topic.FOLLOW_UP,))}),
        ("expired", {"now": MOMENT + timedelta(days=7)}),
        ("quiet_hours", {"now": NIGHT}),
    ],
)
def test_what_stands_against_a_message_is_recorded(reason: str, told: dict) -> None:
    fact = hold_back(
        WAITING,
        **{"template": make_template(), "preference": None, "policy": POLICY, "now": MOMENT, **told},
    )

    assert isinstance(fact, MessagePostponed if reason == "quiet_hours" else MessageSuppressed)
    assert fact.message.reason == reason


def test_whoever_refused_another_topic_is_written_to() -> None:
    preference = Preference(person_id="a" * 32, street="320507001", refused=(Topic.ACTIVITY,))

    assert hold_back(WAITING, make_template(), preference, POLICY, MOMENT) is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Taken("g-1"), MessageSent),
        (Refused(), MessageFailed),
        (NotTaken(), MessagePostponed),
        (Unsure(), MessageDoubted),
    ],
)
def test_each_answer_leads_to_its_fact(answer: Answer, kind: type) -> None:
    assert isinstance(conclude(TRIED, answer, POLICY, MOMENT, 0.5), kind)


@pytest.mark.parametrize("answer", [Refused(), NotTaken(), Unsure()])
def test_a_message_that_may_have_been_taken_is_never_said_not_to_be(answer: Answer) -> None:
    again = attempt(DOUBTED, MOMENT, LEASE).message

    fact = conclude(again, answer, POLICY, MOMENT, 0.5)

    assert isinstance(fact, MessageDoubted)
    assert fact.message.doubted


@pytest.mark.parametrize("fact", [suppress(DOUBTED, "expired", MOMENT), wait_until(DOUBTED, MOMENT, "quiet_hours")])
def test_a_doubted_message_that_is_held_back_stays_doubted(fact: object) -> None:
    assert isinstance(fact, MessageDoubted)


@pytest.mark.parametrize(
    ("keys", "after", "may"),
    [(None, 0, False), (timedelta(hours=1), 59, True), (timedelta(hours=1), 60, False)],
    ids=["knows no keys", "knows ours", "forgot ours"],
)
def test_a_doubted_message_is_asked_for_again_while_the_gateway_knows_its_key(
    keys: timedelta | None, after: int, may: bool
) -> None:
    assert may_ask_again(DOUBTED, keys, MOMENT + timedelta(minutes=after)) is may


def test_nobody_asks_for_ever() -> None:
    message = WAITING
    for _ in range(POLICY.attempts):
        message = attempt(message, MOMENT, LEASE).message
        fact = conclude(message, Unsure(), POLICY, MOMENT, 0.5)
        assert fact is not None
        message = fact.message

    assert (message.state, message.next_at, message.reason) == (MessageState.UNCERTAIN, None, "gateway_unsure")


def test_a_gateway_that_says_when_to_come_again_is_believed() -> None:
    fact = conclude(TRIED, NotTaken("gateway_busy", after=600), POLICY, MOMENT, 0.0)

    assert fact is not None
    assert fact.message.next_at == MOMENT + timedelta(seconds=600)


@pytest.mark.parametrize(
    ("message", "reported", "kind"),
    [
        (WAITING, Reported.DELIVERED, None),
        (TRIED, Reported.DELIVERED, MessageDelivered),
        (DOUBTED, Reported.DELIVERED, MessageDelivered),
        (DOUBTED, Reported.UNDELIVERED, MessageUndelivered),
        (leave_in_doubt(DOUBTED, MOMENT).message, Reported.DELIVERED, MessageDelivered),
    ],
    ids=["never tried", "no answer yet", "doubted", "doubted and not arrived", "left in doubt"],
)
def test_a_report_settles_what_was_tried(message: Message, reported: Reported, kind: type | None) -> None:
    fact = report(message, reported, MOMENT)

    assert fact is None if kind is None else isinstance(fact, kind)


def test_a_report_that_is_repeated_or_contradicted_changes_nothing() -> None:
    delivered = report(TRIED, Reported.DELIVERED, MOMENT)
    assert delivered is not None

    assert report(delivered.message, Reported.DELIVERED, MOMENT) is None
    assert report(delivered.message, Reported.UNDELIVERED, MOMENT) is None


@given(answers=st.lists(ANSWERS, max_size=6), reports=st.lists(st.sampled_from(Reported), max_size=2))
def test_what_arrived_or_was_taken_is_never_due_again(answers: list[Answer], reports: list[Reported]) -> None:
    message = attempt(WAITING, MOMENT, LEASE).message
    for step in (*answers, *reports):
        fact = (
            report(message, step, MOMENT)
            if isinstance(step, Reported)
            else conclude(message, step, POLICY, MOMENT, 0.5)
        )
        was, message = message, fact.message if fact is not None else message
        if was.state in ANSWERED:
            assert message.state in ANSWERED
        if message.state in (*ANSWERED, *ENDED):
            assert message.next_at is None
        if was.doubted and message.state not in ANSWERED:
            assert message.doubted, "a doubt goes away by an answer alone"


def test_the_gateways_own_id_is_not_kept_as_it_is() -> None:
    fact = conclude(TRIED, Taken("13812345678"), POLICY, MOMENT, 0.5)

    assert fact is not None
    assert "13812345678" not in fact.model_dump_json()
    assert fact.message.reference is not None
