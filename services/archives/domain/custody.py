"""Custody as pure decisions: from what is known of a person, what one district still owes.

`settle` is level-triggered: it compares who should keep the archive, which is the district where the person lives now
or lived last, or else the one whose offer that district refused, with who does, and says the facts that are missing. It
reads what was heard and what the district itself said; run twice it adds nothing. What two districts say crosses on the
way, and ends with one keeper all the same.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from contracts.archives.custody import (
    Custody,
    CustodyAccepted,
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
from contracts.archives.entries import Entry, EntryForwarded
from contracts.envelope import Fact
from contracts.reference.calendar import day_of
from services.archives.domain.duties import find_duties
from services.archives.domain.known import Known
from services.archives.domain.policy import POLICY, Policy
from services.archives.domain.takeover import (
    _close_or_reopen,
    _continue_archive,
    _continue_enrolments,
    _end_or_resume_enrolments,
)


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
