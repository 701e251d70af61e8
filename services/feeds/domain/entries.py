"""Entries: what feeds keeps of a fact, from which each audience is told no more than it may be."""

from typing import Any

from contracts.envelope import Event, render_time
from contracts.registration.stays import StayFact


def make_entry(event: Event[StayFact]) -> dict[str, Any]:
    """Return what is kept of a fact: no day of birth, no address below the street, no cause.

    Whose it is and which stay it is leaves feeds in no form; it is kept to count people who look alike.
    """
    stay = event.data.stay
    return {
        "id": event.id,
        "type": event.type,
        "time": render_time(event.time),
        "sequence": event.sequence,
        "person_id": stay.person_id,
        "stay_id": stay.stay_id,
        "data": {
            "street": stay.street,
            "state": stay.state.value,
            "started_on": stay.started_on.isoformat(),
            "ended_on": stay.ended_on.isoformat() if stay.ended_on else None,
            "birth_year": stay.birth.year if stay.birth else None,
            "sex": stay.sex.value,
            "hukou_province": stay.hukou_division[:2] if stay.hukou_division else None,
            "purpose": stay.purpose,
        },
    }
