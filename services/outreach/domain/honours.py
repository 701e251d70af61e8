"""Pure decisions on honours: what may be awarded to whom, and when it is withdrawn."""

from collections.abc import Mapping
from datetime import date

from contracts.outreach.honours import Honour, HonourAwarded, HonourKind, HonourWithdrawn
from contracts.outreach.institutions import Institution, InstitutionKind
from contracts.refusals import RefusedError

_HOSPITALS = frozenset({InstitutionKind.HOSPITAL, InstitutionKind.HEALTH_CENTRE, InstitutionKind.HEALTH_STATION})
FOR: Mapping[HonourKind, frozenset[InstitutionKind]] = {
    HonourKind.HEALTH_PROMOTING_HOSPITAL: _HOSPITALS,
    HonourKind.HEALTH_PROMOTING_SCHOOL: frozenset({InstitutionKind.SCHOOL}),
    HonourKind.HEALTH_PROMOTING_ENTERPRISE: frozenset({InstitutionKind.ENTERPRISE, InstitutionKind.MARKET}),
    HonourKind.SMOKE_FREE: frozenset(InstitutionKind),
    HonourKind.DEMONSTRATION_SITE: frozenset(InstitutionKind),
}
"""Which kinds of institution each honour is for; those that are not listed are for households."""


class AwardedToOthersError(RefusedError):
    """The honour is for households, or for another kind of institution."""

    code = "not_for_such"
    advice = "该称号不授予此类对象，请核对。The honour is for others: households, or another kind of institution."
    field = "kind"
    status = 422


class HonourInFutureError(RefusedError):
    """The day lies in the future."""

    code = "future_date"
    advice = "日期不能晚于今天。The day must not lie in the future; correct it."


class BeforeHonourError(RefusedError):
    """The honour is withdrawn before it was awarded, or was withdrawn on another day."""

    code = "withdrawn_at_wrong_time"
    advice = "撤销日期早于授予日期，或已于其他日期撤销。It was awarded later, or was withdrawn on another day."
    field = "withdrawn_on"


def award(known: Honour | None, honour: Honour, institution: Institution | None, today: date) -> HonourAwarded | None:
    """Return the fact that a household or an institution was honoured; None if that is recorded.

    Raise AwardedToOthersError or HonourInFutureError if that can't be.
    """
    if honour.awarded_on > today:
        raise HonourInFutureError
    kinds = FOR.get(honour.kind)
    if (institution is None) != (kinds is None) or (institution and kinds and institution.kind not in kinds):
        raise AwardedToOthersError
    return None if known else HonourAwarded(honour=honour)


def withdraw(honour: Honour, on: date, today: date) -> HonourWithdrawn | None:
    """Return the fact that an honour is withdrawn; None if that is recorded.

    Raise HonourInFutureError or BeforeHonourError if that can't be.
    """
    if on > today:
        raise HonourInFutureError
    if honour.withdrawn_on == on:
        return None
    if honour.withdrawn_on or on < honour.awarded_on:
        raise BeforeHonourError
    return HonourWithdrawn(honour=honour.model_copy(update={"withdrawn_on": on}))
