"""Pure decisions on supervision visits 督导, and what of their findings is still to be put right."""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256

from contracts.refusals import RefusedError
from contracts.reporting.supervision import (
    FindingReviewed,
    FollowUp,
    Supervision,
    SupervisionCirculated,
    SupervisionFinding,
    SupervisionHeld,
    SupervisionWithdrawn,
)

MOST_FOLLOW_UPS = 50


class SupervisedInFutureError(RefusedError):
    """The day lies in the future."""

    code = "future_date"
    advice = "日期不能晚于今天。The day must not lie in the future; correct it."


class VisitKnownError(RefusedError):
    """The visit is recorded with other findings, or by others."""

    code = "visit_known"
    advice = "该次督导已登记，内容不同；登记有误的请先撤销。It is recorded otherwise; withdraw what is wrong first."


class BeforeVisitError(RefusedError):
    """The day lies before the visit, or before an earlier look."""

    code = "before_visit"
    advice = "日期早于督导或上次复查的日期，请核对。The day is before the visit or the last review; correct it."


class VisitWithdrawnError(RefusedError):
    """The visit was recorded by mistake."""

    code = "visit_withdrawn"
    advice = "该次督导已撤销。The visit was withdrawn; record it anew if it took place."


class UnknownFindingError(RefusedError):
    """The visit has no such finding."""

    code = "not_found"
    advice = "没有该问题记录。The visit has no such finding."
    status = 404


class TooManyFollowUpsError(RefusedError):
    """A finding was reviewed very often already."""

    code = "too_many_reviews"
    advice = f"同一问题最多复查{MOST_FOLLOW_UPS}次。A finding is reviewed {MOST_FOLLOW_UPS} times at most."


def findings_of(supervision_id: str, found: Sequence[tuple[str, date]]) -> tuple[SupervisionFinding, ...]:
    """Return findings with ids of their own, from their texts and the days by which they are to be put right."""
    return tuple(
        SupervisionFinding(finding_id=_finding_id(supervision_id, number), text=text, due_on=due_on)
        for number, (text, due_on) in enumerate(found)
    )


def _finding_id(supervision_id: str, number: int) -> str:
    return sha256(f"supervision_finding|{supervision_id}|{number}".encode()).hexdigest()[:32]


def hold(known: Supervision | None, visit: Supervision, today: date) -> SupervisionHeld | None:
    """Return the fact that a visit took place; None if that is recorded.

    Raise SupervisedInFutureError, BeforeVisitError or VisitKnownError if that can't be.
    """
    if visit.visited_on > today:
        raise SupervisedInFutureError
    if any(finding.due_on < visit.visited_on for finding in visit.findings):
        raise BeforeVisitError
    if known is None or known.withdrawn:
        return SupervisionHeld(supervision=visit)
    if _as_held(known) != _as_held(visit):
        raise VisitKnownError
    return None


def review(visit: Supervision, finding_id: str, follow_up: FollowUp, today: date) -> FindingReviewed | None:
    """Return the fact that somebody looked at what became of a finding; None if that is recorded.

    Raise UnknownFindingError, SupervisedInFutureError, BeforeVisitError, VisitWithdrawnError or TooManyFollowUpsError
    if that can't be.
    """
    _must_stand(visit)
    finding = next((one for one in visit.findings if one.finding_id == finding_id), None)
    if finding is None:
        raise UnknownFindingError
    if follow_up.on > today:
        raise SupervisedInFutureError
    if follow_up in finding.follow_ups:
        return None
    if follow_up.on < max([visit.visited_on, *(one.on for one in finding.follow_ups)]):
        raise BeforeVisitError
    if len(finding.follow_ups) >= MOST_FOLLOW_UPS:
        raise TooManyFollowUpsError
    reviewed = finding.model_copy(update={"follow_ups": (*finding.follow_ups, follow_up)})
    findings = tuple(reviewed if one == finding else one for one in visit.findings)
    return FindingReviewed(supervision=visit.model_copy(update={"findings": findings}))


def circulate(visit: Supervision, on: date, today: date) -> SupervisionCirculated | None:
    """Return the fact that a visit was told to the whole district; None if it was told already.

    Raise SupervisedInFutureError, BeforeVisitError or VisitWithdrawnError if that can't be.
    """
    _must_stand(visit)
    if on > today:
        raise SupervisedInFutureError
    if on < visit.visited_on:
        raise BeforeVisitError
    if visit.circulated_on:
        return None
    return SupervisionCirculated(supervision=visit.model_copy(update={"circulated_on": on}))


def withdraw(visit: Supervision) -> SupervisionWithdrawn | None:
    """Return the fact that a visit had been recorded by mistake; None if that is recorded."""
    if visit.withdrawn:
        return None
    return SupervisionWithdrawn(supervision=visit.model_copy(update={"withdrawn": True}))


def still_open(visit: Supervision) -> list[SupervisionFinding]:
    """Return the findings of a visit that are not put right."""
    return [] if visit.withdrawn else [one for one in visit.findings if one.rectified_on is None]


def _must_stand(visit: Supervision) -> None:
    if visit.withdrawn:
        raise VisitWithdrawnError


def _as_held(visit: Supervision) -> tuple[object, ...]:
    """Return what a visit was when it took place, whatever was looked at since."""
    found = [(one.text, one.due_on) for one in visit.findings]
    return (visit.street, visit.institution_id, visit.kind, visit.visited_on, visit.supervised_by, found)
