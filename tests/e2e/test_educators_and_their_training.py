"""A street keeps its lecturers and volunteers, trains them, and sees who took part and for how many hours."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from tests.support.asking import post
from tests.support.instance import Instance, eventually, running_instance

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
STREET, ELSEWHERE = "320507001", "320507002"
LECTURER = {"street": STREET, "kind": "lecturer", "staff": "edu-1", "joined_on": "2025-03-01"}
HELD = {"street": STREET, "kind": "in_service", "topic": "健康素养66条", "held_on": "2026-10-20", "hours": 2.5}
YEAR = {"division": STREET, "since": "2026-01-01", "until": "2026-12-31"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ("outreach",), clock=lambda: NOW) as instance:
        yield instance


@pytest_asyncio.fixture(loop_scope="module")
async def worker(houniao: Instance) -> AsyncIterator[httpx.AsyncClient]:
    async with houniao.client("outreach", "health_worker", STREET) as client:
        yield client


async def test_educators_are_trained_and_their_share_is_told(houniao: Instance, worker: httpx.AsyncClient) -> None:
    first = await post(worker, "/educators", **LECTURER)
    assert await post(worker, "/educators", **LECTURER) == first
    await post(worker, "/educators", **{**LECTURER, "staff": "edu-2"})
    left = await post(worker, "/educators", **{**LECTURER, "staff": "edu-3"})
    await post(worker, f"/educators/{left['educator_id']}/release", left_on="2026-10-20")
    new = {**LECTURER, "kind": "volunteer", "staff": "v-1", "joined_on": "2026-09-01"}
    await post(worker, "/educators", **new)

    async def listed() -> bool:
        asked = {"division": STREET, "active_on": "2026-10-20"}
        found = (await worker.get("/educators", params=asked)).json()["educators"]
        return sorted(one["staff"] for one in found) == ["edu-1", "edu-2", "v-1"]

    assert await eventually(listed)
    key = {"Idempotency-Key": "training-1"}
    body = {**HELD, "participants": ["edu-1", "v-1"]}
    once = await worker.post("/trainings", json=body, headers=key)
    again = await worker.post("/trainings", json=body, headers=key)
    assert once.json() == again.json()
    await post(worker, "/trainings", **{**HELD, "kind": "pre_job", "held_on": "2026-08-30", "participants": ["v-1"]})

    async def shared() -> bool:
        found = (await worker.get("/trainings/participation", params=YEAR)).json()["counted"]
        told = {(one["educators"], one["kind"]): (one["expected"], one["took_part"], one["met"]) for one in found}
        return told == {
            ("lecturer", "in_service"): (2, 1, False),
            ("lecturer", "pre_job"): (0, 0, None),
            ("volunteer", "in_service"): (1, 1, True),
            ("volunteer", "pre_job"): (1, 1, True),
            ("staff", "in_service"): (0, 0, None),
            ("staff", "pre_job"): (0, 0, None),
        }

    assert await eventually(shared)
    page = (await worker.get("/trainings/hours", params={**YEAR, "limit": 1})).json()
    rest = (await worker.get("/trainings/hours", params={**YEAR, "cursor": page["cursor"]})).json()
    assert [(one["staff"], one["trainings"], one["hours"]) for one in [*page["people"], *rest["people"]]] == [
        ("edu-1", 1, 2.5),
        ("v-1", 2, 5.0),
    ]
    listed_then = await worker.get("/listings/educators", params={**YEAR, "form": "csv"})
    assert sorted(listed_then.content.decode("utf-8-sig").splitlines()[1:]) == [
        f"{STREET},志愿者,v-1,,2026-09-01,",
        f"{STREET},讲师团,edu-1,,2025-03-01,",
        f"{STREET},讲师团,edu-2,,2025-03-01,",
        f"{STREET},讲师团,edu-3,,2025-03-01,2026-10-20",
    ]
    trainings = await worker.get("/listings/trainings", params={**YEAR, "form": "csv"})
    assert trainings.content.decode("utf-8-sig").splitlines()[2] == (
        f"{STREET},2026-10-20,在岗,健康素养66条,2.5,2,edu-1、v-1,"
    )
    undone = await post(worker, f"/trainings/{once.json()['training_id']}/withdrawal")
    assert undone["withdrawn"]

    async def fewer_hours() -> bool:
        found = (await worker.get("/trainings/hours", params=YEAR)).json()["people"]
        return [(one["staff"], one["hours"]) for one in found] == [("v-1", 2.5)]

    assert await eventually(fewer_hours)
    async with houniao.client("outreach", "health_worker", ELSEWHERE) as neighbour:
        assert (await neighbour.post(f"/trainings/{undone['training_id']}/withdrawal")).status_code == 404
        assert (await neighbour.get(f"/educators/{first['educator_id']}")).status_code == 404


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"held_on": "2026-11-21"}, 409, "future_date"),
        ({"participants": ["nobody"]}, 409, "not_an_educator_then"),
        ({"participants": ["edu-1", "edu-1"]}, 422, "named_twice"),
        ({"participants": ["王芳"]}, 422, "malformed"),
        ({"hours": 0}, 422, "malformed"),
        ({"hours": -1}, 422, "malformed"),
        ({"hours": 1.1}, 422, "malformed"),
        ({"meant_for": []}, 422, "malformed"),
        ({"topic": "联系13812345678"}, 422, "malformed"),
        ({"institution_id": "7" * 32}, 404, "unknown_institution"),
        ({"activity_id": "7" * 32}, 404, "not_found"),
        ({"street": ELSEWHERE}, 403, "outside_your_division"),
    ],
)
async def test_what_cant_be_a_training_is_refused_and_nothing_recorded(
    houniao: Instance, worker: httpx.AsyncClient, changed: dict[str, Any], status: int, code: str
) -> None:
    journal = houniao.database("outreach")["journal"]
    before = await journal.count_documents({})

    answer = await worker.post("/trainings", json={**HELD, "participants": ["edu-1"], **changed})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await journal.count_documents({}) == before
