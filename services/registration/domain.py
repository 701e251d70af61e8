"""Stays as pure decisions: each gives a fact or a refusal and touches nothing."""

from collections.abc import Collection, Iterator
from datetime import date, datetime

from contracts.registration import (
    Stay,
    StayContested,
    StayEnded,
    StayFact,
    StayReaffirmed,
    StayRetracted,
    StayStarted,
    StayState,
)

LIVING = frozenset({StayState.OPEN, StayState.CONTESTED})
"""The states in which the person may still be there."""


class RefusedError(Exception):
    """A decision that says no; `code` is stable and `advice` says what to do."""

    code = "refused"
    advice = "The request does not fit what is known."


class LeftBeforeArrivingError(RefusedError):
    """The day of leaving lies before the day of arriving."""

    code = "left_before_arriving"
    advice = "离开日期早于到达日期。The day of leaving must not lie before the day of arriving; correct the date."


class NotLivingHereError(RefusedError):
    """The stay has ended already, or was retracted."""

    code = "not_living_here"
    advice = "该居住记录已结束或已撤销。The stay has already ended or was retracted; look at its present state."


class NotContestedError(RefusedError):
    """There is nothing to confirm: no newer stay is known."""

    code = "not_contested"
    advice = "没有更新的居住记录。No newer stay elsewhere is known; register a departure instead."


def start(stay: Stay) -> StayStarted:
    """Start a stay as it was reported."""
    return StayStarted(stay=stay)


def end(stay: Stay, left_on: date, destination: str | None) -> StayEnded:
    """End a stay on the day the person left, for a destination if it is known."""
    _must_be_living(stay)
    if left_on < stay.started_on:
        raise LeftBeforeArrivingError
    return StayEnded(stay=_changed(stay, StayState.ENDED, ended_on=left_on, destination=destination))


def confirm(stay: Stay, rival: Stay | None) -> StayEnded:
    """Confirm that the person moved on: a contested stay ends on the day the newer one starts."""
    _must_be_living(stay)
    if rival is None or stay.contested_by != rival.stay_id:
        raise NotContestedError
    return StayEnded(stay=_changed(stay, StayState.ENDED, ended_on=rival.started_on, destination=rival.street))


def retract(stay: Stay) -> StayRetracted:
    """Retract an arrival that was registered by mistake."""
    if stay.state is StayState.RETRACTED:
        raise NotLivingHereError
    return StayRetracted(stay=_changed(stay, StayState.RETRACTED, ended_on=None, destination=None))


def settle(own: Collection[Stay], known: Collection[Stay]) -> Iterator[StayContested | StayReaffirmed]:
    """Say what a district still owes about one person: which own stays to contest, which to reaffirm.

    `own` are the district's stays as its journal has them, `known` all stays of the person known from anywhere. A
    living stay is contested while a later one, not retracted, is known: by first day, then moment of recording, then
    id. It is contested by the next later one, for that is when the person moved on. Only what people reported is
    read, so run twice it adds nothing.
    """
    claims = sorted((stay for stay in known if stay.state is not StayState.RETRACTED), key=_claim)
    for stay in own:
        if stay.state not in LIVING:
            continue
        rival = next((claim for claim in claims if _claim(claim) > _claim(stay)), None)
        if rival is not None and stay.contested_by != rival.stay_id:
            yield StayContested(stay=_changed(stay, StayState.CONTESTED, contested_by=rival.stay_id))
        elif rival is None and stay.state is StayState.CONTESTED:
            yield StayReaffirmed(stay=_changed(stay, StayState.OPEN))


def _claim(stay: Stay) -> tuple[date, datetime, str]:
    return stay.started_on, stay.recorded_at, stay.stay_id


def _must_be_living(stay: Stay) -> None:
    if stay.state not in LIVING:
        raise NotLivingHereError


def _changed(stay: Stay, state: StayState, **changes: object) -> Stay:
    return stay.model_copy(update={"contested_by": None, **changes, "state": state})


__all__ = ["LIVING", "RefusedError", "StayFact", "confirm", "end", "retract", "settle", "start"]
