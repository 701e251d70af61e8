"""What people contribute to numbers: a pure function of the rows about them."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from contracts.registration.notices import AnswerState, NoticeKind, NoticeState
from contracts.registration.people import Person as Record
from contracts.registration.people import deaths, one_person, survivor_of
from contracts.registration.stays import StayState
from services.reporting.domain.archives import archives, holdings_of
from services.reporting.domain.care import care
from services.reporting.domain.chronic import chronic
from services.reporting.domain.days import OPEN, day_from, number_of
from services.reporting.domain.exchanges import exchanges, next_deadline
from services.reporting.domain.filling import filling
from services.reporting.domain.person import Contribution, Person, RowDocument, Rows
from services.reporting.domain.policy import POLICY, Policy
from services.reporting.domain.population import population
from services.reporting.domain.traces import Claim, Known, trace


class Counted(NamedTuple):
    """What somebody contributes up to the horizon, and the day on which that must be counted again; None if never."""

    contributions: list[Contribution]
    again_on: int | None


def horizon_of(today: date) -> int:
    """Return the first day that is not counted ahead: that after the end of next year."""
    return number_of(date(today.year + 2, 1, 1))


def count_group(ids: frozenset[str], rows: Rows, today: date, policy: Policy = POLICY) -> dict[str, Counted]:
    """Return what each of some ids that were ever linked contributes; the aliases of a person contribute nothing."""
    records = [Record.model_validate(row) for row in rows.people]
    if len(ids) == 1:
        return {person_id: count_person(rows, records, today, policy) for person_id in ids}
    one = one_person(records)
    found = {person_id: Counted([], None) for person_id in ids}
    for same in {one.get(person_id, frozenset({person_id})) for person_id in ids}:
        theirs = [record for record in records if record.person_id in same]
        found[survivor_of(same, theirs)] = count_person(rows.of(same), theirs, today, policy)
    return found


def count_person(rows: Rows, records: list[Record], today: date, policy: Policy = POLICY) -> Counted:
    """Return what one person contributes."""
    on, person = number_of(today), _person(rows, records, today)
    deadline = next_deadline(person, on)
    within, left_out = _within(_contributions(person, policy, on), person.horizon)
    again = (day for day in (deadline, None if left_out is None else _reached_on(left_out)) if day is not None)
    return Counted(within, min(again, default=None))


def make_person(person_id: str, rows: Rows, today: date) -> Person:
    """Return what is known of a person, from the rows about all ids that were ever linked with one of theirs."""
    records = [Record.model_validate(row) for row in rows.people]
    same = one_person(records).get(person_id, frozenset({person_id}))
    return _person(rows.of(same), [record for record in records if record.person_id in same], today)


def _person(rows: Rows, records: list[Record], today: date) -> Person:
    died = min((number_of(day) for day in deaths(records).values()), default=OPEN)
    return Person(rows, horizon_of(today), died, find_traces(rows, records))


def _contributions(person: Person, policy: Policy, today: int) -> Iterator[Contribution]:
    holdings = holdings_of(person)
    lived = list(population(person, holdings, policy))
    yield from lived
    yield from archives(person, holdings, policy)
    yield from chronic(person, policy)
    yield from care(person, policy, lived)
    yield from exchanges(person, policy, today)
    yield from filling(person, policy)


def _within(contributions: Iterator[Contribution], horizon: int) -> tuple[list[Contribution], int | None]:
    """Return contributions with the steps before the horizon, and the first day of those left out; None if none is."""
    kept: list[Contribution] = []
    left_out: list[int] = []
    for each in contributions:
        if each.since >= horizon:
            left_out.append(each.since)
        elif horizon <= each.until < OPEN:
            left_out.append(each.until)
            kept.append(each._replace(until=OPEN))
        else:
            kept.append(each)
    return kept, min(left_out, default=None)


def _reached_on(day: int) -> int:
    """Return the first day on which another day lies before the horizon."""
    return number_of(date(day_from(day).year - 1, 1, 1))


def find_traces(rows: Rows, records: list[Record]) -> Mapping[str, int]:
    """Return for each stay that was left the day from which the person is known to be elsewhere."""
    if len(rows.stays) < 2 and not rows.notices and not records:
        return {}
    found = trace(_as_known(rows, records))
    return {stay: number_of(day) for stay, day in found.items() if day is not None}


def _as_known(rows: Rows, records: list[Record]) -> Known:
    confirmed = {row["_id"]: row["answered_on"] for row in rows.answers if row["state"] == AnswerState.CONFIRMED}
    standing = [row for row in rows.notices if row["state"] == NoticeState.SENT and row["stay_id"]]
    return Known(
        stays=[_claim(row, row["_id"], row.get("recorded_at", "")) for row in rows.stays],
        people=records,
        elsewhere=[
            _claim(row, row["stay_id"], row["sent_at"])
            for row in standing
            if row["kind"] == NoticeKind.ARRIVAL and row["started_on"]
        ],
        arrived=[
            (row["stay_id"], date.fromisoformat(confirmed[row["_id"]]))
            for row in standing
            if row["kind"] == NoticeKind.DEPARTURE and row["_id"] in confirmed
        ],
    )


def _claim(row: RowDocument, stay_id: str, recorded_at: str) -> Claim:
    return Claim(
        stay_id=stay_id,
        person_id=row["person_id"],
        started_on=date.fromisoformat(row["started_on"]),
        recorded_at=recorded_at,
        stands=row["state"] != StayState.RETRACTED,
    )
