"""Events of a feed as events of a program without registration: nobody is tracked, each stands for itself.

https://docs.dhis2.org/en/develop/using-the-api/dhis-core-version-240/new-tracker.html
"""

import json
import re
import string
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from deploy.integrators.dhis2.mapping import Mapping, code_of

Json = dict[str, Any]

LETTERS, SIGNS = string.ascii_letters, string.ascii_letters + string.digits
UID_LENGTH = 11
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
CHINA = ZoneInfo("Asia/Shanghai")


def make_payload(mapping: Mapping, events: Iterable[Json]) -> Json:
    """Return what is sent to `/api/tracker` of events, but of those whose organisation unit is left out."""
    return {"events": list(_make_events(mapping, events))}


def make_uid(event_id: str) -> str:
    """Return the identifier that an event has in DHIS2, always the same: 11 letters and digits, a letter first."""
    number = int.from_bytes(sha256(event_id.encode()).digest())
    number, first = divmod(number, len(LETTERS))
    uid = LETTERS[first]
    while len(uid) < UID_LENGTH:
        number, sign = divmod(number, len(SIGNS))
        uid += SIGNS[sign]
    return uid


def _make_events(mapping: Mapping, events: Iterable[Json]) -> Iterator[Json]:
    for event in events:
        place = event["data"].get("street") or event["source"].split("/")[2]
        if unit := code_of(mapping.org_units, place):
            yield {
                "event": make_uid(event["id"]),
                "program": mapping.program,
                "programStage": mapping.program_stage,
                "orgUnit": unit,
                "occurredAt": _day_of(mapping, event),
                "status": "COMPLETED",
                "dataValues": list(_values(mapping, event)),
            }


def _day_of(mapping: Mapping, event: Json) -> str:
    told = (event["data"].get(name) for name in mapping.occurred_on)
    exact = (day for day in told if day and DAY.fullmatch(day))
    return next(exact, datetime.fromisoformat(event["time"]).astimezone(CHINA).date().isoformat())


def _values(mapping: Mapping, event: Json) -> Iterator[Json]:
    if mapping.kind_element:
        yield {"dataElement": mapping.kind_element, "value": event["type"].split(".")[1]}
    for name, value in event["data"].items():
        element = code_of(mapping.data_elements, name)
        if element and value is not None:
            yield {"dataElement": element, "value": value if isinstance(value, str) else json.dumps(value)}
