"""The same readings for many people: what is alike, what is not, and what remains so when entries are mended."""

from datetime import timedelta
from typing import Any

from contracts.archives.contents import Vaccination
from contracts.archives.entries import Entry
from contracts.archives.follow_ups import BloodPressure, DiabetesFollowUp, HypertensionFollowUp
from contracts.archives.forms import Mode
from contracts.reference.vaccines import Vaccine
from services.archives.domain.entries import correct_entry, void_entry
from services.archives.domain.quality import Severity
from services.archives.domain.repetition import find_repetition, marks_of
from tests.support.facts import FIRST_MOMENT

NOW = FIRST_MOMENT + timedelta(days=3)


def entry(number: int = 0, systolic: int = 132, **more: Any) -> Entry:
    told: dict[str, Any] = {
        "entry_id": f"entry-{number:02}",
        "person_id": f"{number:032x}",
        "street": "320507001",
        "measured_at": FIRST_MOMENT,
        "recorded_by": "nurse",
        "content": HypertensionFollowUp(mode=Mode.FACE_TO_FACE, systolic=systolic, diastolic=80, weight_kg=61.5),
    }
    return Entry.model_validate({**told, **more})


def test_the_same_numbers_by_one_worker_on_one_day_in_one_street_are_alike() -> None:
    own = marks_of(entry()).now

    assert marks_of(entry(1, measured_at=FIRST_MOMENT + timedelta(hours=5))).now == own
    assert marks_of(entry(1, systolic=133)).now != own
    assert marks_of(entry(1, street="320507002")).now != own
    assert marks_of(entry(1, recorded_by="another")).now != own
    assert marks_of(entry(1, measured_at=FIRST_MOMENT + timedelta(days=1))).now != own
    assert marks_of(entry(1, content=BloodPressure(systolic=132, diastolic=80))).now != own


def test_a_single_number_and_none_are_never_alike() -> None:
    glucose = entry(content=DiabetesFollowUp(mode=Mode.PHONE, fasting_glucose=6.1))
    vaccination = entry(content=Vaccination(vaccine=Vaccine.BCG, dose=1))

    assert marks_of(glucose).ever == marks_of(vaccination).ever == []


def test_an_entry_keeps_the_marks_of_what_it_said_and_has_none_when_it_is_voided() -> None:
    said = entry()
    content = HypertensionFollowUp(mode=Mode.FACE_TO_FACE, systolic=140, diastolic=80, weight_kg=61.5)
    corrected = correct_entry(said, content, said.measured_at, "doctor", "typo", NOW).entry
    voided = void_entry(corrected, "doctor", "nobody came", NOW).entry

    before, after, gone = (marks_of(version) for version in (said, corrected, voided))

    assert before.now in after.ever
    assert after.now not in (None, before.now)
    assert (gone.now, gone.ever) == (None, after.ever)
    typed_so = marks_of(entry(7, systolic=140))
    assert after.now == typed_so.now, "it is asked of who typed it first, whoever corrected it"


def test_five_people_are_worth_a_look_ten_are_serious_and_one_person_is_none() -> None:
    found = {count: find_repetition([entry(number) for number in range(count)]) for count in (4, 5, 10)}
    one_person = find_repetition([entry(number, person_id="a" * 32) for number in range(9)])

    assert (found[4], one_person) == (None, None)
    assert found[5]
    assert found[10]
    assert (found[5].severity, found[10].severity) == (Severity.NOTICE, Severity.SERIOUS)
    assert found[5].entry_ids == tuple(f"entry-{number:02}" for number in range(5))
    assert found[5].values == {"systolic": 132, "diastolic": 80, "weight_kg": 61.5, "people": 5, "by": "nurse"}
    assert found[5].street == "320507001"
