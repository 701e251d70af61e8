"""Archives opened, completed, compared with paper, closed and reopened: load, decide, record."""

from collections.abc import Callable, Sequence
from datetime import date

from contracts.archives.archives import (
    Archive,
    ArchiveClosed,
    ArchiveCompleted,
    ArchiveFact,
    ArchiveReopened,
    BasicInformation,
    ClosingReason,
    PaperCompared,
    PaperFile,
    archive_code,
    archive_stream,
)
from contracts.envelope import Event
from contracts.registration.stays import Stay
from services.archives.commands.recording import Change, continue_stream, load_archive
from services.archives.domain import archives as archives_domain
from services.archives.domain.archives import must_hold, reopen_by_hand
from services.archives.domain.entries import must_be_version
from services.archives.views.archives import take_serial
from services.runtime.service import Service


async def open_owed_archives(service: Service, started: Sequence[Stay], cause: str) -> None:
    """Open an archive for everyone whose stay started in an own district and who has none there yet."""
    own = [stay for stay in started if service.serves(stay.street)]
    now = service.clock()
    opened = archives_domain.owed_archives(own, now)
    # an archive that is there already keeps its place in the stream, so nothing is recorded for it
    commits = [service.journal.commit(fact, causation=cause, at=now) for fact in opened]
    if commits:
        await service.journal.record(commits)


async def complete(
    service: Service, person_id: str, place: tuple[str, str], basic: BasicInformation, change: Change
) -> Archive:
    """Complete an archive in a (street, committee) and return it; the first completion assigns its code."""
    street, committee = place
    archive, custody = await load_archive(service, person_id, street[:6])
    code = "" if must_hold(archive, custody).code else await _make_code(service, street, committee)

    def decide(archive: Archive) -> ArchiveCompleted:
        return archives_domain.complete(archive, basic, archive.code or code, change.by, service.clock())

    return await _change_archive(service, person_id, street[:6], decide, change)


async def _make_code(service: Service, street: str, committee: str) -> str:
    """Return a new 17-digit archive code of a committee."""
    return archive_code(street, committee, await take_serial(service.database, street + committee))


async def compare_paper(service: Service, person_id: str, district: str, paper: PaperFile, change: Change) -> Archive:
    """Record what a comparison with the paper archive found, and return the archive."""

    def decide(archive: Archive) -> PaperCompared:
        return archives_domain.compare_paper(archive, paper)

    return await _change_archive(service, person_id, district, decide, change)


async def close(
    service: Service, person_id: str, district: str, why: tuple[ClosingReason, date], change: Change
) -> Archive:
    """Close an archive by hand and return it; `why` is the reason and the day."""

    def decide(archive: Archive) -> ArchiveClosed:
        return archives_domain.close(archive, *why, change.by, service.clock())

    return await _change_archive(service, person_id, district, decide, change)


async def reopen(service: Service, person_id: str, district: str, change: Change) -> Archive:
    """Reopen a closed archive by hand and return it."""
    _, custody = await load_archive(service, person_id, district)

    def decide(archive: Archive) -> ArchiveReopened:
        return reopen_by_hand(archive, custody)

    return await _change_archive(service, person_id, district, decide, change)


async def _change_archive(
    service: Service, person_id: str, district: str, decide: Callable[[Archive], ArchiveFact], change: Change
) -> Archive:
    _, custody = await load_archive(service, person_id, district)

    def check(event: Event[ArchiveFact] | None) -> ArchiveFact:
        archive = must_hold(event.data.archive if event else None, custody)
        must_be_version(event.sequence if event else 0, change.version)
        return decide(archive)

    subject = (archive_stream(person_id, district), ArchiveFact)
    return (await continue_stream(service, subject, check, change.cause)).archive
