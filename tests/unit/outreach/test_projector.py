"""Outreach's rows: activities and residents, the same for any order and any repetition of the facts."""

import pytest
from hypothesis import HealthCheck, given, settings

from contracts.envelope import Fact
from contracts.facts import HEARD_BY
from contracts.outreach.activities import Activity, ActivityHeld
from services.outreach.projector import changes
from tests.support.facts import EventList
from tests.support.histories import heard_by, histories
from tests.support.samples import sample_of

HEARD = HEARD_BY["outreach"]
COLLECTIONS = {
    "activity": "activities",
    "announcement": "announcements",
    "article": "articles",
    "board": "boards",
    "board_issue": "board_issues",
    "care_case": "care_cases",
    "counselling_room": "counselling_rooms",
    "exposure": "exposures",
    "educator": "educators",
    "training": "trainings",
    "institution": "institutions",
    "material": "materials",
    "movement": "movements",
    "play": "plays",
    "prescription": "prescriptions",
    "prescription_use": "prescription_uses",
    "year_plan": "year_plans",
    "honour": "honours",
    "stay": "residents",
    "supply": "supplies",
    "message": "messages",
    "template": "templates",
    "preference": "preferences",
    "sign_in": "sign_ins",
    "standing_order": "standing_orders",
    "questionnaire": "questionnaires",
    "survey": "surveys",
    "survey_sample": "survey_samples",
    "survey_answer": "survey_answers",
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


def test_a_row_keeps_all_that_is_said_of_an_activity() -> None:
    event = sample_of(ActivityHeld)

    (row,) = changes(event)

    assert Activity.model_validate({"activity_id": row.id, **row.fields}) == event.data.activity
