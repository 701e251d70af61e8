"""Pure decisions on custody: from what is known of a person, the facts that one district still owes.

`settle` is level-triggered: it compares who should keep the archive with who does, and returns the facts that are
missing. The keeper should be the district where the person lives now or lived last, or, if that one refused an offer,
the district that made it. `settle` reads what was heard and what the district itself recorded; run twice it adds
nothing. Facts of two districts may cross on the way and end with one keeper all the same.
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
    close_or_reopen,
    continue_archive,
    continue_enrolments,
    end_or_resume_enrolments,
)


def settle(known: Known, now: datetime, policy: Policy = POLICY) -> Iterator[Fact]:
    """Return the facts that the district still owes about a person, in the order in which to record them."""
    while fact := next(_owed(known, now, policy), None):
        yield fact
        known = known.after(fact)
    yield from _forwards(known)


def _owed(known: Known, now: datetime, policy: Policy) -> Iterator[Fact]:
    """Return what is owed, the most urgent first; `settle` takes the first and asks again with it known."""
    yield from continue_archive(known, now)
    yield from continue_enrolments(known)
    yield from _release(known)
    yield from _return(known, now, policy)
    yield from _offer(known, now, policy)
    yield from _answer(known, now)
    yield from close_or_reopen(known, now)
    yield from end_or_resume_enrolments(known)


# --- the origin: offer, take back, release


def _offer(known: Known, now: datetime, policy: Policy) -> Iterator[Fact]:
    """Return the offer of a held archive to the district that should keep it, unless that has the offer already."""
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
    """Return whether a receiver may accept an offer: an open one, or one that was taken back as too late."""
    return offer.state is OfferState.OPEN or offer.returned is ReturnReason.TIMED_OUT


def make_manifest(known: Known, now: datetime, policy: Policy) -> Manifest:
    """Return the manifest of a hand-over: every entry at its version, their chained hash, and the open duties."""
    entries = sorted(known.entries.values(), key=lambda entry: entry.entry_id)
    return Manifest(
        count=len(entries),
        sha256=chain((entry, entry.version) for entry in entries),
        lines=tuple(Line(entry_id=entry.entry_id, version=entry.version) for entry in entries),
        duties=tuple(find_duties(known.archive, known.enrolments.values(), entries, day_of(now), policy)),
    )


def _release(known: Known) -> Iterator[Fact]:
    """Return the release with the newest receipt that accepts an offer made since the archive was last gained."""
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
    """Return the taking back of an offer: refused, unanswered for too long, or the person died or belongs elsewhere."""
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
    """Return the newest versions of entries that a district with the offer, or with the archive, was not sent yet."""
    custody, offer = known.custody, known.custody.offer
    targets = {offer.to} if offer and may_be_accepted(offer) else set()
    if not custody.holds and custody.released_to:
        targets.add(custody.released_to)
    for to in sorted(targets):
        for entry in known.entries.values():
            if entry.district != to and known.forwarded.get((entry.entry_id, to), 0) < entry.version:
                yield EntryForwarded(entry=entry, by=known.district, to=to)


# --- the receiver: accept or refuse


def _answer(known: Known, now: datetime) -> Iterator[Fact]:
    """Return the answers to the offers of which every entry is here: accepted, or refused if the hash differs.

    The home district accepts even if it is not to keep the archive; it then passes it on.
    """
    for origin, offer in _acceptable(known):
        if not has_all(known.entries, offer.manifest):
            continue
        found = chain((known.entries[line.entry_id], line.version) for line in offer.manifest.lines)
        if found == offer.manifest.sha256:
            yield accept(known.custody, origin, offer, now)
        elif (origin, offer) in may_be_refused(known):
            yield refuse(known.custody, origin, offer, now, reason="哈希不符 the hash differs")


def _acceptable(known: Known) -> list[tuple[str, Offer]]:
    """Return the offers that may be accepted here; the home accepts none from the district that is the keeper."""
    home = known.home
    if home is None or known.died_on or known.district not in {home.district, known.keeper}:
        return []
    return [(origin, offer) for origin, offer in pending_offers(known) if origin != known.keeper]


def may_be_refused(known: Known) -> list[tuple[str, Offer]]:
    """Return the offers that may be refused: those made for a stay here, not those that return after a refusal."""
    own = {stay.stay_id for stay in known.stays if stay.district == known.district}
    return [(origin, offer) for origin, offer in pending_offers(known) if offer.stay_id in own]


def pending_offers(known: Known) -> list[tuple[str, Offer]]:
    """Return the offers to this district that it has not answered yet, as (origin, offer), ordered by origin."""
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
    """Return whether every entry of a manifest is there, in the version listed or a later one."""
    return len(manifest.lines) == manifest.count and all(
        line.entry_id in entries and entries[line.entry_id].version >= line.version for line in manifest.lines
    )


def accept(custody: Custody, origin: str, offer: Offer, now: datetime) -> CustodyAccepted:
    """Return the acceptance of an offer: a receipt with the same count and hash, and with what was offered."""
    receipt = _receipt(custody, origin, offer, now).model_copy(
        update={"accepted": True, "archive": offer.archive, "enrolments": offer.enrolments}
    )
    return CustodyAccepted(custody=_with_receipt(custody, receipt))


def refuse(
    custody: Custody, origin: str, offer: Offer, now: datetime, *, reason: str, by: str | None = None
) -> CustodyRefused:
    """Return the refusal of an offer with a reason, after which the origin takes it back."""
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
    """Return the custody with a receipt added: kept are each origin's last acceptance, and its last refusal by stay."""
    kept = [old for old in custody.receipts if _slot(old) != _slot(receipt)]
    return custody.model_copy(update={"turn": receipt.turn, "receipts": (*kept, receipt)})


def _slot(receipt: Receipt) -> tuple[str, bool, str | None]:
    return receipt.origin, receipt.accepted, None if receipt.accepted else receipt.stay_id
