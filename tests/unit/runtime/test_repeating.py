"""Lines that callers can cause: the first of a kind is written, others are counted, and a flood stays small."""

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from services.runtime.repeating import MOST, MOST_OF_ONE, OTHERS, WINDOW, Repeating

Line = tuple[int, str, dict[str, Any]]
REFUSED: Mapping[str, str | int] = {"path": "/people/{person_id}", "status": 404, "code": "not_found"}


class Told:
    """What was written, and a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[Line] = []
        self.repeating = Repeating(self._write, lambda: self.now)

    def _write(self, level: int, event: str, values: Mapping[str, Any]) -> None:
        self.lines.append((level, event, dict(values)))

    def refuse(self, caller: str = "wang", **more: str | int) -> None:
        self.repeating.tell(caller, logging.WARNING, "refused", {**REFUSED, "subject": caller, **more})


@pytest.fixture
def told() -> Told:
    return Told()


def test_the_first_of_a_kind_is_written_at_once_and_a_minute_later_how_often_it_came_again(told: Told) -> None:
    for _ in range(10_000):
        told.refuse()
    assert told.lines == [(logging.WARNING, "refused", {**REFUSED, "subject": "wang"})]

    told.now = WINDOW
    told.refuse()

    assert [line[2].get("count") for line in told.lines] == [None, 9_999, None]


def test_what_came_once_is_not_told_again(told: Told) -> None:
    told.refuse()
    told.repeating.tell_counts()

    assert len(told.lines) == 1


@pytest.mark.parametrize("more", [{"code": "no_archive"}, {"path": "/stays"}, {"status": 403}, {"method": "POST"}])
def test_another_route_or_code_is_another_kind(told: Told, more: dict[str, Any]) -> None:
    told.refuse()
    told.refuse(**more)
    told.refuse("zhang")

    assert len(told.lines) == 3


def test_one_caller_causes_so_many_lines_and_no_more_and_hides_nobody_else(told: Told) -> None:
    for number in range(5_000):
        told.refuse("flood", path=f"/{number}")
    told.refuse("wang")
    told.repeating.tell_counts()

    of_one = [values for _, _, values in told.lines if values.get("subject") == "flood"]
    assert len(of_one) == MOST_OF_ONE + 2, "those of its own, one for the others, and that one's count"
    assert of_one[-1] == {"subject": "flood", "reason": OTHERS, "count": 5_000 - MOST_OF_ONE - 1}
    assert [values["subject"] for _, _, values in told.lines].count("wang") == 1


def test_many_callers_together_cause_so_many_lines_and_no_more(told: Told) -> None:
    for number in range(100_000):
        told.refuse(f"caller-{number}")
    told.repeating.tell_counts()

    assert len(told.lines) == MOST + 2
    assert told.lines[-1][2] == {"reason": OTHERS, "count": 100_000 - MOST - 1}


def test_an_error_is_told_with_its_cause_once(told: Told) -> None:
    for number in range(3):
        told.repeating.tell("", logging.ERROR, "unexpected", {"path": "/stays"}, ValueError(number))
    told.repeating.tell("", logging.ERROR, "unexpected", {"path": "/stays"}, KeyError())
    told.repeating.tell_counts()

    assert [type(values.get("error")) for _, _, values in told.lines] == [ValueError, KeyError, type(None)]
    assert told.lines[-1][2] == {"path": "/stays", "count": 2}
