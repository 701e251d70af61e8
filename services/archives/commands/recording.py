"""How every command of archives records: load a stream, decide on its newest fact, continue it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from contracts.archives.archives import Archive, archive_stream
from contracts.archives.custody import Custody, custody_stream
from contracts.envelope import Event, Fact
from services.runtime.journal import Commit, ConflictError
from services.runtime.service import Service

ATTEMPTS = 5
FactT = TypeVar("FactT", bound=Fact)


def by_person(events: Iterable[Event[Any]]) -> dict[str, list[Event[Any]]]:
    """Group facts by the person they are about."""
    found: dict[str, list[Event[Any]]] = defaultdict(list)
    for event in events:
        found[event.data.person_id].append(event)
    return found


def commits_of(
    service: Service, facts: Iterable[Fact], streams: Mapping[str, Event[Any]], cause: str
) -> Iterator[Commit]:
    """Put facts into one commit for each of their streams."""
    by_stream: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_stream[fact.stream].append(fact)
    for stream, continued in by_stream.items():
        standing = streams.get(stream)
        yield service.journal.commit(
            *continued,
            after=standing.sequence if standing else 0,
            causation=cause,
            correlation=standing.correlationid if standing else None,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A change to what stands: by whom, on which request, and which version the caller looked at (None: any)."""

    by: str
    cause: str
    version: int | None = None


async def load_archive(service: Service, person_id: str, district: str) -> tuple[Archive | None, Custody | None]:
    """Return a district's archive of a person and what it says about custody; None where it said nothing yet."""
    archive = await service.journal.load(archive_stream(person_id, district))
    custody = await service.journal.load(custody_stream(person_id, district))
    return archive.data.archive if archive else None, custody.data.custody if custody else None


async def continue_stream(
    service: Service, stream: str, decide: Callable[[Event[Any] | None], FactT], cause: str
) -> FactT:
    """Continue a stream by what is decided on its newest fact; the same request again changes nothing."""
    for _ in range(ATTEMPTS):
        event = await service.journal.load(stream)
        if event is not None and cause in await service.journal.load_causes(stream):
            done: FactT = event.data
            return done
        fact = decide(event)
        commit = service.journal.commit(
            fact,
            after=event.sequence if event else 0,
            causation=cause,
            correlation=event.correlationid if event else None,
        )
        if not await service.journal.record([commit]):
            return fact
    raise ConflictError(stream)
