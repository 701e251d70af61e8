"""What an office says of a stay: each decision gives a fact or a refusal and touches nothing."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from contracts.registration.stays import (
    DestinationKind,
    Ending,
    Stay,
    StayCorrected,
    StayEnded,
    StayRelocated,
    StayRetracted,
    StayStarted,
    StayState,
)
from services.registration.domain.errors import (
    LeftBeforeArrivingError,
    NotEndedError,
    NothingToCorrectError,
    NotLivingHereError,
    RetractedError,
)

LIVING = frozenset({StayState.OPEN, StayState.CONTESTED})
"""The states in which the person may still be there."""

DECLARED = (None, Ending.DEPARTED)
"""The endings that the office itself declared; None is what the first version of the fact left unsaid."""


def start(stay: Stay) -> StayStarted:
    """Start a stay as it was reported."""
    return StayStarted(stay=stay)


def is_declared(stay: Stay) -> bool:
    """Tell whether the office declared that the person left."""
    return stay.state is StayState.ENDED and stay.ending in DECLARED


FOLLOWED = frozenset({Ending.BY_DEFAULT, Ending.DIED})
"""The endings that merely followed from what somebody else said, and go when that does."""

OPEN_AGAIN: Mapping[str, Any] = {
    "state": StayState.OPEN,
    **dict.fromkeys(("ended_on", "ending", "destination", "destination_kind", "contested_by", "contest")),
}
"""What makes a stay that ended, or was contested, an open one."""


def may_end(stay: Stay) -> bool:
    """Tell whether the office may declare that the person left: nobody of its own has yet."""
    return stay.state in LIVING or stay.ending is Ending.CONFIRMED or stay.ending in FOLLOWED


def end(
    stay: Stay,
    left_on: date,
    destination: str | None,
    kind: DestinationKind = DestinationKind.UNKNOWN,
    returning_on: date | None = None,
) -> StayEnded:
    """End a stay on the day the person left, for a destination if it is known.

    What the office declares is better than what merely followed from something else: see `may_end`. Who died has left
    before, or not at all.
    """
    if not may_end(stay) or (stay.ending is Ending.DIED and stay.ended_on is not None and left_on > stay.ended_on):
        raise NotLivingHereError
    if left_on < stay.started_on:
        raise LeftBeforeArrivingError
    kind = DestinationKind.DIVISION if destination else kind
    said = {"ended_on": left_on, "destination": destination, "destination_kind": kind, "returning_on": returning_on}
    changes = {**said, "ending": Ending.DEPARTED, "contested_by": None, "contest": None, "state": StayState.ENDED}
    return StayEnded(stay=stay.model_copy(update=changes))


def correct(stay: Stay, changes: Mapping[str, Any]) -> StayCorrected:
    """Correct what was reported: the first day, what came with it, or the day and place of a declared departure."""
    _must_stand(stay)
    if changes.keys() & {"ended_on", "destination", "destination_kind"}:
        if stay.state is not StayState.ENDED or stay.ending is Ending.DIED:
            raise NotEndedError
        changes = {**changes, **_going_on(changes), "ending": Ending.DEPARTED}
    corrected = stay.model_copy(update=changes)
    if corrected == stay:
        raise NothingToCorrectError
    if corrected.ended_on is not None and corrected.ended_on < corrected.started_on:
        if corrected.ending not in FOLLOWED:
            raise LeftBeforeArrivingError
        corrected = corrected.model_copy(update=OPEN_AGAIN)
    return StayCorrected(stay=corrected)


def _going_on(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Keep where the person went of one mind: a place that is named is a division, elsewhere there is none."""
    if changes.get("destination"):
        return {"destination_kind": DestinationKind.DIVISION}
    kind = changes.get("destination_kind")
    if kind is None and "destination" in changes:
        kind = DestinationKind.UNKNOWN
    nowhere = kind is not None and kind is not DestinationKind.DIVISION
    return {"destination": None, "destination_kind": kind} if nowhere else {}


def relocate(stay: Stay, community: str | None, grid: str | None, dwelling: str | None) -> StayRelocated:
    """Note that the person moved inside the street."""
    if stay.state not in LIVING:
        raise NotLivingHereError
    moved = stay.model_copy(update={"community": community, "grid": grid, "dwelling": dwelling})
    if moved == stay:
        raise NothingToCorrectError
    return StayRelocated(stay=moved)


def retract(stay: Stay) -> StayRetracted:
    """Retract an arrival that was registered by mistake."""
    _must_stand(stay)
    nothing = dict.fromkeys(
        ("ended_on", "destination", "destination_kind", "ending", "contested_by", "contest", "trace_lost_on")
    )
    return StayRetracted(stay=stay.model_copy(update={**nothing, "state": StayState.RETRACTED}))


def _must_stand(stay: Stay) -> None:
    if stay.state is StayState.RETRACTED:
        raise RetractedError
