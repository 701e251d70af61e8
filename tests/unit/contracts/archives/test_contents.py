"""What an entry contains: contents are told apart by kind, measures mean something, free text takes no numbers."""

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.archives.contents import CONTENTS, AnyContent, measures, measures_of
from contracts.archives.follow_ups import BloodPressure
from contracts.archives.forms import Content

ANY = TypeAdapter[Content](AnyContent)


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
    content = BloodPressure(systolic=120, diastolic=80)

    found = {field: (value, measured.unit, measured.loinc) for field, value, measured in measures_of(content)}

    assert found == {"systolic": (120, "mm[Hg]", "8480-6"), "diastolic": (80, "mm[Hg]", "8462-4")}


@pytest.mark.parametrize("text", ["电话13912345678", "320507196003210011"])
def test_free_text_takes_no_long_numbers(text: str) -> None:
    with pytest.raises(ValidationError):
        ANY.validate_python({"kind": "counselling", "topic": "other", "advice": text})
