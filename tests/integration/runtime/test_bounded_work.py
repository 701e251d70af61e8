"""Nobody can make a service work for long, or wait for ever, by sending it little: each attack is refused in time."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import suppress
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import APIRoute, iter_route_contexts

from deploy.local.stack import Stack
from services.archives.fhir.reading import MOST_OBJECTS
from services.runtime import connections, limits, seats
from services.runtime.access import issue
from tests.support.attacks import answer_to, bundle_of_nothing, forget_memory_peak, memory_peak, served, workbook_of
from tests.support.instance import SERVICES, Instance, eventually, running_instance
from tests.support.offices import make_arrival
from tests.support.routes import SIGNED
from tests.support.subscriptions import subscribe

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, OTHER_STREET = "320507001", "320507002"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FHIR = {"Content-Type": "application/fhir+json"}
SOMEBODY = "0" * 32


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run the services once for all attacks."""
    async with running_instance(stack) as instance:
        yield instance


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ports(houniao: Instance) -> AsyncIterator[Mapping[str, int]]:
    """Serve registration, archives and feeds on real sockets."""
    async with (
        served(houniao.apps["registration"]) as registration,
        served(houniao.apps["archives"]) as archives,
        served(houniao.apps["feeds"]) as feeds,
    ):
        yield {"registration": registration, "archives": archives, "feeds": feeds}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def resident(houniao: Instance) -> str:
    """Register somebody and return the person id as soon as there is an archive."""
    async with houniao.client("registration", "clerk", STREET) as clerk:
        answer = await clerk.post("/arrivals", json={**make_arrival(1), "street": STREET})
    person: str = answer.json()["person_id"]
    await eventually(lambda: houniao.database("archives")["archives"].find_one({"person_id": person}))
    return person


def at(port: int, stack: Stack, role: str, division: str = STREET, subject: str = "tester") -> httpx.AsyncClient:
    """Return a client of a service on a socket, with a token."""
    token = issue(stack.issuer_jwk(), services=SERVICES, subject=subject, role=role, division=division)
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=300)


def upload(content: bytes, street: str = STREET) -> dict[str, Any]:
    return {"files": {"file": ("register.xlsx", content, XLSX)}, "data": {"street": street}}


# Files


@pytest.mark.parametrize(("service", "role"), [("registration", "clerk"), ("archives", "health_worker")])
async def test_a_workbook_of_ten_million_empty_cells_is_refused_before_each_is_looked_at(
    ports: Mapping[str, int], stack: Stack, service: str, role: str
) -> None:
    content = workbook_of(cells=10_500_000)
    assert len(content) < 200_000

    async with at(ports[service], stack, role) as sender:
        answer = await sender.post("/imports", **upload(content))

    assert (answer.status_code, answer.json()["code"]) == (422, "too_large")


async def test_others_are_answered_while_a_costly_workbook_is_read(ports: Mapping[str, int], stack: Stack) -> None:
    content = workbook_of(cells=2_000_000, texts=10_000_000)
    live = f"http://127.0.0.1:{ports['registration']}/health/live"

    async with at(ports["registration"], stack, "clerk") as sender, httpx.AsyncClient() as other:
        sending = asyncio.create_task(sender.post("/imports", **upload(content)))
        answers = []
        while not sending.done():
            answers.append((await other.get(live)).status_code)

    assert (await sending).json()["code"] == "no_header_row"
    assert len(answers) > 200
    assert set(answers) == {200}


@pytest.mark.parametrize(("service", "role"), [("registration", "clerk"), ("archives", "health_worker")])
async def test_the_process_that_serves_others_does_not_read_a_workbook(
    ports: Mapping[str, int], stack: Stack, service: str, role: str
) -> None:
    content = workbook_of(cells=4_000_000)
    async with at(ports[service], stack, role) as sender:
        answer, share = await _spend(sender.post("/imports", **upload(content)))

    assert answer.json()["code"] == "no_header_row"
    assert share < 0.2


async def test_the_process_that_serves_others_does_not_read_a_bundle(
    ports: Mapping[str, int], stack: Stack, resident: str
) -> None:
    content = bundle_of_nothing(entries=MOST_OBJECTS - 10)
    async with at(ports["archives"], stack, "supervisor", STREET[:6]) as sender:
        sending = sender.post(f"/archives/{resident}/fhir", content=content, headers=FHIR)
        answer, share = await _spend(sending)

    assert answer.json()["code"] == "not_ours"
    assert share < 0.2


async def _spend(sending: Awaitable[httpx.Response]) -> tuple[httpx.Response, float]:
    """Return an answer, and which part of the time until it came this process worked, all its threads together."""
    began, spent = time.monotonic(), time.process_time()
    answer = await sending
    return answer, (time.process_time() - spent) / (time.monotonic() - began)


