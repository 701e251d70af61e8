"""How commands of archives record: load a stream, decide on its newest fact, record the next one."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from contracts.archives.archives import Archive, ArchiveFact, archive_stream
from contracts.archives.custody import Custody, CustodyFact, custody_stream
from contracts.envelope import Event, Fact, narrow
from services.runtime.journal import Commit, StreamConflictError
from services.runtime.service import Service

ATTEMPTS = 5
FactT = TypeVar("FactT", bound=Fact)
ResultT = TypeVar("ResultT")
Decide = Callable[[Mapping[str, Event[Fact]]], Awaitable[tuple[ResultT, Sequence[Commit]]]]
"""From the newest event of each own stream about some people, by stream: a result, and the commits to record."""


def by_person(events: Iterable[Event[Fact]]) -> dict[str, list[Event[Fact]]]:
    """Return events by the person they are about; "" for none."""
    found: dict[str, list[Event[Fact]]] = defaultdict(list)
    for event in events:
        found[event.personid or ""].append(event)
    return found


def commits_of(
    service: Service, facts: Iterable[Fact], streams: Mapping[str, Event[Fact]], cause: str
) -> Iterator[Commit]:
    """Yield a commit of facts for each of their streams; `streams` has the newest event of each existing stream."""
    by_stream: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_stream[fact.stream].append(fact)
    for stream, following in by_stream.items():
        newest = streams.get(stream)
        yield service.journal.commit(
            *following,
            after=newest.sequence if newest else 0,
            causation=cause,
            correlation=newest.correlationid if newest else None,
        )


async def find_caused(service: Service, person_id: str, subject: tuple[str, type[FactT]], cause: str) -> FactT | None:
    """Return the last fact that a request recorded in a stream about a person; None if it recorded none."""
    stream, kind = subject
    caused = await service.journal.load_caused([person_id], cause)
    return next((narrow(event, kind).data for event in reversed(caused) if event.subject == stream), None)


def newest_of(streams: Mapping[str, Event[Fact]], stream: str, kind: type[FactT]) -> Event[FactT] | None:
    """Return the newest fact of a stream among loaded ones; None if nothing is recorded."""
    event = streams.get(stream)
    return narrow(event, kind) if event else None


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes something, with the causation, and the version that the caller saw; None accepts any version."""

    by: str
    cause: str
    version: int | None = None


async def load_archive(service: Service, person_id: str, district: str) -> tuple[Archive | None, Custody | None]:
    """Return a district's archive of a person and its custody; None where nothing is recorded."""
    archive = await service.journal.load(archive_stream(person_id, district), ArchiveFact)
    custody = await service.journal.load(custody_stream(person_id, district), CustodyFact)
    return archive.data.archive if archive else None, custody.data.custody if custody else None


async def continue_stream(
    service: Service, subject: tuple[str, type[FactT]], decide: Callable[[Event[FactT] | None], FactT], cause: str
) -> FactT:
    """Record what is decided on the newest fact of a stream, once for each request, and return the recorded fact.

    `subject` is the stream and the type of its facts. Raise StreamConflictError if other requests always come first.
    """
    stream, kind = subject
    for _ in range(ATTEMPTS):
        event = await service.journal.load(stream, kind)
        already = await find_caused(service, event.personid or "", subject, cause) if event else None
        if already is not None:
            return already
        fact = decide(event)
        commit = service.journal.commit(
            fact,
            after=event.sequence if event else 0,
            causation=cause,
            correlation=event.correlationid if event else None,
        )
        if not await service.journal.record([commit]):
            return fact
    raise StreamConflictError(stream)


async def record_together(service: Service, people: Collection[str], decide: Decide[ResultT], conflict: str) -> ResultT:
    """Decide on everything that is recorded of people, record the commits, and return the result.

    Decide again if another request recorded something meanwhile; raise StreamConflictError, with the name `conflict`,
    if that happens every time.
    """
    for _ in range(ATTEMPTS):
        streams = {event.subject: event for event in await service.journal.load_streams_of(people)}
        result, commits = await decide(streams)
        if not commits or not await service.journal.record(commits):
            return result
    raise StreamConflictError(conflict)


def archive_in(
    streams: Mapping[str, Event[Fact]], person_id: str, district: str
) -> tuple[Archive | None, Custody | None]:
    """Return a district's archive of a person and its custody from loaded streams; None where nothing is recorded."""
    archive = newest_of(streams, archive_stream(person_id, district), ArchiveFact)
    custody = newest_of(streams, custody_stream(person_id, district), CustodyFact)
    return archive.data.archive if archive else None, custody.data.custody if custody else None
