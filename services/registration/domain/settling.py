"""Settling: from everything known about a person and today's date, which facts the own districts still owe.

It reads what people said, never what another district's settling said, so it can't chase its own tail: the one thing
it takes from elsewhere is the deadline that a notice carries, and notices follow from what people said alone. Run
twice it adds nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from contracts.envelope import Fact
from contracts.registration.conflicts import Conflict, ConflictRaised, ConflictResolved
from contracts.registration.notices import (
    Notice,
    NoticeEscalated,
    NoticeFact,
    NoticeKind,
    NoticeReminded,
    NoticeSent,
    NoticeState,
    NoticeWithdrawn,
    Urgency,
    notice_id,
)
from contracts.registration.stays import (
    Contest,
    DestinationKind,
    Ending,
    Stay,
    StayContested,
    StayEnded,
    StayFact,
    StayReaffirmed,
    StayState,
    StayTraceFound,
    StayTraceLost,
)
from services.registration.deadlines import Policy
from services.registration.domain.conflicts import find_conflicts, is_double_arrival
from services.registration.domain.knowledge import Knowledge, Left
from services.registration.domain.stays import OPEN_AGAIN, is_declared


@dataclass(frozen=True)
class Rules:
    """What settling goes by: the deadlines, which codes lie inside the boundary, and which districts are the own."""

    deadlines: Policy
    is_inside: Callable[[str], bool]
    serves: Callable[[str], bool]


class Now(NamedTuple):
    """The present: the moment, and the statutory day it falls on."""

    moment: datetime
    day: date


def settle(known: Knowledge, rules: Rules, now: Now) -> Iterator[Fact]:
    """Say what the own districts still owe about one person."""
    own = [stay for stay in known.stays if rules.serves(stay.street)]
    changed = [fact for stay in own for fact in _settle_stay(stay, known, rules, now.day)]
    yield from changed
    settled = known.having(fact.stay for fact in changed) if changed else known
    yield from _settle_notices(settled, rules, now)
    yield from _settle_conflicts(settled, rules)


def find_next_due(known: Knowledge, rules: Rules) -> date | None:
    """Give the first day on which the clock alone makes the own districts owe something."""
    days = [due for notice in known.notices for due in _clock_of(notice, known, rules)]
    for stay in known.claims:
        lost_on = _trace_lost_on(stay, known, rules) if rules.serves(stay.street) else None
        if lost_on is not None and stay.trace_lost_on is None:
            days.append(lost_on)
    return min(days, default=None)


def _settle_stay(stay: Stay, known: Knowledge, rules: Rules, today: date) -> Iterator[StayFact]:
    wanted = _target(stay, known, rules, today)
    if wanted == stay:
        return
    match wanted.state, stay.state:
        case StayState.CONTESTED, _:
            yield StayContested(stay=wanted)
        case StayState.OPEN, _:
            yield StayReaffirmed(stay=wanted)
        case StayState.ENDED, StayState.ENDED if _lasting(wanted) == _lasting(stay):
            yield (StayTraceLost if wanted.trace_lost_on else StayTraceFound)(stay=wanted)
        case _:
            yield StayEnded(stay=wanted)


def _lasting(stay: Stay) -> Stay:
    return stay.model_copy(update={"trace_lost_on": None})


def _target(stay: Stay, known: Knowledge, rules: Rules, today: date) -> Stay:
    """Say what a stay should be."""
    if stay.state is StayState.RETRACTED:
        return stay
    lost_on = _trace_lost_on(stay, known, rules)
    lost = {"trace_lost_on": lost_on if lost_on is not None and today >= lost_on else None}
    if is_declared(stay):
        return stay.model_copy(update=lost)
    ending = _ending(stay, known, today)
    if ending is not None:
        return _ended(stay, ending).model_copy(update=lost)
    return stay.model_copy(update={**OPEN_AGAIN, **lost, **_contest(stay, known)})


def _ending(stay: Stay, known: Knowledge, today: date) -> Left | None:
    """Say how a stay ended that its office did not declare over."""
    left = known.left(stay)
    if left is not None:
        return left
    successor = known.successor(stay)
    died_on = known.died_on
    if died_on is not None and stay.started_on <= died_on and not _moved_on_before(successor, died_on):
        return Left(died_on, Ending.DIED, None, DestinationKind.UNKNOWN)
    if successor is None or (died_on is not None and died_on < stay.started_on):
        return None
    if known.is_same_street(successor, stay):
        return Left(successor.started_on, Ending.CONFIRMED, successor.street, DestinationKind.DIVISION)
    notice = known.notice(NoticeKind.ARRIVAL, successor.stay_id, stay.stay_id)
    unanswered = notice is not None and notice.state is NoticeState.SENT and today > (notice.completes_on or today)
    if unanswered or died_on is not None:
        return Left(successor.started_on, Ending.BY_DEFAULT, successor.street, DestinationKind.DIVISION)
    return None


def _moved_on_before(successor: Stay | None, died_on: date) -> bool:
    return successor is not None and successor.started_on < died_on


def _ended(stay: Stay, left: Left) -> Stay:
    kind = None if left.ending is Ending.DIED else left.destination_kind
    said = {"ended_on": left.on, "ending": left.ending, "destination": left.destination, "destination_kind": kind}
    return stay.model_copy(update={**said, "state": StayState.ENDED, "contested_by": None, "contest": None})


def _contest(stay: Stay, known: Knowledge) -> dict[str, object]:
    if known.died_on is not None and known.died_on < stay.started_on:
        return {"state": StayState.CONTESTED, "contest": Contest.DIED}
    successor = known.successor(stay)
    if successor is None:
        return {}
    return {"state": StayState.CONTESTED, "contest": Contest.NEWER_STAY, "contested_by": successor.stay_id}


def _trace_lost_on(stay: Stay, known: Knowledge, rules: Rules) -> date | None:
    """Say from when a departure without arrival counts as lost; None where it does not wait for an arrival."""
    left = known.left(stay)
    waits = left is not None and left.destination_kind is not DestinationKind.EXTERNAL
    if left is None or not waits or not known.is_claim(stay):
        return None
    if known.died_on is not None or known.successor(stay) is not None:
        return None
    return rules.deadlines.trace_lost_on(max(left.on, stay.returning_on or left.on))


def _settle_notices(known: Knowledge, rules: Rules, now: Now) -> Iterator[NoticeFact]:
    wanted = {told.name(stay): (stay, told) for stay, told in _notices_owed(known, rules)}
    for notice in known.notices:
        if not rules.serves(notice.sender):
            continue
        owed = wanted.pop(notice.notice_id, None)
        if owed is not None and notice.state is NoticeState.WITHDRAWN:
            yield NoticeSent(notice=make_notice(*owed, rules.deadlines, now))
        elif owed is not None or notice.asked or known.is_met(notice):
            day = _day_told(notice.kind, owed[0]) if owed is not None else notice.started_on
            yield from _tick(notice, day, known, now.day)
        elif notice.state is NoticeState.SENT:
            yield NoticeWithdrawn(notice=notice.model_copy(update={"state": NoticeState.WITHDRAWN}))
    yield from (NoticeSent(notice=make_notice(*owed, rules.deadlines, now)) for owed in wanted.values())


def _tick(notice: Notice, day: date | None, known: Knowledge, today: date) -> Iterator[NoticeFact]:
    """Remind and escalate, each once; tell a day that was corrected while an answer is still wanted."""
    due = known.due(notice)
    if due is None:
        return
    current = notice.model_copy(update={"started_on": day})
    if today > due and not notice.escalated:
        yield NoticeEscalated(notice=current.model_copy(update={"reminded": True, "escalated": True}))
    elif today >= notice.remind_on and not notice.reminded:
        yield NoticeReminded(notice=current.model_copy(update={"reminded": True}))
    elif current != notice:
        yield NoticeSent(notice=current)


def _clock_of(notice: Notice, known: Knowledge, rules: Rules) -> Iterator[date]:
    """Give the days of a notice: the sender's own are reminder and escalation, the addressee's the completion."""
    due = known.due(notice)
    if due is None:
        return
    if rules.serves(notice.sender):
        if not notice.reminded:
            yield notice.remind_on
        if not notice.escalated:
            yield date.fromordinal(due.toordinal() + 1)
    about = known.stays_by_id.get(notice.about or "")
    contested = about is not None and about.state is StayState.CONTESTED and rules.serves(about.street)
    if notice.completes_on is not None and contested:
        yield date.fromordinal(notice.completes_on.toordinal() + 1)


def _notices_owed(known: Knowledge, rules: Rules) -> Iterator[tuple[Stay, "Told"]]:
    for stay in known.claims:
        if rules.serves(stay.street):
            told = (*_of_arrival(stay, known, rules), *_of_departure(stay, known, rules), *_of_dispute(stay, known))
            yield from ((stay, one) for one in told)


class Told(NamedTuple):
    """What a notice of a stay is: its kind, who is told, about which stay of theirs, how urgently."""

    kind: NoticeKind
    addressee: str
    about: str | None
    urgency: Urgency = Urgency.ORDINARY

    def name(self, stay: Stay) -> str:
        """Give the id of the notice that a stay's office sends."""
        return notice_id(self.kind, stay.stay_id, self.about or self.addressee)


