"""Archives as pure decisions: which archives are owed, and what may be entered."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from contracts.archives import Archive, ArchiveOpened
from contracts.entries import Entry, EntryRecorded
from contracts.registration import Stay


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
            archive=Archive(person_id=stay.person_id, district=stay.district, street=stay.street, opened_at=opened_at)
        )


def record_entry(archive: Archive | None, entry: Entry, now: datetime) -> EntryRecorded:
    """Enter something in an archive that is there."""
    if archive is None:
        raise NoArchiveError
    if entry.measured_at > now:
        raise FutureEntryError
    return EntryRecorded(entry=entry)