async def test_a_workbook_that_would_fill_the_memory_fills_that_of_a_worker(
    houniao: Instance, ports: Mapping[str, int], stack: Stack
) -> None:
    content = workbook_of(texts=38_000_000)
    forget_memory_peak()
    before = memory_peak()

    async with at(ports["registration"], stack, "clerk") as sender:
        answer = await sender.post("/imports", **upload(content))

    assert (answer.status_code, answer.json()["code"]) == (422, "too_costly")
    assert memory_peak() - before < 200
    assert await houniao.database("registration")["imports"].count_documents({}) == 0


async def test_a_bundle_of_empty_objects_is_refused_and_its_objects_are_not_made(
    ports: Mapping[str, int], stack: Stack, resident: str
) -> None:
    content = bundle_of_nothing(entries=3_100_000)
    assert len(content) > 9_000_000
    forget_memory_peak()
    before = memory_peak()

    async with at(ports["archives"], stack, "supervisor", STREET[:6]) as sender:
        answer = await sender.post(f"/archives/{resident}/fhir", content=content, headers=FHIR)

    assert (answer.status_code, answer.json()["code"]) == (422, "too_costly")
    assert memory_peak() - before < 200


@pytest.mark.parametrize(("service", "role"), [("registration", "clerk"), ("archives", "health_worker")])
async def test_of_a_file_for_another_division_nothing_is_read(
    houniao: Instance, ports: Mapping[str, int], stack: Stack, service: str, role: str
) -> None:
    async with at(ports[service], stack, role) as sender:
        form = upload(workbook_of(cells=10), OTHER_STREET)
        answer = await sender.post("/imports", **form, headers={"Idempotency-Key": f"{service}-elsewhere"})

    assert (answer.status_code, answer.json()["code"]) == (403, "outside_your_division")
    assert await houniao.database(service)["requests"].count_documents({}) == 0, "its digest would be there"


# Who may not send


UPLOADS = (
    ("registration", "/imports", "multipart/form-data; boundary=edge", "health_worker"),
    ("archives", "/imports", "multipart/form-data; boundary=edge", "clerk"),
    ("archives", f"/archives/{SOMEBODY}/fhir", "application/fhir+json", "clerk"),
    ("registration", "/arrivals", "application/json", "health_worker"),
)


@pytest.mark.parametrize(("service", "path", "kind", "role"), UPLOADS)
async def test_the_refusal_of_a_caller_does_not_wait_for_the_body(
    ports: Mapping[str, int], stack: Stack, service: str, path: str, kind: str, role: str
) -> None:
    expired = issue(stack.issuer_jwk(), services=SERVICES, subject="tester", role="admin", division="", lifetime=-1)
    wrong = issue(stack.issuer_jwk(), services=SERVICES, subject="tester", role=role, division=STREET)

    for token, status, code in ((None, 401, "no_token"), (expired, 401, "bad_token"), (wrong, 403, "not_your_role")):
        bearer = f"Authorization: Bearer {token}\r\n" if token else ""
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{bearer}Content-Type: {kind}\r\nContent-Length: 900000\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", ports[service])
        writer.write(head.encode())
        answer = await asyncio.wait_for(reader.readuntil(b"}"), 5)
        writer.close()

        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        assert code.encode() in answer


@pytest.mark.parametrize("service", SERVICES)
async def test_no_route_reads_a_body_of_whoever_is_not_signed_in(houniao: Instance, service: str) -> None:
    app = houniao.apps[service]

    async def nothing_is_read() -> Any:
        raise AssertionError("the body was asked for")

    for context in iter_route_contexts(app.routes):
        if not isinstance(context.original_route, APIRoute) or context.methods == {"GET"} or context.path in SIGNED:
            continue
        told: list[Any] = []

        async def tell(message: Any, told: list[Any] = told) -> None:
            told.append(message)

        path = str(context.path).replace("{person_id}", SOMEBODY)
        scope = {"type": "http", "method": next(iter(context.methods or ())), "path": path, "raw_path": path.encode()}
        headers = [(b"content-type", b"application/json"), (b"content-length", b"100")]
        await app({**scope, "query_string": b"", "headers": headers}, nothing_is_read, tell)

        assert told[0]["status"] == 401, path


async def test_nobody_is_sent_elsewhere_for_a_slash(ports: Mapping[str, int]) -> None:
    head = b"GET /stays/ HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n"

    answer = await answer_to(ports["registration"], head)

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"elsewhere.example" not in answer


# What does not come


