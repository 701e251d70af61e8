"""What other entries contribute: exams of the elderly, visits of children, vaccinations, births, education."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contracts.reference.calendar import add_months
from contracts.reference.vaccines import schedule_for
from services.reporting.domain.days import (
    OPEN,
    Interval,
    intersect,
    number_of,
    read_day,
    read_moment,
    unite,
    year_end,
)
from services.reporting.domain.person import Contribution, Person, RowDocument, during, slice_of, standing
from services.reporting.domain.policy import Policy

_PREGNANCY_DAYS = 300
"""The longest time between the first booking and the birth it belongs to."""


def care(person: Person, policy: Policy, lived: Sequence[Contribution]) -> Iterator[Contribution]:
    """Yield what entries contribute, where and while the person lives: `lived` is what the stays contribute."""
    entries = standing(person.rows.entries)
    by_measure: dict[str, list[Contribution]] = defaultdict(list)
    for each in lived:
        by_measure[each.measure].append(each)
    yield from _doses(person, entries, by_measure["resident.0_6"], policy)
    if not entries:
        return
    exams = [_to_year_end(row) for row in entries if row["kind"] == "physical_exam" and row["readings"]["complete"]]
    visits = [_to_year_end(row) for row in entries if row["kind"] == "child_visit"]
    taught = [_for_days(row, policy.used_days) for row in entries if row["kind"] == "education_received"]
    yield from _while("usual.65.managed", by_measure["usual.65"], exams)
    yield from _while("child.visited", by_measure["resident.0_6"], visits)
    yield from _while("educated", by_measure["resident"], taught)
    yield from _births(person, entries, policy)


def _while(measure: str, lived: Sequence[Contribution], days: Sequence[Interval]) -> Iterator[Contribution]:
    """Yield the days on which somebody lived somewhere, or in some state, and something else held."""
    if not days:
        return
    united = unite(days)
    for each in lived:
        yield from during(measure, each.division, each.slice, intersect([(each.since, each.until)], united))


def _to_year_end(row: RowDocument) -> Interval:
    day = read_moment(row["measured_at"])
    return day, year_end(day)


def _for_days(row: RowDocument, days: int) -> Interval:
    day = read_moment(row["measured_at"])
    return day, day + days


def _doses(
    person: Person, entries: Sequence[RowDocument], lived: Sequence[Contribution], policy: Policy
) -> Iterator[Contribution]:
    """Yield the doses of the schedule that are due by a child's age, and which of them were given."""
    if not lived or person.birth is None:
        return
    given: dict[tuple[str, int], int] = {}
    for row in entries:
        if row["kind"] == "vaccination":
            dose = row["readings"]["vaccine"], row["readings"]["dose"]
            given[dose] = min(read_moment(row["measured_at"]), given.get(dose, OPEN))
    for scheduled in schedule_for(person.birth, policy.schedules):
        due = number_of(add_months(person.birth, scheduled.due_months))
        over = number_of(add_months(person.birth, scheduled.until_months))
        done = max(due, given.get((scheduled.vaccine, scheduled.dose), OPEN))
        yield from _while(f"vaccine.due.{scheduled.vaccine}", lived, [(due, over)])
        yield from _while(f"vaccine.done.{scheduled.vaccine}", lived, [(done, over)])


def _births(person: Person, entries: Sequence[RowDocument], policy: Policy) -> Iterator[Contribution]:
    """Yield the births that a mother's visits tell of, and a newborn's home visit, on the day of birth."""
    maternal = [row for row in entries if row["kind"] == "maternal_visit"]
    told: dict[int, RowDocument] = {}
    for row in sorted(maternal, key=lambda row: (row["measured_at"], row["_id"])):
        delivered = read_day(row["readings"].get("delivered_on"))
        if delivered is not None:
            told.setdefault(delivered, row)
    for day, row in told.items():
        seen = _slice(person, row, policy)
        yield Contribution("birth", row["street"], seen, day)
        if any(_booked_early(each, day, policy) for each in maternal):
            yield Contribution("birth.early_booked", row["street"], seen, day)
        if any(_visited_after(each, day, policy) for each in maternal):
            yield Contribution("birth.visited_after", row["street"], seen, day)
    home = [row for row in entries if row["kind"] == "child_visit" and row["readings"]["stage"] == "newborn_home"]
    if home and person.birth:
        first = min(home, key=lambda row: (row["measured_at"], row["_id"]))
        yield Contribution(
            "birth.newborn_visited", first["street"], _slice(person, first, policy), number_of(person.birth)
        )


def _slice(person: Person, row: RowDocument, policy: Policy) -> str:
    return slice_of(person.described, policy.home_of(row["street"][:6]), policy.home_of)


def _booked_early(row: RowDocument, birth: int, policy: Policy) -> bool:
    """Return whether a visit booked the pregnancy that a birth ended, early enough."""
    readings: Mapping[str, Any] = row["readings"]
    day = read_moment(row["measured_at"])
    if readings["stage"] != "early" or not birth - _PREGNANCY_DAYS <= day < birth:
        return False
    last_period = read_day(readings.get("last_period_on"))
    weeks = readings.get("weeks") if last_period is None else (day - last_period) // 7
    return weeks is not None and weeks < policy.early_weeks


def _visited_after(row: RowDocument, birth: int, policy: Policy) -> bool:
    day = read_moment(row["measured_at"])
    return row["readings"]["stage"] == "after_birth" and birth <= day <= birth + policy.after_birth_days
