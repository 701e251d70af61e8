"""Entries of a feed: what an integrator may see of a fact, with pseudonyms that differ for each integrator."""

import hmac
from hashlib import sha256
from typing import Any

from contracts.envelope import Event, render_time
from contracts.registration.stays import StayFact


def make_entry(event: Event[StayFact]) -> dict[str, Any]:
    """Return the part of a fact that may leave the system: no day of birth, no address below the street, no cause."""
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


def pseudonym(key: bytes, audience: str, name: str) -> str:
    """Return the pseudonym (32 hexadecimal digits) of a person, stay or event for one audience; no two share it."""
    return hmac.new(key, f"{audience}\0{name}".encode(), sha256).hexdigest()[:32]


def render_entry(entry: dict[str, Any], *, position: int, district: str, audience: str, key: bytes) -> dict[str, Any]:
    """Return an entry as a CloudEvents 1.0 event for an audience, with its position in the district's feed."""
    person = pseudonym(key, audience, entry["person_id"])
    stay = pseudonym(key, audience, entry["stay_id"])
    return {
        "specversion": "1.0",
        "id": pseudonym(key, audience, entry["id"]),
        "source": f"/districts/{district}/feeds",
        "type": entry["type"].replace("registration.", "feeds.", 1),
        "subject": f"stay/{stay}",
        "time": entry["time"],
        "datacontenttype": "application/json",
        "sequence": entry["sequence"],
        "position": position,
        "division": entry["data"]["street"],
        "data": {"stay": stay, "person": person, **entry["data"]},
    }
