"""The story of forms that are wired up wrongly: nothing is dropped unread, and the advice names what is meant."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival, make_departure, office_at

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, NOBODY = "320507001", "0" * 32
ARRIVAL = {**make_arrival(), "street": STREET}
DEPARTURE = {**make_departure(ARRIVAL, "2026-03-02"), "street": STREET}
READING = {"systolic": 128, "diastolic": 82}
ENTRY = {"street": STREET, "measured_at": "2026-01-01T08:00:00+08:00", "content": READING}
PLAN = {"street": STREET, "kind": "lecture", "topic": "食品安全", "planned_on": "2026-06-01"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run the services that are written to by JSON, and reporting, which is asked by days."""
    async with running_instance(stack, ("registration", "archives", "outreach", "reporting")) as instance:
        yield instance


ROLES = {"registration": "supervisor", "archives": "health_worker", "outreach": "clerk", "reporting": "district"}


async def ask(houniao: Instance, service: str, path: str, body: Any) -> httpx.Response:
    async with houniao.client(service, ROLES[service], STREET if service != "reporting" else "320507") as client:
        return await (client.get(path) if body is None else client.post(path, json=body))


async def find_wrong(houniao: Instance, service: str, path: str, body: Any) -> list[dict[str, str]]:
    """Return what a request is refused for, told in both languages and without what was typed."""
    answer = await ask(houniao, service, path, body)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "malformed"), answer.text
    assert {"field", "code", "advice"} == set().union(*problem["errors"])
    for text in (problem["detail"], *(error["advice"] for error in problem["errors"])):
        assert any("一" <= letter <= "龥" for letter in text)
        assert " " in text
    assert "13912345678" not in answer.text
    errors: list[dict[str, str]] = problem["errors"]
    assert errors[0]["field"] in problem["detail"]
    return errors


@pytest.mark.parametrize(
    ("service", "path", "body", "field", "meant"),
    [
        ("registration", "/arrivals", {**ARRIVAL, "telephone": "13912345678"}, "telephone", "phone"),
        ("registration", "/arrivals", {**ARRIVAL, "add_ress": "元和路"}, "add_ress", "address"),
        ("registration", "/arrivals", {**ARRIVAL, "members": [{"tel": "1"}]}, "members.0.tel", "phone"),
        ("registration", "/arrivals", {**ARRIVAL, "override": {"reasons": "x"}}, "override.reasons", "reason"),
        ("registration", "/departures", {**DEPARTURE, "destination_code": "x"}, "destination_code", "destination"),
        ("registration", f"/stays/{NOBODY}/correction", {"origin_code": None}, "origin_code", "origin"),
        ("registration", f"/stays/{NOBODY}/relocation", {"communitys": "x"}, "communitys", "community"),
        ("registration", f"/stays/{NOBODY}/confirmation", {"left": "2026-01-01"}, "left", "left_on"),
        ("registration", f"/stays/{NOBODY}/retraction", {"versions": 1}, "versions", "version"),
        ("registration", f"/people/{NOBODY}/death", {"died_on": "2026-01-01", "dead_on": "x"}, "dead_on", "died_on"),
        ("registration", f"/notices/{NOBODY}/answer", {"state": "received", "leaft_on": "x"}, "leaft_on", "left_on"),
        (
            "registration",
            f"/conflicts/{NOBODY}/resolution",
            {"action": "correct", "stay_id": NOBODY, "correction": {"endedOn": "2026-01-01"}},
            "correction.endedOn",
            "ended_on",
        ),
        (
            "registration",
            "/people/lookup",
            {"document_type": "id_card", "document_number": "1", "reason": "查询", "reasons": "x"},
            "reasons",
            "reason",
        ),
        (
            "archives",
            f"/archives/{NOBODY}/entries",
            {**ENTRY, "content": {**READING, "pulse": 70}},
            "content.pulse",
            "heart_rate",
        ),
        (
            "archives",
            f"/archives/{NOBODY}/entries/1/correction",
            {**ENTRY, "reason": "录入有误"},
            "street",
            "",
        ),
        (
            "archives",
            f"/archives/{NOBODY}/completion",
            {"street": STREET, "committee": "001", "basic": {"blod_type": "A"}},
            "basic.blod_type",
            "blood_type",
        ),
        (
            "archives",
            f"/archives/{NOBODY}/enrolments",
            {"street": STREET, "condition": "hypertension", "enrolled_on": "2026-01-01", "garde": 2},
            "garde",
            "grade",
        ),
        ("archives", f"/archives/{NOBODY}/reopening", {"street": STREET, "versions": 1}, "versions", "version"),
        ("outreach", "/activities", {**PLAN, "audiences": "children"}, "audiences", "audience"),
        (
            "outreach",
            "/activities/1/hold",
            {"held_on": "2026-06-01", "attendance": 9, "attendances": 8},
            "attendances",
            "attendance",
        ),
    ],
)
async def test_a_field_that_is_not_known_is_refused_by_name_with_the_nearest_one(
    houniao: Instance, service: str, path: str, body: Any, field: str, meant: str
) -> None:
    wrong = {error["field"]: error for error in await find_wrong(houniao, service, path, body)}

    assert wrong[field]["code"] == "unknown_field"
    assert f"did you mean {meant}?" in wrong[field]["advice"] or not meant
    assert set(wrong) <= {field, field.rpartition(".")[0] + "." + meant}


