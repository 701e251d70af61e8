"""What enrolments 慢病管理 and follow-ups contribute: who is managed, how often met, by the rules, under control."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from contracts.archives.enrolments import Condition, EnrolmentEnding
from contracts.archives.forms import Mode
from contracts.reference.calendar import age_on
from services.reporting.domain.days import (
    OPEN,
    Interval,
    day_from,
    intersect,
    number_of,
    read_day,
    read_moment,
    unite,
    year_end,
)
from services.reporting.domain.person import Contribution, Person, RowDocument, during, slice_of, standing, versions
from services.reporting.domain.policy import Policy

KINDS: Mapping[str, Sequence[str]] = {
    Condition.HYPERTENSION: ("hypertension_follow_up", "blood_pressure"),
    Condition.DIABETES_2: ("diabetes_follow_up",),
    Condition.TUBERCULOSIS: ("tuberculosis_follow_up",),
    Condition.SEVERE_MENTAL_DISORDER: ("mental_health_follow_up",),
}
"""The kinds of entries that follow up each condition; a blood pressure does if its mode was entered."""


class Visit(NamedTuple):
    """A follow-up: its day, what was read, and whether worker and person met."""

    on: int
    readings: Mapping[str, Any]
    met: bool


def chronic(person: Person, policy: Policy) -> Iterator[Contribution]:
    """Yield what a person's enrolments contribute in the streets that manage the person."""
    exams = sorted(_days(person, "physical_exam"))
    for row in person.rows.enrolments:
        told = slice_of(person.described, policy.home_of(row["district"]), policy.home_of)
        managed = unite(person.alive(each) for each in _managed(row, policy))
        visits = _visits(person, row["condition"], _first_day(row))
        for measure, days in _measures(row, visits, exams, managed, person.birth, policy):
            yield from during(f"{row['condition']}.{measure}", row["street"], told, intersect(managed, days))


def _measures(
    row: RowDocument,
    visits: Sequence[Visit],
    exams: Sequence[int],
    managed: Sequence[Interval],
    birth: date | None,
    policy: Policy,
) -> Iterator[tuple[str, Sequence[Interval]]]:
    yield "managed", managed
    if row["condition"] == Condition.TUBERCULOSIS:
        by = _first_day(row) + policy.home_visit_days
        first = [visit.on for visit in visits if visit.readings.get("first_home_visit") and visit.on <= by]
        yield "visited_in_time", [(day, OPEN) for day in first[:1]]
        return
    met = unite(_years_met(visits, managed, policy))
    yield "four_visits", met
    if row["condition"] == Condition.SEVERE_MENTAL_DISORDER:
        return
    yield "standard", intersect(met, unite((day, year_end(day)) for day in exams))
    yield "controlled", unite(_controlled(visits, birth, policy))


def _managed(row: RowDocument, policy: Policy) -> Iterator[Interval]:
    """Yield when somebody was managed here; the lost 失访 are until the end of the year."""
    since: int | None = _begun(next(versions(row)))
    for version in versions(row):
        ended = read_day(version.get("ended_on"))
        if ended is None and since is None:
            since = _begun(version)
        elif ended is not None and since is not None:
            lost = policy.lost_counts and version.get("ending") == EnrolmentEnding.LOST
            yield since, year_end(ended) if lost else ended
            since = None
    if since is not None:
        yield since, OPEN


def _begun(version: RowDocument) -> int:
    """Return the day of an enrolment; of one that was taken over, the day on which it was."""
    return read_moment(version["said_at"]) if version.get("taken_over_from") else _first_day(version)


def _first_day(row: RowDocument) -> int:
    return number_of(date.fromisoformat(row["enrolled_on"]))


def _days(person: Person, kind: str) -> Iterator[int]:
    return (read_moment(row["measured_at"]) for row in standing(person.rows.entries) if row["kind"] == kind)


def _visits(person: Person, condition: str, since: int) -> list[Visit]:
    """Return the follow-ups of a condition from a day on, whoever made them, in the order of their moments."""
    kinds = KINDS[condition]
    rows = [
        row
        for row in standing(person.rows.entries)
        if row["kind"] in kinds and (row["kind"] != "blood_pressure" or row["readings"].get("mode"))
    ]
    visits = [
        Visit(read_moment(row["measured_at"]), row["readings"], row["readings"].get("mode") == Mode.FACE_TO_FACE)
        for row in sorted(rows, key=lambda row: (row["measured_at"], row["_id"]))
    ]
    return [visit for visit in visits if visit.on >= since]


def _years_met(visits: Sequence[Visit], managed: Sequence[Interval], policy: Policy) -> Iterator[Interval]:
    """Yield from when on in each calendar year enough visits were face to face, to the end of the year."""
    counted: dict[int, list[int]] = {}
    for visit in visits:
        days = counted.setdefault(day_from(visit.on).year, [])
        if visit.met and (not days or visit.on >= days[-1] + max(1, policy.face_to_face_gap_days)):
            days.append(visit.on)
    for year, days in counted.items():
        wanted = _wanted(year, managed, policy)
        if len(days) >= wanted:
            yield days[wanted - 1], number_of(date(year + 1, 1, 1))


def _wanted(year: int, managed: Sequence[Interval], policy: Policy) -> int:
    """Return how many visits a year wants; if `pro_rata`, a share by the months from the first day managed, from 1."""
    if not policy.pro_rata:
        return policy.face_to_face_a_year
    first, last = number_of(date(year, 1, 1)), number_of(date(year + 1, 1, 1))
    begun = min((max(since, first) for since, until in managed if since < last and until > first), default=first)
    months = 13 - day_from(begun).month
    return max(1, -(-policy.face_to_face_a_year * months // 12))


def _controlled(visits: Sequence[Visit], birth: date | None, policy: Policy) -> Iterator[Interval]:
    """Yield from each controlled follow-up to the next one, for a year at most; of a day the worst counts."""
    by_day: dict[int, bool] = {}
    for visit in visits:
        by_day[visit.on] = by_day.get(visit.on, True) and is_controlled(visit.readings, birth, visit.on, policy)
    for day, following in pairwise([*by_day, OPEN]):
        if by_day[day]:
            yield day, min(following, day + policy.controlled_days)


def is_controlled(readings: Mapping[str, Any], birth: date | None, on: int, policy: Policy) -> bool:
    """Return whether a follow-up's pressure (mmHg) and fasting glucose (mmol/L) reach the goal for the person's age."""
    if "fasting_glucose" in readings:
        return bool(readings["fasting_glucose"] < policy.glucose_below)
    elderly = birth is not None and age_on(birth, day_from(on)) >= policy.elderly_age
    below = policy.systolic_below_elderly if elderly else policy.systolic_below
    return bool(readings["systolic"] < below and readings["diastolic"] < policy.diastolic_below)
