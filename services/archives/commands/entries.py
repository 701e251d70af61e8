"""Record, correct and void entries: load, decide, record."""

from collections.abc import Callable
from datetime import datetime

from contracts.archives.contents import AnyContent
from contracts.archives.entries import Entry, EntryFact, entry_stream
from contracts.envelope import Event
from services.archives.commands.recording import Change, continue_stream, find_caused, load_archive
from services.archives.domain import entries
from services.archives.domain.entries import must_be_version
from services.archives.domain.errors import UnknownEntryError
from services.archives.views.people import find_deaths
from services.runtime.journal import StreamConflictError
from services.runtime.service import Service


async def record_entry(service: Service, entry: Entry, cause: str) -> Entry:
    """Record an entry in the person's archive in the entry's district; return the recorded entry."""
    archive, custody = await load_archive(service, entry.person_id, entry.district)
    died = await find_deaths(service.database, [entry.person_id])
    fact = entries.record_entry(archive, custody, entry, service.clock(), died.get(entry.person_id))
    try:
        await service.journal.record_one(service.journal.commit(fact, causation=cause))
    except StreamConflictError:
        already = await find_caused(service, entry.person_id, (fact.stream, EntryFact), cause)
        if already is None:
            raise
        return already.entry
    return fact.entry


async def correct_entry(
    service: Service, person_id: str, entry_id: str, correction: tuple[AnyContent, datetime, str], change: Change
) -> Entry:
    """Correct an entry of the own district and return it; `correction` is its content, its time, and the reason."""
    content, measured_at, reason = correction

    def decide(entry: Entry) -> EntryFact:
        return entries.correct_entry(entry, content, measured_at, change.by, reason, service.clock())

    return await _change_entry(service, person_id, entry_id, decide, change)


async def void_entry(service: Service, person_id: str, entry_id: str, reason: str, change: Change) -> Entry:
    """Void an entry of the own district and return it."""

    def decide(entry: Entry) -> EntryFact:
        return entries.void_entry(entry, change.by, reason, service.clock())

    return await _change_entry(service, person_id, entry_id, decide, change)


async def _change_entry(
    service: Service, person_id: str, entry_id: str, decide: Callable[[Entry], EntryFact], change: Change
) -> Entry:
    def check(event: Event[EntryFact] | None) -> EntryFact:
        if event is None or event.data.entry.person_id != person_id:
            raise UnknownEntryError
        must_be_version(event.data.entry.version, change.version)
        return decide(event.data.entry)

    return (await continue_stream(service, (entry_stream(entry_id), EntryFact), check, change.cause)).entry


async def find_entry(service: Service, person_id: str, entry_id: str) -> Entry | None:
    """Return an entry of a person that was made here, with its earlier versions; None if there is none."""
    event = await service.journal.load(entry_stream(entry_id), EntryFact)
    return event.data.entry if event and event.data.entry.person_id == person_id else None
