"""A decision of several steps that is cut short by a crash is finished by itself, and answered when asked again."""

import contextlib
from collections.abc import AsyncIterator
from itertools import count
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.runtime.access import issue
from tests.faults.deployment import Deployment
from tests.faults.form import WHOLE_WITHIN, in_form
from tests.support.instance import eventually
from tests.support.ledger import find_losses
from tests.support.offices import make_arrival

A, B = "320507003", "320812003"
LIVED_SINCE, MOVED = "2026-03-01", "2026-06-15"

_orders = count(5000)


@contextlib.asynccontextmanager
async def clerk(houniao: Deployment) -> AsyncIterator[httpx.AsyncClient]:
    token = issue(houniao.stack.issuer_jwk(), services=["registration"], subject="clerk", role="clerk", division="32")
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=houniao.url("registration"), headers=headers, timeout=30) as client:
        yield client


async def moved(houniao: Deployment) -> tuple[str, str]:
    """Let somebody move, and wait until everything about it is known; give both stays."""
    arrival, stays = make_arrival(next(_orders)), []
    async with clerk(houniao) as client:
        for street, on in ((A, LIVED_SINCE), (B, MOVED)):
            answer = await client.post("/arrivals", json={**arrival, "street": street, "arrived_on": on})
            assert answer.status_code == 201, answer.text
            stays.append(answer.json()["stay_id"])
    await whole(houniao)
    return stays[0], stays[1]


async def whole(houniao: Deployment) -> None:
    async def nothing_lost() -> bool:
        return not await find_losses([houniao.databases])

    await eventually(nothing_lost, WHOLE_WITHIN, every=0.3)


async def stay(houniao: Deployment, stay_id: str) -> dict[str, Any]:
    async with clerk(houniao) as client:
        told: dict[str, Any] = (await client.get(f"/stays/{stay_id}")).json()["stay"]
        return told


@pytest.mark.parametrize(
    ("point", "call", "finished_by_itself"),
    in_form(
        short=[("decided, not recorded", 2, True)],
        long=[
            ("decided, not recorded", 1, False),
            ("recorded, not answered", 1, True),
            ("decided, not recorded", 2, True),
            ("recorded, not answered", 2, True),
        ],
    ),
)
async def test_a_confirmation_cut_short_by_a_crash_is_whole_afterwards(
    houniao: Deployment, point: str, call: int, finished_by_itself: bool
) -> None:
    old, _ = await moved(houniao)
    houniao.kill("registration")
    houniao.start("registration", point, str(call))
    await houniao.ready("registration")
    key = {"Idempotency-Key": uuid4().hex}

    with pytest.raises(httpx.TransportError):
        async with clerk(houniao) as client:
            await client.post(f"/stays/{old}/confirmation", headers=key)
    await houniao.crashes("registration")
    houniao.start("registration")
    await houniao.ready("registration")
    await whole(houniao)
    by_itself = await stay(houniao, old)
    async with clerk(houniao) as client:
        again = await client.post(f"/stays/{old}/confirmation", headers=key)

    assert by_itself["state"] == ("ended" if finished_by_itself else "contested")
    assert again.status_code == 200, again.text + houniao.tail("registration")
    assert (again.json()["state"], again.json()["ending"], again.json()["ended_on"]) == ("ended", "confirmed", MOVED)
    await whole(houniao)
    (named,) = await houniao.databases["registration"]["requests"].find().sort("asked_at", -1).limit(1).to_list(1)
    answers = {"stream": {"$regex": "^answer/"}, "causation_id": named["cause"]}
    assert await houniao.databases["registration"]["journal"].count_documents(answers) == 1


async def test_a_departure_recorded_but_not_answered_is_answered_when_asked_again(houniao: Deployment) -> None:
    arrival = make_arrival(next(_orders))
    left = {name: arrival[name] for name in ("document_type", "document_number")} | {"street": A, "left_on": MOVED}
    async with clerk(houniao) as client:
        arrived = await client.post("/arrivals", json={**arrival, "street": A, "arrived_on": LIVED_SINCE})
    await whole(houniao)
    houniao.kill("registration")
    houniao.start("registration", "recorded, not answered", "1")
    await houniao.ready("registration")
    key = {"Idempotency-Key": uuid4().hex}

    with pytest.raises(httpx.TransportError):
        async with clerk(houniao) as client:
            await client.post("/departures", json=left, headers=key)
    await houniao.crashes("registration")
    houniao.start("registration")
    await houniao.ready("registration")
    async with clerk(houniao) as client:
        again = await client.post("/departures", json=left, headers=key)

    assert again.status_code == 200, again.text + houniao.tail("registration")
    assert again.json()["ended_on"] == MOVED
    journal = houniao.databases["registration"]["journal"]
    ended = {"stream": f"stay/{arrived.json()['stay_id']}", "facts.key": {"$regex": "^registration.stay_ended"}}
    assert await journal.count_documents(ended) == 1
