"""Announce what will soon be due to people, once."""

from collections.abc import Iterable
from datetime import date, timedelta

from contracts.archives.announcements import DutyAnnounced
from services.archives.domain.announcements import announce
from services.archives.domain.policy import POLICY
from services.archives.views.duties import find_due_soon
from services.runtime.service import Service

CAUSE = "announcing"
BATCH = 500


async def announce_due(service: Service) -> int:
    """Announce what is due in the next days to whoever has an archive that is kept here; return how much that is."""
    since = service.today
    until: date = since + timedelta(days=POLICY.announce_days)
    announced = 0
    batch: list[DutyAnnounced] = []
    async for due in find_due_soon(service.database, since, until):
        if service.serves(due.street):
            batch += announce(due.person_id, due.street, due.duties, since, until)
        if len(batch) >= BATCH:
            announced += await _record(service, batch)
            batch = []
    return announced + await _record(service, batch)


async def _record(service: Service, facts: Iterable[DutyAnnounced]) -> int:
    """Record announcements and return how many are new: those that were recorded before keep their place."""
    commits = [service.journal.commit(fact, causation=CAUSE) for fact in facts]
    return len(commits) - len(await service.journal.record(commits)) if commits else 0
