"""The story of everything that goes wrong at the doors: each refusal is clear, and nothing half-applies."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aio_pika
import httpx
import pytest
import pytest_asyncio
import uvicorn
from aio_pika.abc import AbstractQueue
from aiormq.exceptions import ChannelAccessRefused, ChannelPreconditionFailed

from deploy.local.ports import free_port
from deploy.local.stack import Stack
from services.runtime.access import issue
from services.runtime.limits import MAX_BODY, MAX_UPLOAD
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival, make_departure, office_at

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET = "320507001"
ARRIVAL = {**make_arrival(), "street": STREET}
MEBIBYTE = b" " * 1024 * 1024
PERSON = "0" * 32


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run the five services once for all that goes wrong in this file."""
    async with running_instance(stack) as instance:
        yield instance


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nothing_half_applied(houniao: Instance) -> AsyncIterator[None]:
    """Check after each test that no fact and no identity came of what was refused, then clear what was parked."""
    yield
    left = {}
    for service, database in houniao.databases.items():
        left[service] = await database["journal"].count_documents({})
        await database["parked"].delete_many({})
    assert not any(left.values()), left
    assert await houniao.database("registration")["identities"].count_documents({}) == 0
    assert await houniao.database("registration")["imports"].count_documents({}) == 0


def clerk(houniao: Instance, street: str = STREET) -> httpx.AsyncClient:
    return houniao.client("registration", "clerk", street)


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"/problems/{code}")
    assert problem["title"]
    assert problem["detail"], "a refusal says what to do"
    return problem


# Too large


class Endless:
    """A body of 100 MB that is made while it is read, and remembers how much was."""

    def __init__(self, start: bytes = b"", mebibytes: int = 100) -> None:
        self.start = start
        self.mebibytes = mebibytes
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.start
        for _ in range(self.mebibytes):
            self.read += len(MEBIBYTE)
            yield MEBIBYTE


async def test_a_body_of_100_mb_is_refused_without_being_read_whole(houniao: Instance) -> None:
    body = Endless()
    async with clerk(houniao) as client:
        answer = await client.post("/arrivals", content=body)

    assert_problem(answer, 413, "too_large")
    assert body.read <= MAX_BODY + len(MEBIBYTE)


async def test_a_body_that_says_it_has_100_mb_is_not_read_at_all(houniao: Instance) -> None:
    body = Endless()
    async with clerk(houniao) as client:
        answer = await client.post("/arrivals", content=body, headers={"Content-Length": str(100 * len(MEBIBYTE))})

    assert_problem(answer, 413, "too_large")
    assert body.read == 0


@pytest.mark.parametrize("length", ["-1", "many", "1e9", ""])
async def test_a_length_that_is_no_number_is_refused(houniao: Instance, length: str) -> None:
    async with clerk(houniao) as client:
        answer = await client.post("/arrivals", content=Endless(mebibytes=1), headers={"Content-Length": length})

    assert 400 <= answer.status_code < 500


async def test_an_upload_of_100_mb_is_refused_without_being_read_whole(houniao: Instance) -> None:
    head = (
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n"
    )
    body = Endless(start=head)
    async with clerk(houniao) as client:
        headers = {"Content-Type": "multipart/form-data; boundary=edge"}
        answer = await client.post("/imports", content=body, headers=headers)

    assert_problem(answer, 413, "too_large")
    assert body.read <= MAX_UPLOAD + len(MEBIBYTE)


async def test_over_a_real_socket_the_refusal_arrives_before_the_body_is_sent(houniao: Instance, stack: Stack) -> None:
    port = free_port()
    config = uvicorn.Config(houniao.apps["registration"], port=port, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())

    async def up() -> bool:
        return server.started

    await eventually(up)
    token = issue(stack.issuer_jwk(), subject="tester", role="clerk", division=STREET)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"POST /arrivals HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {100 * len(MEBIBYTE)}\r\n\r\n".encode()
    )
    answer = await asyncio.wait_for(reader.readuntil(b"}"), 10)
    writer.close()
    server.should_exit = True
    await serving

    assert answer.startswith(b"HTTP/1.1 413")
    assert b"application/problem+json" in answer


