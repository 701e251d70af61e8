"""The doors of a running deployment: who may knock, what is known behind them, and what they are asked."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle
from typing import Any

import httpx
import schemathesis
from schemathesis import BaseSchema
from schemathesis.config import SchemathesisConfig

from deploy.local.stack import Stack
from services.runtime.access import Role, issue
from tests.support.instance import SERVICES, eventually
from tests.support.offices import make_arrival
from tests.support.routes import QUESTIONNAIRE, SURVEY
from tests.support.subscriptions import ASKED, EVERYTHING

LONG = os.environ.get("HOUNIAO_DOORS") == "long"
"""`make doors` knocks far more often than `make test`."""

STREET, NEXT_STREET, ELSEWHERE = "320507001", "320507002", "320812008"
DISTRICT = STREET[:6]
DIVISIONS: Mapping[str, str] = {
    Role.CLERK: STREET,
    Role.HEALTH_WORKER: STREET,
    Role.SUPERVISOR: DISTRICT,
    Role.DISTRICT: DISTRICT,
    Role.INTEGRATOR: DISTRICT,
    Role.SERVICE: DISTRICT,
    Role.ADMIN: "",
}
NOBODY = NO_TOKEN, BROKEN_TOKEN = "no_token", "broken_token"
CALLERS: Sequence[str] = (*(role.value for role in Role), *NOBODY)
PEOPLE = 40 if LONG else 12
"""So many are registered before anybody knocks; some of them are merged, buried or erased by those who do."""
MOVED = 6
"""So many of them arrived in another district as well."""

Known = Mapping[str, Sequence[str | float]]
"""What is known behind the doors, by the name under which requests give it."""

TYPED: Known = {
    "division": [STREET, DISTRICT, NEXT_STREET, ELSEWHERE],
    "street": [STREET, STREET, NEXT_STREET, ELSEWHERE, "320507999"],
    "district": [DISTRICT, ELSEWHERE[:6]],
    "addressee": [DISTRICT, ELSEWHERE, "999999"],
    "committee": ["001", "101", "901"],
    "name": ["李小满", "王秋分", "=1+1"],
    "document_type": ["居民身份证", "护照", "无证件", "学生证"],
    "day": ["2026-02-01", "2026-04-01", "2026-06-30", "2999-01-01"],
    "indicator": ["archive_rate", "lectures", "unknown"],
    "seconds": [0, 0.01],
    "template": ["monthly_flow", "quarterly_assessment", "annual_returns", "work_summary", "weekly"],
    "period": ["2026-10", "2026Q3", "2025", "2026-13"],
    "moment": ["2026-04-01T08:00:00+08:00", "1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z"],
}
_IN_PATHS = (
    "person_id",
    "stay_id",
    "notice_id",
    "conflict_id",
    "entry_id",
    "activity_id",
    "import_id",
    "export_id",
    "board_id",
    "issue_id",
    "case_id",
    "exposure_id",
    "room_id",
    "educator_id",
    "institution_id",
    "material_id",
    "prescription_id",
    "plan_id",
    "honour_id",
    "target_id",
    "figure_id",
    "supervision_id",
    "finding_id",
    "questionnaire_id",
    "survey_id",
    "subscription_id",
    "report_id",
    "sha256",
)
_IN_QUERIES = {
    "division": "division",
    "street": "street",
    "district": "district",
    "from": "day",
    "to": "day",
    "period": "period",
    "wait": "seconds",
}
_IN_BODIES = {
    **{name: name for name in ("street", "addressee", "committee", "name", "document_type", "document_number")},
    **{name: name for name in ("person_id", "stay_id", "questionnaire_id", "indicator", "division")},
    "into": "person_id",
    "people[*]": "person_id",
    "measured_at": "moment",
    **{name: name for name in ("template", "period", "sha256")},
    **dict.fromkeys(("arrived_on", "left_on", "died_on", "held_on", "planned_on", "closed_on", "enrolled_on"), "day"),
    **dict.fromkeys(("ended_on", "started_on"), "day"),
}
_PLACES = {"path": {name: name for name in _IN_PATHS}, "query": _IN_QUERIES, "body": _IN_BODIES}
LIKELY = 0.8
"""How likely a request gives something known where it can; else something that only has the right form."""


@dataclass
class Doors:
    """The doors of a deployment."""

    stack: Stack
    known: Known

    def url(self, service: str) -> str:
        """Return the URL of a service."""
        return f"http://127.0.0.1:{self.stack.service_port(service)}"

    def headers(self, caller: str) -> dict[str, str]:
        """Return the headers by which a caller says who is asking."""
        return {"Authorization": f"Bearer {self._tokens[caller]}"} if caller in self._tokens else {}

    @cached_property
    def _tokens(self) -> dict[str, str]:
        """Return everybody's token; who has none has none here."""
        key = self.stack.issuer_jwk()
        issued = {
            role.value: issue(key, services=SERVICES, subject=f"{role}-1", role=role, division=DIVISIONS[role])
            for role in Role
        }
        return {**issued, BROKEN_TOKEN: issued[Role.ADMIN][:-9] + "A" * 9}

    def described(self, service: str) -> BaseSchema:
        """Return a service's OpenAPI document, to make requests from with what is known."""
        config = SchemathesisConfig.from_dict(
            {
                "generation": {"with-security-parameters": False},
                "dictionaries": {name: {"values": list(values)} for name, values in self.known.items()},
                "parameters": dict(self._bindings()),
            }
        )
        return schemathesis.openapi.from_url(f"{self.url(service)}/openapi.json", config=config)

    def _bindings(self) -> Iterator[tuple[str, Any]]:
        for place, names in _PLACES.items():
            for name, known in names.items():
                if known in self.known:
                    yield f"{place}.{name}", {"dictionary": known, "probability": 1 if name == "wait" else LIKELY}


