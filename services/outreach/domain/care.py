"""Pure decisions on care: cases that are opened, visited, paired and closed, and where each stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from contracts.outreach.care import (
    CareCase,
    CareCaseClosed,
    CareCaseOpened,
    CareCasePaired,
    CareCaseVisited,
    CareNeed,
    CareVisitWithdrawn,
    CloseReason,
    Pairing,
    Spell,
    Visit,
)
from contracts.refusals import RefusedError
from contracts.registration.stays import Ending, StayState
from services.outreach.domain.needs import HELP, NEEDS

MOST_VISITS = 300


class CareInFutureError(RefusedError):
    """A day of the case lies in the future."""

    code = "future_date"
    advice = "日期不能晚于今天。The day must not lie in the future; correct it."


class CaseKnownError(RefusedError):
    """The person has an open case of that need, opened on another day or for another household."""

    code = "case_known"
    advice = "该人员已有同类帮扶记录，请直接登记走访。There is an open case of that need; record the visit there."


class BeforeCaseError(RefusedError):
    """The day lies before the case was opened, or before the last visit or the last closing."""

    code = "no_case_then"
    advice = "该日帮扶尚未开始，或早于最近一次走访，请核对日期。The case was not open on that day; correct the day."


class CaseClosedError(RefusedError):
    """The case is closed."""

    code = "case_closed"
    advice = "该帮扶已结束，请重新立案。The case is closed; open it again first."


class TooManyVisitsError(RefusedError):
    """A case has no room for more visits."""

    code = "too_many_visits"
    advice = "一案最多保留300次走访。A case keeps at most 300 visits."


class UnknownVisitError(RefusedError):
    """The case has no such visit."""

    code = "not_found"
    advice = "没有该次走访。The case has no such visit."
    status = 404


class UnknownHelpError(RefusedError):
    """There is no such kind of help, or it is named twice."""

    code = "unknown_help"
    advice = "没有该帮扶方式或重复填写，请从 GET /care/needs 中选取。Take each kind of help of GET /care/needs once."
    field = "help"
    status = 422


class StaffOrInstitutionError(RefusedError):
    """Nobody stands by the person, or two do."""

    code = "staff_or_institution"
    advice = "结对对象填工号或机构之一。Give a staff number or an institution, one of both."
    field = "staff"
    status = 422


class CaseStanding(StrEnum):
    """Where a case stands: open, closed by the street, or open on paper while the person left or died."""

    OPEN = "open"
    CLOSED = "closed"
    LEFT = "left"
    DIED = "died"


@dataclass(frozen=True, slots=True)
class Lived:
    """A stay of the person in the street of the case."""

    started_on: date
    state: StayState
    ending: Ending | None = None


def open_case(known: CareCase | None, case: CareCase, today: date) -> CareCaseOpened | None:
    """Return the fact that a street cares for somebody; None if the same is recorded already.

    Raise CareInFutureError, CaseKnownError or BeforeCaseError if that can't be.
    """
    if case.opened_on > today:
        raise CareInFutureError
    if known is None:
        return CareCaseOpened(case=case)
    if known.closed_on is None:
        if (known.opened_on, known.household) != (case.opened_on, case.household):
            raise CaseKnownError
        return None
    if case.opened_on < known.closed_on:
        raise BeforeCaseError
    return CareCaseOpened(case=case.model_copy(update={"visits": known.visits, "earlier": _spells_of(known)}))


def _spells_of(case: CareCase) -> tuple[Spell, ...]:
    """Return every spell of a case that is closed."""
    assert case.closed_on is not None, "it is closed"
    assert case.close_reason is not None, "it is closed"
    return (
        *case.earlier,
        Spell(opened_on=case.opened_on, closed_on=case.closed_on, close_reason=case.close_reason),
    )


def visit(case: CareCase, made: Visit, today: date) -> CareCaseVisited | None:
    """Return the fact that somebody was visited; None if that visit is recorded already.

    Raise CareInFutureError, BeforeCaseError, CaseClosedError, TooManyVisitsError or UnknownHelpError otherwise.
    """
    if any(one.visit_id == made.visit_id for one in case.visits):
        return None
    _must_be_open_on(case, made.visited_on, today)
    kinds = [one.kind for one in made.help]
    if len(set(kinds)) < len(kinds) or not set(kinds) <= HELP.keys():
        raise UnknownHelpError
    if len(case.visits) >= MOST_VISITS:
        raise TooManyVisitsError
    visits = sorted((*case.visits, made), key=lambda one: (one.visited_on, one.visit_id))
    return CareCaseVisited(case=case.model_copy(update={"visits": tuple(visits)}))


def withdraw(case: CareCase, visit_id: str) -> CareVisitWithdrawn | None:
    """Return the fact that a visit had been recorded by mistake; None if it is withdrawn already.

    Raise UnknownVisitError if there is no such visit.
    """
    found = next((one for one in case.visits if one.visit_id == visit_id), None)
    if found is None:
        raise UnknownVisitError
    if found.withdrawn:
        return None
    withdrawn = found.model_copy(update={"withdrawn": True})
    visits = tuple(withdrawn if one is found else one for one in case.visits)
    return CareVisitWithdrawn(case=case.model_copy(update={"visits": visits}))


def pair(case: CareCase, pairing: Pairing, today: date) -> CareCasePaired | None:
    """Return the fact that somebody stands by the person; None if it is recorded already.

    Raise StaffOrInstitutionError, CareInFutureError, BeforeCaseError or CaseClosedError if that can't be.
    """
    if (pairing.staff is None) == (pairing.institution_id is None):
        raise StaffOrInstitutionError
    if case.pairing == pairing and case.closed_on is None:
        return None
    _must_be_open_on(case, pairing.paired_on, today)
    return CareCasePaired(case=case.model_copy(update={"pairing": pairing}))


def close(case: CareCase, closed_on: date, reason: CloseReason, today: date) -> CareCaseClosed | None:
    """Return the fact that a case was closed; None if it is recorded already.

    Raise CaseClosedError, CareInFutureError or BeforeCaseError if that can't be.
    """
    if (case.closed_on, case.close_reason) == (closed_on, reason):
        return None
    _must_be_open_on(case, closed_on, today)
    paired_on = case.pairing.paired_on if case.pairing else case.opened_on
    if closed_on < max(case.last_seen_on, paired_on):
        raise BeforeCaseError
    return CareCaseClosed(case=case.model_copy(update={"closed_on": closed_on, "close_reason": reason}))


def _must_be_open_on(case: CareCase, day: date, today: date) -> None:
    if case.closed_on is not None:
        raise CaseClosedError
    if day > today:
        raise CareInFutureError
    if day < case.opened_on:
        raise BeforeCaseError


def standing_of(case: CareCase, lived: Iterable[Lived]) -> CaseStanding:
    """Return where a case stands, given the stays of the person in its street; it comes back with the person."""
    if case.closed_on is not None:
        return CaseStanding.CLOSED
    stays = [one for one in lived if one.state is not StayState.RETRACTED]
    if any(one.state is StayState.OPEN for one in stays):
        return CaseStanding.OPEN
    last = max(stays, key=lambda one: one.started_on, default=None)
    return CaseStanding.DIED if last is not None and last.ending is Ending.DIED else CaseStanding.LEFT


def is_late(case: CareCase, today: date) -> bool:
    """Return whether nobody visited an open case for longer than the table of needs allows."""
    return case.closed_on is None and case.last_seen_on < seen_by(case.need, today)


def seen_by(need: CareNeed, today: date) -> date:
    """Return the first day of a last visit with which a case of a need is not late."""
    return today - timedelta(days=NEEDS[need].visit_within_days)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many cases of a need were open in a window, and how many of them were visited in it."""

    need: CareNeed
    cases: int
    visited: int
    left: int
    """Those who were not visited and live there no more: they are in neither number."""

    @property
    def rate(self) -> float | None:
        """Return the share of cases that were visited; None if there is no case."""
        return self.visited / self.cases if self.cases else None