@pytest.mark.parametrize(
    ("service", "path", "body", "field", "hint"),
    [
        ("registration", "/arrivals", {**ARRIVAL, "phone": 13912345678}, "phone", "应为文本，请加引号。"),
        ("registration", "/arrivals", {**ARRIVAL, "document_number": 7}, "document_number", "must be text, in quotes."),
        ("registration", "/arrivals", {**ARRIVAL, "name": True}, "name", "应为文本，请加引号。"),
        ("registration", "/arrivals", {**ARRIVAL, "street": None}, "street", "必填"),
        ("registration", "/arrivals", [], "body", "must be an object"),
        ("registration", f"/people/{NOBODY}/death", {"died_on": 20260601}, "died_on", "2026-11-18"),
        ("registration", f"/people/{NOBODY}/death", {"died_on": "1717200000"}, "died_on", "2026-11-18"),
        ("registration", f"/stays/{NOBODY}/correction", {"started_on": None}, "body", "日期只能改为另一日期"),
        ("registration", f"/stays/{NOBODY}/correction", {"ended_on": "2026-06-01T00:00:00"}, "ended_on", "应为日期"),
        ("registration", f"/stays/{NOBODY}/correction", {"purpose": "x"}, "purpose", "labour"),
        ("registration", "/tasks?division=320507001&until=1717200000", None, "until", "2026-11-18"),
        ("registration", "/stays?division=3", None, "division", "格式不对"),
        ("archives", f"/archives/{NOBODY}/entries", {**ENTRY, "measured_at": 1717200000}, "measured_at", "时区"),
        ("archives", f"/archives/{NOBODY}/entries", {**ENTRY, "measured_at": "1717200000"}, "measured_at", "时区"),
        (
            "archives",
            f"/archives/{NOBODY}/entries",
            {**ENTRY, "content": {"kind": "referral", "reason": "复查", "to": "city_hospital", "checked_on": 20260601}},
            "content.checked_on",
            "2026-11-18",
        ),
        (
            "archives",
            f"/archives/{NOBODY}/entries",
            {**ENTRY, "content": {"kind": "x"}},
            "content.kind",
            "physical_exam",
        ),
        ("archives", "/duties?division=320507001&until=20260601", None, "until", "2026-11-18"),
        ("outreach", "/activities", {**PLAN, "planned_on": 20260601}, "planned_on", "2026-11-18"),
        ("outreach", "/activities", {**PLAN, "kind": "party"}, "kind", "free_clinic"),
        ("outreach", "/activities?division=320507001&since=20260101&until=2026-02-01", None, "since", "2026-11-18"),
        ("outreach", "/activities/1/hold", {"held_on": "2026-06-01", "attendance": True}, "attendance", "应为整数"),
        ("reporting", "/flows?division=320507&from=2026-01-01T00:00:00&to=2026-02-01", None, "from", "2026-11-18"),
        ("reporting", "/scores?division=320507&from=2026-01-01&to=1717200000", None, "to", "2026-11-18"),
    ],
)
async def test_what_belongs_into_a_field_is_told(
    houniao: Instance, service: str, path: str, body: Any, field: str, hint: str
) -> None:
    (wrong,) = await find_wrong(houniao, service, path, body)

    assert wrong["field"] == field
    assert hint in wrong["advice"]


@pytest.mark.parametrize("body", [b"{", b'{"street": }', b"\xff\xfe", b"[" * 9999])
async def test_what_is_no_json_is_told_in_both_languages(houniao: Instance, body: bytes) -> None:
    async with houniao.client("registration", "clerk", STREET) as client:
        answer = await client.post("/arrivals", content=body, headers={"Content-Type": "application/json"})

    assert answer.json()["code"] == "malformed"
    assert "JSON" in answer.text
    assert "请" in answer.json()["detail"]


