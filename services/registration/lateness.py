"""When an arrival had to be registered: some days after arriving, later among kin, never where a host registers."""

from datetime import date, timedelta

from services.registration.vocabulary import Dwelling, Purpose

REGISTRATION_DAYS = 3
DAYS_WITH_KIN = 30

_KIN = frozenset({Purpose.VISITING_KIN, Purpose.JOINING_KIN})
_REGISTERED_BY_HOST = frozenset({Purpose.TREATMENT, Purpose.STUDY})


def registration_due(
    started_on: date, purpose: Purpose | None, dwelling: Dwelling | None, days: int = REGISTRATION_DAYS
) -> date | None:
    """Give the last day to register an arrival in time, or None where a hotel, hospital or school registers it.

    Who lives with kin for at most 30 days need not be registered, so the days count from the end of these.
    """
    if dwelling is Dwelling.HOTEL or purpose in _REGISTERED_BY_HOST:
        return None
    if dwelling is Dwelling.HOUSEHOLD and purpose in _KIN:
        days += DAYS_WITH_KIN
    return started_on + timedelta(days=days)
