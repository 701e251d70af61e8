"""Announcements: a follow-up and a vaccination on a day are each told once, without saying what for."""

from datetime import date

from contracts.archives.announcements import DueKind
from contracts.archives.enrolments import Duty, DutyKind, DutyReason
from services.archives.domain.announcements import announce

PERSON, STREET = "a" * 32, "320507001"
SINCE, UNTIL = date(2026, 11, 20), date(2026, 11, 23)


def duty(kind: DutyKind, day: int) -> Duty:
    return Duty(kind=kind, due_on=date(2026, 11, day), reason=DutyReason.YEARLY)


def test_what_is_due_in_the_period_is_told_once_for_each_day_and_kind() -> None:
    duties = [
        duty(DutyKind.HYPERTENSION_FOLLOW_UP, 20),
        duty(DutyKind.DIABETES_FOLLOW_UP, 20),
        duty(DutyKind.VACCINATION, 20),
        duty(DutyKind.VACCINATION, 20),
        duty(DutyKind.ELDERLY_EXAM, 23),
        duty(DutyKind.ELDERLY_EXAM, 19),
        duty(DutyKind.CHILD_VISIT, 24),
    ]

    told = [fact.announcement for fact in announce(PERSON, STREET, duties, SINCE, UNTIL)]

    assert [(one.due_on.day, one.kind) for one in told] == [
        (20, DueKind.FOLLOW_UP),
        (20, DueKind.VACCINATION),
        (23, DueKind.FOLLOW_UP),
    ]
    assert len({one.announcement_id for one in told}) == 3
    assert told == [fact.announcement for fact in announce(PERSON, STREET, reversed(duties), SINCE, UNTIL)]
