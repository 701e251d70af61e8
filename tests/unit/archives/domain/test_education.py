"""Health education as entries: which district owes one, and when one is voided."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.archives.archives import Archive
from contracts.archives.contents import EducationReceived
from contracts.archives.custody import Custody
from contracts.archives.entries import EntryRecorded, EntryVoided
from contracts.outreach.activities import ActivityKind
from contracts.outreach.prescriptions import PrescriptionGiven
from contracts.outreach.sign_ins import AttendanceRecorded
from services.archives.domain.education import Education, Kept, attended, owe, prescribed
from tests.support.facts import PEOPLE
from tests.support.samples import sample_of

HERE, THERE = "320507", "320812"
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
GIVEN = prescribed(sample_of(PrescriptionGiven).data.prescription)
SIGN_IN = sample_of(AttendanceRecorded).data.sign_in


def archive(district: str) -> Archive:
    return Archive(person_id=PEOPLE[0], district=district, street=f"{district}001", opened_at=NOW)


def released(district: str) -> Custody:
    return Custody(person_id=PEOPLE[0], district=district, street=f"{district}001", released=1)


def recorded(education: Education, kept: dict[str, Kept]) -> EntryRecorded:
    fact = owe(education, None, kept, NOW)
    assert isinstance(fact, EntryRecorded)
    return fact


def test_what_was_prescribed_is_entered_at_noon_by_who_gave_it() -> None:
    entry = recorded(GIVEN, {HERE: (archive(HERE), None)}).entry

    assert isinstance(entry.content, EducationReceived)
    assert (entry.content.form, entry.content.topic) == ("prescription", GIVEN.topic)
    assert (entry.street, entry.recorded_by, entry.source) == (GIVEN.street, GIVEN.given_by, "outreach")
    assert entry.measured_at == datetime(2026, 9, 2, 4, 0, tzinfo=UTC)
    assert not entry.out_of_custody


@pytest.mark.parametrize(
    ("kept", "district", "out_of_custody"),
    [
        ({HERE: (archive(HERE), released(HERE))}, HERE, True),
        ({HERE: (archive(HERE), None), THERE: (archive(THERE), None)}, HERE, False),
        ({THERE: (archive(THERE), None)}, THERE, False),
        ({"320813": (archive("320813"), released("320813")), THERE: (archive(THERE), None)}, THERE, False),
        ({THERE: (archive(THERE), released(THERE))}, THERE, True),
    ],
    ids=["handed over", "two archives", "kept elsewhere", "the keeper first", "kept nowhere here"],
)
def test_the_district_of_the_street_enters_it_or_else_whoever_keeps_the_archive(
    kept: dict[str, Kept], district: str, out_of_custody: bool
) -> None:
    entry = recorded(GIVEN, kept).entry

    assert (entry.district, entry.out_of_custody) == (district, out_of_custody)


def test_who_has_no_archive_yet_is_owed_the_entry_later() -> None:
    assert owe(GIVEN, None, {}, NOW) is None


def test_nothing_is_entered_twice_and_what_was_withdrawn_is_voided_once() -> None:
    kept: dict[str, Kept] = {HERE: (archive(HERE), None)}
    withdrawn = prescribed(sample_of(PrescriptionGiven).data.prescription.model_copy(update={"withdrawn": "not_given"}))
    entry = recorded(GIVEN, kept).entry

    assert owe(GIVEN, entry, kept, NOW) is None
    assert owe(withdrawn, None, kept, NOW) is None
    voided = owe(withdrawn, entry, kept, NOW)
    assert isinstance(voided, EntryVoided)
    assert owe(withdrawn, voided.entry, kept, NOW) is None
    assert owe(GIVEN, voided.entry, kept, NOW) is None


@given(topic=st.text(min_size=1, max_size=250), kind=st.sampled_from(ActivityKind))
def test_any_topic_of_any_activity_can_be_entered(topic: str, kind: ActivityKind) -> None:
    came = attended(PEOPLE[0], SIGN_IN.model_copy(update={"topic": topic, "kind": kind}))

    assert recorded(came, {HERE: (archive(HERE), None)}).entry.content.kind == "education_received"


def test_a_day_in_a_topic_is_left_out_and_today_is_not_in_the_future() -> None:
    today = SIGN_IN.model_copy(update={"topic": "20261201艾滋病日", "signed_on": date(2026, 11, 20)})
    entry = recorded(attended(PEOPLE[0], today), {HERE: (archive(HERE), None)}).entry

    assert isinstance(entry.content, EducationReceived)
    assert entry.content.topic == "…艾滋病日"
    assert entry.measured_at == NOW
