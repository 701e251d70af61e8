"""Archives as pure decisions: opened, completed, compared, closed and reopened; each gives a fact or a refusal."""

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


def settle(started: Iterable[Stay], opened_at: datetime) -> Iterator[ArchiveOpened]:
    """Open an archive for everyone whose stay in a district started; where there is one already, its stream says so.

    It does not ask whether the stay still goes on, so that the order in which facts are heard does not matter.
    """
    owed: set[tuple[str, str]] = set()
    for stay in started:
        key = (stay.person_id, stay.district)
        if key in owed:
            continue
        owed.add(key)
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
    """Fill in cover and basic information; the first time gives the archive its code, which it keeps for good."""
    _must_be_open(archive)
    completed = {"basic": basic, "completed_at": now, "completed_by": by}
    if archive.code is None:
        completed |= {"code": code, "coded_on": day_of(now)}
    return ArchiveCompleted(archive=archive.model_copy(update=completed))


def compare_paper(archive: Archive, paper: PaperFile) -> PaperCompared:
    """Keep where the paper stands and how many entries it holds."""
    return PaperCompared(archive=archive.model_copy(update={"paper": paper}))


def close(archive: Archive, reason: ClosingReason, closed_on: date, by: str, now: datetime) -> ArchiveClosed:
    """Close an archive by hand: whoever can't be found, moved out of the system's reach, or has one by mistake."""
    _must_be_open(archive)
    if closed_on > day_of(now):
        raise FutureEntryError
    closing = Closing(reason=reason, closed_on=closed_on, closed_at=now, closed_by=by)
    return ArchiveClosed(archive=archive.model_copy(update={"state": ArchiveState.CLOSED, "closing": closing}))


def reopen_by_hand(archive: Archive, custody: Custody | None) -> ArchiveReopened:
    """Take an archive into use again: the person was found, or came back."""
    if archive.closing is None:
        raise NotClosedError
    if custody and not custody.holds:
        raise NotHeldError
    if archive.closing.reason is ClosingReason.DIED:
        raise AfterDeathError
    return reopen(archive)


def must_hold(archive: Archive | None, custody: Custody | None) -> Archive:
    """Refuse where there is no archive, or another district keeps it; give the archive."""
    if archive is None:
        raise NoArchiveError
    if custody and not custody.holds:
        raise NotHeldError
    return archive


def enrol(standing: Enrolment | None, enrolment: Enrolment, archive: Archive, now: datetime) -> ChronicEnrolled:
    """Begin to manage a person for a condition, or begin again."""
    _must_be_open(archive)
    if standing and standing.active:
        raise EnrolledError
    if enrolment.enrolled_on > day_of(now):
        raise FutureEntryError
    return ChronicEnrolled(enrolment=enrolment.model_copy(update={"turn": standing.turn if standing else 0}))


def end_managing(standing: Enrolment | None, ended_on: date, ending: EnrolmentEnding, now: datetime) -> EnrolmentEnded:
    """Stop managing a person for a condition."""
    if standing is None or not standing.active:
        raise NotEnrolledError
    if ended_on > day_of(now):
        raise FutureEntryError
    return end_enrolment(standing, ended_on, ending)


def _must_be_open(archive: Archive) -> None:
    if not archive.is_open:
        raise ArchiveClosedError
