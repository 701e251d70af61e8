"""Record the entries that follow from health education, each once, wherever the archive is kept."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from contracts.archives.archives import ArchiveFact
from contracts.archives.custody import CustodyFact
from contracts.archives.entries import EntryFact, entry_stream
from contracts.envelope import Event, Fact
from services.archives.commands.recording import by_person, commits_of, newest_of, record_together
from services.archives.domain.education import Education, Kept, owe
from services.archives.views.education import find_education
from services.runtime.journal import Commit
from services.runtime.service import Service


async def record_owed_education(service: Service, person_ids: Collection[str], cause: str) -> None:
    """Record the entries that are owed for the education of people; `cause` is the event that gave rise to it.

    Those who have no archive here yet get theirs when it is opened.
    """
    received: defaultdict[str, list[Education]] = defaultdict(list)
    for one in await find_education(service.database, person_ids):
        received[one.person_id].append(one)

    async def decide(streams: Mapping[str, Event[Fact]]) -> tuple[None, Sequence[Commit]]:
        of = by_person(streams.values())
        facts = [fact for person, told in received.items() for fact in _owed(service, told, of.get(person, ()))]
        return None, list(commits_of(service, facts, streams, cause))

    if received:
        await record_together(service, received, decide, "education")


def _owed(service: Service, received: Sequence[Education], own: Sequence[Event[Fact]]) -> Iterator[EntryFact]:
    """Yield what is owed for one person's education, given the newest fact of each own stream about that person."""
    streams = {event.subject: event for event in own}
    custodies = {
        event.data.custody.district: event.data.custody for event in own if isinstance(event.data, CustodyFact)
    }
    archives = [event.data.archive for event in own if isinstance(event.data, ArchiveFact)]
    kept: dict[str, Kept] = {one.district: (one, custodies.get(one.district)) for one in archives}
    for one in received:
        known = newest_of(streams, entry_stream(one.entry_id), EntryFact)
        fact = owe(one, known.data.entry if known else None, kept, service.clock())
        if fact is not None:
            yield fact
