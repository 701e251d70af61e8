"""Entries: contents are told apart by kind, measures mean something, and a later version still proves the earlier."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.archives.archives import archive_code
from contracts.archives.contents import CONTENTS, AnyContent, measures, measures_of
from contracts.archives.custody import chain
from contracts.archives.entries import Entry
from contracts.archives.follow_ups import BloodPressure
from contracts.archives.forms import Content
from services.archives.domain.entries import correct_entry, void_entry
from tests.support.histories import FIRST_MOMENT, PEOPLE

ANY = TypeAdapter[Content](AnyContent)
NOW = FIRST_MOMENT + timedelta(days=1)


def entry(systolic: int = 120, entry_id: str = "entry-1") -> Entry:
    return Entry(
        entry_id=entry_id,
        person_id=PEOPLE[0],
        street="320507001",
        measured_at=FIRST_MOMENT,
        recorded_by="nurse",
        content=BloodPressure(systolic=systolic, diastolic=80),
    )


def corrected(standing: Entry, systolic: int) -> Entry:
    content = BloodPressure(systolic=systolic, diastolic=80)
    return correct_entry(standing, content, standing.measured_at, "nurse", "typo", NOW).entry


def test_what_does_not_say_its_kind_is_a_blood_pressure_as_it_always_was() -> None:
    assert ANY.validate_python({"systolic": 120, "diastolic": 80}).model_dump()["kind"] == "blood_pressure"


@pytest.mark.parametrize("kind", CONTENTS)
def test_every_number_with_a_limit_says_its_unit(kind: str) -> None:
    properties = CONTENTS[kind].model_json_schema()["properties"]
    limited = {name for name, told in properties.items() if "minimum" in str(told)}

    told = measures(CONTENTS[kind])

    counted = {"dose", "risk", "grade", "treatment_month", "doses_due", "doses_taken", "medications"}
    assert limited - counted == told.keys()


def test_measures_are_given_with_their_unit_and_code() -> None:
    found = {field: (value, measured.unit, measured.loinc) for field, value, measured in measures_of(entry().content)}

    assert found == {"systolic": (120, "mm[Hg]", "8480-6"), "diastolic": (80, "mm[Hg]", "8462-4")}


@pytest.mark.parametrize("text", ["电话13912345678", "320507196003210011"])
def test_free_text_takes_no_long_numbers(text: str) -> None:
    with pytest.raises(ValidationError):
        ANY.validate_python({"kind": "counselling", "topic": "other", "advice": text})


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


def test_a_chain_notices_every_change() -> None:
    two = [(entry(120, "one"), 1), (entry(130, "two"), 1)]

    chains = {
        chain(two),
        chain(two[:1]),
        chain([two[0], (entry(131, "two"), 1)]),
        chain([two[0], (corrected(entry(130, "two"), 130), 2)]),
        chain([(entry(120, "one"), 1), (entry(130, "three"), 1)]),
    }

    assert len(chains) == 5
    assert chain(reversed(two)) == chain(two)


@pytest.mark.parametrize("committee", ["000", "100", "200", "850", "900", "1", "0a1"])
def test_a_code_takes_only_committees_villages_and_other_bodies(committee: str) -> None:
    with pytest.raises(ValueError, match="committees"):
        archive_code("320507001", committee, 1)


def test_a_code_has_17_digits_in_four_segments() -> None:
    assert archive_code("320507001", "101", 27) == "32050700110100027"
    with pytest.raises(ValueError, match="five digits"):
        archive_code("320507001", "101", 100_000)