async def furnish(stack: Stack) -> Doors:
    """Register people, some of whom arrived in two districts, and wait until every service knows of them."""
    bare = Doors(stack, {})
    async with _admin(bare, "registration") as registration:
        reports = [make_arrival(order) for order in range(1, PEOPLE + 1)]
        arrived = [await _done(registration, "/arrivals", {**report, "street": STREET}) for report in reports]
        people = [one["person_id"] for one in arrived]
        for report, arrived_on in zip(reports[:MOVED], cycle(("2026-03-01", "2026-05-01")), strict=False):
            await _done(registration, "/arrivals", {**report, "street": ELSEWHERE, "arrived_on": arrived_on})
        await eventually(lambda: _is_known(registration, people[-1]))
        asked = {"street": STREET, "addressee": ELSEWHERE, "person_id": people[-1]}
        inquiry = await _done(registration, "/inquiries", asked)
        register = {"file": ("register.csv", "姓名,证件类型,证件号码,来本地日期\n=1+1,居民身份证,1,2026-03-01\n")}
        handed_in = await registration.post("/imports", data={"street": STREET}, files=register)
        notices = await _listed(registration, "/notices", "notices")
        conflicts = await _listed(registration, "/conflicts", "conflicts")
    async with _admin(bare, "archives") as archives:
        await eventually(lambda: _are_opened(archives))
        content = {"kind": "blood_pressure", "systolic": 128, "diastolic": 82}
        entry = {"street": STREET, "measured_at": TYPED["moment"][0], "content": content}
        entries = [await _done(archives, f"/archives/{people[-1]}/entries", entry) for _ in range(3)]
        export = (await archives.get("/archives/export", params={"division": DISTRICT})).headers["houniao-export"]
    async with _admin(bare, "outreach") as outreach:
        plan = {"street": STREET, "kind": "lecture", "topic": "高血压", "planned_on": "2026-04-01"}
        activities = [await _done(outreach, "/activities", plan) for _ in range(3)]
        stands = {"street": STREET, "place": "门口", "setting": "outdoors", "area": 2, "installed_on": "2026-01-05"}
        board = await _done(outreach, "/boards", stands)
        posted = {"issue": 1, "theme": "结核病防治", "changed_on": "2026-02-01"}
        issue = await _done(outreach, f"/boards/{board['board_id']}/issues", posted)
        school = {"street": STREET, "kind": "school", "title": "采莲小学", "opened_on": "2019-09-01"}
        institution = await _done(outreach, "/institutions", school)
        teaches = {"street": STREET, "kind": "lecturer", "staff": "edu-014", "joined_on": "2026-01-05"}
        educator = await _done(outreach, "/educators", teaches)
        cared = {"street": STREET, "person_id": people[-1], "need": "hardship", "opened_on": "2026-10-01"}
        case = await eventually(lambda: _done_once_known(outreach, "/care-cases", cared))
        works = {"street": STREET, "person_id": people[-1], "hazard": "dust", "since": "2026-04-01"}
        exposure = await _done(outreach, "/exposures", works)
        talks = {"institution_id": institution["institution_id"], "opened_on": "2020-09-01", "hours_per_week": 10}
        room = await _done(outreach, "/counselling-rooms", talks)
        published = await _done(outreach, "/questionnaires", {"owner": STREET, **QUESTIONNAIRE})
        asked_by = {"questionnaire_id": published["questionnaire_id"]}
        surveys = [await _done(outreach, "/surveys", {"street": STREET, **asked_by, **SURVEY}) for _ in range(3)]
        printed = {"street": STREET, "kind": "handbook", "topic": "核心信息", "edition": "2026"}
        listed = await _done(outreach, "/materials", printed)
        honoured = {"street": STREET, "kind": "smoke_free", "institution_id": institution["institution_id"]}
        honour = await _done(outreach, "/honours", {**honoured, "awarded_on": "2026-03-01"})
        plans = [await _done(outreach, "/year-plans", {"street": STREET, "year": 2027 + number}) for number in range(3)]
        given = {"street": STREET, "topic": "合理膳食", "given_on": "2026-03-02", "setting": "home"}
        prescribed = await eventually(lambda: _prescribed(outreach, {**given, "person_id": people[-1]}))
    known: Known = {
        **TYPED,
        "subscription_id": [await _subscribed(bare)],
        "person_id": [*people, *people[-1:] * MOVED],  # of whom entries are known too
        "document_number": [*(report["document_number"] for report in reports), "110105194912310021"],
        "stay_id": [one["stay_id"] for one in arrived],
        "notice_id": [*(one["notice"]["notice_id"] for one in notices), inquiry["notice_id"]],
        "conflict_id": [one["conflict_id"] for one in conflicts],
        "import_id": [handed_in.json()["import_id"]],
        "entry_id": [one["entry_id"] for one in entries],
        "export_id": [export],
        "activity_id": [one["activity_id"] for one in activities],
        "board_id": [board["board_id"]],
        "issue_id": [issue["issue_id"]],
        "case_id": [case["case"]["case_id"]],
        "exposure_id": [exposure["exposure_id"]],
        "room_id": [room["room_id"]],
        "educator_id": [educator["educator_id"]],
        "institution_id": [institution["institution_id"]],
        "material_id": [listed["material"]["material_id"]],
        "prescription_id": [prescribed],
        "honour_id": [honour["honour_id"]],
        **await _set_targets(bare),
        **await _draft_reports(bare),
        "plan_id": [one["plan_id"] for one in plans],
        "questionnaire_id": [published["questionnaire_id"]],
        "survey_id": [one["survey_id"] for one in surveys],
    }
    return Doors(stack, known)


