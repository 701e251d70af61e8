"""What says who somebody is, typed wherever it can be typed, is nowhere in the clear once the person is erased.

A marked identity is planted in every text of every route's path, query, headers and body, in every column of a register
and of a round, and in every field and property of a message. What is refused is held; what is taken in must be sealed,
a digest, or gone. Names can be planted in registration alone: no other service can know one, as the documents say.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from itertools import count
from typing import Any
from urllib.parse import quote

import aio_pika
import structlog
import xlsxwriter  # type: ignore[import-untyped]  # ships no types
from aio_pika.abc import AbstractIncomingMessage
from bson import encode as to_bson

from contracts.outreach.questionnaires import questionnaire_id
from deploy.local.stack import Stack
from services.archives.intake.readings import COLUMNS as OF_A_ROUND
from services.registration.intake.columns import COLUMNS as OF_A_REGISTER
from services.runtime.logs import processors
from services.runtime.parked import PARKED
from tests.support.instance import REPOSITORY, SERVICES, Instance, eventually, running_instance
from tests.support.ledger import find_losses
from tests.support.offices import make_arrival, make_departure, office_at
from tests.support.registers import full_width, id_number
from tests.support.routes import QUESTIONNAIRE, SURVEY, Route, Things
from tests.support.subscriptions import subscribe

STREET = "320507001"
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
NAME, PHONE, IN_GROUPS = "夏侯候鸟", "13966667777", "139 6666 7777"
NUMBER, TWINS_NUMBER = (id_number("360981", date(1980, 1, 1), order) for order in (777, 779))
SEX = "男" if int(NUMBER[16]) % 2 else "女"
PERSON = {**make_arrival(1), "document_number": NUMBER, "sex": SEX, "name": NAME, "phone": PHONE, "address": "望鹤桥"}
TWIN = {**PERSON, "document_number": TWINS_NUMBER}
MARKS = (NAME, NUMBER, PHONE, IN_GROUPS)
NUMBERS = (NUMBER, PHONE, IN_GROUPS)
SPOKEN = (NAME, NUMBER, TWINS_NUMBER, PHONE, IN_GROUPS, full_width(NUMBER))
FOUND = (*(spoken.encode() for spoken in SPOKEN), NAME.encode().decode("latin-1").encode())
"""What must be nowhere: also as a header is read, byte by byte."""
CHOSEN = {"item": "K1", "choices": ["A"]}
TEXT = {"language": "zh", "body": "请来随访。"}
RENAMED = frozenset({"/people/{person_id}/name"})
"""Routes by which the person would get another name; its reason alone is planted."""


@dataclass
class Planted:
    """What there is of the person, by the names of path parameters, and how many answers took something in."""

    houniao: Instance
    ids: dict[str, str] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    count: Iterator[int] = field(default_factory=count)

    async def send(self, service: str, method: str, path: str, *, mark: str, **sent: Any) -> None:
        """Send one request with a mark in it, and its headers marked too."""
        headers = {
            "Idempotency-Key": f"{NUMBER} {PHONE} {next(self.count)} {NAME}".encode(),
            "X-Request-ID": f"{NUMBER} {NAME}".encode(),
            "User-Agent": f"{NUMBER} {NAME}".encode(),
            **sent.pop("headers", {}),
        }
        async with self.houniao.client(service, "admin", "") as client:
            answer = await client.request(method, path, headers=headers, **sent)
        assert answer.status_code < 500, (method, path, answer.text)
        if answer.is_success:
            self.taken.append(f"{service} {method} {path} {mark}")


@asynccontextmanager
async def captured_logs() -> AsyncIterator[StringIO]:
    """Collect every line that the services in this process log."""
    before, written = structlog.get_config(), StringIO()
    to = structlog.PrintLoggerFactory(written)
    structlog.configure(processors=processors("json"), logger_factory=to, cache_logger_on_first_use=False)
    try:
        yield written
    finally:
        structlog.configure(**before)


async def settle_in(planted: Planted) -> None:
    """Let the person and a twin of the same name arrive, with an archive and an entry in it."""
    houniao, ids = planted.houniao, planted.ids
    async with houniao.client("registration", "admin", "") as clerk:
        arrived = [(await clerk.post("/arrivals", json={**one, "street": STREET})).json() for one in (PERSON, TWIN)]
    ids |= {"person_id": arrived[0]["person_id"], "stay_id": arrived[0]["stay_id"], "twin": arrived[1]["person_id"]}
    archive = {"_id": f"{ids['person_id']}@{STREET[:6]}"}
    await eventually(lambda: houniao.database("archives")["archives"].find_one(archive))
    content = {"kind": "blood_pressure", "systolic": 132, "diastolic": 80}
    entry = {"street": STREET, "measured_at": "2026-11-01T02:00:00Z", "content": content}
    async with houniao.client("archives", "admin", "") as nurse:
        entered = await nurse.post(f"/archives/{ids['person_id']}/entries", json=entry)
    ids |= {"entry_id": entered.json()["entry_id"], "condition": "hypertension"}
    ids |= dict.fromkeys(("notice_id", "conflict_id", "finding_id", "parked_id"), "0" * 32)
    ids["code"] = f"{STREET}00100001"
    await reach_out(planted)


async def reach_out(planted: Planted) -> None:
    """Let the street have what outreach's routes are about."""
    made: dict[str, tuple[str, dict[str, Any]]] = {
        "institution_id": ("/institutions", {"kind": "school", "title": "采莲小学", "opened_on": "2019-09-01"}),
        "board_id": (
            "/boards",
            {"place": "社区门口", "setting": "outdoors", "area": 2, "installed_on": "2026-01-05"},
        ),
        "educator_id": (
            "/educators",
            {"kind": "lecturer", "staff": "edu-007", "joined_on": "2026-01-05"},
        ),
        "material_id": ("/materials", {"kind": "leaflet", "topic": "核心信息", "edition": "2026"}),
        "plan_id": ("/year-plans", {"year": 2027}),
        "questionnaire_id": ("/questionnaires", {"owner": STREET, **QUESTIONNAIRE}),
        "survey_id": ("/surveys", {"questionnaire_id": questionnaire_id(STREET, "residents", "2026"), **SURVEY}),
        "template_id": ("/message-templates", {"owner": STREET, "topic": "follow_up", "texts": [TEXT]}),
    }
    made["prescription_id"] = (
        "/prescriptions",
        {"person_id": planted.ids["person_id"], "topic": "控烟", "given_on": "2026-11-01", "setting": "home"},
    )
    residents = planted.houniao.database("outreach")["residents"]
    await eventually(lambda: residents.find_one({"person_id": planted.ids["person_id"]}))
    async with planted.houniao.client("outreach", "admin", "") as worker:
        for name, (path, body) in made.items():
            answer = await worker.post(path, json={**({} if "owner" in body else {"street": STREET}), **body})
            assert answer.is_success, (path, answer.text)
            found = answer.json()
            planted.ids[name] = found[name] if name in found else found["material"][name]
        residents = planted.houniao.database("outreach")["residents"]
        await eventually(lambda: residents.find_one({"person_id": planted.ids["person_id"]}))
        cared = {"person_id": planted.ids["person_id"], "need": "disabled", "opened_on": "2026-10-01"}
        case = await worker.post("/care-cases", json={"street": STREET, **cared})
        assert case.is_success, case.text
        planted.ids["case_id"] = case.json()["case"]["case_id"]
        works = {"street": STREET, "person_id": planted.ids["person_id"], "hazard": "noise", "since": "2026-04-01"}
        exposure = await worker.post("/exposures", json=works)
        assert exposure.is_success, exposure.text
        planted.ids["exposure_id"] = exposure.json()["exposure_id"]
        talks = {"institution_id": planted.ids["institution_id"], "opened_on": "2020-09-01", "hours_per_week": 10}
        room = await worker.post("/counselling-rooms", json=talks)
        assert room.is_success, room.text
        planted.ids["room_id"] = room.json()["room_id"]
    async with planted.houniao.client("reporting", "admin", "") as clerk:
        asked = {"template": "monthly_flow", "division": STREET, "period": "2026-10"}
        drafted = (await clerk.post("/reports", json=asked)).raise_for_status().json()
    planted.ids |= {"report_id": drafted["report_id"], "sha256": drafted["editions"][0]["content"], "number": "1"}
    planted.ids["subscription_id"] = await subscribe(planted.houniao)