# Malformed


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"not json",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b"42",
        b'"text"',
        b'{"street": "320507001"} {}',
        b"[" * 9999,
    ],
    ids=["empty", "cut off", "text", "binary", "array", "null", "number", "string", "two", "deep"],
)
async def test_what_is_no_json_object_is_refused(houniao: Instance, body: bytes) -> None:
    async with clerk(houniao) as client:
        answer = await client.post("/arrivals", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in (400, 422)
    assert_problem(answer, answer.status_code, "malformed")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"street": 320507001}, "street"),
        ({"street": "3205"}, "street"),
        ({"street": None}, "street"),
        ({"street": {"$gt": ""}}, "street"),
        ({"street": "３２０５０７００１"}, "street"),
        ({"name": 7}, "name"),
        ({"name": ["李小满"]}, "name"),
        ({"document_number": {"$ne": ""}}, "document_number"),
        ({"arrived_on": True}, "arrived_on"),
        ({"address": "长" * 5000}, "address"),
    ],
)
async def test_a_field_of_the_wrong_shape_is_named(houniao: Instance, changes: dict[str, Any], field: str) -> None:
    async with clerk(houniao) as client:
        answer = await client.post("/arrivals", json={**ARRIVAL, **changes})

    problem = assert_problem(answer, 422, "malformed")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert not any(str(value) in answer.text for value in changes.values() if isinstance(value, str) and len(value) > 4)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"name": ""}, "missing", "name"),
        ({"document_number": " "}, "missing", "document_number"),
        ({"arrived_on": ""}, "missing", "arrived_on"),
        ({"name": '=HYPERLINK("http://x","点")'}, "bad_name", "name"),
        ({"name": "+cmd|' /C calc'!A0"}, "bad_name", "name"),
        ({"name": "@SUM(1+1)"}, "bad_name", "name"),
        ({"name": "-2+3"}, "bad_name", "name"),
        ({"name": "＝1+1"}, "bad_name", "name"),
        ({"name": "<script>"}, "bad_name", "name"),
        ({"name": "李\u0000满"}, "bad_name", "name"),
        ({"document_type": "学生证"}, "bad_document_type", "document_type"),
        ({"document_number": "110105194912310021"}, "id_checksum", "document_number"),
        ({"document_number": "12345"}, "id_checksum", "document_number"),
        ({"document_type": "护照", "document_number": "!!"}, "bad_number", "document_number"),
        ({"birth": "1980-01-02"}, "birth_mismatch", "birth"),
        ({"arrived_on": "2026-02-30"}, "bad_date", "arrived_on"),
        ({"arrived_on": "2999-01-01"}, "future_date", "arrived_on"),
        ({"note": "长" * 301}, "too_long", "note"),
    ],
)
async def test_a_refused_arrival_names_the_code_and_the_field_and_repeats_nothing(
    houniao: Instance, changes: dict[str, str], code: str, field: str
) -> None:
    arrival = {**ARRIVAL, **changes}
    async with clerk(houniao) as client:
        answer = await client.post("/arrivals", json=arrival)

    problem = assert_problem(answer, 422, code)
    assert problem["field"] == field
    assert ARRIVAL["document_number"] not in answer.text
    assert ARRIVAL["name"] not in answer.text


async def test_an_unknown_street_is_refused(houniao: Instance) -> None:
    async with houniao.client("registration", "admin", "") as admin:
        answers = [
            await admin.post("/arrivals", json={**ARRIVAL, "street": "320507999"}),
            await admin.post("/departures", json={**make_departure(ARRIVAL, "2026-03-02"), "street": "320507999"}),
            await admin.post("/imports", data={"street": "320507999"}, files={"file": ("a.csv", b"x")}),
        ]

    for answer in answers:
        assert assert_problem(answer, 422, "unknown_street")["field"] == "street"


# Not yours


