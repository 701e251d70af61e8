"""Custody as pure decisions: from what is known of a person, what one district still owes.

`settle` is level-triggered: it compares who should keep the archive, which is the district where the person lives now
or lived last, or else the one whose offer that district refused, with who does, and says the facts that are missing. It
reads what was heard and what the district itself said; run twice it adds nothing. What two districts say crosses on the
way, and ends with one keeper all the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from contracts.archives import (
    Alias,
    Archive,
    ArchiveClosed,
    ArchiveContinued,
    ArchiveFact,
    ArchiveReopened,
    ArchiveState,
    BasicInformation,
    Closing,
    ClosingReason,
)
from contracts.custody import (
    Custody,
    CustodyAccepted,
    CustodyFact,
    CustodyOffered,
    CustodyRefused,
    CustodyReleased,
    CustodyReturned,
    Line,
    Manifest,
    Offer,
    OfferState,
    Receipt,
    ReturnReason,
    chain,
)
from contracts.enrolments import ChronicEnrolled, Enrolment, EnrolmentEnded, EnrolmentEnding, EnrolmentFact
from contracts.entries import Entry, EntryForwarded
from contracts.envelope import Fact
from contracts.identity import Sex
from contracts.registration import Stay, StayState
from services.archives.duties import POLICY, Policy, day_of, find_duties


@dataclass(frozen=True, slots=True)
class Known:
    """What a district knows of one person: its own streams, and what was heard of everybody's.

    `aliases` are the district's archives of ids that were merged into this person's, `others` what other districts say
    about custody, `handed` their archives and `handed_enrolments` what they managed when they closed them, `forwarded`
    the version up to which this district sent an entry on to another, by (entry, district).
    """

    archive: Archive
    custody: Custody
    stays: tuple[Stay, ...] = ()
    others: tuple[Custody, ...] = ()
    aliases: tuple[Archive, ...] = ()
    handed: tuple[Archive, ...] = ()
    handed_enrolments: tuple[Enrolment, ...] = ()
    entries: Mapping[str, Entry] = field(default_factory=dict)
    enrolments: Mapping[str, Enrolment] = field(default_factory=dict)
    forwarded: Mapping[tuple[str, str], int] = field(default_factory=dict)
    died_on: date | None = None

    @property
    def district(self) -> str:
        """Name the district that knows all this."""
        return self.archive.district

    @property
    def home(self) -> Stay | None:
        """Give the stay where the person lives, or lived last."""
        return find_home(self.stays)

    @property
    def keeper(self) -> str | None:
        """Name the district that should keep the archive, as far as this one knows."""
        return find_keeper(self.home, (self.custody, *self.others))

    def after(self, fact: Fact) -> "Known":
        """Give what is known once the district said a fact of its own."""
        match fact:
            case CustodyFact(custody=custody):
                return replace(self, custody=custody)
            case ArchiveFact(archive=archive):
                return replace(self, archive=archive)
            case EnrolmentFact(enrolment=enrolment):
                return replace(self, enrolments={**self.enrolments, enrolment.condition: enrolment})
            case _:
                raise TypeError(fact)


def begin_custody(archive: Archive) -> Custody:
    """Say nothing yet about custody: who opened an archive holds it."""
    return Custody(person_id=archive.person_id, district=archive.district, street=archive.street)


def find_home(stays: Iterable[Stay]) -> Stay | None:
    """Find where a person lives now or lived last: the latest stay that stands.

    Who left and arrived nowhere yet stays in the care of the place that was left. Stays under a number that fails its
    check are nobody's for certain and move nothing.
    """
    claims = [stay for stay in stays if stay.state is not StayState.RETRACTED and not stay.unverified]
    return max(claims, key=lambda stay: (stay.started_on, stay.recorded_at, stay.stay_id), default=None)


def find_keeper(home: Stay | None, custodies: Iterable[Custody]) -> str | None:
    """Name who should keep an archive: the district of the home, unless it refused it for this very stay.

    Then it goes back to the origin, with whatever the refusing district has of the person, until the person is
    registered anew. Who does not know of a refusal offers to the home, which accepts and passes it on.
    """
    if home is None:
        return None
    told = (receipt for custody in custodies if custody.district == home.district for receipt in custody.receipts)
    refusals = [receipt for receipt in told if not receipt.accepted and receipt.stay_id == home.stay_id]
    return max(refusals, key=lambda receipt: receipt.turn).origin if refusals else home.district


def settle(known: Known, now: datetime, policy: Policy = POLICY) -> Iterator[Fact]:
    """Say what the district still owes about a person, in the order in which it is to be recorded."""
    while fact := next(_owed(known, now, policy), None):
        yield fact
        known = known.after(fact)
    yield from _forwards(known)


def _owed(known: Known, now: datetime, policy: Policy) -> Iterator[Fact]:
    """List what is owed, the most urgent first; after each the rest is looked at again."""
    yield from _continue_archive(known, now)
    yield from _continue_enrolments(known)
    yield from _release(known)
    yield from _return(known, now, policy)
    yield from _offer(known, now, policy)
    yield from _answer(known, now)
    yield from _close_or_reopen(known, now)
    yield from _end_or_resume_enrolments(known)


# --- the origin: offer, take back, release


def _offer(known: Known, now: datetime, policy: Policy) -> Iterator[Fact]:
    """Offer what is held to the district that should keep it, unless it has the offer already."""
    home, keeper = known.home, known.keeper
    if home is None or keeper is None or keeper == known.district or not known.custody.holds or known.died_on:
        return
    offer = known.custody.offer
    if offer and offer.turn > known.custody.gained and offer.to == keeper and may_be_accepted(offer):
        return
    turn = known.custody.turn + 1
    made = Offer(
        turn=turn,
        to=keeper,
        stay_id=home.stay_id,
        offered_at=now,
        manifest=make_manifest(known, now, policy),
        archive=known.archive,
        enrolments=tuple(enrolment for enrolment in known.enrolments.values() if enrolment.active),
    )
    yield CustodyOffered(custody=known.custody.model_copy(update={"turn": turn, "offer": made}))


def may_be_accepted(offer: Offer) -> bool:
    """Say whether a receiver may accept: an offer that came back for being late may still be, and then counts."""
    return offer.state is OfferState.OPEN or offer.returned is ReturnReason.TIMED_OUT


def make_manifest(known: Known, now: datetime, policy: Policy) -> Manifest:
    """List what is handed over: every entry at its version, their chained hash, and the open duties."""
    entries = sorted(known.entries.values(), key=lambda entry: entry.entry_id)
    return Manifest(
        count=len(entries),
        sha256=chain((entry, entry.version) for entry in entries),
        lines=tuple(Line(entry_id=entry.entry_id, version=entry.version) for entry in entries),
        duties=tuple(find_duties(known.archive, known.enrolments.values(), entries, day_of(now), policy)),
    )


def _release(known: Known) -> Iterator[Fact]:
    """File the receipt of an offer that was accepted since the archive was last gained: it is another's now."""
    custody = known.custody
    accepted = [
        (receipt, other.district)
        for other in known.others
        for receipt in other.receipts
        if receipt.origin == known.district and receipt.accepted and receipt.offer_turn > custody.gained
    ]
    if not accepted:
        return
    receipt, receiver = max(accepted, key=lambda answer: answer[0].offer_turn)
    if receipt.offer_turn <= custody.released:
        return
    offer = custody.offer
    if offer and offer.turn == receipt.offer_turn:
        offer = offer.model_copy(update={"state": OfferState.HANDED_OVER, "returned": None, "returned_at": None})
    released = {
        "turn": custody.turn + 1,
        "offer": offer,
        "released": receipt.offer_turn,
        "released_to": receiver,
        "filed": receipt.model_copy(update={"archive": None, "enrolments": ()}),
    }
    yield CustodyReleased(custody=custody.model_copy(update=released))


