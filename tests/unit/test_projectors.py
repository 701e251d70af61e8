"""Every service's rows: the same for any order and any repetition of the facts, and no fact is passed over."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.facts import HEARD_BY
from services.archives.projector import changes as archives
from services.feeds.projector import changes as feeds
from services.outreach.projector import changes as outreach
from services.registration.projector import changes as registration
from services.reporting.projector import changes as reporting
from tests.support.facts import EventList
from tests.support.histories import heard_by, histories, repeated
from tests.support.projections import UNKNOWN, Changes, last_of_each_stream, rows_of

PROJECTORS = {
    "registration": registration,
    "archives": archives,
    "outreach": outreach,
    "reporting": reporting,
    "feeds": feeds,
}
PATIENT = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

of_every_service = pytest.mark.parametrize(("service", "changes"), PROJECTORS.items(), ids=PROJECTORS)


@of_every_service
@PATIENT
@given(data=st.data())
def test_rows_are_the_same_in_any_order_and_with_any_repetition(
    data: st.DataObject, service: str, changes: Changes
) -> None:
    heard = heard_by(data.draw(histories()), HEARD_BY[service])

    delivered = data.draw(repeated(heard))

    assert rows_of(changes, delivered) == rows_of(changes, heard)


@of_every_service
@PATIENT
@given(history=histories())
def test_the_newest_fact_of_a_stream_says_all_that_a_row_needs(
    history: EventList, service: str, changes: Changes
) -> None:
    heard = heard_by(history, HEARD_BY[service])

    newest = last_of_each_stream(heard)

    assert rows_of(changes, newest) == rows_of(changes, heard)


@of_every_service
def test_a_fact_that_nobody_thought_of_is_not_passed_over(service: str, changes: Changes) -> None:
    with pytest.raises(AssertionError):
        list(changes(UNKNOWN))
