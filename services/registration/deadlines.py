"""Deadlines: a table of policy, and the days that follow from it as a pure function.

Days are statutory days (Asia/Shanghai). Counting starts on the day after (Civil Code, article 201), and a due day is
the last day in time. A deadline in calendar days or months may fall on a holiday: it asks for an entry in a system that
is open every day.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Self

from holidays import HolidayBase, country_holidays

from contracts.reference.calendar import add_months
from contracts.registration.notices import NoticeKind, Urgency

COLUMNS = ("kind", "scope", "urgency", "receipt", "due", "unit", "remind")

_YEARS = range(2001, 2101)  # from the first arrangement that the State Council's office published


class Scope(StrEnum):
    """Whether the sender's and the addressee's street lie in one district."""

    WITHIN_DISTRICT = "within_district"
    BETWEEN_DISTRICTS = "between_districts"


class Period(StrEnum):
    """A period that belongs to no notice: until a trace is lost 失访, a double arrival, half a year 常住, registration.

    `visit` is how long a person who stays with kin need not be registered.
    `completion` is how long after an overdue answer an arrival is taken as confirmed.
    """

    COMPLETION = "completion"
    TRACE = "trace"
    DOUBLE_ARRIVAL = "double_arrival"
    RESIDENCE = "residence"
    REGISTRATION = "registration"
    VISIT = "visit"


class Unit(StrEnum):
    """The unit that a deadline counts."""

    DAYS = "days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"


class DeadlinesError(ValueError):
    """A table of deadlines can't be used; the message names the place and the reason."""


@dataclass(frozen=True, slots=True)
class Term:
    """One row of the table: units from sending to receipt and to answer, and from the reminder to the due day."""

    unit: Unit
    due: int
    receipt: int = 0
    remind: int = 0

    def after(self, day: date, count: int) -> date:
        """Return the day that lies so many units after a day, or before it if the count is negative."""
        match self.unit:
            case Unit.DAYS:
                return day + timedelta(days=count)
            case Unit.WORKING_DAYS:
                return _working_calendar().get_nth_working_day(day, count)
            case Unit.MONTHS:
                return add_months(day, count)


_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Policy:
    """The deadlines of a deployment."""

    terms: Mapping[_Key, Term]

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Return a table read from a path, or the built-in one; raise DeadlinesError if it can't be used."""
        name = str(path or "deadlines.csv")
        try:
            table = path or files("services.registration").joinpath("deadlines.csv")
            terms = dict(_read(table.read_text(encoding="utf-8-sig"), name))
        except (OSError, UnicodeDecodeError) as error:
            raise DeadlinesError(f"{name}: {error}") from error
        if missing := [key for key in _keys() if key not in terms]:
            raise DeadlinesError(f"{name}: no row for {' '.join(filter(None, missing[0]))}")
        _working_calendar()  # takes a second; not while somebody waits for an answer
        return cls(MappingProxyType(terms))

    def receipt_due(self, kind: NoticeKind, urgency: Urgency, within_district: bool, sent_on: date) -> date:
        """Return the last day on which the receipt of a notice or inquiry is in time."""
        term = self._term(kind, urgency, within_district)
        return term.after(sent_on, term.receipt)

    def answer_due(self, kind: NoticeKind, urgency: Urgency, within_district: bool, sent_on: date) -> date:
        """Return the last day on which the answer to a notice or inquiry is in time, counted from the sending too."""
        term = self._term(kind, urgency, within_district)
        return term.after(sent_on, term.due)

    def remind_on(self, kind: NoticeKind, urgency: Urgency, within_district: bool, due: date) -> date:
        """Return the day on which to remind of a due receipt or answer; it lies after the sending."""
        term = self._term(kind, urgency, within_district)
        return term.after(due, -term.remind)

    def registration_due(self, arrived_on: date) -> date:
        """Return the last day on which registering an arrival is in time."""
        return self._end(Period.REGISTRATION, arrived_on)

    def visit_ends_on(self, arrived_on: date) -> date:
        """Return the last day on which a person who stays with kin counts as a visitor."""
        return self._end(Period.VISIT, arrived_on)

    def trace_lost_on(self, left_on: date) -> date:
        """Return the first day on which a person who left and arrived nowhere counts as lost."""
        return self._end(Period.TRACE, left_on) + timedelta(days=1)

    def usual_resident_from(self, started_on: date) -> date:
        """Return the day on which half a year is complete; 31 August and six months is the last day of February."""
        return self._end(Period.RESIDENCE, started_on)

    def completes_on(self, answer_due: date) -> date:
        """Return the last day for an overdue answer to an arrival; after it the arrival is taken as confirmed."""
        return self._end(Period.COMPLETION, answer_due)

    def is_double_arrival(self, one: date, other: date) -> bool:
        """Return whether two arrivals lie too close together to be a move from one place to the other."""
        return max(one, other) <= self._end(Period.DOUBLE_ARRIVAL, min(one, other))

    def _term(self, kind: NoticeKind, urgency: Urgency, within_district: bool) -> Term:
        return self.terms[kind, Scope.WITHIN_DISTRICT if within_district else Scope.BETWEEN_DISTRICTS, urgency]

    def _end(self, period: Period, day: date) -> date:
        term = self.terms[period, "", ""]
        return term.after(day, term.due)


def is_working_day(day: date) -> bool:
    """Return whether a day is worked in China: neither weekend nor holiday, or a weekend worked instead 调休."""
    return _working_calendar().is_working_day(day)


def knows_year(year: int) -> bool:
    """Return whether a year's arrangement of days off is known; it is published in the November before.

    For any other year only the statutory holidays count; a holiday on a weekend moves to the next working day.
    """
    return year in {day.year for day in _working_calendar().weekend_workdays}


@cache
def _working_calendar() -> HolidayBase:
    # All years at once: a weekend worked instead is looked up without loading its year.
    return country_holidays("CN", years=_YEARS)


def _keys() -> Iterator[_Key]:
    """Return the keys of the rows that a table must have."""
    yield from product(NoticeKind, Scope, Urgency)
    for period in Period:
        yield period, "", ""


def _read(text: str, name: str) -> Iterator[tuple[_Key, Term]]:
    """Return the rows of a table by key; raise DeadlinesError for a bad, repeated or unknown row."""
    lines = csv.reader(text.splitlines())
    if tuple(next(lines, []))[: len(COLUMNS)] != COLUMNS:
        raise DeadlinesError(f"{name}: the first line must begin with {','.join(COLUMNS)}")
    known, seen = set(_keys()), set()
    for row in lines:
        try:
            key, term = _term_of(row)
        except ValueError as error:
            raise DeadlinesError(f"{name}, line {lines.line_num}: {error}") from error
        if key not in known or key in seen:
            raise DeadlinesError(f"{name}, line {lines.line_num}: {'twice' if key in seen else 'no such deadline'}")
        seen.add(key)
        yield key, term


def _term_of(row: Sequence[str]) -> tuple[_Key, Term]:
    kind, scope, urgency, receipt, due, unit, remind = row[: len(COLUMNS)]
    if not scope:
        term = Term(Unit(unit), int(due))
        if term.due < 0 or receipt or remind:
            raise ValueError("a period has a number in due, and none in receipt and remind")
        return (kind, scope, urgency), term
    term = Term(Unit(unit), int(due), int(receipt), int(remind))
    if not 0 <= term.remind < term.receipt <= term.due:
        raise ValueError("a reminder comes after the sending, a receipt not after the answer")
    return (kind, scope, urgency), term
