"""Pure decisions on archives and enrolments: each function returns the fact to record, or raises why it is refused."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from contracts.archives.archives import (
    Archive,
    ArchiveClosed,
    ArchiveCompleted,
    ArchiveOpened,
    ArchiveReopened,
    ArchiveState,
    BasicInformation,
    Closing,
    ClosingReason,
    PaperCompared,
    PaperFile,
)
from contracts.archives.custody import Custody
from contracts.archives.enrolments import ChronicEnrolled, Enrolment, EnrolmentEnded, EnrolmentEnding
from contracts.reference.calendar import day_of
from contracts.registration.stays import Stay
from services.archives.domain.errors import (
    AfterDeathError,
    ArchiveClosedError,
    EnrolledError,
    FutureEntryError,
    NoArchiveError,
    NotClosedError,
    NotEnrolledError,
    NotHeldError,
)
from services.archives.domain.takeover import end_enrolment, reopen


def owed_archives(started: Iterable[Stay], opened_at: datetime) -> Iterator[ArchiveOpened]:
    """Return the opening of one archive for each person and district where a stay started.

    Whether the stay has ended since makes no difference, so that the order in which facts are heard makes none.
    """
    seen: set[tuple[str, str]] = set()
    for stay in started:
        key = (stay.person_id, stay.district)
        if key in seen:
            continue
        seen.add(key)
        yield ArchiveOpened(
            archive=Archive(
                person_id=stay.person_id,
                district=stay.district,
                street=stay.street,
                opened_at=opened_at,
                birth=stay.birth,
                sex=stay.sex,
            )
        )


def complete(archive: Archive, basic: BasicInformation, code: str, by: str, now: datetime) -> ArchiveCompleted:
    """Return the completion with cover and basic information; the first one assigns the code, which stays for good."""
    _must_be_open(archive)
    completed = {"basic": basic, "completed_at": now, "completed_by": by}
    if archive.code is None:
        completed |= {"code": code, "coded_on": day_of(now)}
    return ArchiveCompleted(archive=archive.model_copy(update=completed))


def compare_paper(archive: Archive, paper: PaperFile) -> PaperCompared:
    """Return the comparison with the paper archive: where it is kept and how many entries it has."""
    return PaperCompared(archive=archive.model_copy(update={"paper": paper}))


def close(archive: Archive, reason: ClosingReason, closed_on: date, by: str, now: datetime) -> ArchiveClosed:
    """Return the closing by hand, as of a day: the person can't be found, moved out of reach, or it was a mistake."""
    _must_be_open(archive)
    if closed_on > day_of(now):
        raise FutureEntryError
    closing = Closing(reason=reason, closed_on=closed_on, closed_at=now, closed_by=by)
    return ArchiveClosed(archive=archive.model_copy(update={"state": ArchiveState.CLOSED, "closing": closing}))


def reopen_by_hand(archive: Archive, custody: Custody | None) -> ArchiveReopened:
    """Return the reopening by hand of a closed archive: the person was found, or came back."""
    if archive.closing is None:
        raise NotClosedError
    if custody and not custody.holds:
        raise NotHeldError
    if archive.closing.reason is ClosingReason.DIED:
        raise AfterDeathError
    return reopen(archive)


def must_hold(archive: Archive | None, custody: Custody | None) -> Archive:
    """Return the archive; raise NoArchiveError if there is none, NotHeldError if another district keeps it."""
    if archive is None:
        raise NoArchiveError
    if custody and not custody.holds:
        raise NotHeldError
    return archive


def enrol(current: Enrolment | None, enrolment: Enrolment, archive: Archive, now: datetime) -> ChronicEnrolled:
    """Return the enrolment of a person for a condition, the first or a further one; `current` is what is recorded."""
    _must_be_open(archive)
    if current and current.active:
        raise EnrolledError
    if enrolment.enrolled_on > day_of(now):
        raise FutureEntryError
    return ChronicEnrolled(enrolment=enrolment.model_copy(update={"turn": current.turn if current else 0}))


def end_managing(current: Enrolment | None, ended_on: date, ending: EnrolmentEnding, now: datetime) -> EnrolmentEnded:
    """Return the end of an enrolment, as of a day."""
    if current is None or not current.active:
        raise NotEnrolledError
    if ended_on > day_of(now):
        raise FutureEntryError
    return end_enrolment(current, ended_on, ending)


def _must_be_open(archive: Archive) -> None:
    if not archive.is_open:
        raise ArchiveClosedError
