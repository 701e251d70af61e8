"""The same readings for many people 数值雷同: one worker, one street, one day, equal to the last digit.

Many people never have equal readings on one day; a worker who typed them was probably asked for numbers and had none.
A mark stands for worker, street, day, kind and readings; entries with the same mark are alike. Every version of an
entry has a mark, and an entry carries its earlier versions, so its newest version shows what it was ever alike to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from contracts.archives.entries import Earlier, Entry
from contracts.reference.calendar import day_of
from services.archives.domain.quality import FindingKind, QualityFinding, Severity, first_typed_by, readings_of


@dataclass(frozen=True, slots=True)
class RepetitionPolicy:
    """The thresholds, which no standard sets: the number of people, and of readings that must be equal."""

    people: int = 5
    people_seriously: int = 10
    readings: int = 2


REPETITION = RepetitionPolicy()


@dataclass(frozen=True, slots=True)
class Marks:
    """The mark of an entry now (None if it is voided or has too few readings), and those of all its versions."""

    now: str | None
    ever: list[str]


def marks_of(entry: Entry, policy: RepetitionPolicy = REPETITION) -> Marks:
    """Return the marks of an entry and of its earlier versions."""
    versions = [_mark(entry, version, policy) for version in (*entry.earlier, entry.as_earlier())]
    return Marks(versions[-1] if entry.stands else None, sorted({mark for mark in versions if mark}))


def _mark(entry: Entry, version: Earlier, policy: RepetitionPolicy) -> str | None:
    """Return the mark of a version, None if it has too few readings; the day comes first, so that marks sort by it."""
    readings = readings_of(version.content)
    if len(readings) < policy.readings:
        return None
    day = day_of(version.measured_at)
    parts = (
        entry.street,
        first_typed_by(entry),
        version.content.kind,
        *(f"{name}={value}" for name, value in readings),
    )
    return f"{day}|{sha256('|'.join(parts).encode()).hexdigest()[:32]}"


def repeats(people: int, policy: RepetitionPolicy = REPETITION) -> bool:
    """Return whether equal readings for so many people are worth a look."""
    return people >= policy.people


def find_repetition(entries: Sequence[Entry], policy: RepetitionPolicy = REPETITION) -> QualityFinding | None:
    """Return the finding about entries that have one mark now; None if they are of too few people."""
    ordered = sorted(entries, key=lambda entry: entry.entry_id)
    people = {entry.person_id for entry in ordered}
    if not repeats(len(people), policy):
        return None
    first = ordered[0]
    values: dict[str, Any] = {**dict(readings_of(first.content)), "people": len(people), "by": first_typed_by(first)}
    return QualityFinding(
        kind=FindingKind.SAME_FOR_MANY,
        severity=Severity.SERIOUS if len(people) >= policy.people_seriously else Severity.NOTICE,
        street=first.street,
        on=day_of(first.measured_at),
        entry_ids=tuple(entry.entry_id for entry in ordered),
        values=values,
    )