def _return(known: Known, now: datetime, policy: Policy) -> Iterator[Fact]:
    """Take an offer back that was refused, that took too long, or that another district should have by now."""
    offer = known.custody.offer
    reason = _return_reason(known, offer, now, policy) if offer else None
    if offer and reason:
        returned = {"state": OfferState.RETURNED, "returned": reason, "returned_at": now}
        back = {"turn": known.custody.turn + 1, "offer": offer.model_copy(update=returned)}
        yield CustodyReturned(custody=known.custody.model_copy(update=back))


def _return_reason(known: Known, offer: Offer, now: datetime, policy: Policy) -> ReturnReason | None:
    if not may_be_accepted(offer):
        return None
    if any(_refuses(other, known.district, offer) for other in known.others):
        return ReturnReason.REFUSED
    if known.died_on or (known.keeper and known.keeper != offer.to):
        return ReturnReason.NOT_THERE
    late = now >= offer.offered_at + timedelta(days=policy.offer_days)
    return ReturnReason.TIMED_OUT if late and offer.state is OfferState.OPEN else None


def _refuses(other: Custody, origin: str, offer: Offer) -> bool:
    return other.district == offer.to and any(
        receipt.origin == origin and receipt.offer_turn == offer.turn and not receipt.accepted
        for receipt in other.receipts
    )