async def test_a_head_that_is_sent_by_half_ends_the_connection(
    ports: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_WITHIN", 0.2)
    port = ports["registration"]
    whole = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"

    assert await answer_to(port, b"") == b""
    assert (await answer_to(port, b"GET /health/live HTTP/1.1\r\nHost:")).startswith(b"HTTP/1.1 408 ")
    second = await answer_to(port, whole + whole[:20])
    assert second.count(b"HTTP/1.1 200 ") == second.count(b"HTTP/1.1 408 ") == 1


async def test_a_head_that_does_not_end_ends_the_connection(ports: Mapping[str, int]) -> None:
    head = b"GET / HTTP/1.1\r\nX: ".ljust(connections.LONGEST_HEAD + 1, b"x")
    answer = await answer_to(ports["registration"], head)

    assert answer.startswith(b"HTTP/1.1 431 ")


async def test_a_body_that_is_sent_by_half_is_given_up(
    ports: Mapping[str, int], stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STALLS_AFTER", 0.2)
    monkeypatch.setattr(connections, "LINGERS", 0.2)

    for _, path, kind, _ in UPLOADS[::3]:
        answer = await answer_to(ports["registration"], _head(stack, path, kind) + b"--edge\r\n")

        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"too_slow" in answer


async def test_a_body_that_trickles_in_is_given_up(
    ports: Mapping[str, int], stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BODY_WITHIN", 0.5)
    reader, writer = await asyncio.open_connection("127.0.0.1", ports["registration"])
    writer.write(_head(stack, "/arrivals", "application/json"))
    answering = asyncio.create_task(reader.readuntil(b"}"))

    for _ in range(100):
        writer.write(b" ")
        await asyncio.wait([answering], timeout=0.05)
        if answering.done():
            break
    writer.close()

    assert answering.done(), "it would have trickled for 5 seconds"
    assert (await answering).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_goes_on_after_its_refusal_ends_the_connection(
    ports: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LINGERS", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", ports["registration"])
    writer.write(b"POST /arrivals HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert (await asyncio.wait_for(reader.readuntil(b"}"), 5)).startswith(b"HTTP/1.1 401 ")

    closing = asyncio.create_task(reader.read())
    for _ in range(100):
        writer.write(b"1\r\nx\r\n")
        await asyncio.wait([closing], timeout=0.05)
        if closing.done():
            break
    writer.close()

    assert closing.done(), "it would have gone on for 5 seconds"
    await asyncio.gather(closing, return_exceptions=True)


async def test_a_connection_whose_refused_body_ends_is_used_again(ports: Mapping[str, int]) -> None:
    port = ports["registration"]
    asked = b"POST /arrivals HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    for _ in range(2):
        writer.write(asked)
        assert (await asyncio.wait_for(reader.readuntil(b"}"), 5)).startswith(b"HTTP/1.1 401 ")
        writer.write(b"abc")
    writer.close()


def _head(stack: Stack, path: str, kind: str) -> bytes:
    token = issue(stack.issuer_jwk(), services=SERVICES, subject="tester", role="clerk", division=STREET)
    return (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: 900000\r\n\r\n"
    ).encode()


# Too many


async def test_one_connection_too_many_is_told_so_and_health_is_still_answered(
    houniao: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 2)
    monkeypatch.setattr(connections, "LINGERS", 0.1)
    asked, health = b"GET /stays HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"

    async with served(houniao.apps["registration"]) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for reader, writer in held:
            writer.write(health)
            assert b" 200 " in await reader.readuntil(b"\r\n")

        third = await answer_to(port, asked)
        assert third.startswith(b"HTTP/1.1 503 ")
        assert b"too_many_connections" in third
        assert b"retry-after" in third
        assert (await answer_to(port, health)).startswith(b"HTTP/1.1 200 ")
        _, waiting = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionError):
            assert await answer_to(port, health) == b""

        for writer in (waiting, *(writer for _, writer in held)):
            writer.close()
            await writer.wait_closed()
        freed, again = await asyncio.open_connection("127.0.0.1", port)
        again.write(asked)
        assert b" 401 " in await freed.readuntil(b"\r\n")
        again.close()


async def test_one_reader_waits_only_so_often_and_keeps_no_other_from_it(
    houniao: Instance, ports: Mapping[str, int], stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "MOST_WAITING", 2)
    for reader in ("greedy", "other"):
        await subscribe(houniao, reader, STREET[:6])
    wait = {"wait": 2}

    async with (
        at(ports["feeds"], stack, "integrator", STREET[:6], "greedy") as greedy,
        at(ports["feeds"], stack, "integrator", STREET[:6], "other") as other,
    ):
        held = [asyncio.create_task(greedy.get("/feeds/stays", params=wait)) for _ in range(3)]
        done, waiting = await asyncio.wait(held, return_when=asyncio.FIRST_COMPLETED)
        at_once = await greedy.get("/feeds/stays")
        others = await other.get("/feeds/stays", params={"wait": 0.1})

        refused = [task.result() for task in done]
        assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(429, "too_many_waiting")]
        assert refused[0].headers["retry-after"]
        assert (at_once.status_code, others.status_code) == (200, 200)
        assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}
        assert (await greedy.get("/feeds/stays", params={"wait": 0.1})).status_code == 200
