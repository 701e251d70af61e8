"""Take files in: scanned, checked in a worker, stored, and settled once a fact names them; sweep what none names."""

import asyncio
from collections.abc import Collection
from datetime import timedelta

from contracts.outreach.files import FileKind
from services.outreach.intake.files import Checked, check
from services.outreach.views import files
from services.runtime.forking import Limits
from services.runtime.logs import get_log
from services.runtime.service import Service
from services.runtime.virus_scan import scan

SWEEP_EVERY = 300.0
"""Seconds between two sweeps."""
GIVEN_UP_AFTER = timedelta(minutes=15)
"""No request takes longer from its file to its fact."""
LIMITS = Limits(seconds=20, megabytes=1024)
ANY_KIND = frozenset(FileKind)


async def take_in(
    service: Service, content: bytes, cause: str, stream: str, wanted: Collection[FileKind] = ANY_KIND
) -> Checked:
    """Keep a file that a fact of a stream is about to name, and return what the fact says of it.

    The id follows from cause and content, so that a repeated request keeps one file. Raise a RefusedError if it is not
    wanted, infected, or can't be scanned. Record the fact next, then call `settle`.
    """
    if service.settings.clamd:
        await scan(service.settings.clamd, content)
    checked = await service.workers.run(check, content, cause, frozenset(wanted), limits=LIMITS)
    await _store(service, checked, stream)
    return checked


async def settle(service: Service, checked: Checked, stream: str) -> None:
    """Note that a fact names a file; one that was swept in between, which takes a long standstill, is stored again."""
    while not await files.settle(service.database, checked.file.file_id):
        await _store(service, checked, stream)


async def sweep(service: Service) -> int:
    """Settle what a crash left unsettled: keep what a fact names, remove the rest; return how many were removed."""
    removed, before = 0, service.clock() - GIVEN_UP_AFTER
    async for file_id, stream in files.find_unsettled(service.database, before):
        if await service.journal.names(stream, file_id):
            await files.settle(service.database, file_id)
        else:
            removed += await files.remove(service.database, file_id, before)
    if removed:
        get_log().info("uploads that came to nothing were removed", count=removed)
    return removed


async def _store(service: Service, checked: Checked, stream: str) -> None:
    if not await files.store(service.database, checked, stream, service.clock()):
        await asyncio.sleep(0.2)  # a sweep removes what an earlier request left
        await _store(service, checked, stream)