async def all_sent(houniao: Instance) -> bool:
    """Return whether every fact is on its way and every message heard."""
    return not [loss for loss in await find_losses([houniao.databases]) if "parked" not in loss]


# What is planted where


def texts_in(schema: Any, known: Mapping[str, Any], base: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all texts that a schema allows; of several kinds those of the kind that the base is of."""
    if "$ref" in schema:
        schema = known[schema["$ref"].rpartition("/")[2]]
    kinds = schema.get("anyOf", ()) or schema.get("oneOf", ())
    if "discriminator" in schema:
        tag = schema["discriminator"]["propertyName"]
        told = (base or {}).get(tag)
        kinds = [kind for said, kind in schema["discriminator"]["mapping"].items() if said == told]
        kinds = [{"$ref": kind} for kind in kinds]
    for kind in kinds:
        yield from texts_in(kind, known, base, path)
    if schema.get("type") == "string":
        yield path
    for name, part in schema.get("properties", {}).items():
        inner = base.get(name) if isinstance(base, dict) else None
        if len(path) < 6:
            yield from texts_in(part, known, inner, (*path, name))
    parts = schema.get("items") or next(iter(schema.get("prefixItems", ())), None)
    if parts:
        yield from texts_in(parts, known, base[0] if base else None, (*path, 0))


def plant(base: Any, path: Sequence[Any], mark: str) -> Any:
    """Return a body with a mark at a path."""
    if not path:
        return mark
    first, *rest = path
    if first == 0:
        listed = list(base or [None])
        return [plant(listed[0], rest, mark), *listed[1:]]
    return {**(base or {}), first: plant((base or {}).get(first), rest, mark)}


def contents() -> list[dict[str, Any]]:
    """Return a content of each kind that an entry may have."""
    samples = sorted((REPOSITORY / "contracts" / "samples").glob("archives.entry_recorded.v1*.json"))
    return [json.loads(sample.read_text())["data"]["entry"]["content"] for sample in samples]


def bodies(ids: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return for each route what it may be asked, once for each kind of it."""
    basic = json.loads((REPOSITORY / "contracts/samples/archives.archive_completed.v1.json").read_text())
    member = {**make_arrival(5), "name": "李小满", "arrived_on": "2026-03-02"}
    staying = {"document_type": "居民身份证", "document_number": member["document_number"]}
    typed = {"street": STREET, "measured_at": "2026-11-01T02:00:00Z"}
    reason = {"reason": "本人到场核实"}
    conflict = {"stay_id": ids["stay_id"]}
    return {
        "/arrivals": [{**PERSON, "street": STREET, "members": [member]}],
        "/arrivals/check": [{**PERSON, "street": STREET, "members": [member]}],
        "/departures": [{**make_departure(PERSON, "2026-11-02"), "street": STREET, "staying": [staying]}],
        "/stays/{stay_id}/correction": [{"purpose": "business"}],
        "/stays/{stay_id}/relocation": [{"community": "西村"}],
        "/stays/{stay_id}/confirmation": [{"left_on": "2026-03-02"}],
        "/imports/{import_id}/rows/{row}": [{"name": NAME}],
        "/people/{person_id}/death": [{}],
        "/people/{person_id}/merge": [{}],
        "/people/lookup": [{"document_type": "身份证", "document_number": NUMBER, **reason}],
        "/people/search": [
            {"by": "name", "name": NAME, **reason},
            {"by": "birth_and_phone", "birth": "1980-01-01", "phone_ending": PHONE[-4:], **reason},
            {"by": "document", "document_number": NUMBER, **reason},
        ],
        "/people/{person_id}/name": [{"name": NAME, **reason}],
        "/people/{person_id}/name/confirmation": [reason],
        "/people/{person_id}/erasure": [reason],
        "/notices/{notice_id}/answer": [{"state": "received"}],
        "/inquiries": [{"street": STREET, "addressee": "320812001", "person_id": ids["person_id"]}],
        "/conflicts/{conflict_id}/resolution": [
            {"action": "retract", **conflict},
            {"action": "end", **conflict},
            {"action": "correct", **conflict, "correction": {"purpose": "business"}},
            {"action": "still_here", **conflict},
        ],
        "/duplicates/dismissal": [{"people": sorted([ids["person_id"], ids["twin"]]), **reason}],
        "/findings/{finding_id}/explanation": [{"street": STREET, **reason}],
        "/archives/{person_id}/completion": [
            {"street": STREET, "committee": "001", "basic": basic["data"]["archive"]["basic"]}
        ],
        "/archives/{person_id}/paper": [{"street": STREET, "reference": "东柜-3", "entries": 2}],
        "/archives/{person_id}/closing": [{"street": STREET, "reason": "lost", "closed_on": "2026-11-01"}],
        "/archives/{person_id}/reopening": [{"street": STREET}],
        "/custody/{person_id}/refusal": [{"street": STREET, **reason}],
        "/archives/{person_id}/entries": [{**typed, "content": content} for content in contents()],
        "/archives/{person_id}/entries/{entry_id}/correction": [
            {"measured_at": typed["measured_at"], "content": contents()[0], **reason}
        ],
        "/archives/{person_id}/entries/{entry_id}/voiding": [reason],
        "/archives/{person_id}/enrolments": [
            {"street": STREET, "condition": "hypertension", "enrolled_on": "2026-11-01"}
        ],
        "/archives/{person_id}/enrolments/{condition}/ending": [
            {"street": STREET, "ended_on": "2026-11-02", "ending": "lost"}
        ],
        "/activities": [
            {
                "street": STREET,
                "kind": "lecture",
                "topic": "高血压",
                "planned_on": "2026-12-01",
                "institution_id": ids["institution_id"],
                "occasion": "tb-day",
                "speakers": ["doctor-7"],
                "volunteers": ["v-1"],
                "segment": {"origins": ["34"], "communities": ["001"], "dwellings": ["rented"], "hazards": ["dust"]},
            }
        ],
        "/activities/{activity_id}/publicise": [{"publicised_on": "2026-11-01", "channels": ["sms"]}],
        "/activities/{activity_id}/hold": [{"held_on": "2026-11-01", "attendance": 3}],
        "/activities/{activity_id}/evaluate": [{"evaluated_on": "2026-11-01", "asked": 3, "satisfied": 3}],
        "/activities/{activity_id}/budget": [{"lines": [{"item": "venue", "planned": 100}]}],
        "/activities/{activity_id}/cancel": [{"cancel_reason": "weather"}],
        "/activities/{activity_id}/sign-ins": [{"person_id": ids["person_id"], "signed_on": "2026-11-01"}],
        "/activities/{activity_id}/door": [{"code": "A" * 8, "phone_key": "7" * 32}],
        **outreach_bodies(ids),
        "/audiences/size": [{"division": STREET, "segment": {"communities": ["001"]}}],
        **{f"/{path}": [{}] for path in ("stays/{stay_id}/retraction", "inquiries/{notice_id}/withdrawal")},
    }


def outreach_bodies(ids: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return what the routes of outreach about institutions, boards, materials and messages may be asked."""
    stands = {"setting": "outdoors", "area": 2, "installed_on": "2026-01-05"}
    school = {"opened_on": "2019-09-01", "community": "东门社区", "responsible": "edu-014"}
    asked = {"division": STREET, "channel": "local", "template_id": ids["template_id"], "people": [ids["person_id"]]}
    return {
        "/institutions": [{"street": STREET, "kind": "school", "title": "东门小学", **school}],
        "/institutions/{institution_id}/correction": [school],
        "/institutions/{institution_id}/closing": [{"closed_on": "2026-11-01"}],
        "/educators": [{"street": STREET, "kind": "staff", "staff": "edu-9", "joined_on": "2026-01-05"}],
        "/educators/{educator_id}/release": [{"left_on": "2026-11-01"}],
        "/trainings": [
            {
                "street": STREET,
                "kind": "pre_job",
                "topic": "健康素养",
                "held_on": "2026-11-01",
                "hours": 2,
                "participants": ["edu-014"],
            }
        ],
        "/care-cases": [
            {
                "street": STREET,
                "person_id": ids["person_id"],
                "household": [ids["twin"]],
                "need": "hardship",
                "opened_on": "2026-10-01",
            }
        ],
        "/care-cases/{case_id}/visits": [
            {
                "visited_on": "2026-10-02",
                "visited_by": "edu-9",
                "help": [{"kind": "money", "quantity": 500}],
                "activity_id": "7" * 32,
            }
        ],
        "/care-cases/{case_id}/pairing": [
            {"paired_on": "2026-10-02", "staff": "edu-9"},
            {"paired_on": "2026-10-02", "institution_id": "7" * 32},
        ],
        "/exposures": [
            {
                "street": STREET,
                "person_id": ids["person_id"],
                "hazard": "dust",
                "since": "2026-10-01",
                "institution_id": ids["institution_id"],
            }
        ],
        "/exposures/{exposure_id}/trainings": [
            {"kind": "yearly", "held_on": "2026-10-02", "hours": 2, "activity_id": "7" * 32}
        ],
        "/exposures/{exposure_id}/ending": [{"until": "2026-11-01"}],
        "/counselling-rooms": [
            {"institution_id": ids["institution_id"], "opened_on": "2020-09-01", "hours_per_week": 10}
        ],
        "/counselling-rooms/{room_id}/sessions": [{"month": "2026-09", "sessions": 3}],
        "/care-cases/{case_id}/closing": [{"closed_on": "2026-11-01", "close_reason": "need_met"}],
        "/boards": [{"street": STREET, "place": "公园", **stands}],
        "/boards/{board_id}/correction": [stands],
        "/boards/{board_id}/removal": [{"removed_on": "2026-11-01"}],
        "/boards/{board_id}/issues": [{"issue": 1, "theme": "结核病防治", "changed_on": "2026-10-01"}],
        "/materials": [{"street": STREET, "kind": "leaflet", "topic": "控烟", "edition": "2026"}],
        "/materials/{material_id}/receipts": [{"quantity": 5, "received_on": "2026-10-01"}],
        "/materials/{material_id}/handouts": [{"quantity": 1, "handed_out_on": "2026-10-02"}],
        "/plays": [
            {"street": STREET, "kind": "video", "topic": "控烟", "times": 2, "played_on": "2026-10-02", "minutes": 5}
        ],
        "/honours": [
            {
                "street": STREET,
                "kind": "smoke_free",
                "institution_id": ids["institution_id"],
                "awarded_on": "2026-10-01",
            }
        ],
        "/honours/{honour_id}/withdrawal": [{"withdrawn_on": "2026-11-01"}],
        "/targets": [
            {
                "plan": "街道2021",
                "indicator": "archive_rate",
                "division": STREET,
                "since": "2026-01-01",
                "value": 0.85,
                "source": "建档率85%以上",
            }
        ],
        "/supervisions": [
            {
                "street": STREET,
                "kind": "quarterly",
                "visited_on": "2026-10-02",
                "supervised_by": ["edu-9"],
                "findings": [{"text": "宣传栏未按期更换", "due_on": "2026-11-02"}],
            }
        ],
        "/supervisions/{supervision_id}/circulation": [{"circulated_on": "2026-11-01"}],
        "/supervisions/{supervision_id}/findings/{finding_id}/review": [
            {"reviewed_on": "2026-11-01", "result": "rectified", "remark": "已更换"}
        ],
        "/figures": [{"division": STREET, "year": 2025, "kind": "population", "value": 51234, "origin": "统计年鉴"}],
        "/year-plans": [{"street": STREET, "year": 2026}],
        "/year-plans/{plan_id}/adjustment": [
            {"items": [{"kind": "lecture", "topic": "控烟", "planned_on": "2027-05-31", "occasion": "no_tobacco_day"}]}
        ],
        "/year-plans/{plan_id}/adoption": [{}],
        "/prescriptions": [
            {
                "street": STREET,
                "person_id": ids["person_id"],
                "topic": "合理膳食",
                "given_on": "2026-11-01",
                "setting": "home",
            }
        ],
        "/questionnaires": [{"owner": STREET, **QUESTIONNAIRE, "edition": "2027"}],
        "/surveys": [
            {"street": STREET, "questionnaire_id": ids["questionnaire_id"], **SURVEY, "target": "street_2021"}
        ],
        "/surveys/{survey_id}/form": [{"code": "A" * 16, "respondent": "7" * 32, "chosen": [CHOSEN]}],
        "/messages": [asked],
        "/message-reports": [{"reports": [{"key": "7" * 32, "status": "delivered"}]}],
        "/message-templates": [{"owner": STREET, "topic": "follow_up", "texts": [TEXT]}],
        "/message-templates/{template_id}/retirement": [{}],
        "/people/{person_id}/message-preference": [{"refused": ["activity"]}],
    }


async def plant_over_http(planted: Planted, service: str) -> None:
    """Plant marks in every text of every route of a service, departures last."""
    described = planted.houniao.apps[service].openapi()
    asked, marks = bodies(planted.ids), MARKS if service == "registration" else NUMBERS
    for path in sorted(described["paths"], key=lambda path: (path == "/departures", path)):
        for method, route in described["paths"][path].items():
            at = path.format(**{name: planted.ids.get(name, "1") for name in _parameters(route, "path")})
            takes = route.get("requestBody", {}).get("content", {}).get("application/json")
            if takes and path not in asked:
                asked[path] = [_fill(service, method, path, route, described, planted)]
            base = asked[path][0] if takes else None
            for mark in marks:
                for marked in _paths_with(planted, path, route, mark):
                    await planted.send(service, method, marked, mark=mark, json=base)
                for query in _queries_with(route, mark):
                    await planted.send(service, method, at, mark=mark, params=query)
            for place, body in _bodies_with(takes, described, asked.get(path, ()), marks):
                if path not in RENAMED or place != ("name",):
                    await planted.send(service, method, at, mark=str(place), json=body)


def _fill(service: str, method: str, path: str, told: Any, described: Any, planted: Planted) -> Any:
    """Return a body for a route of which nothing is written above, filled in by the names of its fields."""
    things = Things(
        STREET, {"people": [planted.ids["person_id"]], "issue_id": "7" * 32, "activity_id": "7" * 32, **planted.ids}
    )
    return Route(service, method, path, told, described["components"]["schemas"]).request(things, STREET)["json"]


def _paths_with(planted: Planted, path: str, route: Mapping[str, Any], mark: str) -> Iterator[str]:
    told = {name: planted.ids.get(name, "1") for name in _parameters(route, "path")}
    for name in told:
        yield path.format(**{**told, name: quote(mark, safe="")})


def _queries_with(route: Mapping[str, Any], mark: str) -> Iterator[dict[str, str]]:
    usual = {"division": STREET, "reason": "本人到场核实", "street": STREET}
    names = _parameters(route, "query")
    for name in names:
        yield {each: usual[each] for each in names if each in usual} | {name: mark}


def _bodies_with(takes: Any, described: Any, bases: Sequence[Any], marks: Sequence[str]) -> Iterator[tuple[Any, Any]]:
    known = described["components"]["schemas"]
    for base in bases if takes else ():
        for place in dict.fromkeys(texts_in(takes["schema"], known, base)):
            for mark in marks:
                yield place, plant(deepcopy(base), place, mark)


def _parameters(route: Mapping[str, Any], where: str) -> list[str]:
    return [one["name"] for one in route.get("parameters", ()) if one["in"] == where]


def workbook(title: str, *lines: Sequence[Any]) -> bytes:
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet(title)
        for number, cells in enumerate(lines):
            sheet.write_row(number, 0, cells)
    return file.getvalue()


async def hand_in(planted: Planted, service: str, filename: str, data: bytes) -> None:
    """Hand a file in and wait until it is worked through."""
    async with planted.houniao.client(service, "admin", "") as client:
        files, form = {"file": (filename, data)}, {"street": STREET}
        answer = await client.post("/imports", files=files, data=form, headers={"Idempotency-Key": NUMBER})
        assert answer.status_code == 202, answer.text
        at = f"/imports/{answer.json()['import_id']}"

        async def is_done() -> bool:
            progress = (await client.get(at)).json()
            return bool(progress["state"] == "done" and progress["refused"])

        await eventually(is_done)
        assert (await client.get(f"{at}/refused")).status_code == 200


async def plant_in_sheets(planted: Planted) -> None:
    """Plant marks in every column of a register and of a round, in headings, titles and names of files."""
    person = {**PERSON, "address": "", "left_on": "", "arrived_on": "2026-03-01"}
    rows = [{**person, column: mark} for column in OF_A_REGISTER for mark in MARKS]
    lines = [[row.get(column, "") for column in OF_A_REGISTER] + [NAME] for row in rows]
    register = workbook(f"{NAME}{PHONE}", [*OF_A_REGISTER.values(), f"{NAME}的情况"], *lines)
    await hand_in(planted, "registration", f"{NAME}{NUMBER}.xlsx", register)
    usual = {"person": planted.ids["person_id"], "followed_on": "2026-11-03", "mode": "门诊", "pressure": "132/80"}
    visits = [{**usual, column: mark} for column in OF_A_ROUND for mark in NUMBERS] + [{**usual, "person": NAME}]
    lines = [[visit.get(column, "") for column in OF_A_ROUND] + [NAME] for visit in visits]
    sheet = workbook(PHONE, [*OF_A_ROUND.values(), "姓名"], *lines)
    await hand_in(planted, "archives", f"{NAME}{NUMBER}.xlsx", sheet)


async def plant_over_amqp(planted: Planted, stack: Stack) -> None:
    """Plant marks in every field and property of messages, and in what is no message at all."""
    notice = {"notice_id": "0" * 32, "state": "received"}
    known = planted.houniao.apps["registration"].openapi()["components"]["schemas"]
    kinds = {
        "arrival": ({**PERSON, "members": [make_arrival(5)]}, "ArrivalRequest"),
        "departure": (make_departure(PERSON, "2026-11-02"), "DepartureRequest"),
        "answer": (notice, "NoticeReply"),
    }
    sent = 0
    async with office_at(stack, STREET) as office:
        for kind, (base, schema) in kinds.items():
            places = [*dict.fromkeys(texts_in(known[schema], known, base)), (NAME,), (f"{NAME}{PHONE}",)]
            for place in places:
                body = plant(deepcopy(base), place, MARKS[sent % len(MARKS)])
                told = {"message_id": f"{NAME}{NUMBER}{sent}", "correlation_id": f"{NAME}{PHONE}", "app_id": NAME}
                await office.send(kind, body, **told, type=NAME, headers={NAME: PHONE})
                sent += 1
        for body in (f"{NAME} {NUMBER}".encode(), NAME.encode("gb18030"), json.dumps([NAME]).encode(), b""):
            await office.send("arrival", body, message_id=f"{NAME}{sent}")
            sent += 1
        for _ in range(sent):
            await office.hear(within=30)


# Where it is sought


def _tells(content: bytes) -> bool:
    return any(mark in content for mark in FOUND)


async def documents_that_tell(houniao: Instance) -> set[str]:
    found = set()
    for service, database in houniao.databases.items():
        for collection in await database.list_collection_names():
            async for document in database[collection].find():
                if _tells(to_bson(document)):
                    found.add(f"{service}.{collection}: {str(document)[:900]}")
    return found


async def messages_in(stack: Stack, queues: Sequence[str]) -> list[AbstractIncomingMessage]:
    """Take every message of queues and give it back."""
    taken = []
    async with await aio_pika.connect(stack.rabbitmq_url()) as connection:
        channel = await connection.channel()
        for name in queues:
            queue = await channel.get_queue(name)
            while message := await queue.get(fail=False):
                taken.append(message)
        for message in taken:
            await message.nack(requeue=True)
    return taken


def spoken_in(message: AbstractIncomingMessage) -> bytes:
    """Return all that a message says: key, properties and body."""
    return f"{message.routing_key} {message.headers} {message.info()}".encode() + message.body


async def test_what_was_planted_is_nowhere_in_the_clear_once_the_person_is_erased(stack: Stack) -> None:
    async with (
        captured_logs() as written,
        running_instance(stack, clock=lambda: NOW) as houniao,
        await aio_pika.connect(stack.rabbitmq_url()) as connection,
    ):
        heard = await (await connection.channel()).declare_queue(f"heard.{houniao.name}", auto_delete=False)
        await heard.bind("events", "#")
        planted = Planted(houniao)
        await settle_in(planted)
        await asyncio.gather(*(plant_over_http(planted, service) for service in SERVICES))
        await plant_over_amqp(planted, stack)
        await plant_in_sheets(planted)
        assert len(planted.taken) > 100, "what is never taken in proves nothing"

        async with houniao.client("registration", "supervisor", STREET) as supervisor:
            erased = await supervisor.post(f"/people/{planted.ids['person_id']}/erasure", json={"reason": "本人申请"})
        by_command = await houniao.command("registration", "erase-person", planted.ids["twin"], "--reason", "本人申请")

        assert erased.status_code == 200, erased.text
        assert by_command.returncode == 0, by_command.stderr
        await eventually(lambda: all_sent(houniao))
        own = [f"{service}.{houniao.name}" for service in (*SERVICES, "registration.offices")]
        queues = [*own, *(f"{queue}.dead" for queue in own), heard.name]
        messages = await messages_in(stack, queues)
        assert len(messages) > 4
        assert [spoken_in(message)[:600] for message in messages if _tells(spoken_in(message))] == []
        assert await documents_that_tell(houniao) == set()
        assert await houniao.database("registration")[PARKED].count_documents({}) < 10
        told = written.getvalue()
        assert "access logged" in told
        assert [line for line in told.splitlines() if _tells(line.encode())] == []
        assert not any(mark in by_command.stdout + by_command.stderr for mark in SPOKEN)
        await heard.delete(if_empty=False)
