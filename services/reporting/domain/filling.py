"""What registering and entering contribute to how in time 填报及时率 and how complete 填报完整率 it is done.

A stay counts on its first day: in time if it was recorded by the day that it names for that, complete if birth, sex,
household registration and purpose are known. An entry counts on the day of what it says: in time if it was recorded
within so many days.
"""

from collections.abc import Iterator

from contracts.reference.identity import Sex
from contracts.registration.stays import StayState
from services.reporting.domain.days import read_day, read_moment
from services.reporting.domain.person import Contribution, Person, RowDocument, slice_of, standing, versions
from services.reporting.domain.policy import Policy

_KNOWN = ("birth", "hukou_division", "purpose")


def filling(person: Person, policy: Policy) -> Iterator[Contribution]:
    """Yield what a person's stays and entries contribute to timeliness and completeness."""
    for row in person.rows.stays:
        if row["state"] != StayState.RETRACTED:
            yield from _stay(row, policy)
    for row in standing(person.rows.entries):
        yield from _entry(row, person, policy)


def _stay(row: RowDocument, policy: Policy) -> Iterator[Contribution]:
    street, on = row["street"], read_day(row["started_on"])
    told, due = slice_of(row, policy.home_of(street[:6]), policy.home_of), read_day(row.get("registration_due"))
    assert on is not None, "every stay has a first day"
    yield Contribution("filled.stays", street, told, on)
    if all(row.get(name) for name in _KNOWN) and row.get("sex") in {Sex.MALE, Sex.FEMALE}:
        yield Contribution("filled.stays.complete", street, told, on)
    if due is not None:
        yield Contribution("filled.stays.due", street, told, on)
        if read_moment(row["recorded_at"]) <= due:
            yield Contribution("filled.stays.in_time", street, told, on)


def _entry(row: RowDocument, person: Person, policy: Policy) -> Iterator[Contribution]:
    street, on = row["street"], read_moment(row["measured_at"])
    told = slice_of(person.described, policy.home_of(street[:6]), policy.home_of)
    first = min(read_moment(version["said_at"]) for version in versions(row))
    yield Contribution("filled.entries", street, told, on)
    if first <= on + policy.entry_days:
        yield Contribution("filled.entries.in_time", street, told, on)
