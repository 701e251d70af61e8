"""What must hold of every life, as far as registration knows them: each finds what breaks it and says so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

from contracts.registration.notices import NoticeState
from contracts.registration.stays import DestinationKind, Ending, Stay, StayEnded, StayState
from services.registration.domain.conflicts import find_conflicts
from services.registration.domain.knowledge import Knowledge
from services.registration.domain.settling import Now, Rules, derive_owed_facts
from services.registration.domain.tasks import derive_tasks
from services.registration.domain.transfers import TERMINAL, TransferState, derive_transfers
from tests.support.districts import noon

EXPLAINED = frozenset(TransferState) - {TransferState.CANCELLED, TransferState.VOID}
LISTED = frozenset({TransferState.OVERDUE, TransferState.LOST, TransferState.DISPUTED})
"""The states that are not terminal and stand on somebody's list when every deadline has passed."""


def find_silent_doubles(known: Knowledge, rules: Rules) -> Iterator[str]:
    """I2: of several open stays each but the present one has a transfer or an open conflict, or the death ends it."""
    doubles = [stay for stay in known.claims if stay.state is StayState.OPEN][:-1]
    if not doubles:
        return
    explained = {one.left_stay for one in derive_transfers(known) if one.state in EXPLAINED}
    explained |= {stay for conflict in find_conflicts(known, rules.deadlines) for stay in conflict.stays}
    explained |= _ended_by_death(known, rules)
    for stay in doubles:
        if stay.stay_id not in explained:
            yield f"I2: {stay.stay_id} of {stay.person_id} is open beside another, and nobody is told"


def _ended_by_death(known: Knowledge, rules: Rules) -> set[str]:
    """Name the open stays, wherever they are, that their offices end as soon as they hear of a death."""
    if known.died_on is None:
        return set()
    owed = derive_owed_facts(known, replace(rules, serves=lambda _: True), Now(noon(known.died_on), known.died_on))
    return {fact.stay.stay_id for fact in owed if isinstance(fact, StayEnded)}


@dataclass(frozen=True)
class Settled:
    """What is known of a person when everything is heard and every deadline has passed."""

    known: Knowledge
    today: date

    def broken(self) -> Iterator[str]:
        """Return what does not hold."""
        yield from self._one_current_stay()
        yield from self._nothing_overlaps()
        yield from self._nobody_lives_after_death()
        yield from self._every_transfer_is_over_or_listed()
        yield from self._every_notice_is_answered_or_overdue()
        yield from self._everybody_is_somewhere()

    @property
    def flagged(self) -> set[str]:
        """Name the stays with an open conflict."""
        return {stay for conflict in self.known.conflicts if conflict.open for stay in conflict.stays}

    def _one_current_stay(self) -> Iterator[str]:
        current = [stay for stay in self.known.claims if stay.state is StayState.OPEN]
        if len(current) > 1 and any(stay.stay_id not in self.flagged for stay in current[:-1]):
            yield f"I1: {len(current)} current stays without a conflict"
        contested = [stay for stay in self.known.claims if stay.state is StayState.CONTESTED]
        if any(stay.stay_id not in self.flagged for stay in contested):
            yield "I1: contested for ever without a conflict"

    def _nothing_overlaps(self) -> Iterator[str]:
        for stay in self.known.claims:
            if stay.ended_on is not None and stay.ended_on < stay.started_on:
                yield f"I3: {stay.stay_id} ends before it starts"
        standing = [stay for stay in self.known.claims if stay.state is not StayState.CONTESTED]
        for earlier, later in pairwise(standing):
            over = earlier.ended_on or date.max
            if over > later.started_on and not self.flagged & {earlier.stay_id, later.stay_id}:
                yield f"I6: {earlier.stay_id} until {over} overlaps {later.stay_id} from {later.started_on}"

    def _nobody_lives_after_death(self) -> Iterator[str]:
        died_on = self.known.died_on
        for stay in self.known.stays if died_on is not None else ():
            if stay.state is StayState.OPEN:
                yield f"I12: {stay.stay_id} is open, its person died"

    def _every_transfer_is_over_or_listed(self) -> Iterator[str]:
        listed = {task.stay_id for task in derive_tasks(self.known)} | self.flagged
        for transfer in derive_transfers(self.known):
            if transfer.state in TERMINAL:
                continue
            if transfer.state not in LISTED:
                yield f"I9: {transfer.state} {transfer.left_stay} -> {transfer.reached_stay} for ever"
            elif transfer.left_stay not in listed:
                yield f"I9: {transfer.state} {transfer.left_stay} on nobody's list"

    def _every_notice_is_answered_or_overdue(self) -> Iterator[str]:
        for notice in self.known.notices:
            if notice.state is NoticeState.SENT and self.known.due(notice) is not None and not notice.escalated:
                yield f"I18: {notice.kind} notice {notice.notice_id} unanswered, and nobody is told"

    def _everybody_is_somewhere(self) -> Iterator[str]:
        """I5, person by person: who lives is a resident once, or unplaced, or outside; else a conflict is open."""
        claims = self.known.claims
        if not claims or self.known.died_on is not None or self.flagged:
            return
        here = sum(stay.state is StayState.OPEN for stay in claims)
        away = [one for one in derive_transfers(self.known) if one.reached_stay is None]
        if here + len(away) != 1:
            yield f"I5: {claims[-1].person_id} is {here} times here and {len(away)} times away"


def count_internal_flows(everybody: Sequence[Knowledge]) -> Iterator[str]:
    """I4, over the whole time: arrivals after a stay less departures but of the last stay that is over."""
    arrived = left = unplaced = overlap = 0
    for known in everybody:
        claims = [stay for stay in known.claims if known.died_on is None]
        if not claims:
            continue
        here = sum(stay.state is StayState.OPEN for stay in claims)
        outside = here == 0 and _outside(claims[-1])
        arrived += len(claims) - 1
        left += len(claims) - here - outside
        unplaced += here == 0 and not outside
        overlap += max(0, here - 1)
    if arrived - left != overlap - unplaced:
        yield f"I4: {arrived} arrived, {left} left, {unplaced} unplaced, {overlap} overlap"


def _outside(stay: Stay) -> bool:
    return stay.ending is Ending.DEPARTED and stay.destination_kind is DestinationKind.EXTERNAL


def transfers_of(known: Knowledge) -> list[dict[str, Any]]:
    """Derive a person's transfers, ready to be compared."""
    return [transfer.model_dump(mode="json") for transfer in derive_transfers(known)]
