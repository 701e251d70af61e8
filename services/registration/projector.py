"""Facts in, rows out: registration hears every district's stays, then settles what its own districts owe."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, assert_never

from contracts.envelope import Event
from contracts.registration import StayContested, StayEnded, StayReaffirmed, StayRetracted, StayStarted
from services.registration.commands import Registration, settle
from services.registration.views import stay_row
from services.runtime.mongo import Row, write_rows

Heard = StayStarted | StayContested | StayReaffirmed | StayEnded | StayRetracted


def changes(event: Event[Heard]) -> Iterator[Row]:
    """Say which rows a fact writes."""
    match event.data:
        case StayStarted() | StayContested() | StayReaffirmed() | StayEnded() | StayRetracted():
            yield stay_row(event.data.stay, event.sequence)
        case never:
            assert_never(never)


async def hear(registration: Registration, events: Sequence[Event[Any]]) -> None:
    """Write what a batch changes, then settle the people it is about."""
    await write_rows(registration.service.database, _all(events))
    await settle(registration, {event.data.person_id: event.id for event in events})


def _all(events: Iterable[Event[Any]]) -> Iterator[Row]:
    for event in events:
        yield from changes(event)
