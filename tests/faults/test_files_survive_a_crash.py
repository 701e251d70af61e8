"""Outreach killed between the store of files and the journal: no fact is lost, and no file is left that none names."""

import contextlib
from collections.abc import AsyncIterator
from hashlib import sha256
from uuid import uuid4

import httpx
import pytest

from services.outreach.views.files import FILES, UPLOADS
from services.runtime.access import issue
from tests.faults.deployment import Deployment
from tests.faults.form import WHOLE_WITHIN, in_form
from tests.support.instance import eventually
from tests.support.pictures import photo

STREET = "320507001"
PLAN = {"street": STREET, "kind": "campaign", "topic": "结核病防治", "planned_on": "2026-11-20"}
NEVER = str(10**9)
"""The call at which a service that shall not crash does."""


@contextlib.asynccontextmanager
async def worker(houniao: Deployment) -> AsyncIterator[httpx.AsyncClient]:
    token = issue(
        houniao.stack.issuer_jwk(), services=["outreach"], subject="worker", role="health_worker", division=STREET
    )
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=houniao.url("outreach"), headers=headers, timeout=30) as client:
        yield client


async def hand_in(houniao: Deployment, activity_id: str, content: bytes, key: str) -> httpx.Response:
    async with worker(houniao) as client:
        return await client.post(
            f"/activities/{activity_id}/evidence",
            files={"file": ("notice.jpg", content)},
            data={"item": "notice"},
            headers={"Idempotency-Key": key},
        )


async def kept(houniao: Deployment) -> tuple[int, set[str]]:
    """Return how many uploads are unsettled, and the ids of all files of which there is anything."""
    database = houniao.databases["outreach"]
    files = set(await database[f"{FILES}.files"].distinct("_id"))
    pieces = set(await database[f"{FILES}.chunks"].distinct("files_id"))
    return await database[UPLOADS].count_documents({}), files | pieces


@pytest.mark.parametrize(
    ("point", "call", "named"),
    in_form(
        short=[("noted, not stored", 2, False), ("stored, not recorded", 1, False), ("named, not settled", 1, True)],
        long=[
            ("noted, not stored", 1, False),
            ("noted, not stored", 2, False),
            ("stored, not recorded", 1, False),
            ("decided, not recorded", 1, False),
            ("recorded, not answered", 1, True),
            ("named, not settled", 1, True),
        ],
    ),
)
async def test_a_file_is_named_by_its_fact_or_swept(houniao: Deployment, point: str, call: int, named: bool) -> None:
    async with worker(houniao) as client:
        activity_id = (await client.post("/activities", json=PLAN)).json()["activity_id"]
    _, before = await kept(houniao)
    houniao.kill("outreach")
    houniao.start("outreach", point, str(call))
    await houniao.ready("outreach")
    key, content = uuid4().hex, photo(640, 480, colour="navy")

    with pytest.raises(httpx.TransportError):
        await hand_in(houniao, activity_id, content, key)
    await houniao.crashes("outreach")
    unsettled, _ = await kept(houniao)
    houniao.start("outreach", "marked", NEVER)
    await houniao.ready("outreach")

    async def swept() -> bool:
        return (await kept(houniao))[0] == 0

    await eventually(swept, WHOLE_WITHIN)
    _, after = await kept(houniao)
    again = await hand_in(houniao, activity_id, content, key)

    assert unsettled == 1
    assert len(after - before) == (2 if named else 0), "the picture and its thumbnail, or nothing"
    assert again.status_code == 201, again.text + houniao.tail("outreach")
    (filed,) = again.json()["files"]
    async with worker(houniao) as client:
        read = await client.get(f"/activities/{activity_id}/evidence/{filed['file']['file_id']}")
    assert sha256(read.content).hexdigest() == filed["file"]["sha256"]
    houniao.kill("outreach")
