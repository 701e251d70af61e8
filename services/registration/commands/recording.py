"""How commands record: once for each request, after the newest fact of a stream, on the version the caller saw."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import TypeVar

from contracts.envelope import Event, Fact, narrow
from contracts.refusals import RefusedError
from services.registration.domain.errors import FutureDayError, NotFoundError, StaleError
from services.registration.service import Registration
from services.runtime.journal import StreamConflictError

ATTEMPTS = 5
FactT = TypeVar("FactT", bound=Fact)


async def continue_own(
    registration: Registration,
    subject: tuple[str, type[FactT]],
    decide: Callable[[FactT], FactT],
    causation: str,
    version: int | None,
) -> Event[FactT]:
    """Record the next fact of a stream of the own district, once for each request, and return its event.

    `subject` is the stream and the type of its facts; `decide` returns the next fact from the newest one. Raise
    NotFoundError without a fact to continue, StaleError if `version` is not the newest, StreamConflictError if other
    requests always come first.
    """
    stream, kind = subject
    for _ in range(ATTEMPTS):
        event = await load_own(registration, stream, kind)
        recorded = (await recorded_by(registration, event.personid or "", causation)).get(stream)
        if recorded is not None:
            return narrow(recorded, kind)
        must_be_current(event, version)
        with naming_version(event):
            fact = decide(event.data)
        changed = await record_next(registration, event, fact, causation)
        if changed is not None:
            return changed
    raise StreamConflictError(stream)


async def record_next(
    registration: Registration, event: Event[Fact] | None, fact: FactT, causation: str
) -> Event[FactT] | None:
    """Record a fact after an event, or as a stream's first; return its event, None if another request came first."""
    journal = registration.service.journal
    sequence, correlation = (event.sequence, event.correlationid) if event else (0, None)
    commit = journal.commit(fact, after=sequence, causation=causation, correlation=correlation)
    return None if await journal.record([commit]) else narrow(commit.first, type(fact))


async def recorded_by(registration: Registration, person_id: str, causation: str) -> dict[str, Event[Fact]]:
    """Return the facts about a person that this request has led to already: the newest of each stream, by stream.

    Call it after loading what is to be changed, so that no change by this request is missed.
    """
    found = await registration.service.journal.load_caused([person_id], causation)
    return {event.subject: event for event in found}


async def load_own(registration: Registration, stream: str, kind: type[FactT]) -> Event[FactT]:
    """Return the newest fact of a stream of the own district; raise NotFoundError if there is none."""
    event = await registration.service.journal.load(stream, kind)
    if event is None:
        raise NotFoundError
    return event


def must_be_current(event: Event[Fact] | None, version: int | None) -> None:
    """Raise StaleError if a version is given and is not the event's, 0 without an event."""
    current = event.sequence if event else 0
    if version is not None and version != current:
        raise StaleError(current)


@contextmanager
def naming_version(event: Event[Fact] | None) -> Iterator[None]:
    """Add the version of an event, 0 without one, to a refusal."""
    try:
        yield
    except RefusedError as error:
        error.version = event.sequence if event else 0
        raise


def must_not_be_future(registration: Registration, **days: date | None) -> None:
    """Raise FutureDayError, with the name of the field, if a day is in the future."""
    for name, day in days.items():
        if day is not None and day > registration.now().day:
            raise FutureDayError(name)
