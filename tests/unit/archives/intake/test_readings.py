"""What is typed in a row of a round: numbers with units, pressures, words, days; what is not sure is refused."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.archives.intake.readings import COLUMNS, UNITS, Refusal, Visit, advise, compact, is_person_id, read_visit

PERSON = "0123456789abcdef0123456789abcdef"
TODAY = date(2026, 11, 20)


def check(**typed: str) -> Visit | Refusal:
    usual = {"person": PERSON, "followed_on": "2026-11-03", "mode": "家庭", "systolic": "132", "diastolic": "80"}
    return read_visit({**usual, **typed}, TODAY)


NUMBERS_WITH_UNITS = [
    (field, unit, factor) for field, units in UNITS.items() if field != "pressure" for unit, factor in units.items()
]


def value_of(field: str, typed: str) -> Any:
    """Return what is recorded for a field, or why it is refused."""
    checked = check(**{field: typed})
    return checked if isinstance(checked, Refusal) else getattr(checked.content, field)


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        ("weight_kg", "65", 65),
        ("weight_kg", "65.5kg", 65.5),
        ("weight_kg", "65.5 公斤", 65.5),
        ("weight_kg", "６５ＫＧ", 65),
        ("weight_kg", "130斤", 65),
        ("weight_kg", "130市斤", 65),
        ("weight_kg", "143.3磅", 65),
        ("weight_kg", "143.3 lbs", 65),
        ("weight_kg", "130（斤）", 65),
        ("weight_kg", "9999克", 10),
        ("heart_rate", "72", 72),
        ("heart_rate", "72次/分", 72),
        ("heart_rate", "72bpm", 72),
        ("heart_rate", "18次/15秒", 72),
        ("heart_rate", "36次／30秒", 72),
        ("heart_rate", "12次/10s", 72),
        ("smokes_a_day", "5支", 5),
        ("smokes_a_day", "0", 0),
        ("fasting_glucose", "6.8mmol/L", 6.8),
        ("systolic", "132mmHg", 132),
        ("systolic", "132 毫米汞柱", 132),
    ],
)
def test_a_number_is_recorded_in_the_fields_own_unit(field: str, typed: str, value: float) -> None:
    assert value_of(field, typed) == value


@pytest.mark.parametrize(
    ("field", "typed", "code"),
    [
        ("weight_kg", "10石", "not_understood"),
        ("weight_kg", "约65", "not_understood"),
        ("weight_kg", "65-70", "not_understood"),
        ("weight_kg", "6 5", "not_understood"),
        ("weight_kg", "-65", "not_understood"),
        ("weight_kg", "9999", "out_of_range"),
        ("heart_rate", "72.5", "not_understood"),
        ("smokes_a_day", "1包", "other_unit"),
        ("smokes_a_day", "半包", "not_understood"),
        ("fasting_glucose", "120mg/dL", "other_unit"),
        ("fasting_glucose", "120毫克/分升", "other_unit"),
        ("systolic", "17kPa", "other_unit"),
        ("systolic", "13.2cmHg", "other_unit"),
        ("systolic", "17.3", "not_understood"),
    ],
)
def test_a_number_that_can_not_be_recorded_exactly_is_refused_with_the_unit_wanted(
    field: str, typed: str, code: str
) -> None:
    refusal = value_of(field, typed)

    assert refusal == Refusal(code, field)
    advice = advise(refusal)
    assert advice is not None
    assert next(iter(UNITS[field])) in advice
    assert COLUMNS[field] in advice


@pytest.mark.parametrize(
    "typed",
    [
        *("130/80", "130／80", " 130 / 80 ", "130/80mmHg", "130/80 毫米汞柱", "130-80", "130∕80", "130\\80", "130|80"),
        *("130、80", "130，80", "血压130/80", "BP:130/80", "130—80", "130⁄80"),
    ],
)
def test_a_pressure_is_read_with_any_mark_between(typed: str) -> None:
    content = check(pressure=typed, systolic="", diastolic="")

    assert isinstance(content, Visit)
    assert (content.content.systolic, content.content.diastolic) == (130, 80)  # type: ignore[attr-defined]  # another content fails the test


@pytest.mark.parametrize("typed", ["130", "130/", "/80", "130/80/70", "17.3/10.7", "130/80kg", "正常", "1300/80"])
def test_what_is_no_pressure_is_refused_with_advice_about_pressures(typed: str) -> None:
    refusal = check(pressure=typed, systolic="", diastolic="")

    assert refusal == Refusal("not_understood", "pressure")
    assert "130/80" in str(advise(refusal))


def test_a_pressure_in_kilopascal_is_refused() -> None:
    assert check(pressure="17/11kPa", systolic="", diastolic="") == Refusal("other_unit", "pressure")


@pytest.mark.parametrize(
    ("typed", "outcome"),
    [
        ({"pressure": "132/80"}, None),
        ({"pressure": "160/100"}, Refusal("values_disagree", "pressure")),
        ({"pressure": "132/81"}, Refusal("values_disagree", "pressure")),
        ({"pressure": "132/80", "systolic": ""}, None),
    ],
)
def test_two_pressures_of_a_row_must_agree(typed: dict[str, str], outcome: Refusal | None) -> None:
    checked = check(**typed)

    assert (checked if isinstance(checked, Refusal) else None) == outcome


@pytest.mark.parametrize(
    "text", [PERSON, PERSON.upper(), f" {PERSON}\n", "32050700100300001", "３２０５０７００１００３００００１"]
)
def test_an_id_or_a_code_may_be_typed_wide_or_spaced(text: str) -> None:
    assert is_person_id(text)


@pytest.mark.parametrize("text", ["", "王芳", "3.20507E+16", "310110197910263751", PERSON[:-1], PERSON + "0", "g" * 32])
def test_what_is_neither_id_nor_code_is_none(text: str) -> None:
    assert not is_person_id(text)


def test_a_serial_number_typed_as_text_is_no_day() -> None:
    assert check(followed_on="46329") == Refusal("bad_date", "followed_on")


@settings(max_examples=100)
@given(st.sampled_from(NUMBERS_WITH_UNITS), st.integers(0, 9999))
@example(("weight_kg", "g", 0.001), 365)
@example(("weight_kg", "磅", 0.45359237), 150)
def test_a_number_is_recorded_to_the_hundredth_or_refused(read: tuple[str, str, float | None], number: int) -> None:
    field, unit, factor = read

    found = value_of(field, f"{number}{unit}")

    if factor is None:
        assert found == Refusal("other_unit", field)
    elif not isinstance(found, Refusal):
        assert abs(Decimal(str(found)) - number * Decimal(str(factor))) <= Decimal("0.005")


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from([*COLUMNS]), st.text(max_size=8)))
def test_any_row_is_a_visit_or_refused_for_a_field_that_it_has(typed: dict[str, str]) -> None:
    checked = check(**typed)

    assert isinstance(checked, Visit) or (checked.field in COLUMNS and advise(checked))


def test_tidied_text_is_narrow_and_has_no_spaces() -> None:
    assert compact(" Ａ　1\n") == "A1"
