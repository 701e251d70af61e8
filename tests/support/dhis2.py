"""A DHIS2 as its documentation describes it: it takes what is right, says what is wrong, and knows what it has."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = dict[str, Any]

TOKEN = "d2pat_5xVA12xyUbWNedQxy4ohH77WlxRGVvZZ1151814092"
UID = re.compile(r"[a-zA-Z][a-zA-Z0-9]{10}")
PERIOD = re.compile(r"\d{4}(?:\d{2}|Q[1-4])?")
EVENT = {"event", "program", "programStage", "orgUnit", "occurredAt", "status", "dataValues"}
"""What an event of a program without registration may have here: no enrollment, tracked entity or plan."""
WANTED = {"async": "false", "importStrategy": "CREATE_AND_UPDATE", "idScheme": "CODE"}


@dataclass
class Dhis2:
    """What it knows, what it was given, and how it behaves."""

    programs: dict[str, str]
    """The codes of programs by those of their stages."""
    org_units: set[str]
    data_elements: set[str]
    data_sets: set[str] = field(default_factory=set)
    events: dict[str, Json] = field(default_factory=dict)
    values: dict[tuple[str, str, str], str] = field(default_factory=dict)
    stats: Counter[str] = field(default_factory=Counter)
    hangs: bool = False
    """Whether it takes what is sent and never answers."""

    @property
    def app(self) -> Starlette:
        """Return its web API."""
        routes = [("/api/tracker", self._take_events), ("/api/dataValueSets", self._take_values)]
        return Starlette(routes=[Route(path, take, methods=["POST"]) for path, take in routes])

    async def _take_events(self, request: Request) -> Response:
        if request.headers["authorization"] != f"ApiToken {TOKEN}":
            return Response(status_code=401)
        asked = dict(request.query_params)
        events = (await request.json())["events"]
        wrong = [] if asked == {**WANTED, "atomicMode": "ALL"} else [{"message": f"asked as {asked}"}]
        wrong += [{"message": what, "uid": event.get("event")} for event in events for what in self._wrong(event)]
        known = [event["event"] in self.events for event in events] if not wrong else []
        stats = {"created": known.count(False), "updated": known.count(True), "ignored": len(events) - len(known)}
        if not wrong:
            self.events |= {event["event"]: event for event in events}
            self.stats.update(stats)
        if self.hangs:
            await asyncio.Event().wait()
        report = {"errorReports": wrong, "warningReports": []}
        told = {"status": "ERROR" if wrong else "OK", "validationReport": report, "stats": stats}
        return JSONResponse(told, 409 if wrong else 200)

    def _wrong(self, event: Json) -> Iterator[str]:
        """Yield what is wrong with an event, as the validation of the tracker importer would."""
        if set(event) != EVENT:
            yield f"E1123 properties {sorted(event)}"
        if not UID.fullmatch(event["event"]):
            yield "E1048 not a UID"
        if self.programs.get(event["programStage"]) != event["program"]:
            yield "E1089 not the program of the stage"
        if event["orgUnit"] not in self.org_units:
            yield "E1011 no such organisation unit"
        if event["status"] not in {"ACTIVE", "COMPLETED"}:
            yield "only ACTIVE and COMPLETED are allowed in an event program"
        date.fromisoformat(event["occurredAt"])
        elements = [value["dataElement"] for value in event["dataValues"]]
        if not set(elements) <= self.data_elements or len(set(elements)) < len(elements):
            yield f"E1304 data elements {elements}"
        if not all(isinstance(value["value"], str) and value["value"] for value in event["dataValues"]):
            yield "E1302 not the value of a data element"

    async def _take_values(self, request: Request) -> Response:
        if request.headers["authorization"] != f"ApiToken {TOKEN}":
            return Response(status_code=401)
        asked, given = dict(request.query_params), await request.json()
        schemes = dict.fromkeys(("dataElementIdScheme", "orgUnitIdScheme", "dataSetIdScheme"), "CODE")
        assert asked == {**WANTED, **schemes}
        assert PERIOD.fullmatch(given["period"])
        assert given["dataSet"] in self.data_sets
        date.fromisoformat(given["completeDate"])
        counted: Counter[str] = Counter()
        for value in given["dataValues"]:
            place = value["dataElement"], given["period"], value.get("orgUnit", given["orgUnit"])
            if place[0] in self.data_elements and place[2] in self.org_units:
                counted["updated" if place in self.values else "imported"] += 1
                self.values[place] = value["value"]
            else:
                counted["ignored"] += 1
        self.stats.update(counted)
        count = {name: counted[name] for name in ("imported", "updated", "ignored", "deleted")}
        summary = {"status": "WARNING" if count["ignored"] else "SUCCESS", "importCount": count}
        return JSONResponse({"httpStatusCode": 200, "status": "OK", "response": summary})