ROUTES = [
    ("registration", "POST", "/arrivals"),
    ("registration", "POST", "/departures"),
    ("registration", "POST", f"/stays/{PERSON}/confirmation"),
    ("registration", "POST", f"/stays/{PERSON}/retraction"),
    ("registration", "GET", "/stays?division=320507"),
    ("registration", "GET", "/streets?division=320507"),
    ("registration", "GET", "/communities?street=320507001"),
    ("registration", "GET", "/tasks/summary?division=320507"),
    ("registration", "GET", f"/stays/{PERSON}"),
    *(("registration", "POST", f"/stays/{PERSON}/{what}") for what in ("correction", "relocation")),
    *(("registration", "GET", f"/{what}?division=320507") for what in ("notices", "transfers", "conflicts", "tasks")),
    *(("registration", "GET", f"/{what}/{PERSON}") for what in ("notices", "conflicts")),
    ("registration", "POST", f"/notices/{PERSON}/answer"),
    ("registration", "POST", "/inquiries"),
    ("registration", "POST", f"/inquiries/{PERSON}/withdrawal"),
    ("registration", "POST", f"/conflicts/{PERSON}/resolution"),
    ("registration", "GET", f"/people/{PERSON}/timeline"),
    *(
        ("registration", "POST", f"/people/{PERSON}/{what}")
        for what in ("death", "death/retraction", "merge", "unmerge")
    ),
    ("registration", "GET", f"/people/{PERSON}"),
    ("registration", "POST", "/people/lookup"),
    ("registration", "GET", "/duplicates?division=320507"),
    ("registration", "POST", "/duplicates/dismissal"),
    ("registration", "GET", f"/people/{PERSON}/identity?reason=curious"),
    ("registration", "POST", f"/people/{PERSON}/erasure"),
    ("registration", "GET", "/access-log?division=320507"),
    ("registration", "POST", "/imports"),
    ("registration", "GET", "/imports/1"),
    ("registration", "GET", "/imports/1/refused"),
    ("registration", "POST", "/imports/1/dismissal"),
    ("archives", "GET", "/archives?division=320507"),
    ("archives", "GET", f"/archives/{PERSON}"),
    ("archives", "POST", f"/archives/{PERSON}/entries"),
    *(("archives", "GET", f"/{what}?division=320507") for what in ("archives/export", "duties", "duties/catch-up")),
    *(("archives", "GET", f"/{what}?street={STREET}") for what in ("archives/dead", "archives/paper")),
    ("archives", "GET", "/findings?division=320507"),
    ("archives", "GET", "/findings/repetitions?division=320507"),
    ("archives", "POST", f"/findings/{PERSON}/explanation"),
    ("archives", "GET", "/access-log?division=320507"),
    ("archives", "GET", f"/archives/{PERSON}/fhir"),
    ("archives", "GET", f"/archives/{PERSON}/extract?reason=%E6%9C%AC%E4%BA%BA%E7%94%B3%E8%AF%B7"),
    ("archives", "POST", f"/archives/{PERSON}/reopening"),
    ("archives", "GET", "/custody/offers?district=320507"),
    ("archives", "POST", f"/custody/{PERSON}/refusal"),
    ("archives", "POST", "/imports"),
    ("archives", "GET", "/imports/1"),
    ("archives", "GET", "/imports/1/refused"),
    ("outreach", "POST", "/activities"),
    ("outreach", "POST", "/activities/1/hold"),
    ("outreach", "GET", "/activities?division=320507&since=2026-01-01&until=2026-02-01"),
    ("outreach", "GET", "/audiences?division=320507"),
    ("outreach", "POST", "/audiences/size"),
    ("reporting", "GET", "/flows?division=320507&from=2026-01-01&to=2026-02-01"),
    ("reporting", "GET", "/scores?division=320507&from=2026-01-01&to=2026-02-01"),
    ("feeds", "GET", "/feeds/stays"),
    ("feeds", "GET", "/parked"),
    ("feeds", "POST", f"/parked/{PERSON}/replay"),
]
BODIES: dict[str, Any] = {
    "/arrivals": ARRIVAL,
    "/departures": {**make_departure(ARRIVAL, "2026-03-02"), "street": STREET},
    "/people/lookup": {"document_type": "身份证", "document_number": "1", "reason": "curious"},
    "/duplicates/dismissal": {"people": ["0" * 32, "1" * 32], "reason": "two people"},
    f"/people/{PERSON}/erasure": {"reason": "curious"},
    f"/stays/{PERSON}/correction": {"started_on": "2026-03-02"},
    f"/stays/{PERSON}/relocation": {"community": "西村"},
    f"/notices/{PERSON}/answer": {"state": "received"},
    "/inquiries": {"street": STREET, "addressee": "320812001", "person_id": PERSON},
    f"/conflicts/{PERSON}/resolution": {"action": "retract", "stay_id": PERSON},
    f"/people/{PERSON}/death": {"died_on": "2026-03-02"},
    f"/people/{PERSON}/merge": {"into": "1" * 32},
    f"/archives/{PERSON}/reopening": {"street": STREET},
    f"/custody/{PERSON}/refusal": {"street": STREET, "reason": "not ours"},
    f"/findings/{PERSON}/explanation": {"street": STREET, "reason": "one gauge for all"},
    f"/archives/{PERSON}/entries": {
        "street": STREET,
        "measured_at": "2026-01-01T00:00:00Z",
        "content": {"systolic": 120, "diastolic": 80},
    },
    "/activities": {"street": STREET, "kind": "lecture", "topic": "x", "planned_on": "2026-01-01"},
    "/activities/1/hold": {"held_on": "2026-01-01", "attendance": 1},
    "/audiences/size": {"division": STREET, "segment": {"youngest": 60}},
}
WRONG_ROLE = {"registration": "integrator", "archives": "clerk", "outreach": "integrator", "reporting": "integrator"}


