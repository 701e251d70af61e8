"""Derive transfers from what is known; nobody ever sets a transfer's state.

Every district derives the same transfers from the same facts. What the clock does is recorded as a fact too: a
reminder, an escalation, an ending by default, a lost trace.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from hashlib import sha256

from pydantic import BaseModel

from contracts.registration.notices import Notice, NoticeKind
from contracts.registration.stays import DestinationKind, Ending, Stay, StayState
from services.registration.domain.knowledge import Knowledge


class TransferState(StrEnum):
    """How a person's move from one stay to the next stands."""

    ARRIVED_UNMATCHED = "arrived_unmatched"
    OVERDUE = "overdue"
    MATCHED = "matched"
    COMPLETED = "completed"
    COMPLETED_BY_DEFAULT = "completed_by_default"
    DISPUTED = "disputed"
    DEPARTED_OPEN = "departed_open"
    LOST = "lost"
    EXTERNAL_CLOSED = "external_closed"
    CANCELLED = "cancelled"
    VOID = "void"


TERMINAL = frozenset(
    {
        TransferState.COMPLETED,
        TransferState.COMPLETED_BY_DEFAULT,
        TransferState.CANCELLED,
        TransferState.EXTERNAL_CLOSED,
        TransferState.VOID,
    }
)
"""The final states, which only a correction changes."""


class Transfer(BaseModel):
    """A person's move from one stay (`left_*`) to the next (`reached_*`, None while no arrival is known).

    `since` is when the person left or, where nobody said so, arrived. `due` is by when the notice wants its answer.
    `redirected`: the departure named another place. `returning`: the person had stayed in that district before.
    """

    transfer_id: str
    person_id: str
    state: TransferState
    since: date
    left_stay: str
    left_street: str
    reached_stay: str | None = None
    reached_street: str | None = None
    notice_id: str | None = None
    due: date | None = None
    redirected: bool = False
    returning: bool = False


def transfer_id(left_stay: str, reached_stay: str | None) -> str:
    """Return the id of the transfer between two stays (32 hexadecimal digits)."""
    return sha256(f"transfer|{left_stay}|{reached_stay or ''}".encode()).hexdigest()[:32]


def derive_transfers(known: Knowledge) -> list[Transfer]:
    """Return every transfer of a person, in the order in which they happened."""
    pairs = {(left.stay_id, reached.stay_id) for left, reached in _pairs(known)}
    notified = {
        (notice.about, notice.stay_id)
        for notice in known.notices
        if notice.kind is NoticeKind.ARRIVAL and notice.about and notice.stay_id
    }
    stays = known.stays_by_id
    found = [
        _between(known, stays[left], stays[reached])
        for left, reached in sorted(pairs | notified)
        if left in stays and reached in stays
    ]
    found += [_open(known, stay) for stay in known.claims if known.leaving(stay) and known.successor(stay) is None]
    return sorted(found, key=lambda transfer: (transfer.since, transfer.transfer_id))


def _pairs(known: Knowledge) -> Iterator[tuple[Stay, Stay]]:
    for stay in known.claims:
        successor = known.successor(stay)
        if successor is not None:
            yield stay, successor
        yield from ((stay, other) for other in known.disputed(stay))


def _between(known: Knowledge, left: Stay, reached: Stay) -> Transfer:
    leaving = known.leaving(left)
    notice = known.notice(NoticeKind.ARRIVAL, reached.stay_id, left.stay_id)
    state = _state_between(known, left, reached, notice)
    named = leaving.destination if leaving is not None and leaving.ending is Ending.DEPARTED else None
    return Transfer(
        transfer_id=transfer_id(left.stay_id, reached.stay_id),
        person_id=reached.person_id,
        state=state,
        since=min(leaving.on, reached.started_on) if leaving is not None else reached.started_on,
        left_stay=left.stay_id,
        left_street=left.street,
        reached_stay=reached.stay_id,
        reached_street=reached.street,
        notice_id=notice.notice_id if notice else None,
        due=notice.answer_due if notice is not None and state not in TERMINAL else None,
        redirected=named is not None and not known.lies_in(reached.street, named),
        returning=any(
            earlier.district == reached.district and earlier.started_on < left.started_on for earlier in known.claims
        ),
    )


def _state_between(known: Knowledge, left: Stay, reached: Stay, notice: Notice | None) -> TransferState:
    if StayState.RETRACTED in (left.state, reached.state):
        taken_back = left.state is not StayState.RETRACTED and known.has_rejected(left, reached)
        return TransferState.CANCELLED if taken_back else TransferState.VOID
    if known.died_on is not None and known.died_on <= reached.started_on:
        return TransferState.VOID
    if reached in known.disputed(left):
        return TransferState.DISPUTED
    if known.successor(left) is not reached:
        return TransferState.VOID
    return _state_of_move(known, left, reached, notice)


def _state_of_move(known: Knowledge, left: Stay, reached: Stay, notice: Notice | None) -> TransferState:
    leaving = known.leaving(left)
    escalated = notice is not None and notice.escalated
    if known.is_same_street(left, reached) or (leaving is not None and leaving.ending is Ending.CONFIRMED):
        return TransferState.COMPLETED
    if known.is_void_by_death(left, reached):
        return TransferState.VOID
    if leaving is not None:
        answered = known.answer_to(NoticeKind.ARRIVAL, reached.stay_id, left.stay_id) is not None
        unanswered = TransferState.COMPLETED_BY_DEFAULT if escalated else TransferState.MATCHED
        return TransferState.COMPLETED if answered else unanswered
    if left.ending is Ending.BY_DEFAULT:
        return TransferState.COMPLETED_BY_DEFAULT
    return TransferState.OVERDUE if escalated else TransferState.ARRIVED_UNMATCHED


def _open(known: Knowledge, stay: Stay) -> Transfer:
    """Return the transfer of a person who left and is not known to have arrived."""
    leaving = known.leaving(stay)
    assert leaving is not None
    state = TransferState.LOST if stay.trace_lost_on else TransferState.DEPARTED_OPEN
    if leaving.destination_kind is DestinationKind.EXTERNAL:
        state = TransferState.EXTERNAL_CLOSED
    if known.died_on is not None:
        state = TransferState.VOID
    return Transfer(
        transfer_id=transfer_id(stay.stay_id, None),
        person_id=stay.person_id,
        state=state,
        since=leaving.on,
        left_stay=stay.stay_id,
        left_street=stay.street,
    )
