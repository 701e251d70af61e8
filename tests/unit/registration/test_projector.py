"""Registration's rows: one for each stream, the same for any order and repetition of the facts, and what follows."""

import pytest
from hypothesis import HealthCheck, given, settings

from contracts.envelope import Fact
from contracts.facts import HEARD_BY
from services.registration.domain.knowledge import Knowledge
from services.registration.projector import changes, derive
from services.registration.views.people import KnownPerson
from tests.support.districts import rules_of
from tests.support.facts import PEOPLE, EventList, make_notice, make_person, make_stay
from tests.support.histories import heard_by, histories
from tests.support.samples import sample_of

HEARD = HEARD_BY["registration"]
COLLECTIONS = {"stay": "stays", "notice": "notices", "answer": "answers", "person": "people", "conflict": "conflicts"}
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


@pytest.mark.parametrize("kind", HEARD, ids=lambda kind: kind.__name__)
def test_a_row_keeps_all_that_the_fact_says(kind: type[Fact]) -> None:
    event = sample_of(kind)
    stream, _, _ = event.subject.partition("/")
    told = getattr(event.data, stream)

    (row,) = changes(event)

    assert type(told).model_validate({"stay_id": row.id, "notice_id": row.id, **row.fields}) == told


def test_what_follows_about_merged_people_stands_with_the_id_that_goes_on_and_the_other_points_to_it() -> None:
    gone, goes_on = PEOPLE[:2]
    left, reached = make_stay(gone, day=1), make_stay(goes_on, "320812001", day=5)
    notice = make_notice(reached, left)
    merged = make_person(gone, merged_into=goes_on, linked=(goes_on,))
    knowledge = Knowledge(stays=(left, reached), people=(merged,), notices=(notice,))
    known = KnownPerson(goes_on, (gone, goes_on), knowledge, sequence=4)

    pointing, going_on = derive(known, rules_of("320507"))

    assert (pointing.collection, pointing.id, pointing.sequence) == ("movers", gone, 4)
    assert {name: value for name, value in pointing.fields.items() if value} == {"goes_on_as": goes_on}
    assert (going_on.collection, going_on.id, going_on.sequence) == ("movers", goes_on, 4)
    assert going_on.fields["aliases"] == [gone]
    assert [transfer["reached_stay"] for transfer in going_on.fields["transfers"]] == [reached.stay_id]
    assert [standing["notice_id"] for standing in going_on.fields["notices"]] == [notice.notice_id]
