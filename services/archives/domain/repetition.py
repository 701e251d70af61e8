"""The same readings for many people 数值雷同: one worker, one street, one day, equal to the last digit.

Nobody's pressure is another's all day long; who typed the same numbers for many was asked for numbers and had none. A
mark names worker, street, day, kind and readings; entries with one mark are alike. Every version of an entry has its
mark, and an entry carries its earlier versions. So what was ever alike is known from the newest version alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from contracts.archives.entries import Earlier, Entry
from contracts.reference.calendar import day_of
from services.archives.domain.quality import Finding, FindingKind, Severity, first_typed_by, readings_of


@dataclass(frozen=True, slots=True)
class RepetitionPolicy:
    """The thresholds as data, in no standard: for so many people the same, in at least so many numbers."""

    people: int = 5
    people_seriously: int = 10
    readings: int = 2


REPETITION = RepetitionPolicy()


@dataclass(frozen=True, slots=True)
class Marks:
    """The mark of an entry as it stands, if it does and has readings enough, and those of every version it had."""

    now: str | None
    ever: list[str]


def marks_of(entry: Entry, policy: RepetitionPolicy = REPETITION) -> Marks:
    """Mark an entry and its earlier versions."""
    versions = [_mark(entry, said, policy) for said in (*entry.earlier, entry.as_earlier())]
    return Marks(versions[-1] if entry.stands else None, sorted({mark for mark in versions if mark}))


def _mark(entry: Entry, said: Earlier, policy: RepetitionPolicy) -> str | None:
    """Name what makes a version alike to another; the day comes first, so that marks sort by it."""
    readings = readings_of(said.content)
    if len(readings) < policy.readings:
        return None
    day = day_of(said.measured_at)
    named = "|".join((entry.street, first_typed_by(entry), said.content.kind, *(f"{n}={v}" for n, v in readings)))
    return f"{day}|{sha256(named.encode()).hexdigest()[:32]}"


def repeats(people: int, policy: RepetitionPolicy = REPETITION) -> bool:
    """Say whether the same readings for so many people are worth a look."""
    return people >= policy.people


def find_repetition(entries: Sequence[Entry], policy: RepetitionPolicy = REPETITION) -> Finding | None:
    """Find whether entries of one mark that stand are of so many people that somebody should be asked."""
    ordered = sorted(entries, key=lambda entry: entry.entry_id)
    people = {entry.person_id for entry in ordered}
    if not repeats(len(people), policy):
        return None
    one = ordered[0]
    values: dict[str, Any] = {**dict(readings_of(one.content)), "people": len(people), "by": first_typed_by(one)}
    return Finding(
        kind=FindingKind.SAME_FOR_MANY,
        severity=Severity.SERIOUS if len(people) >= policy.people_seriously else Severity.NOTICE,
        street=one.street,
        on=day_of(one.measured_at),
        entry_ids=tuple(entry.entry_id for entry in ordered),
        values=values,
    )
