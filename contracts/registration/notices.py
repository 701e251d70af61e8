"""Notices 通报 between districts and their answers, as facts of registration.

Each stream has one writer: the sender writes a notice, the addressee its answer. Ids are derived from what a notice is
about, so that the same reason twice is one notice.
"""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact, Moment, PersonId
from contracts.reference.divisions import DivisionCode


class Urgency(StrEnum):
    """How soon a notice wants its answer: `ordinary` 普通, `urgent` 急, `critical` 紧急."""

    ORDINARY = "ordinary"
    URGENT = "urgent"
    CRITICAL = "critical"


class NoticeKind(StrEnum):
    """What a notice is about.

    `arrival`: a person whose stay the addressee holds arrived with the sender. `departure`: a person left for the
    addressee. `inquiry` 协查: the sender asks the addressee to verify where a person lives.
    """

    ARRIVAL = "arrival"
    DEPARTURE = "departure"
    INQUIRY = "inquiry"


class NoticeState(StrEnum):
    """Whether a notice wants something: `sent`, or `withdrawn` when its reason went away."""

    SENT = "sent"
    WITHDRAWN = "withdrawn"


class Notice(BaseModel):
    """One district's notice 通报 to another about a person.

    `stay_id` is the sender's stay it speaks of, `about` the addressee's (None where none is known), `started_on` the
    sender's first day, or day of departure. Receipt and feedback are due by the end of `receipt_due` and `answer_due`
    (statutory days); an arrival that is not answered by the end of `completes_on` is taken as confirmed. `asked` tells
    an inquiry of a clerk's, with its `question`, from one that follows from a rejected notice (`notice`).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    notice_id: str
    kind: NoticeKind
    person_id: PersonId
    sender: DivisionCode
    addressee: DivisionCode
    stay_id: str | None = None
    about: str | None = None
    started_on: date | None = None
    urgency: Urgency = Urgency.ORDINARY
    sent_at: Moment
    receipt_due: date
    answer_due: date
    completes_on: date | None = None
    remind_on: date
    state: NoticeState = NoticeState.SENT
    asked: bool = False
    question: str | None = None
    notice: str | None = None
    reminded: bool = False
    escalated: bool = False


def notice_id(kind: NoticeKind, stay_id: str, other: str) -> str:
    """Return the id of a notice, derived from its kind, the sender's stay and the other stay, division or notice."""
    return sha256(f"{kind}|{stay_id}|{other}".encode()).hexdigest()[:32]


class NoticeFact(Fact):
    """A fact of the stream `notice/<notice_id>`, written by the sender's district for the addressee's."""

    notice: Notice

    @property
    def stream(self) -> str:
        """Return the stream of the notice."""
        return f"notice/{self.notice.notice_id}"

    @property
    def division(self) -> str:
        """Return the division that sends the notice."""
        return self.notice.sender

    @property
    def places(self) -> tuple[str, ...]:
        """Return both sides: who sent it, and whom it is for."""
        return (self.notice.sender, self.notice.addressee)

    @property
    def person_id(self) -> str:
        """Return the id of the person concerned."""
        return self.notice.person_id

    @property
    def addressee(self) -> str:
        """Return the district it is addressed to."""
        return self.notice.addressee[:6]


class NoticeSent(NoticeFact):
    """A notice was sent; its clock runs."""

    TYPE: ClassVar[str] = "registration.notice_sent.v1"


class NoticeReminded(NoticeFact):
    """The answer is due soon and has not come."""

    TYPE: ClassVar[str] = "registration.notice_reminded.v1"


class NoticeEscalated(NoticeFact):
    """What the notice wants is overdue: the addressee's district is told."""

    TYPE: ClassVar[str] = "registration.notice_escalated.v1"


class NoticeWithdrawn(NoticeFact):
    """The reason of the notice went away: nothing is wanted any more."""

    TYPE: ClassVar[str] = "registration.notice_withdrawn.v1"


NOTICE_FACTS: tuple[type[NoticeFact], ...] = (NoticeSent, NoticeReminded, NoticeEscalated, NoticeWithdrawn)


class AnswerState(StrEnum):
    """How far an answer is: 接收 `received`, 配对 `paired`, 核实 `verified`, 反馈 `confirmed` or `rejected`."""

    RECEIVED = "received"
    PAIRED = "paired"
    VERIFIED = "verified"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class RejectionReason(StrEnum):
    """Why a notice is rejected: the person is still here, is not ours, is nobody known, or it is another street's."""

    STILL_HERE = "still_here"
    NOT_OURS = "not_ours"
    NO_SUCH_PERSON = "no_such_person"
    WRONG_STREET = "wrong_street"
    NOT_HERE = "not_here"


class Answer(BaseModel):
    """What the addressee says to a notice; `about` is its own stay, `left_on` the day the person left it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    notice_id: str
    person_id: PersonId
    answerer: DivisionCode
    sender: DivisionCode
    state: AnswerState
    about: str | None = None
    received_at: Moment
    answered_at: Moment | None = None
    left_on: date | None = None
    destination: str | None = None
    reason: RejectionReason | None = None


class AnswerFact(Fact):
    """A fact of the stream `answer/<notice_id>`, written by the addressee's district for the sender's."""

    answer: Answer

    @property
    def stream(self) -> str:
        """Return the stream of the answer."""
        return f"answer/{self.answer.notice_id}"

    @property
    def division(self) -> str:
        """Return the division that answers."""
        return self.answer.answerer

    @property
    def places(self) -> tuple[str, ...]:
        """Return both sides: who answers, and whom that is for."""
        return (self.answer.answerer, self.answer.sender)

    @property
    def person_id(self) -> str:
        """Return the id of the person concerned."""
        return self.answer.person_id

    @property
    def addressee(self) -> str:
        """Return the district it is addressed to."""
        return self.answer.sender[:6]


class NoticeReceived(AnswerFact):
    """接收: the addressee took the notice in."""

    TYPE: ClassVar[str] = "registration.notice_received.v1"


class NoticePaired(AnswerFact):
    """配对: the addressee found its own record of the person."""

    TYPE: ClassVar[str] = "registration.notice_paired.v1"


class NoticeVerified(AnswerFact):
    """核实: the addressee verified by a visit or a call."""

    TYPE: ClassVar[str] = "registration.notice_verified.v1"


class NoticeConfirmed(AnswerFact):
    """反馈: what the notice says is so; the addressee's own stay ended on `left_on`."""

    TYPE: ClassVar[str] = "registration.notice_confirmed.v1"


class NoticeRejected(AnswerFact):
    """反馈: what the notice says is not so, and why."""

    TYPE: ClassVar[str] = "registration.notice_rejected.v1"


ANSWER_FACTS: tuple[type[AnswerFact], ...] = (
    NoticeReceived,
    NoticePaired,
    NoticeVerified,
    NoticeConfirmed,
    NoticeRejected,
)