def progress_of(cases: Iterable[tuple[CareCase, CaseStanding]], first: date, last: date) -> list[Progress]:
    """Return for each need how far the cases that were open from a first to a last day are visited."""
    found: dict[CareNeed, list[tuple[bool, CaseStanding]]] = {need: [] for need in CareNeed}
    for case, standing in cases:
        if _is_open_between(case, first, last):
            seen = any(first <= one.visited_on <= last for one in case.made)
            found[case.need].append((seen, standing))
    return [_count(need, counted) for need, counted in found.items()]


def _is_open_between(case: CareCase, first: date, last: date) -> bool:
    spells = [(one.opened_on, one.closed_on) for one in case.earlier]
    return any(
        opened <= last and (closed or last) >= first for opened, closed in [*spells, (case.opened_on, case.closed_on)]
    )


def _count(need: CareNeed, counted: list[tuple[bool, CaseStanding]]) -> Progress:
    gone = sum(not seen and standing in (CaseStanding.LEFT, CaseStanding.DIED) for seen, standing in counted)
    return Progress(need, len(counted) - gone, sum(seen for seen, _ in counted), gone)


def total_help(cases: Iterable[CareCase], first: date, last: date) -> dict[str, int]:
    """Return how much of each kind of help was given on visits from a first to a last day."""
    totals: dict[str, int] = {}
    given = (one for case in cases for visit in case.made if first <= visit.visited_on <= last for one in visit.help)
    for one in given:
        totals[one.kind] = totals.get(one.kind, 0) + one.quantity
    return {kind: totals[kind] for kind in HELP if kind in totals}
