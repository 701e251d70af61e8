"""Archives' rows: one for each stream, the same for any order and any repetition of the facts."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings

from contracts.archives.archives import ArchiveCompleted, ArchiveOpened
from contracts.archives.entries import EntryForwarded
from contracts.envelope import Fact
from contracts.facts import HEARD_BY
from contracts.registration.people import PersonsMerged
from contracts.registration.stays import StayStarted
from services.archives.projector import changes
from tests.support.facts import EventList, envelop
from tests.support.histories import heard_by, histories
from tests.support.samples import sample_of

HEARD = HEARD_BY["archives"]
COLLECTIONS = {
    "stay": "stays",
    "person": "people",
    "archive": "archives",
    "entry": "entries",
    "forwarded": "copies",
    "enrolment": "enrolments",
    "custody": "custodies",
    "prescription": "prescriptions",
    "sign_in": "sign_ins",
}
"""Where the row of each kind of stream is kept."""
PATIENT = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PATIENT
@given(history=histories())
def test_every_fact_that_is_heard_is_understood(history: EventList) -> None:
    for event in heard_by(history, HEARD):
        for row in changes(event):
            assert row.sequence == event.sequence


@pytest.mark.parametrize("kind", HEARD, ids=lambda kind: kind.__name__)
def test_every_fact_is_the_row_that_its_stream_is_named_after(kind: type[Fact]) -> None:
    event = sample_of(kind)
    stream, _, name = event.subject.partition("/")

    (row,) = changes(event)

    assert (row.collection, row.id, row.sequence) == (COLLECTIONS[stream], name, event.sequence)


def test_of_a_stay_is_kept_where_somebody_lives_and_nothing_else() -> None:
    (row,) = changes(sample_of(StayStarted))

    lived = {"stay_id", "person_id", "street", "started_on", "recorded_at", "state", "ended_on", "unverified"}
    assert row.fields.keys() == lived


def test_a_person_is_found_by_every_id_that_ever_was_theirs() -> None:
    event = sample_of(PersonsMerged)

    (row,) = changes(event)

    person = event.data.person
    assert row.fields["ids"] == sorted({person.person_id, person.merged_into})


def test_a_copy_names_who_sent_it_to_whom_and_keeps_the_entry_as_it_was() -> None:
    event = sample_of(EntryForwarded)

    (row,) = changes(event)

    assert (row.fields["by"], row.fields["to"]) == (event.data.by, event.data.to)
    assert row.fields["entry"] == event.data.entry.model_dump(mode="json")


@pytest.mark.parametrize(
    ("born", "waits"),
    [(date(2026, 1, 1), True), (date(1950, 1, 1), True), (date(1990, 1, 1), False), (None, False)],
    ids=["a child", "an old person", "a grown-up", "unknown"],
)
def test_a_new_archive_waits_for_its_duties_if_some_are_due_by_age(born: date | None, waits: bool) -> None:
    opened = sample_of(ArchiveOpened).data.archive.model_copy(update={"birth": born})
    later = ArchiveCompleted(archive=opened)

    first, second = (row for event in envelop([ArchiveOpened(archive=opened), later]) for row in changes(event))

    assert first.fields.get("waits_for_chart", False) is waits
    assert "waits_for_chart" not in second.fields, "what waits goes on waiting until its duties are worked out"
