"""Transfers, as a pure function of what is known (DOMAIN 4.2): nobody ever sets a transfer's state.

Every district derives the same from the same facts. What the clock did is a fact by then: a reminder, an escalation,
an ending by default, a lost trace.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from hashlib import sha256

from pydantic import BaseModel

from contracts.divisions import district_of
from contracts.registration import DestinationKind, Ending, Stay, StayState
from contracts.transfers import Notice, NoticeKind, Urgency
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
"""The states that only a correction changes."""


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


class TaskKind(StrEnum):
    """What an office has to do: about a notice, a stay, a conflict, somebody expected, somebody lost.

    `urge_office` 督办 is a district's own: an office of its has let the day of a notice pass.
    """

    RECEIVE_NOTICE = "receive_notice"
    ANSWER_NOTICE = "answer_notice"
    CHECK_STAY = "check_stay"
    RESOLVE_CONFLICT = "resolve_conflict"
    EXPECT_ARRIVAL = "expect_arrival"
    TRACE_PERSON = "trace_person"
    URGE_OFFICE = "urge_office"


class Task(BaseModel):
    """One thing for an office (9 digits) or a district (6) to do, by `due` where there is a deadline."""

    kind: TaskKind
    division: str
    person_id: str
    due: date | None = None
    urgent: bool = False
    escalated: bool = False
    stay_id: str | None = None
    notice_id: str | None = None
    conflict_id: str | None = None
    street: str | None = None


def transfer_id(left_stay: str, reached_stay: str | None) -> str:
    """Name a transfer after the two stays (32 hexadecimal digits)."""
    return sha256(f"transfer|{left_stay}|{reached_stay or ''}".encode()).hexdigest()[:32]


def derive_transfers(known: Knowledge) -> list[Transfer]:
    """Derive every transfer of a person, in the order in which they happened."""
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
    found += [_open(known, stay) for stay in known.claims if known.left(stay) and known.successor(stay) is None]
    return sorted(found, key=lambda transfer: (transfer.since, transfer.transfer_id))


def derive_tasks(known: Knowledge) -> list[Task]:
    """Derive what offices have to do about a person."""
    found = [*_notice_tasks(known), *_stay_tasks(known), *_conflict_tasks(known)]
    return sorted(found, key=_place)


def _place(task: Task) -> tuple[object, ...]:
    """Order tasks by what is due first; ids settle what nothing else does."""
    ids = (task.stay_id or "", task.notice_id or "", task.conflict_id or "")
    return task.due or date.max, task.division, task.kind, *ids


def _pairs(known: Knowledge) -> Iterator[tuple[Stay, Stay]]:
    for stay in known.claims:
        successor = known.successor(stay)
        if successor is not None:
            yield stay, successor
        yield from ((stay, other) for other in known.disputed(stay))


def _between(known: Knowledge, left: Stay, reached: Stay) -> Transfer:
    said = known.left(left)
    notice = known.notice(NoticeKind.ARRIVAL, reached.stay_id, left.stay_id)
    state = _state_between(known, left, reached, notice)
    named = said.destination if said is not None and said.ending is Ending.DEPARTED else None
    return Transfer(
        transfer_id=transfer_id(left.stay_id, reached.stay_id),
        person_id=reached.person_id,
        state=state,
        since=min(said.on, reached.started_on) if said is not None else reached.started_on,
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
    said = known.left(left)
    escalated = notice is not None and notice.escalated
    if known.is_same_street(left, reached) or (said is not None and said.ending is Ending.CONFIRMED):
        return TransferState.COMPLETED
    if known.is_void_by_death(left, reached):
        return TransferState.VOID
    if said is not None:
        answered = known.answer_to(NoticeKind.ARRIVAL, reached.stay_id, left.stay_id) is not None
        unanswered = TransferState.COMPLETED_BY_DEFAULT if escalated else TransferState.MATCHED
        return TransferState.COMPLETED if answered else unanswered
    if left.ending is Ending.BY_DEFAULT:
        return TransferState.COMPLETED_BY_DEFAULT
    return TransferState.OVERDUE if escalated else TransferState.ARRIVED_UNMATCHED


def _open(known: Knowledge, stay: Stay) -> Transfer:
    """Derive the transfer of somebody who left and is not known to have arrived."""
    said = known.left(stay)
    assert said is not None
    state = TransferState.LOST if stay.trace_lost_on else TransferState.DEPARTED_OPEN
    if said.destination_kind is DestinationKind.EXTERNAL:
        state = TransferState.EXTERNAL_CLOSED
    if known.died_on is not None:
        state = TransferState.VOID
    return Transfer(
        transfer_id=transfer_id(stay.stay_id, None),
        person_id=stay.person_id,
        state=state,
        since=said.on,
        left_stay=stay.stay_id,
        left_street=stay.street,
    )


def _notice_tasks(known: Knowledge) -> Iterator[Task]:
    for notice in known.notices:
        if known.due(notice) is None:
            continue
        received = notice.notice_id in known.answers_by_notice
        kind = TaskKind.ANSWER_NOTICE if received else TaskKind.RECEIVE_NOTICE
        expected = notice.kind is NoticeKind.DEPARTURE and not known.is_met(notice)
        task = Task(
            kind=TaskKind.EXPECT_ARRIVAL if expected else kind,
            division=notice.addressee,
            person_id=notice.person_id,
            due=notice.answer_due if received else notice.receipt_due,
            urgent=notice.urgency is not Urgency.ORDINARY,
            escalated=notice.escalated,
            stay_id=notice.about,
            notice_id=notice.notice_id,
            street=notice.sender,
        )
        yield task
        if notice.escalated and notice.addressee != district_of(notice.addressee):
            urging = {"kind": TaskKind.URGE_OFFICE, "division": district_of(notice.addressee)}
            yield task.model_copy(update={**urging, "street": notice.addressee})


def _stay_tasks(known: Knowledge) -> Iterator[Task]:
    for stay in known.claims:
        if stay.state is StayState.CONTESTED:
            rival = known.stays_by_id.get(stay.contested_by or "")
            notice = known.notice(NoticeKind.ARRIVAL, stay.contested_by or "", stay.stay_id)
            due, street = notice.answer_due if notice else None, rival.street if rival else None
            yield _about_stay(TaskKind.CHECK_STAY, stay, due, street)
        if stay.trace_lost_on is not None:
            yield _about_stay(TaskKind.TRACE_PERSON, stay, stay.trace_lost_on, None)
        elif known.is_taken_back(stay):
            yield _about_stay(TaskKind.CHECK_STAY, stay, None, stay.destination)


def _about_stay(kind: TaskKind, stay: Stay, due: date | None, street: str | None) -> Task:
    return Task(
        kind=kind,
        division=stay.street,
        person_id=stay.person_id,
        due=due,
        stay_id=stay.stay_id,
        street=street,
    )


def _conflict_tasks(known: Knowledge) -> Iterator[Task]:
    for conflict in known.conflicts:
        if conflict.open:
            for street in sorted({street for street in conflict.streets if street.startswith(conflict.district)}):
                yield Task(
                    kind=TaskKind.RESOLVE_CONFLICT,
                    division=street,
                    person_id=conflict.person_id,
                    urgent=True,
                    conflict_id=conflict.conflict_id,
                )
