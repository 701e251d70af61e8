"""Pure decisions on institutions, and how much of the health-education network they make up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from contracts.outreach.institutions import (
    Institution,
    InstitutionClosed,
    InstitutionCorrected,
    InstitutionKind,
    InstitutionRegistered,
)
from contracts.refusals import RefusedError


class InstitutionInFutureError(RefusedError):
    """A day of the institution lies in the future."""

    code = "future_date"
    advice = "日期不能晚于今天。The day must not lie in the future; correct it."


class InstitutionKnownError(RefusedError):
    """An institution of that kind and title is recorded otherwise."""

    code = "institution_known"
    advice = "该机构已登记，内容不同；请更正原登记。The institution is recorded otherwise; correct that record."


class InstitutionGoneError(RefusedError):
    """The institution was closed on another day."""

    code = "institution_closed"
    advice = "该机构已关闭。The institution was closed; register it again first."


class BeforeInstitutionError(RefusedError):
    """The institution was closed, or joined the network, before it opened or after it closed."""

    code = "no_institution_then"
    advice = "该日机构尚未设立或已关闭，请核对日期。The institution was not open on that day; correct one of the days."


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many open institutions of a kind are in the health-education network; no `rate` of none."""

    kind: InstitutionKind
    institutions: int
    joined: int

    @property
    def rate(self) -> float | None:
        """Return the share of institutions in the network; None if there is no institution."""
        return self.joined / self.institutions if self.institutions else None


def register(known: Institution | None, institution: Institution, today: date) -> InstitutionRegistered | None:
    """Return the fact that an institution was registered; None if the same is recorded already.

    Raise InstitutionInFutureError, BeforeInstitutionError or InstitutionKnownError if that can't be so.
    """
    _must_be_possible(institution, today)
    if known is None or (known.closed_on and institution.opened_on >= known.closed_on):
        return InstitutionRegistered(institution=institution)
    if known.model_copy(update={"closed_on": None}) != institution:
        raise InstitutionKnownError
    return None


def correct(known: Institution, institution: Institution, today: date) -> InstitutionCorrected | None:
    """Return the fact that what is recorded of an institution was corrected; None if it is as it is."""
    _must_be_possible(institution, today)
    return None if known == institution else InstitutionCorrected(institution=institution)


def close(institution: Institution, closed_on: date, today: date) -> InstitutionClosed | None:
    """Return the fact that an institution was closed; None if it is recorded already."""
    if institution.closed_on == closed_on:
        return None
    if institution.closed_on:
        raise InstitutionGoneError
    closed = institution.model_copy(update={"closed_on": closed_on})
    _must_be_possible(closed, today)
    return InstitutionClosed(institution=closed)


def cover(counted: Iterable[tuple[InstitutionKind, bool, int]]) -> list[Coverage]:
    """Return the coverage of each kind from counts of open institutions (kind, whether in the network, how many)."""
    sizes = {(kind, joined): count for kind, joined, count in counted}
    return [
        Coverage(kind, sizes.get((kind, True), 0) + sizes.get((kind, False), 0), sizes.get((kind, True), 0))
        for kind in InstitutionKind
        if (kind, True) in sizes or (kind, False) in sizes
    ]


def _must_be_possible(institution: Institution, today: date) -> None:
    days = [day for day in (institution.opened_on, institution.joined_on, institution.closed_on) if day]
    if max(days) > today:
        raise InstitutionInFutureError
    if min(days) < institution.opened_on or (institution.closed_on and max(days) > institution.closed_on):
        raise BeforeInstitutionError
