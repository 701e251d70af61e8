"""Reporting's rows: one for each thing counted, the same for any order and any repetition of the facts."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from contracts.archives.archives import ArchiveCompleted
from contracts.archives.custody import CUSTODY_FACTS
from contracts.archives.entries import EntryCorrected, EntryForwarded
from contracts.envelope import Fact
from contracts.facts import HEARD_BY
from contracts.registration.notices import NoticeConfirmed, NoticeSent
from contracts.registration.people import PersonsMerged
from services.reporting.projector import changes
from tests.support.facts import EventList, envelop, make_answer, make_notice, make_stay
from tests.support.histories import heard_by, histories
from tests.support.samples import sample_of

HEARD = HEARD_BY["reporting"]
COLLECTIONS = {
    "stay": "stays",
    "notice": "notices",
    "answer": "answers",
    "person": "people",
    "conflict": "conflicts",
    "archive": "archives",
    "entry": "entries",
    "enrolment": "enrolments",
    "activity": "activities",
    "article": "articles",
    "board": "boards",
    "board_issue": "board_issues",
    "exposure": "exposures",
    "institution": "institutions",
    "movement": "movements",
    "play": "plays",
    "prescription_use": "prescription_uses",
    "survey_answer": "survey_answers",
    "training": "trainings",
    "supervision": "supervisions",
    "target": "targets",
    "report": "reports",
    "figure": "figures",
}
"""Where the row of each kind of stream is kept."""
UNCOUNTED = CUSTODY_FACTS
"""What reporting hears and counts nothing of."""
COPIED = (EntryForwarded,)
"""What is kept as the thing that it speaks of, not under its own stream."""
COUNTED = [kind for kind in HEARD if kind not in {*UNCOUNTED, *COPIED}]
PATIENT = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PATIENT
@given(history=histories())
def test_every_fact_that_is_heard_is_understood(history: EventList) -> None:
    for event in heard_by(history, HEARD):
        for row in changes(event):
            is_copy = row.collection == "entries" and isinstance(event.data, EntryForwarded)
            assert row.sequence == (event.data.entry.version if is_copy else event.sequence)


@pytest.mark.parametrize("kind", COUNTED, ids=lambda kind: kind.__name__)
def test_every_fact_that_is_counted_is_the_row_that_its_stream_is_named_after(kind: type[Fact]) -> None:
    event = sample_of(kind)
    stream, _, name = event.subject.partition("/")

    (row,) = changes(event)

    assert (row.collection, row.id, row.sequence) == (COLLECTIONS[stream], name, event.sequence)


@pytest.mark.parametrize("kind", UNCOUNTED, ids=lambda kind: kind.__name__)
def test_of_custody_nothing_is_counted(kind: type[Fact]) -> None:
    assert list(changes(sample_of(kind))) == []


def test_an_entry_that_was_sent_on_is_the_entry_itself_in_the_version_that_was_sent() -> None:
    event = sample_of(EntryForwarded)

    (row,) = changes(event)

    assert (row.collection, row.id) == ("entries", event.data.entry.entry_id)
    assert row.sequence == event.data.entry.version == 2


def test_of_an_entry_are_kept_its_kind_and_the_readings_that_indicators_need() -> None:
    (row,) = changes(sample_of(EntryCorrected))

    assert row.fields.keys() == {"person_id", "street", "measured_at", "state", "kind", "readings", "said_at"}
    assert row.fields["readings"].keys() <= {"systolic", "diastolic", "mode"}


def test_of_an_archive_is_kept_when_there_was_one_and_not_what_it_says() -> None:
    (row,) = changes(sample_of(ArchiveCompleted))

    kept = {"person_id", "district", "street", "state", "birth", "sex", "opened_at", "completed_at", "closed_on"}
    assert row.fields.keys() == {*kept, "said_at"}


def test_a_person_is_found_by_every_id_that_ever_was_theirs() -> None:
    event = sample_of(PersonsMerged)
    merged_away = event.data.person.model_copy(update={"linked": ()})

    (row,) = changes(event)
    (pointing,) = changes(envelop([PersonsMerged(person=merged_away)])[0])

    assert row.fields["ids"] == pointing.fields["ids"] == sorted({merged_away.person_id, merged_away.merged_into})


def test_notices_and_answers_count_on_the_day_in_china_not_on_that_of_greenwich() -> None:
    late_in_the_evening = datetime(2026, 3, 31, 17, tzinfo=UTC)
    notice = make_notice(make_stay(street="320812001", day=9), make_stay(), sent_at=late_in_the_evening)
    answer = make_answer(notice, answered_at=late_in_the_evening).model_copy(
        update={"received_at": late_in_the_evening}
    )

    (sent,) = changes(envelop([NoticeSent(notice=notice)])[0])
    (answered,) = changes(envelop([NoticeConfirmed(answer=answer)])[0])

    assert sent.fields["sent_on"] == "2026-04-01"
    assert (answered.fields["received_on"], answered.fields["answered_on"]) == ("2026-04-01", "2026-04-01")
