"""What was measured of a person over time, by one measure: a field of entries that has a unit."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import BaseModel

from contracts.archives.contents import CONTENTS, measures, measures_of
from contracts.archives.entries import Entry
from contracts.archives.measures import Measured
from contracts.refusals import RefusedError

MEASURES: Mapping[str, Measured] = {
    name: measured for content in CONTENTS.values() for name, measured in measures(content).items()
}
"""The measures by the name of their field, which is the same in every kind of entry."""


class UnknownMeasureError(RefusedError):
    """No entry has a field of that name with a unit."""

    code = "unknown_measure"
    advice = (
        "没有该测量项，请填条目中有单位的字段名，如 systolic。No entry measures that; name a field that has a unit."
    )
    field = "measure"
    status = 422


class Reading(BaseModel):
    """A value as it was measured: when, in which entry, of which kind, of which street."""

    measured_at: datetime
    value: float
    entry_id: str
    kind: str
    street: str


def meaning_of(measure: str) -> Measured:
    """Return the unit and code of a measure; raise UnknownMeasureError if there is no such measure."""
    if measure not in MEASURES:
        raise UnknownMeasureError
    return MEASURES[measure]


def readings_of(entries: Iterable[Entry], measure: str) -> list[Reading]:
    """Return what entries that stand say of a measure, oldest first."""
    found = [
        Reading(
            measured_at=entry.measured_at,
            value=value,
            entry_id=entry.entry_id,
            kind=entry.content.kind,
            street=entry.street,
        )
        for entry in entries
        if entry.stands
        for name, value, _ in measures_of(entry.content)
        if name == measure
    ]
    return sorted(found, key=lambda reading: (reading.measured_at, reading.entry_id))
