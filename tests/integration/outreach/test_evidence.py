"""Evidence over HTTP on real servers: refused while something is missing, then complete, and read back as kept."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from services.outreach.commands.files import GIVEN_UP_AFTER, sweep
from services.outreach.views.files import FILES, UPLOADS
from services.runtime.journal import JOURNAL
from services.runtime.service import Service
from services.runtime.settings import Settings
from tests.support.instance import Instance, running_instance
from tests.support.pictures import bomb, document, pdf, photo

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, ELSEWHERE = "320507001", "320812008"
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
PLAN = {"street": STREET, "kind": "lecture", "topic": "高血压", "planned_on": "2026-11-20"}


class Clock:
    """A clock that is put forward by hand."""

    moment = NOW

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack, clock: Clock) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["outreach"], clock=clock) as instance:
        yield instance


@pytest_asyncio.fixture(loop_scope="module")
async def worker(houniao: Instance) -> AsyncIterator[httpx.AsyncClient]:
    async with houniao.client("outreach", "health_worker", STREET) as client:
        yield client


async def planned(worker: httpx.AsyncClient, **more: Any) -> str:
    answer = await worker.post("/activities", json={**PLAN, **more})
    assert answer.status_code == 201, answer.text
    activity_id: str = answer.json()["activity_id"]
    return activity_id


async def held(worker: httpx.AsyncClient) -> str:
    activity_id = await planned(worker)
    answer = await worker.post(f"/activities/{activity_id}/hold", json={"held_on": "2026-11-20", "attendance": 31})
    assert answer.status_code == 200, answer.text
    return activity_id


async def file(worker: httpx.AsyncClient, activity_id: str, item: str, content: bytes, key: str = "") -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    at, sent = f"/activities/{activity_id}/evidence", {"file": ("photo.jpg", content)}
    return await worker.post(at, files=sent, data={"item": item}, headers=headers)


async def counted(houniao: Instance) -> tuple[int, int, int, int]:
    database = houniao.database("outreach")
    names = (JOURNAL, UPLOADS, f"{FILES}.files", f"{FILES}.chunks")
    commits, uploads, kept, pieces = [await database[name].count_documents({}) for name in names]
    return commits, uploads, kept, pieces


async def test_a_pack_without_a_photo_is_refused_and_complete_with_it(worker: httpx.AsyncClient) -> None:
    activity_id = await held(worker)
    for item in ("notice", "sign_in", "materials", "summary", "evaluation"):
        assert (await file(worker, activity_id, item, pdf(item.encode()))).status_code == 201

    refused = await worker.post(f"/activities/{activity_id}/evidence/complete")
    filed = await file(worker, activity_id, "photo", photo())
    complete = await worker.post(f"/activities/{activity_id}/evidence/complete")

    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (409, "evidence_missing", "photo")
    assert "照片" in refused.json()["detail"]
    assert (filed.json()["missing"], filed.json()["complete"]) == ([], True)
    assert complete.status_code == 200
    assert len(complete.json()["files"]) == 6


async def test_a_file_is_read_back_as_it_is_kept_and_to_be_saved_only(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    activity_id = await held(worker)
    (kept,) = (await file(worker, activity_id, "photo", photo(800, 600))).json()["files"]
    at = f"/activities/{activity_id}/evidence/{kept['file']['file_id']}"

    whole, small = await worker.get(at), await worker.get(at, params={"thumbnail": True})
    async with houniao.client("outreach", "health_worker", ELSEWHERE) as stranger:
        elsewhere = await stranger.get(at)
    async with houniao.client("outreach", "integrator", STREET) as other:
        role = await other.get(at)

    assert sha256(whole.content).hexdigest() == kept["file"]["sha256"]
    assert (len(whole.content), whole.headers["content-type"]) == (kept["file"]["size"], "image/jpeg")
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-disposition"].startswith("attachment; ")
    assert b"SecretCamera" not in whole.content
    assert len(small.content) < len(whole.content)
    assert (elsewhere.status_code, role.status_code) == (404, 403)


@pytest.mark.parametrize(
    ("item", "content", "code"),
    [
        ("photo", b"no picture at all", "not_a_picture"),
        ("photo", pdf(), "not_a_picture"),
        ("photo", bomb(), "too_many_pixels"),
        ("photo", photo() + document(), "polyglot"),
        ("photo", photo() + bytes(10 << 20), "too_large"),
        ("summary", b"MZ\x90\x00", "wrong_type"),
        ("summary", pdf(b"/JavaScript"), "active_content"),
        ("summary", b"", "empty_file"),
    ],
)
async def test_a_file_that_is_refused_leaves_nothing(
    houniao: Instance, worker: httpx.AsyncClient, item: str, content: bytes, code: str
) -> None:
    activity_id = await held(worker)
    before = await counted(houniao)

    refused = await file(worker, activity_id, item, content)

    assert refused.json()["code"] == code, refused.text
    assert await counted(houniao) == before


@pytest.mark.parametrize("item", ["photo", "sign_in", "summary", "evaluation"])
async def test_of_what_was_not_held_there_is_no_photo(houniao: Instance, worker: httpx.AsyncClient, item: str) -> None:
    activity_id = await planned(worker)
    before = await counted(houniao)

    refused = await file(worker, activity_id, item, photo())

    assert (refused.status_code, refused.json()["code"]) == (409, "not_held")
    assert await counted(houniao) == before


async def test_the_same_request_again_and_the_same_photo_again_are_one_file(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    activity_id = await held(worker)

    first = await file(worker, activity_id, "photo", photo(), key=activity_id)
    again = await file(worker, activity_id, "photo", photo(), key=activity_id)
    after = await counted(houniao)
    anew = await file(worker, activity_id, "photo", photo())

    assert first.json() == again.json() == anew.json()
    assert len(first.json()["files"]) == 1
    assert (await counted(houniao))[:1] == after[:1]


async def test_what_no_fact_came_to_name_is_swept_and_nothing_else(
    houniao: Instance, worker: httpx.AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    activity_id = await held(worker)
    service: Service = houniao.apps["outreach"].state.service
    (kept,) = (await file(worker, activity_id, "photo", photo())).json()["files"]
    clock.moment += GIVEN_UP_AFTER + timedelta(seconds=1)
    await sweep(service)
    before = await counted(houniao)

    async def dies(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(service.journal, "record_one", dies)
        with pytest.raises(ConnectionError):
            await file(worker, activity_id, "photo", photo(colour="red"))
    left = await counted(houniao)
    early = await sweep(service)
    clock.moment += GIVEN_UP_AFTER + timedelta(seconds=1)
    removed = await asyncio.gather(sweep(service), sweep(service))

    assert left[1:3] == (before[1] + 1, before[2] + 2), "the note, the photo and its thumbnail"
    assert early == 0
    assert max(removed) == 1
    assert await counted(houniao) == before
    at = f"/activities/{activity_id}/evidence/{kept['file']['file_id']}"
    assert (await worker.get(at)).status_code == 200


async def test_a_file_that_a_fact_names_is_kept_though_nobody_noted_it(
    houniao: Instance, worker: httpx.AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    activity_id = await held(worker)
    service: Service = houniao.apps["outreach"].state.service

    async def dies(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr("services.outreach.commands.evidence.settle", dies)
        with pytest.raises(ConnectionError):
            await file(worker, activity_id, "photo", photo())
    clock.moment += GIVEN_UP_AFTER + timedelta(seconds=1)
    before = await counted(houniao)
    await sweep(service)
    pack = (await worker.get(f"/activities/{activity_id}/evidence")).json()

    assert (await counted(houniao))[1:] == (before[1] - 1, *before[2:])
    at = f"/activities/{activity_id}/evidence/{pack['files'][0]['file']['file_id']}"
    assert (await worker.get(at)).status_code == 200


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (b"stream: OK\0", 201, None),
        (b"stream: Eicar-Signature FOUND\0", 422, "infected"),
        (b"INSTREAM size limit exceeded. ERROR\0", 503, "scanner_away"),
        (b"", 503, "scanner_away"),
    ],
)
async def test_a_file_is_let_through_only_if_the_scanner_says_so(
    houniao: Instance,
    worker: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    answer: bytes,
    status: int,
    code: str | None,
) -> None:
    activity_id, seen = await planned(worker), bytearray()

    async def clamd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(10) == b"zINSTREAM\0"
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            seen.extend(await reader.readexactly(size))
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(clamd, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        _scan_at(houniao, monkeypatch, f"127.0.0.1:{port}")
        filed = await file(worker, activity_id, "notice", pdf())

    assert (filed.status_code, filed.json().get("code")) == (status, code)
    assert bytes(seen) == pdf()


async def test_without_its_scanner_nothing_is_let_through(
    houniao: Instance, worker: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    activity_id = await planned(worker)
    _scan_at(houniao, monkeypatch, "127.0.0.1:9")

    refused = await file(worker, activity_id, "notice", pdf())

    assert (refused.status_code, refused.json()["code"]) == (503, "scanner_away")


def _scan_at(houniao: Instance, monkeypatch: pytest.MonkeyPatch, clamd: str) -> None:
    service: Service = houniao.apps["outreach"].state.service
    settings: Settings = service.settings.model_copy(update={"clamd": clamd})
    monkeypatch.setattr(service, "settings", settings)


@pytest.mark.parametrize(
    ("step", "body", "code"),
    [
        ("hold", {"held_on": "2026-11-01", "attendance": 3}, "held_before_planned"),
        ("hold", {"held_on": "2026-11-20", "attendance": 3, "street": "320507002"}, "another_street"),
        ("hold", {"held_on": "2027-11-20", "attendance": 3}, "future_date"),
        ("evaluate", {"evaluated_on": "2026-11-20", "asked": 3, "satisfied": 3}, "not_held"),
        ("publicise", {"publicised_on": "2027-11-01", "channels": ["sms"]}, "publicised_at_wrong_time"),
        ("evidence/complete", None, "not_held"),
    ],
)
async def test_what_can_not_be_is_refused_and_leaves_the_activity_as_it_was(
    houniao: Instance, worker: httpx.AsyncClient, step: str, body: Any, code: str
) -> None:
    activity_id = await planned(worker)
    before = await counted(houniao)

    refused = await worker.post(f"/activities/{activity_id}/{step}", json=body)

    assert (refused.status_code, refused.json()["code"]) == (409, code), refused.text
    assert await counted(houniao) == before


async def test_what_was_held_is_not_cancelled_and_what_was_cancelled_not_held(worker: httpx.AsyncClient) -> None:
    first, second = await held(worker), await planned(worker)
    cancelled = await worker.post(f"/activities/{second}/cancel", json={"cancel_reason": "weather"})
    answers = [
        await worker.post(f"/activities/{first}/cancel", json={"cancel_reason": "weather"}),
        await worker.post(f"/activities/{first}/hold", json={"held_on": "2026-11-20", "attendance": 32}),
        await worker.post(f"/activities/{second}/hold", json={"held_on": "2026-11-20", "attendance": 3}),
        await file(worker, second, "notice", pdf()),
    ]

    assert cancelled.json()["state"] == "cancelled"
    assert [answer.json()["code"] for answer in answers] == ["already_held", "already_held", "cancelled", "cancelled"]


async def test_an_activity_goes_its_whole_way(worker: httpx.AsyncClient) -> None:
    segment = {"youngest": 60, "categories": ["elderly_65"]}
    budget = [{"item": "materials", "planned": 20000}]
    activity_id = await planned(worker, segment=segment, speakers=["doctor-7"], budget=budget)
    steps = {
        "publicise": {"publicised_on": "2026-11-18", "channels": ["notice", "wechat"]},
        "hold": {"held_on": "2026-11-20", "attendance": 43, "counted_by": "heads"},
        "budget": {"lines": [{"item": "materials", "planned": 20000, "spent": 18650}]},
        "evaluate": {"evaluated_on": "2026-11-20", "asked": 40, "satisfied": 37, "knew": 33},
    }

    for step, body in steps.items():
        answer = await worker.post(f"/activities/{activity_id}/{step}", json=body)
        assert answer.status_code == 200, answer.text

    whole = (await worker.post(f"/activities/{activity_id}/evaluate", json=steps["evaluate"])).json()
    assert (whole["state"], whole["attendance"], whole["publicised_on"]) == ("evaluated", 43, "2026-11-18")
    assert (whole["budget"][0]["spent"], whole["evaluation"]["knew"]) == (18650, 33)
    assert (whole["speakers"], whole["segment"]["youngest"]) == (["doctor-7"], 60)
