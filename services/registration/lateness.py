"""When an arrival has to be registered: some days after arriving, later among kin, never where a host registers."""

from datetime import date

from services.registration.deadlines import Policy
from services.registration.vocabulary import Dwelling, Purpose

_KIN = frozenset({Purpose.VISITING_KIN, Purpose.JOINING_KIN})
_REGISTERED_BY_HOST = frozenset({Purpose.TREATMENT, Purpose.STUDY})


def registration_due(deadlines: Policy, started_on: date, purpose: str | None, dwelling: str | None) -> date | None:
    """Give the last day to register an arrival in time, or None where a hotel, hospital or school registers it.

    A visit to kin need not be registered, so the days count from the last day on which it still is one.
    """
    if dwelling == Dwelling.HOTEL or purpose in _REGISTERED_BY_HOST:
        return None
    if dwelling == Dwelling.HOUSEHOLD and purpose in _KIN:
        return deadlines.registration_due(deadlines.visit_ends_on(started_on))
    return deadlines.registration_due(started_on)
