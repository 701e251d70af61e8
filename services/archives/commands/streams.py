"""How a command decides on many streams at once: load everything about some people, decide, record it together."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TypeVar

from contracts.archives.archives import Archive, ArchiveFact, archive_stream
from contracts.archives.custody import Custody, CustodyFact, custody_stream
from contracts.envelope import Event, Fact
from services.archives.commands.recording import ATTEMPTS, newest_of
from services.runtime.journal import Commit, ConflictError
from services.runtime.service import Service

ResultT = TypeVar("ResultT")
Decide = Callable[[Mapping[str, Event[Fact]]], Awaitable[tuple[ResultT, Sequence[Commit]]]]
"""From the newest event of each own stream about some people, by stream: a result, and what to record for it."""


async def record_together(service: Service, people: Collection[str], decide: Decide[ResultT], conflict: str) -> ResultT:
    """Return what is decided on everything that is recorded of people, once the commits that go with it are recorded.

    Decide again if others recorded something in between; raise ConflictError, named `conflict`, if they always do.
    """
    for _ in range(ATTEMPTS):
        streams = {event.subject: event for event in await service.journal.load_streams_of(people)}
        result, commits = await decide(streams)
        if not commits or not await service.journal.record(commits):
            return result
    raise ConflictError(conflict)


def archive_in(
    streams: Mapping[str, Event[Fact]], person_id: str, district: str
) -> tuple[Archive | None, Custody | None]:
    """Return a district's archive of a person and its custody out of loaded streams; None where nothing is recorded."""
    archive = newest_of(streams, archive_stream(person_id, district), ArchiveFact)
    custody = newest_of(streams, custody_stream(person_id, district), CustodyFact)
    return archive.data.archive if archive else None, custody.data.custody if custody else None