async def ask(houniao: Instance, service: str, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(app=houniao.apps[service])
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        if path == "/imports":
            return await client.post(path, data={"street": STREET}, files={"file": ("a.csv", b"x")})
        return await client.request(method, path, json=BODIES.get(path))


def bearer(stack: Stack, role: str, division: str, lifetime: int = 60) -> dict[str, str]:
    token = issue(stack.issuer_jwk(), subject="tester", role=role, division=division, lifetime=lifetime)
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(("service", "method", "path"), ROUTES)
async def test_no_route_is_open_to_nobody_to_yesterdays_token_or_to_the_wrong_role(
    houniao: Instance, stack: Stack, service: str, method: str, path: str
) -> None:
    role = "clerk" if "parked" in path else WRONG_ROLE.get(service, "clerk")

    nobody = await ask(houniao, service, method, path, {})
    expired = await ask(houniao, service, method, path, bearer(stack, "admin", "", lifetime=-1))
    forged = await ask(houniao, service, method, path, {"Authorization": "Bearer a.b.c"})
    wrong = await ask(houniao, service, method, path, bearer(stack, role, "320507"))

    assert_problem(nobody, 401, "no_token")
    assert_problem(expired, 401, "bad_token")
    assert_problem(forged, 401, "bad_token")
    assert_problem(wrong, 403, "not_your_role")


@pytest.mark.parametrize(("service", "method", "path"), [route for route in ROUTES if "parked" not in route[2]])
async def test_no_route_gives_or_takes_anything_outside_the_callers_division(
    houniao: Instance, stack: Stack, service: str, method: str, path: str
) -> None:
    roles = {"registration": "supervisor", "reporting": "district", "feeds": "integrator"}
    of_supervisors = any(name in path for name in ("/export", "/custody", "/access-log", "/explanation"))
    elsewhere = path + ("?division=320507" if service == "feeds" else "")

    answer = await ask(
        houniao,
        service,
        method,
        elsewhere,
        bearer(stack, "supervisor" if of_supervisors else roles.get(service, "health_worker"), "320812"),
    )

    assert answer.status_code in (403, 404), answer.text
    assert answer.json()["code"] in ("outside_your_division", "not_found", "no_archive")


# Injection


@pytest.mark.parametrize(
    "query",
    [
        "division[$gt]=",
        "division=",
        "division=.*",
        "division=320507%00",
        "division=320507&state=anything",
        "division=320507&cursor=x",
        "division=320507&cursor=320507001|%7B%22$gt%22:%22%22%7D",
        "division=320507&cursor=320507001|" + "0" * 31,
        "division=320507&cursor=320507001%7C" + "0" * 32 + "%7Cmore",
        "division=320507&cursor=" + "0" * 10_000,
        "division=320507&limit=0",
        "division=320507&limit=100000",
        "division=320507&limit=many",
    ],
)
async def test_a_query_that_is_not_in_order_is_refused(houniao: Instance, query: str) -> None:
    async with clerk(houniao, "320507") as client:
        answer = await client.get(f"/stays?{query}")

    assert_problem(answer, 422, "malformed")


async def test_a_cursor_does_not_lead_out_of_the_division(houniao: Instance) -> None:
    foreign = f"320812001|{PERSON}"
    async with clerk(houniao) as client:
        answer = await client.get("/stays", params={"division": STREET, "cursor": foreign})

    assert (answer.status_code, answer.json()) == (200, {"stays": [], "cursor": None})


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("registration", "/people/{}"),
        ("registration", "/imports/{}"),
        ("registration", "/imports/{}/refused"),
        ("archives", "/archives/{}"),
    ],
)
@pytest.mark.parametrize(
    "name",
    [
        "%7B%22$gt%22:%22%22%7D",
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "stay%23",
        "%EF%BF%BF",
        "x" * 5000,
        "%ff",
        "'%20or%201=1",
    ],
)
async def test_a_path_that_names_nothing_is_not_found(houniao: Instance, service: str, path: str, name: str) -> None:
    async with houniao.client(service, "admin", "") as admin:
        answer = await admin.get(path.format(name))

    assert answer.status_code in (404, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["%7B%22$gt%22:%22%22%7D", "x#00000001", "%00", "x" * 5000])
