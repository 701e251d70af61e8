"""Settling: recording what the own districts owe by what was heard or done, or by the clock."""

import asyncio
from collections.abc import Iterable, Mapping

from contracts.reference.calendar import day_of
from services.registration.commands.knowledge import with_own
from services.registration.commands.recording import ATTEMPTS, record_next
from services.registration.domain import settling
from services.registration.service import Registration
from services.registration.views.people import KnownPerson, find_due
from services.runtime.logs import get_log
from services.runtime.mongo import wait_while_away

SWEEP_EVERY = 60.0
"""Seconds between two looks at what the clock makes due."""


async def keep_sweeping(registration: Registration) -> None:
    """Sweep as long as the service runs; what falls due falls due on a day, so a minute late is soon enough."""
    while True:
        try:
            await wait_while_away(lambda: sweep(registration))
        except Exception as error:
            get_log().error("sweep stumbled", error=error)
        await asyncio.sleep(SWEEP_EVERY)


async def sweep(registration: Registration) -> int:
    """Record what the clock alone makes due, once, whoever runs it; give how many people were looked at."""
    service = registration.service
    looked_at = 0
    async for due in find_due(service.database, day_of(service.clock())):
        await settle(registration, dict.fromkeys(due, "clock"))
        looked_at += len(due)
    return looked_at


async def settle(registration: Registration, causes: Mapping[str, str]) -> None:
    """Record what the own districts still owe about people, given what was heard or done of each."""
    known = await registration.find_known(causes)
    await settle_known(registration, known, causes)


async def settle_known(
    registration: Registration, people_known: Iterable[KnownPerson], causes: Mapping[str, str]
) -> None:
    """Record what the own districts still owe about people of whom everything is loaded."""
    for known in people_known:
        cause = next((causes[one] for one in known.ids if one in causes), None)
        if cause is not None:
            await _settle_person(registration, known, cause)


async def _settle_person(registration: Registration, known: KnownPerson, cause: str) -> None:
    """Record fact by fact; where somebody else was first, begin again with what is there by then.

    Whoever is always first recorded facts, which are heard and settled in their turn: nothing is left undone.
    """
    for _ in range(ATTEMPTS):
        own = {event.subject: event for event in await registration.service.journal.load_streams_of(known.ids)}
        owed = list(settling.settle(with_own(known.knowledge, own), registration.rules, registration.now()))
        for fact in owed:
            if await record_next(registration, own.get(fact.stream), fact, cause) is None:
                break
        else:
            return
    get_log().warning("others settle it", person_id=known.person_id)
