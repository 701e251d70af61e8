"""The core messages: nineteen in seven areas, in two languages, spread over the first month."""

from datetime import date

from contracts.outreach.messages import Language
from contracts.reference.telling import tells_number
from services.outreach.domain.core_messages import load, spread
from services.outreach.domain.messaging import Policy

EDITION = load()
AREAS = {
    "basic_health",
    "care_and_insurance",
    "infectious_disease",
    "work_and_mind",
    "sexual_and_reproductive",
    "child_health",
    "left_behind",
}


def test_there_are_nineteen_in_seven_areas() -> None:
    assert [one.number for one in EDITION.messages] == list(range(1, 20))
    assert {one.area for one in EDITION.messages} == AREAS
    assert EDITION.edition
    assert EDITION.source


def test_each_is_short_in_both_languages_and_has_no_number_that_may_be_somebodys() -> None:
    for one in EDITION.messages:
        for text in (one.zh, one.en):
            assert 10 < len(text) <= 180
            assert not tells_number(text)


def test_a_message_is_filled_in_by_its_number() -> None:
    number, text = EDITION.fill(4, Language.EN)

    assert number.text == "4"
    assert "licensed" in text.text


def test_somebody_new_gets_all_within_the_first_month() -> None:
    moments = spread(date(2026, 1, 31), Policy.load().core_within_days, 19)

    assert len(moments) == 19
    assert moments == sorted(moments)
    assert moments[0].date() == date(2026, 2, 1)
    assert moments[-1].date() <= date(2026, 3, 2)
