"""By when what is owed, through Spring Festivals, make-up Sundays, month ends and leap years."""

from collections.abc import Callable
from datetime import date, timedelta
from importlib.resources import files
from itertools import pairwise, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.registration.notices import NoticeKind, Urgency
from services.registration.deadlines import DeadlinesError, Policy, is_working_day, knows_year

POLICY = Policy.load()
PACKAGED = files("services.registration").joinpath("deadlines.csv").read_text(encoding="utf-8")
DAYS = st.dates(date(2002, 1, 1), date(2090, 12, 31))


def due_within_a_district(sent_on: date) -> date:
    return POLICY.answer_due(NoticeKind.ARRIVAL, Urgency.ORDINARY, True, sent_on)


def change_table(folder: Path, change: Callable[[str], str]) -> Path:
    path = folder / "own.csv"
    path.write_text(change(PACKAGED), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("sent_on", "due"),
    [
        ("2026-11-16", "2026-11-19"),  # Monday to Thursday
        ("2026-11-19", "2026-11-24"),  # over a weekend
        ("2026-11-21", "2026-11-25"),  # from a Saturday
        ("2026-02-13", "2026-02-25"),  # Spring Festival 15 to 23 February; Saturday the 14th is worked
        ("2026-02-27", "2026-03-03"),  # Saturday 28 February is worked
        ("2026-01-01", "2026-01-06"),  # Sunday 4 January is worked
        ("2026-09-18", "2026-09-22"),  # Sunday 20 September is worked
        ("2026-09-30", "2026-10-10"),  # National Day 1 to 7 October; Saturday the 10th is worked
        ("2026-05-06", "2026-05-09"),  # Saturday 9 May is worked
        ("2020-01-23", "2020-02-05"),  # the festival of 2020 was prolonged to 2 February
        ("2011-12-29", "2012-01-04"),  # Saturday 31 December is worked by the arrangement of the year after
    ],
)
def test_within_a_district_three_working_days_are_given(sent_on: str, due: str) -> None:
    assert due_within_a_district(date.fromisoformat(sent_on)) == date.fromisoformat(due)


@pytest.mark.parametrize(("urgency", "days"), [(Urgency.ORDINARY, 30), (Urgency.URGENT, 30), (Urgency.CRITICAL, 15)])
@pytest.mark.parametrize("kind", NoticeKind)
def test_between_districts_calendar_days_are_given(kind: NoticeKind, urgency: Urgency, days: int) -> None:
    sent_on = date(2026, 2, 1)

    assert POLICY.receipt_due(kind, urgency, False, sent_on) == sent_on + timedelta(days=days)
    assert POLICY.answer_due(kind, urgency, False, sent_on) == sent_on + timedelta(days=days)


def test_a_deadline_in_calendar_days_stays_on_a_holiday() -> None:
    due = POLICY.answer_due(NoticeKind.INQUIRY, Urgency.CRITICAL, False, date(2026, 9, 16))

    assert due == date(2026, 10, 1)
    assert not is_working_day(due)


def test_a_reminder_comes_some_days_before() -> None:
    assert POLICY.remind_on(NoticeKind.ARRIVAL, Urgency.ORDINARY, False, date(2026, 3, 31)) == date(2026, 3, 24)
    assert POLICY.remind_on(NoticeKind.INQUIRY, Urgency.CRITICAL, False, date(2026, 3, 3)) == date(2026, 2, 26)


def test_a_reminder_comes_a_working_day_before_what_is_due_in_working_days() -> None:
    assert POLICY.remind_on(NoticeKind.ARRIVAL, Urgency.ORDINARY, True, date(2026, 2, 24)) == date(2026, 2, 14)


@pytest.mark.parametrize(
    ("started_on", "resident_from"),
    [
        ("2026-03-15", "2026-09-15"),
        ("2025-08-31", "2026-02-28"),
        ("2027-08-31", "2028-02-29"),
        ("2026-08-29", "2027-02-28"),
        ("2023-08-29", "2024-02-29"),
        ("2024-02-29", "2024-08-29"),
        ("2026-12-31", "2027-06-30"),
        ("2026-06-30", "2026-12-30"),
        ("2026-07-01", "2027-01-01"),
    ],
)
def test_half_a_year_is_six_months_of_the_calendar(started_on: str, resident_from: str) -> None:
    assert POLICY.usual_resident_from(date.fromisoformat(started_on)) == date.fromisoformat(resident_from)


def test_whoever_left_is_lost_when_ninety_days_have_passed() -> None:
    assert POLICY.trace_lost_on(date(2026, 1, 1)) == date(2026, 4, 2)
    assert POLICY.trace_lost_on(date(2024, 1, 1)) == date(2024, 4, 1)


def test_an_arrival_is_registered_within_three_days() -> None:
    assert POLICY.registration_due(date(2026, 2, 27)) == date(2026, 3, 2)
    assert POLICY.registration_due(date(2028, 2, 27)) == date(2028, 3, 1)