def _of_arrival(stay: Stay, known: Knowledge, rules: Rules) -> Iterator[Told]:
    """Tell the office that a person's earlier stay belongs to."""
    for left in known.predecessors(stay):
        near = known.left(left) is None and is_double_arrival(known, left, stay, rules.deadlines)
        if not known.is_same_street(left, stay) and not known.is_void_by_death(left, stay):
            yield Told(NoticeKind.ARRIVAL, left.street, left.stay_id, Urgency.URGENT if near else Urgency.ORDINARY)


def _of_departure(stay: Stay, known: Knowledge, rules: Rules) -> Iterator[Told]:
    """Tell the division that a person left for."""
    left = known.left(stay)
    if left is None or not left.destination or known.died_on is not None:
        return
    if known.successor(stay) is None and rules.is_inside(left.destination) and left.destination != stay.street:
        yield Told(NoticeKind.DEPARTURE, left.destination, None)


def _of_dispute(stay: Stay, known: Knowledge) -> Iterator[Told]:
    """Ask the office whose notice the own office rejected to verify where the person lives."""
    for other in known.disputed(stay):
        yield Told(NoticeKind.INQUIRY, other.street, other.stay_id, Urgency.URGENT)


def make_notice(stay: Stay, told: Told, deadlines: Policy, now: Now) -> Notice:
    """Make the notice that a stay's office sends, with its deadlines."""
    kind, urgency = told.kind, told.urgency
    within = stay.district == told.addressee[:6]
    answer_due = deadlines.answer_due(kind, urgency, within, now.day)
    return Notice(
        notice_id=told.name(stay),
        kind=kind,
        person_id=stay.person_id,
        sender=stay.street,
        addressee=told.addressee,
        stay_id=stay.stay_id,
        about=told.about,
        started_on=_day_told(kind, stay),
        urgency=urgency,
        sent_at=now.moment,
        receipt_due=deadlines.receipt_due(kind, urgency, within, now.day),
        answer_due=answer_due,
        completes_on=deadlines.completes_on(answer_due) if kind is NoticeKind.ARRIVAL else None,
        remind_on=deadlines.remind_on(kind, urgency, within, answer_due),
    )


def _day_told(kind: NoticeKind, stay: Stay) -> date:
    """Give the day that a notice tells of its sender's stay: the first, or that of the departure."""
    left_on = stay.ended_on if kind is NoticeKind.DEPARTURE else None
    return left_on or stay.started_on


def _settle_conflicts(known: Knowledge, rules: Rules) -> Iterator[ConflictRaised | ConflictResolved]:
    found = {
        (conflict.conflict_id, conflict.district): conflict
        for conflict in find_conflicts(known, rules.deadlines)
        if rules.serves(conflict.district)
    }
    standing: dict[tuple[str, str], Conflict] = {
        (conflict.conflict_id, conflict.district): conflict
        for conflict in known.conflicts
        if rules.serves(conflict.district)
    }
    for key, conflict in found.items():
        if key not in standing or not standing[key].open:
            yield ConflictRaised(conflict=conflict)
    for key, conflict in standing.items():
        if conflict.open and key not in found:
            yield ConflictResolved(conflict=conflict.model_copy(update={"open": False}))
