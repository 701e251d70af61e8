"""Who keeps a person's archive 档案交接: the origin offers it with a manifest, the receiver answers with a receipt.

Each district writes one stream about a person, `custody/<person>@<district>`: what it offered and what it accepted. The
order within these streams is enough to know who holds the archive: a district holds it from the day it opened one, or
from the turn at which it last accepted one, until an offer of a later turn has been accepted elsewhere. If an offer
was returned (it took too long) and accepted all the same, the acceptance wins: the receiver is where the person lives.
A district that refuses an archive offers its own part of the person's archive to the origin in turn.
"""

from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.archives.archives import Archive
from contracts.archives.enrolments import Duty, Enrolment
from contracts.archives.entries import Entry
from contracts.archives.measures import Words
from contracts.envelope import Fact, Moment, PersonId
from contracts.reference.divisions import DistrictCode, StreetCode


class Line(BaseModel):
    """One line of a manifest: an entry and its version at the time of the offer."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    entry_id: str
    version: int


class Manifest(BaseModel):
    """What an offer comprises: so many entries, their chained hash, and the duties that are open, with their days."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    count: int
    sha256: str
    lines: tuple[Line, ...]
    duties: tuple[Duty, ...] = ()


def chain(entries: Iterable[tuple[Entry, int]]) -> str:
    """Return one SHA-256 (hexadecimal) over entries at the given versions, chained in the order of their ids."""
    digest = ""
    for entry, version in sorted(entries, key=lambda pair: pair[0].entry_id):
        digest = sha256(f"{digest}\n{entry.entry_id}#{version} {entry.digest(version)}".encode()).hexdigest()
    return digest


class OfferState(StrEnum):
    """What became of an offer: it waits, came back to the origin, or was handed over."""

    OPEN = "open"
    RETURNED = "returned"
    HANDED_OVER = "handed_over"


class ReturnReason(StrEnum):
    """Why an offer came back: refused, timed out, or the person does not live there (any more)."""

    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    NOT_THERE = "not_there"


class Offer(BaseModel):
    """An archive as it is offered to the district where its person lives now; `turn` is its place in the stream.

    `stay_id` is the stay because of which it is offered. It carries the archive and the active enrolments as they
    are; the entries follow one by one (`EntryForwarded`) and are listed in the manifest.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    turn: int
    to: DistrictCode
    stay_id: str
    offered_at: Moment
    manifest: Manifest
    archive: Archive
    enrolments: tuple[Enrolment, ...] = ()
    state: OfferState = OfferState.OPEN
    returned: ReturnReason | None = None
    returned_at: Moment | None = None


class Receipt(BaseModel):
    """The answer to an offer: accepted with the same count and hash, or refused with a reason, for that stay.

    `offer_turn` is the offer's turn in its origin's stream, `turn` the answer's own. What was accepted is kept, so
    that the receiver can go on with it whatever the origin says next.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    origin: DistrictCode
    offer_turn: int
    turn: int
    accepted: bool
    answered_at: Moment
    count: int
    sha256: str
    stay_id: str | None = None
    answered_by: str | None = None
    reason: Words | None = None
    archive: Archive | None = None
    enrolments: tuple[Enrolment, ...] = ()


class Custody(BaseModel):
    """What one district says about the custody of a person's archive.

    `offer` is its latest offer, `receipts` its latest acceptance for each origin and the latest refusal for each origin
    and stay, `released` the latest turn of an own offer that it knows to be accepted, with the receipt in `filed`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_id: PersonId
    district: DistrictCode
    street: StreetCode
    turn: int = 0
    offer: Offer | None = None
    receipts: tuple[Receipt, ...] = ()
    released: int = -1
    released_to: DistrictCode | None = None
    filed: Receipt | None = None

    @property
    def gained(self) -> int:
        """Return the turn at which the district last accepted the archive; 0 if it opened the archive itself."""
        return max((receipt.turn for receipt in self.receipts if receipt.accepted), default=0)

    @property
    def holds(self) -> bool:
        """Return whether the district holds the archive, as far as it knows."""
        return self.gained > self.released

    def answered(self, origin: str) -> int:
        """Return the turn of an origin's latest offer that was answered; 0 if none was."""
        return max((receipt.offer_turn for receipt in self.receipts if receipt.origin == origin), default=0)


class CustodyFact(Fact):
    """A fact of the stream `custody/<person_id>@<district>`, heard by the district and by those it deals with."""

    custody: Custody

    @property
    def stream(self) -> str:
        """Return the stream of a district's facts about the custody of a person's archive."""
        return custody_stream(self.custody.person_id, self.custody.district)

    @property
    def division(self) -> str:
        """Return the street where the archive was opened."""
        return self.custody.street

    @property
    def places(self) -> tuple[str, ...]:
        """Return its street, and the districts that it deals with."""
        return (self.custody.street, *self.addressees[1:])

    @property
    def person_id(self) -> str:
        """Return the id of the person whose archive it is."""
        return self.custody.person_id

    @property
    def addressees(self) -> tuple[str, ...]:
        """Return the districts that must hear it: its own, the one it offered to, and those it answered."""
        custody = self.custody
        partners = {receipt.origin for receipt in custody.receipts} | ({custody.offer.to} if custody.offer else set())
        return (custody.district, *sorted(partners - {custody.district}))


def custody_stream(person_id: str, district: str) -> str:
    """Return the stream of a district's facts about the custody of a person's archive."""
    return f"custody/{person_id}@{district}"


class CustodyOffered(CustodyFact):
    """The origin offers the archive to the district where the person lives now."""

    TYPE: ClassVar[str] = "archives.custody_offered.v1"


class CustodyAccepted(CustodyFact):
    """The receiver has every entry of the manifest, found the same count and hash, and keeps the archive from now."""

    TYPE: ClassVar[str] = "archives.custody_accepted.v1"


class CustodyRefused(CustodyFact):
    """The receiver refuses the archive, with a reason; the origin keeps it until the person is registered anew."""

    TYPE: ClassVar[str] = "archives.custody_refused.v1"


class CustodyReturned(CustodyFact):
    """The offer came back to the origin, which goes on keeping the archive."""

    TYPE: ClassVar[str] = "archives.custody_returned.v1"


class CustodyReleased(CustodyFact):
    """The origin has filed the receipt: it keeps a read-only copy, the archive is the receiver's."""

    TYPE: ClassVar[str] = "archives.custody_released.v1"


CUSTODY_FACTS: tuple[type[CustodyFact], ...] = (
    CustodyOffered,
    CustodyAccepted,
    CustodyRefused,
    CustodyReturned,
    CustodyReleased,
)