async def test_a_body_of_keys_that_are_not_known_is_refused_in_short(houniao: Instance) -> None:
    body = {**ARRIVAL, **{f"x{'abcdefghij'[n % 10]}{n}": "" for n in range(40_000)}}
    async with houniao.client("registration", "clerk", STREET) as client:
        answer = await client.post("/arrivals", json=body)

    assert len(answer.json()["errors"]) == 20


async def test_null_is_as_if_it_had_been_left_out(houniao: Instance) -> None:
    nulls = {"phone": None, "override": None, "members": None, "never_heard_of": None}
    head = {**make_arrival(2), "street": STREET, **nulls}
    members = [{**make_arrival(3), "arrived_on": None, "guardian_document_number": None}]

    first = await ask(houniao, "registration", "/arrivals", head)
    whole = await ask(houniao, "registration", "/arrivals", {**head, "members": members})
    plan = await ask(houniao, "outreach", "/activities", {**PLAN, "audience": None})

    assert (first.status_code, whole.status_code) == (201, 201), whole.text
    assert [one["outcome"] for one in (whole.json(), *whole.json()["members"])] == ["duplicate", "accepted"]
    assert (plan.status_code, plan.json()["audience"]) == (201, "everyone")


async def test_null_clears_what_is_corrected(houniao: Instance) -> None:
    arrived = await ask(houniao, "registration", "/arrivals", {**make_arrival(4), "street": STREET})
    stay = f"/stays/{arrived.json()['stay_id']}"
    before = await ask(houniao, "registration", stay, None)

    corrected = await ask(houniao, "registration", f"{stay}/correction", {"purpose": None, "version": None})

    assert before.json()["stay"]["purpose"] is not None
    assert (corrected.status_code, corrected.json()["purpose"]) == (200, None)
    assert corrected.json()["dwelling"] == before.json()["stay"]["dwelling"]


@pytest.mark.parametrize(
    ("kind", "body", "fields", "hint"),
    [
        ("arrival", {**make_arrival(), "telephone": "13912345678"}, ["telephone"], "did you mean phone?"),
        (
            "arrival",
            {**make_arrival(), "telephone": "1", "add_ress": "x"},
            ["telephone", "add_ress"],
            "是否应为 address？",
        ),
        ("arrival", {**make_arrival(), "phone": 13912345678}, ["phone"], "phone 应为文本，请加引号。"),
        ("arrival", {**make_arrival(), "members": [{"gender": "女"}]}, ["members.0.gender"], "是否应为 sex？"),
        ("arrival", {**make_arrival(), "13912345678": ""}, ["body"], "名称不重复"),
        ("arrival", b"{", ["body"], "不是有效的 JSON"),
        ("departure", {**make_departure(make_arrival(), "2026-03-02"), "left": "x"}, ["left"], "did you mean left_on?"),
        ("answer", {"notice_id": NOBODY, "state": "received", "left_on": 20260601}, ["left_on"], "2026-11-18"),
        ("answer", {"notice_id": NOBODY, "state": "received", "notice": "x"}, ["notice"], "did you mean notice_id?"),
    ],
)
async def test_an_office_hears_over_rabbitmq_which_fields_and_what_belongs_there(
    houniao: Instance, stack: Stack, kind: str, body: Any, fields: list[str], hint: str
) -> None:
    parked = houniao.database("registration")["parked"]
    await parked.delete_many({})

    async with office_at(stack, STREET) as office:
        answer = await office.report(kind, body)

    assert (answer["outcome"], answer["code"], answer["field"].split(", ")) == ("refused", "malformed", fields)
    assert hint in answer["advice"]
    assert "13912345678" not in str(answer)

    async def reason() -> Any:
        found = await parked.find_one({})
        return found and found["reason"]

    assert await eventually(reason, within=10) == f"malformed: {', '.join(fields)}"


async def test_a_report_over_rabbitmq_may_name_its_street_as_over_http(houniao: Instance, stack: Stack) -> None:
    arrival = make_arrival(6)

    async with office_at(stack, STREET) as office:
        elsewhere = await office.report("arrival", {**arrival, "street": "320507002"})
        here = await office.report("arrival", {**arrival, "street": STREET})
        left = await office.report("departure", {**make_departure(arrival, "2026-11-02"), "street": STREET})

    assert (elsewhere["outcome"], elsewhere["code"], elsewhere["field"]) == ("refused", "not_your_street", "street")
    assert (here["outcome"], left["outcome"]) == ("accepted", "accepted")


async def test_null_means_absent_over_rabbitmq_too(houniao: Instance, stack: Stack) -> None:
    async with office_at(stack, STREET) as office:
        answer = await office.report("arrival", {**make_arrival(5), "phone": None, "members": None, "override": None})

    assert answer["outcome"] == "accepted"