async def test_nothing_is_decided_about_what_does_not_exist(houniao: Instance, name: str) -> None:
    async with houniao.client("registration", "admin", "") as admin:
        for decision in ("confirmation", "retraction"):
            answer = await admin.post(f"/stays/{name}/{decision}")

            assert answer.status_code in (404, 405), answer.text
    entry = BODIES[f"/archives/{PERSON}/entries"]
    async with houniao.client("archives", "health_worker", STREET) as worker:
        answer = await worker.post(f"/archives/{name}/entries", json=entry)

    assert answer.status_code in (404, 405, 422), answer.text


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("reporting", "/flows?division=320507&from=2026-02-01&to=2026-01-01"),
        ("reporting", "/flows?division=320507&from=0001-01-01&to=9999-12-31"),
        ("reporting", "/flows?division=320507&from=2026-02-30&to=2026-03-01"),
        ("reporting", "/flows?division=320507"),
        ("reporting", "/scores?division=320507&from=0001-01-01&to=9999-12-31"),
        ("feeds", "/feeds/stays?after=-1&division=320507"),
        ("feeds", "/feeds/stays?after=99999999999999999999999&division=320507"),
        ("feeds", "/feeds/stays?wait=3600&division=320507"),
        ("feeds", "/feeds/stays"),
        ("outreach", "/activities?division=320507&since=yesterday&until=today"),
        ("feeds", "/parked?limit=0"),
    ],
)
async def test_numbers_and_periods_out_of_bounds_are_refused(houniao: Instance, service: str, path: str) -> None:
    async with houniao.client(service, "admin", "") as admin:
        answer = await admin.get(path)

    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_route_or_method_that_does_not_exist_is_refused_alike(houniao: Instance) -> None:
    async with clerk(houniao) as client:
        nowhere, wrong_method = await client.get("/nowhere"), await client.delete("/arrivals")

    assert_problem(nowhere, 404, "not_found")
    assert_problem(wrong_method, 405, "method_not_allowed")


