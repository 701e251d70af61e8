"""Pure decisions on taking over: what a receiver continues, and what follows for the own archive and enrolments."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from contracts.archives.archives import (
    Alias,
    Archive,
    ArchiveClosed,
    ArchiveContinued,
    ArchiveReopened,
    ArchiveState,
    BasicInformation,
    Closing,
    ClosingReason,
)
from contracts.archives.custody import Custody, Receipt
from contracts.archives.enrolments import ChronicEnrolled, Enrolment, EnrolmentEnded, EnrolmentEnding
from contracts.envelope import Fact
from contracts.reference.calendar import day_of
from contracts.reference.identity import Sex
from contracts.registration.stays import StayState
from services.archives.domain.known import Known


def _accepted(custody: Custody) -> list[Receipt]:
    """Return the receipts that accept an offer, oldest first."""
    return sorted((receipt for receipt in custody.receipts if receipt.accepted), key=lambda receipt: receipt.turn)


def continue_archive(known: Known, now: datetime) -> Iterator[Fact]:
    """Return how the own archive continues one that was accepted: with its code, aliases and basic information."""
    for receipt in _accepted(known.custody):
        if receipt.archive and receipt.turn > known.archive.turn:
            yield ArchiveContinued(archive=merge(known.archive, receipt.archive, receipt.answered_at, receipt.turn))
    for theirs in known.handed:
        if _was_completed_late(known, theirs):
            continued = merge(known.archive, theirs, now, known.archive.turn)
            if not known.custody.holds:
                stays_closed = {"state": known.archive.state, "closing": known.archive.closing}
                continued = continued.model_copy(update=stays_closed)
            yield ArchiveContinued(archive=continued)
    for alias in known.aliases:
        if alias.code and alias.code not in _all_codes(known.archive):
            codes = _codes(known.archive, alias, day_of(now))
            yield ArchiveContinued(archive=known.archive.model_copy(update=codes))


def _all_codes(archive: Archive) -> set[str | None]:
    return {archive.code, *(alias.code for alias in archive.aliases)}


def _was_completed_late(known: Known, theirs: Archive) -> bool:
    """Return whether an origin completed its archive after it had offered it, so that the offer lacks it."""
    own = known.archive
    if not any(receipt.origin == theirs.district for receipt in _accepted(known.custody)):
        return False
    uncoded = theirs.code is not None and theirs.code not in _all_codes(own)
    newer = theirs.completed_at is not None and (own.completed_at is None or theirs.completed_at > own.completed_at)
    return uncoded or newer


def merge(own: Archive, theirs: Archive, at: datetime, turn: int) -> Archive:
    """Return the own archive together with an accepted one, as of the acceptance and its turn in the custody stream.

    An own one that had been handed over is an old copy: what comes back is newer. Of two that were built apart the
    information of both is kept; the earlier code stays, the other becomes an alias.
    """
    stale = own.closing is not None and own.closing.reason is ClosingReason.MOVED
    basic, completed = _basic_of(own, theirs, stale)
    continued = {
        **_codes(own, theirs, day_of(at)),
        "state": ArchiveState.OPEN,
        "closing": None,
        "birth": own.birth or theirs.birth,
        "sex": theirs.sex if own.sex is Sex.UNKNOWN else own.sex,
        "since": min(first_day(own), first_day(theirs)),
        "basic": basic,
        "completed_at": completed.completed_at,
        "completed_by": completed.completed_by,
        "turn": turn,
    }
    return own.model_copy(update=continued)


def first_day(archive: Archive) -> date:
    """Return the first day on which the person had an archive anywhere, as far as this one tells."""
    return archive.since or day_of(archive.opened_at)


def _codes(own: Archive, theirs: Archive, today: date) -> dict[str, Any]:
    codes = sorted((archive.coded_on or today, archive.code) for archive in (own, theirs) if archive.code is not None)
    if not codes:
        return {}
    coded_on, code = codes[0]
    aliases = {alias.code: alias for alias in (*theirs.aliases, *own.aliases)}
    for begun, other in codes[1:]:
        aliases.setdefault(other, Alias(code=other, valid_from=begun, valid_to=today))
    aliases.pop(code, None)
    return {"code": code, "coded_on": coded_on, "aliases": tuple(aliases[name] for name in sorted(aliases))}


def _basic_of(own: Archive, theirs: Archive, stale: bool) -> tuple[BasicInformation | None, Archive]:
    """Return the basic information to keep (None if neither has any), and the archive whose completion counts."""
    if theirs.basic is None or theirs.completed_at is None:
        return own.basic, own
    if own.basic is None or own.completed_at is None or stale:
        return theirs.basic, theirs
    later, earlier = (own, theirs) if own.completed_at >= theirs.completed_at else (theirs, own)
    return _join(later.basic or own.basic, earlier.basic or own.basic), later


def _join(later: BasicInformation, earlier: BasicInformation) -> BasicInformation:
    """Return the later information with every disease, allergy and exposure, and every answer, of the earlier too."""
    lists = {
        name: tuple(dict.fromkeys((*value, *getattr(earlier, name))))
        for name, value in later
        if isinstance(value, tuple)
    }
    unanswered = {name: getattr(earlier, name) for name, value in later if value is None}
    return later.model_copy(update=lists | unanswered)


def continue_enrolments(known: Known) -> Iterator[Fact]:
    """Return the enrolments that continue those handed over, so that due days stay as they are."""
    for receipt in _accepted(known.custody):
        late = [
            theirs
            for theirs in known.handed_enrolments
            if (theirs.district, theirs.handed_turn) == (receipt.origin, receipt.offer_turn)
        ]
        for theirs in (*receipt.enrolments, *late):
            own = known.enrolments.get(theirs.condition)
            if own is None or own.turn < receipt.turn:
                yield ChronicEnrolled(enrolment=_taken_over(own, theirs, known, receipt))


def _taken_over(own: Enrolment | None, theirs: Enrolment, known: Known, receipt: Receipt) -> Enrolment:
    running = own if own and own.active else None
    taken = {
        "district": known.district,
        "street": known.archive.street,
        "enrolled_on": min(theirs.enrolled_on, running.enrolled_on) if running else theirs.enrolled_on,
        "monthly": theirs.monthly or bool(running and running.monthly),
        "grade": running.grade if running and running.grade is not None else theirs.grade,
        "taken_over_from": receipt.origin,
        "turn": receipt.turn,
        "ended_on": None,
        "ending": None,
        "handed_to": None,
        "handed_turn": None,
    }
    return theirs.model_copy(update=taken)


# --- what follows for the own archive and enrolments


def close_or_reopen(known: Known, now: datetime) -> Iterator[Fact]:
    """Return the closing after a death or a hand-over, or the reopening if the person came back or had not died."""
    archive, custody = known.archive, known.custody
    if archive.is_open:
        if closing := _closing(known, now):
            yield ArchiveClosed(archive=archive.model_copy(update={"state": ArchiveState.CLOSED, "closing": closing}))
        return
    closed = archive.closing
    if closed is None:
        return
    undone = closed.reason is ClosingReason.DIED and known.died_on is None
    if undone or (custody.holds and closed.reason is not ClosingReason.DIED and _came_back(known, closed)):
        yield reopen(archive)


def _came_back(known: Known, closed: Closing) -> bool:
    """Return whether the person was registered here after the archive was closed, and lives here now."""
    home = known.home
    if home is None or known.died_on or home.state is not StayState.OPEN:
        return False
    return home.district == known.district and home.recorded_at > closed.closed_at


def reopen(archive: Archive) -> ArchiveReopened:
    """Return the reopening of a closed archive."""
    return ArchiveReopened(archive=archive.model_copy(update={"state": ArchiveState.OPEN, "closing": None}))


def _closing(known: Known, now: datetime) -> Closing | None:
    custody = known.custody
    if known.died_on:
        return Closing(reason=ClosingReason.DIED, closed_on=known.died_on, closed_at=now)
    if custody.holds or custody.filed is None:
        return None
    return Closing(
        reason=ClosingReason.MOVED,
        closed_on=day_of(custody.filed.answered_at),
        closed_at=now,
        to=custody.released_to,
        count=custody.filed.count,
        sha256=custody.filed.sha256,
    )


def end_or_resume_enrolments(known: Known) -> Iterator[Fact]:
    """Return the ends of enrolments after a death or a hand-over, or their resumption if the person had not died."""
    custody = known.custody
    for enrolment in known.enrolments.values():
        if enrolment.active and known.died_on:
            yield end_enrolment(enrolment, known.died_on, EnrolmentEnding.DIED)
        elif enrolment.active and custody.filed and not custody.holds:
            handed = {"handed_to": custody.released_to, "handed_turn": custody.released}
            ended_on = day_of(custody.filed.answered_at)
            yield end_enrolment(enrolment.model_copy(update=handed), ended_on, EnrolmentEnding.HANDED_OVER)
        elif enrolment.ending is EnrolmentEnding.DIED and known.died_on is None and custody.holds:
            yield ChronicEnrolled(enrolment=enrolment.model_copy(update={"ended_on": None, "ending": None}))


def end_enrolment(enrolment: Enrolment, ended_on: date, ending: EnrolmentEnding) -> EnrolmentEnded:
    """Return the end of an enrolment."""
    return EnrolmentEnded(enrolment=enrolment.model_copy(update={"ended_on": ended_on, "ending": ending}))
