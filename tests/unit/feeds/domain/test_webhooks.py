"""What is signed is verified by the library's own reader; what fails is tried again, later each time, for 72 hours."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from services.feeds.domain.webhooks import (
    FIRST_WAIT,
    LONGEST_WAIT,
    TRIED_FOR,
    Answer,
    Outcome,
    Page,
    PauseReason,
    decide,
    read_status,
    sign,
    wait,
)

NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
OLD, NEW = "whsec_b2xkb2xkb2xkb2xkb2xkb2xk", "whsec_bmV3bmV3bmV3bmV3bmV3bmV3"
BODY = '[{"id":"5f0c","data":{"purpose":"务工"}}]'.encode()


def signed(*secrets: str, body: bytes = BODY) -> dict[str, str]:
    return sign(secrets, "0199-a", datetime.now(UTC), body)


@pytest.mark.parametrize("body", [BODY, b"[]", '["é😀"]'.encode()])
def test_the_librarys_own_reader_verifies_the_bytes(body: bytes) -> None:
    headers = signed(NEW, body=body)

    Webhook(NEW).verify(body, headers)
    assert headers["webhook-id"] == "0199-a"
    assert headers["content-type"] == "application/cloudevents-batch+json"


def test_the_old_secret_and_the_new_one_sign_beside_each_other() -> None:
    headers = signed(NEW, OLD)

    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (NEW, OLD):
        Webhook(secret).verify(BODY, headers)


@pytest.mark.parametrize(
    ("secret", "body", "changed"),
    [
        (OLD, BODY, {}),
        (NEW, BODY + b" ", {}),
        (NEW, BODY, {"webhook-id": "0199-b"}),
        (NEW, BODY, {"webhook-timestamp": str(int(datetime.now(UTC).timestamp()) - 60)}),
    ],
)
def test_anything_else_is_not_verified(secret: str, body: bytes, changed: dict[str, str]) -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, {**signed(NEW), **changed})


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DELIVERED),
        (204, Outcome.DELIVERED),
        (299, Outcome.DELIVERED),
        (101, Outcome.REFUSED),
        (300, Outcome.REDIRECTED),
        (301, Outcome.REDIRECTED),
        (308, Outcome.REDIRECTED),
        (400, Outcome.REFUSED),
        (410, Outcome.GONE),
        (429, Outcome.REFUSED),
        (503, Outcome.REFUSED),
    ],
)
def test_a_status_means_one_thing(status: int, outcome: Outcome) -> None:
    assert read_status(status) is outcome


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 40), (10, 2560), (11, 5120), (12, 7200), (1000, 7200)]
)
def test_each_wait_is_twice_the_one_before_up_to_two_hours(attempt: int, seconds: float) -> None:
    assert wait(attempt, 1).total_seconds() == seconds
    assert wait(attempt, 0).total_seconds() == seconds / 2


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_no_wait_is_shorter_than_half_of_the_first_or_longer_than_the_longest(attempt: int, chance: float) -> None:
    assert FIRST_WAIT / 2 <= wait(attempt, chance) <= LONGEST_WAIT


def page(tried_for: timedelta, attempt: int = 1) -> Page:
    return Page(webhook_id="0199-a", after=0, last=9, since=NOW - tried_for, attempt=attempt)


@pytest.mark.parametrize(
    "outcome", [Outcome.REFUSED, Outcome.REDIRECTED, Outcome.NO_ANSWER, Outcome.NOT_REACHED, Outcome.NOT_ALLOWED]
)
def test_what_fails_is_tried_again_until_72_hours_are_over(outcome: Outcome) -> None:
    answer = Answer(outcome=outcome)

    assert decide(page(timedelta()), answer, NOW, 1) == NOW + FIRST_WAIT
    assert decide(page(TRIED_FOR - timedelta(minutes=1), 40), answer, NOW, 0) == NOW + timedelta(minutes=1)
    assert decide(page(TRIED_FOR, 41), answer, NOW, 0) is PauseReason.FAILED


def test_what_was_taken_is_not_tried_again() -> None:
    assert decide(page(TRIED_FOR), Answer(outcome=Outcome.DELIVERED, status=204), NOW, 0) is None


def test_a_receiver_that_is_gone_is_not_asked_again() -> None:
    assert decide(page(timedelta()), Answer(outcome=Outcome.GONE, status=410), NOW, 0) is PauseReason.GONE


def test_a_receiver_that_wants_to_be_left_alone_is() -> None:
    answer = Answer(outcome=Outcome.REFUSED, status=429, retry_after=90)

    assert decide(page(timedelta()), answer, NOW, 0) == NOW + timedelta(seconds=90)
    assert decide(page(timedelta(), 12), answer, NOW, 0) == NOW + LONGEST_WAIT / 2


def test_over_72_hours_a_page_is_tried_some_dozens_of_times() -> None:
    tried, moment, attempts = Page(webhook_id="0199-a", after=0, last=9), NOW, 0
    while True:
        tried, attempts = tried.tried(moment), attempts + 1
        decided = decide(tried, Answer(outcome=Outcome.NOT_REACHED), moment, 0.5)
        assert decided is not None
        if isinstance(decided, PauseReason):
            break
        assert decided > moment
        moment = decided

    assert moment == NOW + TRIED_FOR
    assert 40 < attempts < 80
