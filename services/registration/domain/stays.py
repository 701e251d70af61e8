"""Decisions of an office about a stay: each returns a fact or raises a refusal, and changes nothing itself."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from contracts.reference.identity import Sex
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
"""The states in which the person may still live there."""

DECLARED_ENDINGS = (None, Ending.DEPARTED)
"""The endings that the office itself declared; facts of the first version have None."""


def start(stay: Stay) -> StayStarted:
    """Return the start of a stay as it was reported."""
    return StayStarted(stay=stay)


def is_declared(stay: Stay) -> bool:
    """Return whether the office declared that the person left."""
    return stay.state is StayState.ENDED and stay.ending in DECLARED_ENDINGS


DERIVED_ENDINGS = frozenset({Ending.BY_DEFAULT, Ending.DIED})
"""The endings that settling derived from what other offices recorded; they are undone when their reason goes away."""

REOPENED: Mapping[str, Any] = {
    "state": StayState.OPEN,
    **dict.fromkeys(("ended_on", "ending", "destination", "destination_kind", "contested_by", "contest")),
}
"""The changes that open an ended or contested stay again."""


def may_end(stay: Stay) -> bool:
    """Return whether the office may declare that the person left: it has not declared so yet."""
    return stay.state in LIVING or stay.ending is Ending.CONFIRMED or stay.ending in DERIVED_ENDINGS


_REPORTED_AS: Mapping[str, str] = {
    "started_on": "arrived_on",
    **{
        field: field
        for field in (
            *("birth", "sex", "hukou_division", "origin", "purpose", "dwelling", "hazard", "community", "grid"),
            "relationship",
        )
    },
    "household_id": "household_document_number",
    "guardian_id": "guardian_document_number",
}
"""The fields of a stay that a report of the arrival says, and what the report calls them."""
_UNSAID = frozenset({None, Sex.UNKNOWN, Sex.UNSPECIFIED})


def find_differences(recorded: Stay, reported: Stay) -> tuple[str, ...]:
    """Return what a further report of a stay says differently, by field of the report; empty fields say nothing."""
    said = [
        name
        for field, name in _REPORTED_AS.items()
        if getattr(reported, field) not in _UNSAID and getattr(reported, field) != getattr(recorded, field)
    ]
    return (*said, *(category.value for category in reported.categories if category not in recorded.categories))


def end(
    stay: Stay,
    left_on: date,
    destination: str | None,
    kind: DestinationKind = DestinationKind.UNKNOWN,
    returning_on: date | None = None,
) -> StayEnded:
    """Return the declared end of a stay on the day the person left, with the destination if it is known.

    A declared end replaces a derived one: see `may_end`. Raise NotLivingHereError if the stay ended already, or if a
    person who died would leave after the death; raise LeftBeforeArrivingError if the day lies before the first.
    """
    if not may_end(stay) or (stay.ending is Ending.DIED and stay.ended_on is not None and left_on > stay.ended_on):
        raise NotLivingHereError
    if left_on < stay.started_on:
        raise LeftBeforeArrivingError
    kind = DestinationKind.DIVISION if destination else kind
    end = {"ended_on": left_on, "destination": destination, "destination_kind": kind, "returning_on": returning_on}
    changes = {**end, "ending": Ending.DEPARTED, "contested_by": None, "contest": None, "state": StayState.ENDED}
    return StayEnded(stay=stay.model_copy(update=changes))


def correct(stay: Stay, changes: Mapping[str, Any]) -> StayCorrected:
    """Return the correction of a stay: its first day, its details, or the day and place of a declared departure.

    Raise RetractedError, NotEndedError, NothingToCorrectError or LeftBeforeArrivingError.
    """
    _must_not_be_retracted(stay)
    if changes.keys() & {"ended_on", "destination", "destination_kind"}:
        if stay.state is not StayState.ENDED or stay.ending is Ending.DIED:
            raise NotEndedError
        changes = {**changes, **_consistent_destination(changes), "ending": Ending.DEPARTED}
    corrected = stay.model_copy(update=changes)
    if corrected == stay:
        raise NothingToCorrectError
    if corrected.ended_on is not None and corrected.ended_on < corrected.started_on:
        if corrected.ending not in DERIVED_ENDINGS:
            raise LeftBeforeArrivingError
        corrected = corrected.model_copy(update=REOPENED)
    return StayCorrected(stay=corrected)


def _consistent_destination(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return destination and its kind in agreement: a named place is a division, any other kind has no place."""
    if changes.get("destination"):
        return {"destination_kind": DestinationKind.DIVISION}
    kind = changes.get("destination_kind")
    if kind is None and "destination" in changes:
        kind = DestinationKind.UNKNOWN
    nowhere = kind is not None and kind is not DestinationKind.DIVISION
    return {"destination": None, "destination_kind": kind} if nowhere else {}


def relocate(stay: Stay, community: str | None, grid: str | None, dwelling: str | None) -> StayRelocated:
    """Return the person's move inside the street; raise NotLivingHereError or NothingToCorrectError."""
    if stay.state not in LIVING:
        raise NotLivingHereError
    moved = stay.model_copy(update={"community": community, "grid": grid, "dwelling": dwelling})
    if moved == stay:
        raise NothingToCorrectError
    return StayRelocated(stay=moved)


def retract(stay: Stay) -> StayRetracted:
    """Return the retraction of an arrival registered by mistake; raise RetractedError if it was retracted already."""
    _must_not_be_retracted(stay)
    nothing = dict.fromkeys(
        ("ended_on", "destination", "destination_kind", "ending", "contested_by", "contest", "trace_lost_on")
    )
    return StayRetracted(stay=stay.model_copy(update={**nothing, "state": StayState.RETRACTED}))


def _must_not_be_retracted(stay: Stay) -> None:
    if stay.state is StayState.RETRACTED:
        raise RetractedError