async def _subscribed(bare: Doors) -> str:
    """Ask for the feed of a district, give it and have it delivered; return the subscription's id."""
    async with _admin(bare, "feeds") as feeds:
        asked = await _done(feeds, "/subscriptions", {**ASKED, **EVERYTHING, "district": DISTRICT})
        await _done(feeds, f"/subscriptions/{asked['subscription_id']}/approval", EVERYTHING)
        await _done(feeds, f"/subscriptions/{asked['subscription_id']}/webhook", {"url": "https://hooks.invalid/"})
    return str(asked["subscription_id"])


async def _draft_reports(bare: Doors) -> Known:
    """Draft reports of some months."""
    month = {"template": "monthly_flow", "division": STREET}
    async with _admin(bare, "reporting") as reporting:
        drafted = [await _done(reporting, "/reports", {**month, "period": f"2026-0{order}"}) for order in (7, 8, 9)]
    return {
        "report_id": [one["report_id"] for one in drafted],
        "sha256": [one["editions"][0]["content"] for one in drafted],
    }


async def _set_targets(bare: Doors) -> Known:
    """Set a target and record a yearly figure."""
    async with _admin(bare, "reporting") as reporting:
        wanted = {"division": STREET, "plan": "街道2021", "indicator": "archive_rate", "since": "2026-01-01"}
        target = await _done(reporting, "/targets", {**wanted, "value": 0.85})
        told = {"division": STREET, "year": 2025, "kind": "population", "value": 51234, "origin": "统计年鉴"}
        figure = await _done(reporting, "/figures", told)
        wrong = {"text": "宣传栏未按期更换", "due_on": "2026-04-01"}
        visited = {"street": STREET, "kind": "quarterly", "visited_on": "2026-03-02", "supervised_by": ["edu-014"]}
        visit = await _done(reporting, "/supervisions", {**visited, "findings": [wrong]})
    return {
        "target_id": [target["target_id"]],
        "figure_id": [figure["figure_id"]],
        "supervision_id": [visit["supervision_id"]],
        "finding_id": [visit["findings"][0]["finding_id"]],
    }


def _admin(doors: Doors, service: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=doors.url(service), headers=doors.headers(Role.ADMIN), timeout=60)


async def _done(client: httpx.AsyncClient, path: str, body: Any) -> dict[str, Any]:
    done: dict[str, Any] = (await client.post(path, json=body)).raise_for_status().json()
    return done


async def _done_once_known(client: httpx.AsyncClient, path: str, body: Any) -> dict[str, Any] | None:
    """Return what is made of somebody, as soon as the service has heard of the person; None before."""
    answer = await client.post(path, json=body)
    return answer.json() if answer.is_success else None


async def _listed(client: httpx.AsyncClient, path: str, name: str) -> list[dict[str, Any]]:
    """Return what a list has as soon as there is something in it."""

    async def listed() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await client.get(path, params={"division": DISTRICT})).json()[name]
        return found

    found: list[dict[str, Any]] = await eventually(listed)
    return found


async def _is_known(registration: httpx.AsyncClient, person: str) -> bool:
    """Return whether the view of registration has heard of a person."""
    return (await registration.get(f"/people/{person}")).is_success


async def _prescribed(outreach: httpx.AsyncClient, given: Any) -> str | None:
    """Return the id of a prescription as soon as outreach has heard of whom it is for."""
    answer = await outreach.post("/prescriptions", json=given)
    return str(answer.json()["prescription_id"]) if answer.is_success else None


async def _are_opened(archives: httpx.AsyncClient) -> bool:
    """Return whether everybody who was registered has an archive."""
    counted = (await archives.get("/archives", params={"division": STREET})).json()["archives"]
    return bool(counted >= PEOPLE)
