"""What archives does when asked or when it hears: load, decide, record."""

from collections.abc import Sequence

from contracts.archives import archive_stream
from contracts.entries import Entry
from contracts.registration import Stay
from services.archives import domain
from services.runtime.journal import ConflictError
from services.runtime.service import Service


async def settle(service: Service, started: Sequence[Stay], cause: str) -> None:
    """Open the archives that are owed to the people whose stays started."""
    own = [stay for stay in started if service.serves(stay.street)]
    now = service.clock()
    commits = [service.journal.commit(fact, causation=cause, at=now) for fact in domain.settle(own, now)]
    if commits:
        await service.journal.record(commits)


async def record_entry(service: Service, entry: Entry, cause: str) -> Entry:
    """Enter something in the archive that the person has in the entry's district; give what stands there afterwards."""
    archive = await service.journal.load(archive_stream(entry.person_id, entry.street[:6]))
    fact = domain.record_entry(archive.data.archive if archive else None, entry, service.clock())
    try:
        await service.journal.record_one(service.journal.commit(fact, causation=cause))
    except ConflictError:
        earlier = await service.journal.load(fact.stream)
        if earlier is None or earlier.data.entry.person_id != entry.person_id:
            raise
        standing: Entry = earlier.data.entry
        return standing
    return entry