# Spreadsheets


@pytest.mark.parametrize(
    ("filename", "content", "code"),
    [
        ("a.xlsx", b"this is no workbook", "not_a_workbook"),
        ("a.xlsx", b"PK\x03\x04 cut off", "not_a_workbook"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut off", "not_a_workbook"),
        ("a.csv", "一,二\n三,四\n".encode(), "no_header_row"),
        ("a.csv", b"", None),
        ("a.xlsx", b"", None),
        ("a.csv", b"\x00\x01\x02\xff" * 300, None),
        ("photo.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 99, None),
    ],
)
async def test_a_file_that_is_no_register_is_refused(
    houniao: Instance, filename: str, content: bytes, code: str | None
) -> None:
    async with clerk(houniao) as client:
        answer = await client.post("/imports", data={"street": STREET}, files={"file": (filename, content)})

    found = answer.json()["code"]
    assert code in (None, found)
    assert_problem(answer, 422, found)
    assert found in ("not_a_workbook", "no_header_row", "encoding", "malformed")


async def test_an_import_without_a_file_or_a_street_is_refused(houniao: Instance) -> None:
    async with clerk(houniao) as client:
        without_file = await client.post("/imports", data={"street": STREET})
        without_street = await client.post("/imports", files={"file": ("a.csv", b"x")})
        text_for_file = await client.post("/imports", data={"street": STREET, "file": "text"})

    for answer in (without_file, without_street, text_for_file):
        assert_problem(answer, 422, "malformed")


# RabbitMQ


async def parked_reasons(houniao: Instance, count: int = 1) -> list[str]:
    async def found() -> Any:
        documents = await houniao.database("registration")["parked"].find().to_list(None)
        return documents if len(documents) >= count else None

    return sorted(document["reason"] for document in await eventually(found, within=10))


async def test_a_report_that_does_not_say_who_sends_it_is_parked_and_not_answered(
    houniao: Instance, stack: Stack
) -> None:
    async with office_at(stack, STREET) as office:
        await office.send("arrival", make_arrival(), user_id=None)
        reasons = await parked_reasons(houniao)

        assert reasons == ["refused: user_id_missing"]
        assert await office.hears_nothing()


async def test_the_broker_refuses_a_sender_who_says_to_be_another(stack: Stack, houniao: Instance) -> None:
    async with office_at(stack, STREET) as office:
        with pytest.raises(ChannelPreconditionFailed):
            await office.send("arrival", make_arrival(), user_id="office-320507002")


@pytest.mark.parametrize(
    "key", ["320507002.arrival", "320812001.departure", f"{STREET}.anything", f"{STREET}x.arrival"]
)
async def test_the_broker_refuses_an_office_that_reports_for_another_street(
    stack: Stack, houniao: Instance, key: str
) -> None:
    async with office_at(stack, STREET) as office:
        with pytest.raises(ChannelAccessRefused):
            await office.send("arrival", make_arrival(), key=key)


async def test_whoever_gets_past_the_broker_with_another_streets_key_is_refused_all_the_same(
    houniao: Instance, stack: Stack
) -> None:
    async with office_at(stack, "320507002") as office, await aio_pika.connect(stack.rabbitmq_url()) as admin:
        channel = await admin.channel()
        message = aio_pika.Message(json.dumps(make_arrival()).encode(), user_id="houniao-admin")
        exchange = await channel.get_exchange("offices")
        await exchange.publish(message, routing_key="320507002.arrival")

        assert await parked_reasons(houniao) == ["refused: not_your_street"]
        assert await office.hears_nothing(0.2)


@pytest_asyncio.fixture(loop_scope="module")
async def victims(stack: Stack, houniao: Instance) -> AsyncIterator[list[AbstractQueue]]:
    """Yield queues that an office must not make us write into: another service's, and another office's."""
    async with await aio_pika.connect(stack.rabbitmq_url()) as admin:
        channel = await admin.channel()
        other_office = await channel.declare_queue("office.320507002", durable=True)
        other_service = await channel.declare_queue("archives.victim", durable=True)
        yield [other_office, other_service]
        await other_office.delete(if_empty=False)
        await other_service.delete(if_empty=False)


async def test_an_answer_goes_to_the_offices_own_queue_and_to_no_other(
    houniao: Instance, stack: Stack, victims: list[AbstractQueue]
) -> None:
    async with office_at(stack, STREET) as office:
        for queue in victims:
            await office.send("arrival", {**make_arrival(), "name": "=1+1"}, reply_to=queue.name)
        answer = await office.report("arrival", {**make_arrival(), "name": "=1+1"})

        assert answer["code"] == "bad_name"
        assert [await queue.get(fail=False) for queue in victims] == [None, None]
        assert await office.hears_nothing(0.2)


async def test_an_office_that_no_longer_listens_stops_nobody(houniao: Instance, stack: Stack) -> None:
    async with office_at(stack, STREET) as office:
        bad = {**make_arrival(), "name": "=1+1"}
        await office.answers.delete()
        await office.send("arrival", bad)

        async with office_at(stack, "320507002") as other:
            answer = await other.report("arrival", bad)

        assert answer["code"] == "bad_name"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b"\xff\xfe", "body"),
        ({"name": 7}, "name"),
        ({"name": "长" * 2000}, "name"),
        ({"arrived_on": {"$gt": ""}}, "arrived_on"),
    ],
)
async def test_a_malformed_report_is_answered_and_parked(
    houniao: Instance, stack: Stack, body: Any, field: str
) -> None:
    async with office_at(stack, STREET) as office:
        answer = await office.report("arrival", body)

        assert (answer["outcome"], answer["code"], answer["field"]) == ("refused", "malformed", field)
        assert answer["advice"]
        assert await parked_reasons(houniao) == [f"malformed: {field}"]


