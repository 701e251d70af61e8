"""Conflicts between the stays of one person, derived from everything known about them."""

from collections.abc import Iterator

from contracts.registration.conflicts import Conflict, ConflictKind, conflict_id
from contracts.registration.stays import Stay, StayState
from services.registration.deadlines import Policy
from services.registration.domain.knowledge import Knowledge


def find_conflicts(known: Knowledge, deadlines: Policy) -> Iterator[Conflict]:
    """Return every conflict, once for each district that has one of its stays."""
    for kind, stays in _contradictions(known, deadlines):
        ordered = sorted(stays, key=lambda stay: stay.stay_id)
        ids = tuple(stay.stay_id for stay in ordered)
        for district in sorted({stay.district for stay in stays}):
            yield Conflict(
                conflict_id=conflict_id(kind, ids),
                district=district,
                kind=kind,
                person_id=min(stay.person_id for stay in stays),
                stays=ids,
                streets=tuple(stay.street for stay in ordered),
            )


def is_double_arrival(known: Knowledge, left: Stay, reached: Stay, deadlines: Policy) -> bool:
    """Return whether two claims in different streets are so close in time that one is likely wrong.

    Claims under two ids of one person always are.
    """
    near = deadlines.is_double_arrival(left.started_on, reached.started_on)
    return not known.is_same_street(left, reached) and (near or left.person_id != reached.person_id)


def _contradictions(known: Knowledge, deadlines: Policy) -> Iterator[tuple[ConflictKind, tuple[Stay, ...]]]:
    for stay in known.claims:
        if known.died_on is not None and max(stay.started_on, stay.ended_on or stay.started_on) > known.died_on:
            yield ConflictKind.STAY_AFTER_DEATH, (stay,)
        leaving, successor = known.leaving(stay), known.successor(stay)
        yield from ((ConflictKind.DISPUTED, (stay, other)) for other in known.disputed(stay))
        if successor is None:
            continue
        if leaving is not None and leaving.on > successor.started_on:
            yield ConflictKind.OVERLAPPING_STAYS, (stay, successor)
        unsettled = leaving is None and stay.state is not StayState.ENDED
        if unsettled and is_double_arrival(known, stay, successor, deadlines):
            yield ConflictKind.DOUBLE_ARRIVAL, (stay, successor)
