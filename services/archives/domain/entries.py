"""Pure decisions on entries: each function returns the fact to record, or raises why it is refused."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from contracts.archives.archives import Archive, ClosingReason
from contracts.archives.contents import AnyContent
from contracts.archives.custody import Custody
from contracts.archives.entries import Entry, EntryCorrected, EntryRecorded, EntryState, EntryVoided
from contracts.reference.calendar import day_of
from services.archives.domain.errors import (
    AfterDeathError,
    ArchiveClosedError,
    BeforeBirthError,
    FutureEntryError,
    NoArchiveError,
    OtherKindError,
    StaleVersionError,
    VoidedError,
)

TYPING_LATITUDE = timedelta(minutes=5)
"""How far the clock of whoever types may be ahead of the server's."""


CODES = frozenset({"batch", "prescription_id"})
"""What has numbers of its own in an entry: the lot of a vaccine, a prescription."""


def record_entry(
    archive: Archive | None, custody: Custody | None, entry: Entry, now: datetime, died_on: date | None = None
) -> EntryRecorded:
    """Return the recording of an entry; one into an archive that was handed over is marked as out of custody."""
    if archive is None:
        raise NoArchiveError
    held = custody is None or custody.holds
    if held and archive.closing and archive.closing.reason is not ClosingReason.DIED:
        raise ArchiveClosedError
    _check_time(archive, entry.measured_at, now, died_on)
    return EntryRecorded(entry=entry.model_copy(update={"recorded_at": now, "out_of_custody": not held}))


def correct_entry(
    entry: Entry, content: AnyContent, measured_at: datetime, by: str, reason: str, now: datetime
) -> EntryCorrected:
    """Return the correction of an entry; the earlier versions are kept in it."""
    _must_stand(entry)
    if content.kind != entry.content.kind:
        raise OtherKindError
    if measured_at > now + TYPING_LATITUDE:
        raise FutureEntryError
    changed = {"content": content, "measured_at": measured_at, "state": EntryState.CORRECTED}
    return EntryCorrected(entry=_next_version(entry, by, reason, now, changed))


def void_entry(entry: Entry, by: str, reason: str, now: datetime) -> EntryVoided:
    """Return the voiding of an entry, which counts no more; the earlier versions are kept in it."""
    _must_stand(entry)
    return EntryVoided(entry=_next_version(entry, by, reason, now, {"state": EntryState.VOIDED}))


def must_be_version(current: int, expected: int | None) -> None:
    """Raise StaleVersionError if somebody who wants to change something looked at an earlier version of it."""
    if expected is not None and current != expected:
        raise StaleVersionError


def _next_version(entry: Entry, by: str, reason: str, now: datetime, changed: Mapping[str, object]) -> Entry:
    earlier = (*entry.earlier, entry.as_earlier())
    return entry.model_copy(
        update={**changed, "recorded_by": by, "recorded_at": now, "reason": reason, "earlier": earlier}
    )


def _must_stand(entry: Entry) -> None:
    if not entry.stands:
        raise VoidedError


def _check_time(archive: Archive, measured_at: datetime, now: datetime, died_on: date | None) -> None:
    if measured_at > now + TYPING_LATITUDE:
        raise FutureEntryError
    if archive.birth and day_of(measured_at) < archive.birth:
        raise BeforeBirthError
    if died_on and day_of(measured_at) > died_on:
        raise AfterDeathError
