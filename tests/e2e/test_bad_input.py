"""What goes wrong over HTTP, in bodies, queries, paths and spreadsheets: clear refusals, nothing half-applied."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn

from deploy.local.ports import free_port
from deploy.local.stack import Stack
from services.runtime.access import issue
from services.runtime.limits import MAX_BODY, MAX_UPLOAD
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival, make_departure
from tests.support.problems import assert_nothing_half_applied, assert_problem

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
    """Check after each test that nothing came of what was refused."""
    yield
    await assert_nothing_half_applied(houniao)


def clerk(houniao: Instance, street: str = STREET) -> httpx.AsyncClient:
    return houniao.client("registration", "clerk", street)


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
    token = issue(stack.issuer_jwk(), services=["registration"], subject="tester", role="clerk", division=STREET)
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

    assert (answer.status_code, answer.json()) == (200, {"stays": [], "cursor": None, "total": None})


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
    content = {"systolic": 120, "diastolic": 80}
    entry = {"street": STREET, "measured_at": "2026-01-01T00:00:00Z", "content": content}
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
