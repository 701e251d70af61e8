"""Settling: derive, from everything known about a person and today's date, the facts that the own districts still owe.

It reads what offices recorded, never what another district's settling recorded, so that two districts can't keep
answering each other. The only thing it takes from another's settling is the deadline that a notice carries, and notices
follow from what offices recorded alone. Settling twice adds nothing.
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
from services.registration.domain.knowledge import Knowledge, Leaving
from services.registration.domain.stays import REOPENED, is_declared


@dataclass(frozen=True)
class Rules:
    """The rules of settling: the deadlines, which codes lie inside the boundary, which divisions are served here."""

    deadlines: Policy
    is_inside: Callable[[str], bool]
    serves: Callable[[str], bool]


class Now(NamedTuple):
    """The present: the moment, and the statutory day it falls on."""

    moment: datetime
    day: date


class NoticeOwed(NamedTuple):
    """A notice that an own stay owes: kind, addressee, their stay, urgency."""

    kind: NoticeKind
    addressee: str
    about: str | None
    urgency: Urgency = Urgency.ORDINARY

    def notice_id_for(self, stay: Stay) -> str:
        """Return the id of the notice when the office of a stay sends it."""
        return notice_id(self.kind, stay.stay_id, self.about or self.addressee)


def derive_owed_facts(known: Knowledge, rules: Rules, now: Now) -> Iterator[Fact]:
    """Return the facts that the own districts still owe about one person."""
    own = [stay for stay in known.stays if rules.serves(stay.street)]
    changed = [fact for stay in own for fact in _derive_stay(stay, known, rules, now.day)]
    yield from changed
    settled = known.with_stays(fact.stay for fact in changed) if changed else known
    yield from _derive_notices(settled, rules, now)
    yield from _derive_conflicts(settled, rules)


def find_contested(known: Knowledge, arrived: Stay, rules: Rules, today: date) -> list[Stay]:
    """Return the stays that a new stay would contest, and the one that would contest it."""
    after = known.with_stays([arrived])
    agreed = (stay for stay in after.stays if stay.state is not StayState.CONTESTED)
    contested = [stay for stay in agreed if _wanted_stay(stay, after, rules, today).state is StayState.CONTESTED]
    others = (after.successor(arrived) if stay is arrived else stay for stay in contested)
    return [other for other in others if other is not None]


def find_next_due(known: Knowledge, rules: Rules) -> date | None:
    """Return the first day on which the clock alone makes the own districts owe a fact; None if it never does."""
    days = [due for notice in known.notices for due in _due_days(notice, known, rules)]
    for stay in known.claims:
        lost_on = _trace_lost_on(stay, known, rules) if rules.serves(stay.street) else None
        if lost_on is not None and stay.trace_lost_on is None:
            days.append(lost_on)
    return min(days, default=None)


def _derive_stay(stay: Stay, known: Knowledge, rules: Rules, today: date) -> Iterator[StayFact]:
    wanted = _wanted_stay(stay, known, rules, today)
    if wanted == stay:
        return
    match wanted.state, stay.state:
        case StayState.CONTESTED, _:
            yield StayContested(stay=wanted)
        case StayState.OPEN, _:
            yield StayReaffirmed(stay=wanted)
        case StayState.ENDED, StayState.ENDED if _without_trace(wanted) == _without_trace(stay):
            yield (StayTraceLost if wanted.trace_lost_on else StayTraceFound)(stay=wanted)
        case _:
            yield StayEnded(stay=wanted)


def _without_trace(stay: Stay) -> Stay:
    return stay.model_copy(update={"trace_lost_on": None})


def _wanted_stay(stay: Stay, known: Knowledge, rules: Rules, today: date) -> Stay:
    """Return the stay as it should be."""
    if stay.state is StayState.RETRACTED:
        return stay
    lost_on = _trace_lost_on(stay, known, rules)
    lost = {"trace_lost_on": lost_on if lost_on is not None and today >= lost_on else None}
    if is_declared(stay):
        return stay.model_copy(update=lost)
    ending = _ending(stay, known, today)
    if ending is not None:
        return _ended(stay, ending).model_copy(update=lost)
    return stay.model_copy(update={**REOPENED, **lost, **_contest(stay, known)})


def _ending(stay: Stay, known: Knowledge, today: date) -> Leaving | None:
    """Return how a stay ended whose office did not declare so; None if it did not end."""
    leaving = known.leaving(stay)
    if leaving is not None:
        return leaving
    successor = known.successor(stay)
    died_on = known.died_on
    if died_on is not None and stay.started_on <= died_on and not _moved_on_before(successor, died_on):
        return Leaving(died_on, Ending.DIED, None, DestinationKind.UNKNOWN)
    if successor is None or (died_on is not None and died_on < stay.started_on):
        return None
    if known.is_same_street(successor, stay):
        return Leaving(successor.started_on, Ending.CONFIRMED, successor.street, DestinationKind.DIVISION)
    notice = known.notice(NoticeKind.ARRIVAL, successor.stay_id, stay.stay_id)
    unanswered = notice is not None and notice.state is NoticeState.SENT and today > (notice.completes_on or today)
    if unanswered or died_on is not None:
        return Leaving(successor.started_on, Ending.BY_DEFAULT, successor.street, DestinationKind.DIVISION)
    return None


def _moved_on_before(successor: Stay | None, died_on: date) -> bool:
    return successor is not None and successor.started_on < died_on


def _ended(stay: Stay, leaving: Leaving) -> Stay:
    kind = None if leaving.ending is Ending.DIED else leaving.destination_kind
    end = {"ended_on": leaving.on, "ending": leaving.ending}
    destination = {"destination": leaving.destination, "destination_kind": kind}
    return stay.model_copy(
        update={**end, **destination, "state": StayState.ENDED, "contested_by": None, "contest": None}
    )


def _contest(stay: Stay, known: Knowledge) -> dict[str, object]:
    if known.died_on is not None and known.died_on < stay.started_on:
        return {"state": StayState.CONTESTED, "contest": Contest.DIED}
    successor = known.successor(stay)
    if successor is None:
        return {}
    return {"state": StayState.CONTESTED, "contest": Contest.NEWER_STAY, "contested_by": successor.stay_id}


def _trace_lost_on(stay: Stay, known: Knowledge, rules: Rules) -> date | None:
    """Return the day from which a departure without arrival counts as lost; None if no arrival is expected."""
    leaving = known.leaving(stay)
    if leaving is None or leaving.destination_kind is DestinationKind.EXTERNAL or not known.is_claim(stay):
        return None
    if known.died_on is not None or known.successor(stay) is not None:
        return None
    return rules.deadlines.trace_lost_on(max(leaving.on, stay.returning_on or leaving.on))


def _derive_notices(known: Knowledge, rules: Rules, now: Now) -> Iterator[NoticeFact]:
    wanted = {owed.notice_id_for(stay): (stay, owed) for stay, owed in _notices_owed(known, rules)}
    for notice in known.notices:
        if not rules.serves(notice.sender):
            continue
        owed = wanted.pop(notice.notice_id, None)
        if owed is not None and notice.state is NoticeState.WITHDRAWN:
            yield NoticeSent(notice=make_notice(*owed, rules.deadlines, now))
        elif owed is not None or notice.asked or known.is_met(notice):
            day = _day_reported(notice.kind, owed[0]) if owed is not None else notice.started_on
            yield from _remind_or_escalate(notice, day, known, now.day)
        elif notice.state is NoticeState.SENT:
            yield NoticeWithdrawn(notice=notice.model_copy(update={"state": NoticeState.WITHDRAWN}))
    yield from (NoticeSent(notice=make_notice(*owed, rules.deadlines, now)) for owed in wanted.values())


def _remind_or_escalate(notice: Notice, day: date | None, known: Knowledge, today: date) -> Iterator[NoticeFact]:
    """Return the reminder or the escalation, each once, or the notice again if its day was corrected meanwhile."""
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


def _due_days(notice: Notice, known: Knowledge, rules: Rules) -> Iterator[date]:
    """Return the days on which a notice is due here: the sender reminds and escalates, the addressee completes."""
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


def _notices_owed(known: Knowledge, rules: Rules) -> Iterator[tuple[Stay, NoticeOwed]]:
    for stay in known.claims:
        if rules.serves(stay.street):
            yield from ((stay, owed) for owed in _owed_for_arrival(stay, known, rules))
            yield from ((stay, owed) for owed in _owed_for_departure(stay, known, rules))
            yield from ((stay, owed) for owed in _owed_for_dispute(stay, known))


def _owed_for_arrival(stay: Stay, known: Knowledge, rules: Rules) -> Iterator[NoticeOwed]:
    """Return the notices to the offices of the stays from which the person moved on to this one."""
    for left in known.predecessors(stay):
        near = known.leaving(left) is None and is_double_arrival(known, left, stay, rules.deadlines)
        if not known.is_same_street(left, stay) and not known.is_void_by_death(left, stay):
            yield NoticeOwed(
                NoticeKind.ARRIVAL, left.street, left.stay_id, Urgency.URGENT if near else Urgency.ORDINARY
            )


def _owed_for_departure(stay: Stay, known: Knowledge, rules: Rules) -> Iterator[NoticeOwed]:
    """Return the notice to the division for which the person left, unless an arrival is known."""
    leaving = known.leaving(stay)
    if leaving is None or not leaving.destination or known.died_on is not None:
        return
    if known.successor(stay) is None and rules.is_inside(leaving.destination) and leaving.destination != stay.street:
        yield NoticeOwed(NoticeKind.DEPARTURE, leaving.destination, None)


def _owed_for_dispute(stay: Stay, known: Knowledge) -> Iterator[NoticeOwed]:
    """Return the inquiries to the offices whose notices were rejected: they are to verify where the person lives."""
    for other in known.disputed(stay):
        yield NoticeOwed(NoticeKind.INQUIRY, other.street, other.stay_id, Urgency.URGENT)


def make_notice(stay: Stay, owed: NoticeOwed, deadlines: Policy, now: Now) -> Notice:
    """Return the notice that the office of a stay sends now, with its deadlines."""
    kind, urgency = owed.kind, owed.urgency
    within = stay.district == owed.addressee[:6]
    answer_due = deadlines.answer_due(kind, urgency, within, now.day)
    return Notice(
        notice_id=owed.notice_id_for(stay),
        kind=kind,
        person_id=stay.person_id,
        sender=stay.street,
        addressee=owed.addressee,
        stay_id=stay.stay_id,
        about=owed.about,
        started_on=_day_reported(kind, stay),
        urgency=urgency,
        sent_at=now.moment,
        receipt_due=deadlines.receipt_due(kind, urgency, within, now.day),
        answer_due=answer_due,
        completes_on=deadlines.completes_on(answer_due) if kind is NoticeKind.ARRIVAL else None,
        remind_on=deadlines.remind_on(kind, urgency, within, answer_due),
    )


def _day_reported(kind: NoticeKind, stay: Stay) -> date:
    """Return the day of the sender's stay that a notice reports: of a departure the last day, else the first."""
    left_on = stay.ended_on if kind is NoticeKind.DEPARTURE else None
    return left_on or stay.started_on


def _derive_conflicts(known: Knowledge, rules: Rules) -> Iterator[ConflictRaised | ConflictResolved]:
    found = {
        (conflict.conflict_id, conflict.district): conflict
        for conflict in find_conflicts(known, rules.deadlines)
        if rules.serves(conflict.district)
    }
    raised: dict[tuple[str, str], Conflict] = {
        (conflict.conflict_id, conflict.district): conflict
        for conflict in known.conflicts
        if rules.serves(conflict.district)
    }
    for key, conflict in found.items():
        if key not in raised or not raised[key].open:
            yield ConflictRaised(conflict=conflict)
    for key, conflict in raised.items():
        if conflict.open and key not in found:
            yield ConflictResolved(conflict=conflict.model_copy(update={"open": False}))
