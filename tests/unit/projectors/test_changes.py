"""Each projector's rows are the same for any order and any repetition of the facts that it hears."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.archives.entries import EntryForwarded
from contracts.envelope import Event, Fact
from contracts.facts import HEARD_BY
from services.archives import projector as archives
from services.feeds.domain.entries import make_entry, render_entry
from services.outreach import projector as outreach
from services.registration import projector as registration
from services.reporting import projector as reporting
from services.runtime.mongo import Document, Row
from tests.support.histories import EventList, heard_by, histories, repeated, stay_histories

Changes = Callable[[Event[Any]], Iterator[Row]]
Rows = dict[tuple[str, str], tuple[int, Document]]

PROJECTORS: dict[str, Changes] = {
    "registration": registration.changes,
    "archives": archives.changes,
    "outreach": outreach.changes,
    "reporting": reporting.changes,
}
PATIENT = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def written(rows: Iterable[Row]) -> Rows:
    """Keep the newest row of each id, as the database does."""
    kept: Rows = {}
    for row in rows:
        key = (row.collection, row.id)
        if key not in kept or kept[key][0] < row.sequence:
            kept[key] = row.sequence, row.fields
    return kept


def rows_of(changes: Changes, events: Iterable[Event[Any]]) -> Rows:
    return written(row for event in events for row in changes(event))


def last_of_each_stream(events: Sequence[Event[Any]]) -> EventList:
    return list({event.subject: event for event in events}.values())


@pytest.mark.parametrize("service", PROJECTORS)
@PATIENT
@given(data=st.data())
def test_rows_are_the_same_in_any_order_and_with_any_repetition(service: str, data: st.DataObject) -> None:
    heard = heard_by(data.draw(histories()), HEARD_BY[service])

    delivered = data.draw(repeated(heard))

    assert rows_of(PROJECTORS[service], delivered) == rows_of(PROJECTORS[service], heard)


@pytest.mark.parametrize("service", PROJECTORS)
@PATIENT
@given(history=histories())
def test_the_newest_fact_of_a_stream_says_all_that_a_row_needs(service: str, history: EventList) -> None:
    heard = heard_by(history, HEARD_BY[service])

    newest = last_of_each_stream(heard)

    assert rows_of(PROJECTORS[service], newest) == rows_of(PROJECTORS[service], heard)


@pytest.mark.parametrize("service", PROJECTORS)
@PATIENT
@given(history=histories())
def test_every_fact_that_is_heard_is_understood(service: str, history: EventList) -> None:
    for event in heard_by(history, HEARD_BY[service]):
        for row in PROJECTORS[service](event):
            is_copy = row.collection == "entries" and isinstance(event.data, EntryForwarded)
            assert row.sequence == (event.data.entry.version if is_copy else event.sequence)


@pytest.mark.parametrize("service", PROJECTORS)
def test_a_fact_that_nobody_thought_of_is_not_passed_over(service: str) -> None:
    class Unheard(Fact):
        TYPE = "elsewhere.unheard.v1"

    event: Any = SimpleNamespace(data=Unheard(), sequence=1)

    with pytest.raises(AssertionError):
        list(PROJECTORS[service](event))


@PATIENT
@given(history=stay_histories())
def test_a_feed_entry_says_nothing_by_which_a_person_is_known_elsewhere(history: EventList) -> None:
    entries = [make_entry(event) for event in history]

    told = [
        str(render_entry(entry, position=1, district="320507", audience="hospital", key=b"k" * 32)) for entry in entries
    ]

    for event, text in zip(history, told, strict=True):
        stay = event.data.stay
        secrets = (stay.person_id, stay.stay_id, event.id, stay.contested_by, stay.birth and stay.birth.isoformat())
        assert not any(secret in text for secret in secrets if secret)


@PATIENT
@given(history=stay_histories())
def test_two_audiences_share_no_name_of_a_person_stay_or_event(history: EventList) -> None:
    entry = make_entry(history[0])

    first, second = (
        render_entry(entry, position=1, district="320507", audience=audience, key=b"k" * 32)
        for audience in ("hospital", "school")
    )

    assert first["id"] != second["id"]
    assert first["data"]["person"] != second["data"]["person"]
    assert first["data"]["stay"] != second["data"]["stay"]
