"""A gateway that fails is left alone for growing pauses, and asked with one message afterwards."""

from datetime import timedelta

from services.outreach.domain.circuits import FAILURES, LONGEST_PAUSE, Circuit
from tests.support.letters import MOMENT

FIRST_PAUSE = timedelta(seconds=5)


def test_failures_in_a_row_lead_to_a_pause_and_one_message_after_it() -> None:
    circuit = Circuit(FIRST_PAUSE)
    for _ in range(FAILURES - 1):
        circuit.note(MOMENT, reached=False)
    assert circuit.room(MOMENT, 50) == 50

    circuit.note(MOMENT, reached=False)

    assert circuit.room(MOMENT, 50) == 0
    assert circuit.room(MOMENT + FIRST_PAUSE, 50) == 1


def test_an_answer_ends_it() -> None:
    circuit = Circuit(FIRST_PAUSE)
    for _ in range(FAILURES):
        circuit.note(MOMENT, reached=False)

    circuit.note(MOMENT + FIRST_PAUSE, reached=True)

    assert circuit.room(MOMENT + FIRST_PAUSE, 50) == 50


def test_each_further_failure_doubles_the_pause_up_to_a_limit() -> None:
    circuit, now, pauses = Circuit(FIRST_PAUSE), MOMENT, []
    for _ in range(FAILURES - 1):
        circuit.note(now, reached=False)
    for _ in range(12):
        circuit.note(now, reached=False)
        begun = now
        while circuit.room(now, 1) == 0:
            now += timedelta(seconds=1)
        pauses.append(now - begun)

    assert pauses[:3] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]
    assert pauses[-1] == LONGEST_PAUSE


def test_what_was_in_flight_when_the_pause_began_does_not_lengthen_it() -> None:
    circuit = Circuit(FIRST_PAUSE)
    for _ in range(FAILURES + 10):
        circuit.note(MOMENT, reached=False)

    assert circuit.room(MOMENT + FIRST_PAUSE, 1) == 1
