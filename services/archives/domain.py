"""Archives as pure decisions: what may be entered, completed, closed, enrolled; each gives a fact or a refusal."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from contracts.archives import (
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
from contracts.custody import Custody
from contracts.enrolments import ChronicEnrolled, Enrolment, EnrolmentEnded, EnrolmentEnding
from contracts.entries import AnyContent, Entry, EntryCorrected, EntryRecorded, EntryState, EntryVoided
from contracts.registration import Stay
from services.archives.custody import end_enrolment, reopen
from services.archives.duties import day_of

TYPING_LATITUDE = timedelta(minutes=5)
"""How far a clock at a bedside may be ahead of ours."""


class RefusedError(Exception):
    """A decision that says no; `code` is stable and `advice` says what to do."""

    code = "refused"
    advice = "The request does not fit what is known."


class NoArchiveError(RefusedError):
    """The person has no archive in the district."""

    code = "no_archive"
    advice = "该人员在本区没有健康档案。No archive in this district: register the arrival, then try again."


class FutureEntryError(RefusedError):
    """The measurement is dated after now."""

    code = "future_date"
    advice = "测量时间不能晚于现在。The time of measuring must not lie in the future; correct it."


class BeforeBirthError(RefusedError):
    """The entry is dated before the person was born."""

    code = "before_birth"
    advice = "日期早于出生日期。The date lies before the day of birth; correct it."


class AfterDeathError(RefusedError):
    """The entry is dated after the person died."""

    code = "after_death"
    advice = "日期晚于死亡日期。The person had died by then; correct the date, or have the death retracted."


class ArchiveClosedError(RefusedError):
    """The archive is closed."""

    code = "archive_closed"
    advice = "档案已终止,请先恢复。The archive is closed; reopen it first."


class NotClosedError(RefusedError):
    """The archive is in use."""

    code = "archive_open"
    advice = "档案正在使用,无需恢复。The archive is in use; there is nothing to reopen."


class NotHeldError(RefusedError):
    """Another district keeps the archive."""

    code = "not_in_custody"
    advice = (
        "档案已移交其他区,本区只可读。The archive was handed over to another district; here it is a read-only copy."
    )


class UnknownEntryError(RefusedError):
    """No such entry of this person was recorded in the district."""

    code = "not_found"
    advice = "本区没有该条目。No such entry of this person was recorded in your district."


class VoidedError(RefusedError):
    """The entry was voided."""

    code = "entry_voided"
    advice = "该条目已作废。The entry was voided and says nothing any more; record a new one."


class OtherKindError(RefusedError):
    """A correction says something of another kind."""

    code = "other_kind"
    advice = "更正不能改变条目类型,请作废后重录。A correction keeps the kind; void the entry and record another."


class StaleVersionError(RefusedError):
    """Somebody changed it since the caller looked."""

    code = "stale_version"
    advice = "已被他人修改,请刷新后重试。It was changed since you looked; look again and decide anew."


class EnrolledError(RefusedError):
    """The person is managed for this condition already."""

    code = "already_enrolled"
    advice = "该人员已纳入管理。The person is managed for this condition already."


class NotEnrolledError(RefusedError):
    """The person is not managed for this condition."""

    code = "not_enrolled"
    advice = "该人员未纳入管理。The person is not managed for this condition here."


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


def record_entry(
    archive: Archive | None, custody: Custody | None, entry: Entry, now: datetime, died_on: date | None = None
) -> EntryRecorded:
    """Enter something in an archive; after it was handed over it is taken all the same, as out of custody."""
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
    """Correct what was entered; what it said before is kept."""
    _must_stand(entry)
    if content.kind != entry.content.kind:
        raise OtherKindError
    if measured_at > now + TYPING_LATITUDE:
        raise FutureEntryError
    changed = {"content": content, "measured_at": measured_at, "state": EntryState.CORRECTED}
    return EntryCorrected(entry=_next_version(entry, by, reason, now, changed))


def void_entry(entry: Entry, by: str, reason: str, now: datetime) -> EntryVoided:
    """Void what was entered; it counts no more, what it said is kept."""
    _must_stand(entry)
    return EntryVoided(entry=_next_version(entry, by, reason, now, {"state": EntryState.VOIDED}))


def must_be_version(standing: int, expected: int | None) -> None:
    """Refuse a change by somebody who looked at an earlier version."""
    if expected is not None and standing != expected:
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
