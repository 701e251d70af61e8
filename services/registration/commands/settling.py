"""Settle: record the facts that the own districts owe after a fact was heard or recorded, or by the clock."""

from collections.abc import Iterable, Mapping

from contracts.reference.calendar import day_of
from services.registration.commands.knowledge import with_own
from services.registration.commands.recording import ATTEMPTS, record_next
from services.registration.domain import settling
from services.registration.service import Registration
from services.registration.views.people import KnownPerson, find_due
from services.runtime.logs import get_log

SWEEP_EVERY = 60.0
"""Seconds between two sweeps; deadlines are days, so a minute late is soon enough."""


async def sweep(registration: Registration) -> int:
    """Settle the people whom the clock makes due, and return how many; several processes may sweep at once."""
    service = registration.service
    settled = 0
    async for due in find_due(service.database, day_of(service.clock())):
        await settle(registration, dict.fromkeys(due, "clock"))
        settled += len(due)
    return settled


async def settle(registration: Registration, causes: Mapping[str, str]) -> None:
    """Record what the own districts still owe about people, by person id the causation of what is owed."""
    known = await registration.find_known_people(causes)
    await settle_known(registration, known, causes)


async def settle_known(
    registration: Registration, people_known: Iterable[KnownPerson], causes: Mapping[str, str]
) -> None:
    """Record what the own districts still owe about people of whom everything known is loaded."""
    for known in people_known:
        cause = next((causes[person_id] for person_id in known.ids if person_id in causes), None)
        if cause is not None:
            await _settle_person(registration, known, cause)


async def _settle_person(registration: Registration, known: KnownPerson, cause: str) -> None:
    """Record the owed facts one by one; if another process continued a stream first, derive them again.

    After the last attempt nothing is lost: the facts of the other process are heard and settled in turn.
    """
    for _ in range(ATTEMPTS):
        own = {event.subject: event for event in await registration.service.journal.load_streams_of(known.ids)}
        owed = list(settling.derive_owed_facts(with_own(known.knowledge, own), registration.rules, registration.now()))
        for fact in owed:
            if await record_next(registration, own.get(fact.stream), fact, cause) is None:
                break
        else:
            return
    get_log().warning("others settle it", person_id=known.person_id)
