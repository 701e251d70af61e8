"""Pure decisions on supplies."""

from datetime import date

from contracts.outreach.supplies import Supply, SupplyIssued
from contracts.refusals import RefusedError


class IssuedInFutureError(RefusedError):
    """The day on which supplies were issued lies in the future."""

    code = "future_date"
    advice = "发放日期不能晚于今天。The day of issue must not lie in the future; correct it."
    field = "issued_on"


def issue(supply: Supply, today: date) -> SupplyIssued:
    """Return the fact that supplies were issued; raise IssuedInFutureError if the day lies in the future."""
    if supply.issued_on > today:
        raise IssuedInFutureError
    return SupplyIssued(supply=supply)