async def test_a_report_that_is_too_large_is_answered_and_parked_unread(houniao: Instance, stack: Stack) -> None:
    async with office_at(stack, STREET) as office:
        answer = await office.report("arrival", make_arrival() | {"address": "路" * 400_000})

        assert (answer["outcome"], answer["code"], answer["field"]) == ("refused", "too_large", "body")
        assert answer["advice"]
        assert await parked_reasons(houniao) == ["refused: too_large"]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"name": "=1+1"}, "bad_name", "name"),
        ({"document_number": ""}, "missing", "document_number"),
        ({"arrived_on": "2999-01-01"}, "future_date", "arrived_on"),
    ],
)
async def test_a_refused_report_is_answered_with_code_field_and_advice(
    houniao: Instance, stack: Stack, changes: dict[str, str], code: str, field: str
) -> None:
    async with office_at(stack, STREET) as office:
        answer = await office.report("arrival", {**make_arrival(), **changes})

    assert (answer["outcome"], answer["code"], answer["field"]) == ("refused", code, field)
    assert answer["advice"]
    assert make_arrival()["document_number"] not in str(answer)


@pytest.mark.parametrize("service", ["registration", "archives", "outreach", "reporting", "feeds"])
async def test_what_is_no_known_fact_is_parked_on_every_services_queue(
    houniao: Instance, stack: Stack, service: str
) -> None:
    bodies = [b"{", b"42", b'{"type":"weather.rain_fell.v1"}', b'[{"type":"weather.snow_fell.v1"},7]']
    async with await aio_pika.connect(stack.rabbitmq_url()) as admin:
        channel = await admin.channel()
        for body in bodies:
            await channel.default_exchange.publish(aio_pika.Message(body), routing_key=f"{service}.{houniao.name}")

        async def all_parked() -> bool:
            return await houniao.database(service)["parked"].count_documents({}) == 5

        await eventually(all_parked, within=10)
        queue = await channel.get_queue(f"{service}.{houniao.name}")
        assert queue.declaration_result.message_count == 0
