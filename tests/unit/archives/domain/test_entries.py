"""Entries that are corrected and voided: a later version still proves the earlier ones."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from contracts.archives.contents import BloodPressure
from contracts.archives.entries import Entry
from services.archives.domain.entries import correct_entry, void_entry
from tests.support.histories import FIRST_MOMENT, PEOPLE

NOW = FIRST_MOMENT + timedelta(days=1)


def entry() -> Entry:
    return Entry(
        entry_id="entry-1",
        person_id=PEOPLE[0],
        street="320507001",
        measured_at=FIRST_MOMENT,
        recorded_by="nurse",
        content=BloodPressure(systolic=120, diastolic=80),
    )


def corrected(standing: Entry, systolic: int) -> Entry:
    content = BloodPressure(systolic=systolic, diastolic=80)
    return correct_entry(standing, content, standing.measured_at, "nurse", "typo", NOW).entry


@given(st.lists(st.integers(60, 250), max_size=5), st.booleans())
def test_whoever_holds_a_later_version_works_out_the_hash_of_an_earlier_one(values: list[int], void: bool) -> None:
    versions = [entry()]
    for value in values:
        versions.append(corrected(versions[-1], value))
    if void:
        versions.append(void_entry(versions[-1], "nurse", "wrong person", NOW).entry)

    last = Entry.model_validate_json(versions[-1].model_dump_json())

    assert [last.digest(number) for number, _ in enumerate(versions, start=1)] == [
        version.digest(version.version) for version in versions
    ]