def _forwards(known: Known) -> Iterator[EntryForwarded]:
    """Send every entry on, in its newest version, to where the archive is offered or was handed to."""
    custody, offer = known.custody, known.custody.offer
    targets = {offer.to} if offer and may_be_accepted(offer) else set()
    if not custody.holds and custody.released_to:
        targets.add(custody.released_to)
    for to in sorted(targets):
        for entry in known.entries.values():
            if entry.district != to and known.forwarded.get((entry.entry_id, to), 0) < entry.version:
                yield EntryForwarded(entry=entry, by=known.district, to=to)


# --- the receiver: accept or refuse, then go on with what was accepted


def _answer(known: Known, now: datetime) -> Iterator[Fact]:
    """Accept what is offered to the keeper, or to the home, which passes it on, once every entry is there."""
    for origin, offer in _acceptable(known):
        if not has_all(known.entries, offer.manifest):
            continue
        found = chain((known.entries[line.entry_id], line.version) for line in offer.manifest.lines)
        if found == offer.manifest.sha256:
            yield accept(known.custody, origin, offer, now)
        elif (origin, offer) in may_be_refused(known):
            yield refuse(known.custody, origin, offer, now, reason="哈希不符 the hash differs")


def _acceptable(known: Known) -> list[tuple[str, Offer]]:
    """List the offers that may be accepted here; the home accepts none of the one that it is to pass it on to."""
    home = known.home
    if home is None or known.died_on or known.district not in {home.district, known.keeper}:
        return []
    return [(origin, offer) for origin, offer in pending_offers(known) if origin != known.keeper]


def may_be_refused(known: Known) -> list[tuple[str, Offer]]:
    """List the offers that may be refused: those because of a stay here, not what comes back from another's refusal."""
    own = {stay.stay_id for stay in known.stays if stay.district == known.district}
    return [(origin, offer) for origin, offer in pending_offers(known) if offer.stay_id in own]


def pending_offers(known: Known) -> list[tuple[str, Offer]]:
    """List what other districts offer to this one and was not answered yet, by their codes."""
    offers = [(other.district, other.offer) for other in known.others if other.offer]
    return sorted(
        (
            (origin, offer)
            for origin, offer in offers
            if offer.to == known.district and may_be_accepted(offer) and offer.turn > known.custody.answered(origin)
        ),
        key=lambda offered: offered[0],
    )


def has_all(entries: Mapping[str, Entry], manifest: Manifest) -> bool:
    """Say whether every entry of a manifest is there, in the version listed or a later one."""
    return len(manifest.lines) == manifest.count and all(
        line.entry_id in entries and entries[line.entry_id].version >= line.version for line in manifest.lines
    )


def accept(custody: Custody, origin: str, offer: Offer, now: datetime) -> CustodyAccepted:
    """Accept an offer with a receipt of the same count and hash, and keep what it comprised."""
    receipt = _receipt(custody, origin, offer, now).model_copy(
        update={"accepted": True, "archive": offer.archive, "enrolments": offer.enrolments}
    )
    return CustodyAccepted(custody=_with_receipt(custody, receipt))


