"""What a projector writes of the facts that it hears, without a database."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from contracts.envelope import Event, Fact
from services.runtime.mongo import Document, Row
from tests.support.facts import EventList

Changes = Callable[[Event[Any]], Iterator[Row]]
"""A projector's function that makes rows of a fact."""
Rows = dict[tuple[str, str], tuple[int, Document]]
"""Sequence and fields by collection and id."""


class UnknownFact(Fact):
    """A fact that no projector has a case for."""

    TYPE = "elsewhere.unheard.v1"


UNKNOWN: Any = SimpleNamespace(data=UnknownFact(), sequence=1)
"""An event that no projector has a case for."""


def rows_of(changes: Changes, events: Iterable[Event[Any]]) -> Rows:
    """Return the newest row of each id after some events, as the database keeps it."""
    kept: Rows = {}
    for row in (row for event in events for row in changes(event)):
        key = (row.collection, row.id)
        if key not in kept or kept[key][0] < row.sequence:
            kept[key] = row.sequence, row.fields
    return kept


def last_of_each_stream(events: Sequence[Event[Any]]) -> EventList:
    """Return the newest event of each stream."""
    return list({event.subject: event for event in events}.values())