def test_arrivals_within_three_days_are_a_double_arrival() -> None:
    assert POLICY.is_double_arrival(date(2026, 3, 1), date(2026, 3, 4))
    assert POLICY.is_double_arrival(date(2026, 3, 4), date(2026, 3, 1))
    assert not POLICY.is_double_arrival(date(2026, 3, 1), date(2026, 3, 5))


def test_years_without_an_arrangement_keep_the_statutory_holidays() -> None:
    assert knows_year(2004)
    assert knows_year(2026)
    assert not knows_year(2000)
    assert not knows_year(2080)
    assert not is_working_day(date(2080, 1, 22))  # Monday, the first day of the lunar year
    assert not is_working_day(date(2080, 10, 1))  # Tuesday, National Day
    assert not is_working_day(date(2080, 11, 16))  # Saturday
    assert is_working_day(date(2080, 11, 18))  # Monday


def test_every_year_up_to_now_is_known() -> None:
    assert all(knows_year(year) for year in range(2004, 2027))


@given(DAYS, st.sampled_from(NoticeKind), st.sampled_from(Urgency), st.booleans())
def test_a_receipt_is_reminded_of_after_sending_and_due_before_the_answer(
    sent_on: date, kind: NoticeKind, urgency: Urgency, within: bool
) -> None:
    receipt = POLICY.receipt_due(kind, urgency, within, sent_on)
    answer = POLICY.answer_due(kind, urgency, within, sent_on)

    assert sent_on < POLICY.remind_on(kind, urgency, within, receipt) < receipt <= answer


@given(st.lists(DAYS, min_size=2, max_size=2, unique=True).map(sorted), st.sampled_from(NoticeKind), st.booleans())
def test_who_sends_later_never_has_to_be_answered_earlier(days: list[date], kind: NoticeKind, within: bool) -> None:
    earlier, later = days

    for urgency in Urgency:
        assert POLICY.answer_due(kind, urgency, within, earlier) <= POLICY.answer_due(kind, urgency, within, later)
    assert POLICY.usual_resident_from(earlier) <= POLICY.usual_resident_from(later)
    assert POLICY.trace_lost_on(earlier) < POLICY.trace_lost_on(later)
    assert POLICY.registration_due(earlier) < POLICY.registration_due(later)


@given(DAYS, st.sampled_from(NoticeKind), st.booleans())
def test_the_more_urgent_is_never_due_later(sent_on: date, kind: NoticeKind, within: bool) -> None:
    dues = [POLICY.answer_due(kind, urgency, within, sent_on) for urgency in Urgency]

    assert all(more_urgent <= less for less, more_urgent in pairwise(dues))


@given(DAYS)
def test_three_working_days_lie_between_sending_and_due(sent_on: date) -> None:
    due = due_within_a_district(sent_on)

    worked = [day for n in range(1, (due - sent_on).days + 1) if is_working_day(day := sent_on + timedelta(days=n))]
    assert len(worked) == 3
    assert worked[-1] == due


@given(DAYS)
def test_half_a_year_is_never_shorter_than_181_days_nor_longer_than_184(started_on: date) -> None:
    assert 181 <= (POLICY.usual_resident_from(started_on) - started_on).days <= 184


def test_a_deployment_may_keep_deadlines_of_its_own(tmp_path: Path) -> None:
    own = change_table(tmp_path, lambda table: table.replace("trace,,,,90,days", "trace,,,,60,days"))

    policy = Policy.load(own)

    assert policy.trace_lost_on(date(2026, 1, 1)) == date(2026, 3, 3)


def test_every_kind_urgency_and_scope_has_a_deadline() -> None:
    for kind, urgency, within in product(NoticeKind, Urgency, (True, False)):
        assert POLICY.answer_due(kind, urgency, within, date(2026, 11, 22)) > date(2026, 11, 22)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("kind,scope", "sort,scope", "first line"),
        ("trace,,,,90", "trace,,,,many", "line 21"),
        ("trace,,,,90", "trace,,,,-1", "line 21"),
        ("trace,,,,90", "trace,,,30,90", "line 21"),
        ("trace,,,,90,days", "trace,,,,90,moons", "line 21"),
        ("trace,,,,90,days,,assumed", "trace,,,,90", "line 21"),
        ("trace,,,,90", "traces,,,,90", "line 21: no such deadline"),
        ("trace,,,,90", "residence,,,,90", "line 23: twice"),
        (
            "inquiry,between_districts,critical,15,15,days,5",
            "inquiry,between_districts,critical,20,15,days,5",
            "line 16",
        ),
        (
            "inquiry,between_districts,critical,15,15,days,5",
            "inquiry,between_districts,critical,15,15,days,15",
            "line 16",
        ),
        ("residence,,,,6,months,,居住证暂行条例: half a year\n", "", "no row for residence"),
    ],
)
def test_a_table_that_can_not_be_used_says_where(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    assert before in PACKAGED
    own = change_table(tmp_path, lambda table: table.replace(before, after))

    with pytest.raises(DeadlinesError, match=f"own.csv.*{complaint}"):
        Policy.load(own)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeadlinesError, match=r"nowhere\.csv"):
        Policy.load(tmp_path / "nowhere.csv")
