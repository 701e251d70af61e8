"""What a person contributes at the edges: days that touch, orders that are reversed, and two readings of one day."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from services.reporting.domain.contributions import count_group
from services.reporting.domain.days import OPEN, day_from
from services.reporting.domain.person import Rows
from services.reporting.domain.policy import POLICY

ONE, STREET, TODAY = "a" * 32, "320507001", date(2026, 6, 1)


def row(name: str, said_on: str, **fields: Any) -> dict[str, Any]:
    said = f"{said_on}T04:00:00.000000Z"
    return {"_id": name, "person_id": ONE, "sequence": 1, "said_at": said, "heard_at": said, **fields}


def stay(name: str, started_on: str, ended_on: str | None = None, **fields: Any) -> dict[str, Any]:
    known = {"street": STREET, "started_on": started_on, "ended_on": ended_on, "birth": "1950-01-01", "sex": "male"}
    ended = {"state": "ended", "ending": "departed"} if ended_on else {"state": "open", "ending": None}
    told = {"recorded_at": f"{started_on}T04:00:00.000000Z", "registration_due": started_on, "trace_lost_on": None}
    return row(name, started_on, **known, **ended, **told) | fields


def days_of(measure: str, **rows: Any) -> list[tuple[str, str | None]]:
    """Return from when to when somebody counts in a measure; None is for ever."""
    (counted,) = count_group(frozenset({ONE}), Rows(**rows), TODAY, POLICY).values()
    found = [each for each in counted.contributions if each.measure == measure]
    return [(str(day_from(each.since)), None if each.until == OPEN else str(day_from(each.until))) for each in found]


def test_who_leaves_a_street_and_comes_to_the_next_on_one_day_lives_in_the_district_without_a_break() -> None:
    first = stay("1", "2026-01-01", "2026-03-01")

    assert days_of("usual", stays=[first, stay("2", "2026-03-01")]) == [("2026-07-01", None)]
    assert days_of("usual", stays=[first, stay("2", "2026-03-02")]) == [("2026-09-02", None)]


def test_who_was_given_up_before_the_day_of_leaving_was_corrected_is_lost_from_that_day() -> None:
    left = stay("1", "2025-01-01", "2025-09-01", trace_lost_on="2025-08-01")

    assert days_of("resident.in_transit", stays=[left]) == []
    assert days_of("resident.lost", stays=[left]) == [("2025-09-01", None)]
    later = {**left, "trace_lost_on": "2025-12-01"}
    assert days_of("resident.in_transit", stays=[later]) == [("2025-09-01", "2025-12-01")]


def archive(**fields: Any) -> dict[str, Any]:
    known = {"district": STREET[:6], "street": STREET, "state": "open", "birth": "1950-01-01", "sex": "male"}
    return row("archive", "2025-03-01", opened_at="2025-03-01T04:00:00.000000Z", **known, **fields)


def test_an_archive_is_built_from_the_first_day_on_which_it_was_complete() -> None:
    first = archive(completed_at="2025-04-01T04:00:00.000000Z")
    again = {**first, "sequence": 2, "completed_at": "2025-08-01T04:00:00.000000Z", "earlier": {"1": first}}
    lived = stay("1", "2024-01-01")

    assert days_of("usual.built", stays=[lived], archives=[again]) == [("2025-04-01", None)]


def enrolment(said_on: str, **fields: Any) -> dict[str, Any]:
    known = {"district": STREET[:6], "street": STREET, "condition": "hypertension", "enrolled_on": "2025-02-01"}
    return row("enrolment", said_on, **known, ended_on=None, ending=None, taken_over_from=None) | fields


def test_who_is_managed_again_is_so_without_a_break_unless_it_was_taken_over() -> None:
    first = enrolment("2025-02-01")
    over = enrolment("2025-05-01", sequence=2, ended_on="2025-05-01", ending="moved", earlier={"1": first})
    earlier, lived = {"1": first, "2": {**over, "earlier": None}}, [stay("1", "2024-01-01")]
    again = enrolment("2025-06-01", sequence=3, earlier=earlier)

    assert days_of("hypertension.managed", stays=lived, enrolments=[again]) == [("2025-02-01", None)]
    taken_over = {**again, "taken_over_from": "320812"}
    assert days_of("hypertension.managed", stays=lived, enrolments=[taken_over]) == [
        ("2025-02-01", "2025-05-01"),
        ("2025-06-01", None),
    ]


def follow_up(name: str, on: str, systolic: int) -> dict[str, Any]:
    readings = {"systolic": systolic, "diastolic": 80, "mode": "face_to_face"}
    known = {"kind": "hypertension_follow_up", "state": "recorded", "street": STREET, "district": STREET[:6]}
    return row(name, on[:10], measured_at=f"{on}:00.000000Z", readings=readings, **known)


def controlled(*entries: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    lived, managed = stay("1", "2024-01-01"), enrolment("2025-02-01")
    yield from days_of("hypertension.controlled", stays=[lived], enrolments=[managed], entries=list(entries))


def test_of_two_readings_of_one_day_the_worse_counts_in_either_order() -> None:
    high, low = follow_up("1", "2025-06-01T02:00", 170), follow_up("2", "2025-06-01T03:00", 120)
    then_high = follow_up("3", "2025-06-01T05:00", 170)

    assert list(controlled(low)) == [("2025-06-01", "2026-06-01")]
    assert list(controlled(high, low)) == list(controlled(low, then_high)) == []


def test_what_was_read_before_somebody_was_enrolled_is_not_of_the_management() -> None:
    before, after = follow_up("1", "2025-01-20T02:00", 120), follow_up("2", "2025-06-01T02:00", 120)

    assert list(controlled(before)) == []
    assert list(controlled(before, after)) == [("2025-06-01", "2026-06-01")]