def refuse(
    custody: Custody, origin: str, offer: Offer, now: datetime, *, reason: str, by: str | None = None
) -> CustodyRefused:
    """Refuse an offer with a reason; the origin takes it back."""
    receipt = _receipt(custody, origin, offer, now).model_copy(update={"reason": reason, "answered_by": by})
    return CustodyRefused(custody=_with_receipt(custody, receipt))


def _receipt(custody: Custody, origin: str, offer: Offer, now: datetime) -> Receipt:
    return Receipt(
        origin=origin,
        offer_turn=offer.turn,
        turn=custody.turn + 1,
        accepted=False,
        answered_at=now,
        count=offer.manifest.count,
        sha256=offer.manifest.sha256,
        stay_id=offer.stay_id,
    )


def _with_receipt(custody: Custody, receipt: Receipt) -> Custody:
    """Keep the latest acceptance for each origin, and its latest refusal for each stay."""
    kept = [old for old in custody.receipts if _place(old) != _place(receipt)]
    return custody.model_copy(update={"turn": receipt.turn, "receipts": (*kept, receipt)})


def _place(receipt: Receipt) -> tuple[str, bool, str | None]:
    return receipt.origin, receipt.accepted, None if receipt.accepted else receipt.stay_id


def _accepted(custody: Custody) -> list[Receipt]:
    return sorted((receipt for receipt in custody.receipts if receipt.accepted), key=lambda receipt: receipt.turn)


def _continue_archive(known: Known, now: datetime) -> Iterator[Fact]:
    """Go on with the code, aliases and basic information of an archive that was accepted."""
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
    """Say whether an origin completed its archive after it had offered it, so that the offer did not say so."""
    own = known.archive
    if not any(receipt.origin == theirs.district for receipt in _accepted(known.custody)):
        return False
    uncoded = theirs.code is not None and theirs.code not in _all_codes(own)
    newer = theirs.completed_at is not None and (own.completed_at is None or theirs.completed_at > own.completed_at)
    return uncoded or newer


def merge(own: Archive, theirs: Archive, at: datetime, turn: int) -> Archive:
    """Put an accepted archive together with the own one.

    An own one that had been handed over is an old copy: what comes back is newer. One that was built apart keeps what
    both say; of the two codes the earlier stays, the other becomes an alias.
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
    """Give the first day on which the person had an archive anywhere, as far as this one knows."""
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
    """Choose the basic information, and the archive whose completion it is."""
    if theirs.basic is None or theirs.completed_at is None:
        return own.basic, own
    if own.basic is None or own.completed_at is None or stale:
        return theirs.basic, theirs
    later, earlier = (own, theirs) if own.completed_at >= theirs.completed_at else (theirs, own)
    return _joined(later.basic or own.basic, earlier.basic or own.basic), later


def _joined(later: BasicInformation, earlier: BasicInformation) -> BasicInformation:
    """Keep what the later one says and every disease, allergy and exposure that either names."""
    lists = {
        name: tuple(dict.fromkeys((*value, *getattr(earlier, name))))
        for name, value in later
        if isinstance(value, tuple)
    }
    unsaid = {name: getattr(earlier, name) for name, value in later if value is None}
    return later.model_copy(update=lists | unsaid)


def _continue_enrolments(known: Known) -> Iterator[Fact]:
    """Go on managing the person for what was handed over, with the clock as it runs."""
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


def _close_or_reopen(known: Known, now: datetime) -> Iterator[Fact]:
    """Close the archive of who died or was handed over; reopen that of who came back or had not died."""
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
    """Say whether the person was registered here after the archive was closed."""
    home = known.home
    if home is None or known.died_on or home.state is not StayState.OPEN:
        return False
    return home.district == known.district and home.recorded_at > closed.closed_at


def reopen(archive: Archive) -> ArchiveReopened:
    """Take a closed archive into use again."""
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


def _end_or_resume_enrolments(known: Known) -> Iterator[Fact]:
    """End the enrolments of who died or was handed over; resume those of who had not died."""
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
    """End an enrolment."""
    return EnrolmentEnded(enrolment=enrolment.model_copy(update={"ended_on": ended_on, "ending": ending}))
