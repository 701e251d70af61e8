"""What was measured over time: the values of one measure, from every kind of entry that has it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.archives.entries import Entry, EntryState
from services.archives.domain.readings import MEASURES, UnknownMeasureError, meaning_of, readings_of

FOLLOW_UP = {"kind": "hypertension_follow_up", "mode": "phone", "systolic": 150, "diastolic": 90, "weight_kg": 71.5}
EXAM = {"kind": "physical_exam", "weight_kg": 70, "height_cm": 171}


def entry(name: str, day: int, content: dict[str, Any], state: EntryState = EntryState.RECORDED) -> Entry:
    told = {"entry_id": name, "person_id": "a" * 32, "street": "320507001", "recorded_by": "nurse"}
    return Entry(**told, measured_at=datetime(2026, 11, day, tzinfo=UTC), content=content, state=state)


ENTRIES = [
    entry("3", 9, FOLLOW_UP),
    entry("1", 2, {"kind": "blood_pressure", "systolic": 140, "diastolic": 85}),
    entry("2", 5, EXAM),
    entry("4", 7, {**EXAM, "weight_kg": 700 / 10 + 9}, EntryState.VOIDED),
]


@pytest.mark.parametrize(
    ("measure", "values"),
    [("systolic", [("1", 140), ("3", 150)]), ("weight_kg", [("2", 70), ("3", 71.5)]), ("urea", [])],
)
def test_a_series_is_of_all_kinds_of_entries_that_stand_oldest_first(
    measure: str, values: list[tuple[str, float]]
) -> None:
    assert [(reading.entry_id, reading.value) for reading in readings_of(ENTRIES, measure)] == values


def test_a_reading_says_in_what_it_was_measured() -> None:
    (first, _) = readings_of(ENTRIES, "systolic")

    assert (first.kind, first.street, first.measured_at.day) == ("blood_pressure", "320507001", 2)


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_has_a_unit(measure: str) -> None:
    assert meaning_of(measure).unit


@pytest.mark.parametrize("measure", ["findings", "kind", "Systolic", ""])
def test_what_has_no_unit_is_no_measure(measure: str) -> None:
    with pytest.raises(UnknownMeasureError):
        meaning_of(measure)
