"""Who works with hazards is trained in time, schools have counselling rooms, whoever is new gets the core messages."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from contracts.envelope import Fact
from contracts.outreach.messages import Filled, MessageRequested, MessageSent, MessageState, Topic
from deploy.local.stack import Stack
from services.outreach.domain.templates import CORE_NUMBER
from tests.support.asking import post
from tests.support.instance import Instance, eventually, running_instance
from tests.support.letters import make_message
from tests.support.offices import make_arrival

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
STREET, ELSEWHERE = "320507001", "320507002"
HERE = {"division": STREET}
YEAR = {**HERE, "since": "2026-01-01", "until": "2026-12-31"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ("registration", "outreach"), clock=lambda: NOW) as instance:
        yield instance


@pytest_asyncio.fixture(loop_scope="module")
async def worker(houniao: Instance) -> AsyncIterator[httpx.AsyncClient]:
    async with houniao.client("outreach", "health_worker", STREET) as client:
        yield client


async def get(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await client.get(path, params={**HERE, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def arrive(houniao: Instance, order: int, street: str = STREET, **more: Any) -> str:
    """Let somebody arrive and wait until outreach has heard of it."""
    async with houniao.client("registration", "clerk", street) as clerk:
        body = {**make_arrival(order, more.pop("on", "2026-03-02")), "street": street, **more}
        person: str = (await post(clerk, "/arrivals", **body))["person_id"]
    residents = houniao.database("outreach")["residents"]
    await eventually(lambda: residents.find_one({"person_id": person, "street": street}))
    return person


def exposed(person: str, **more: Any) -> dict[str, Any]:
    return {"street": STREET, "person_id": person, "hazard": "dust", "since": "2026-04-01", **more}


async def test_training_is_due_before_the_job_and_then_each_year(houniao: Instance, worker: httpx.AsyncClient) -> None:
    school = {"street": STREET, "kind": "enterprise", "title": "东门水泥厂", "opened_on": "2010-01-01"}
    works = (await post(worker, "/institutions", **school))["institution_id"]
    trained = await arrive(houniao, 1, hazard="粉尘")
    untrained = await arrive(houniao, 2, hazard="粉尘")
    alone = await arrive(houniao, 3, hazard="噪声")
    await arrive(houniao, 4, hazard="无")
    first = await post(worker, "/exposures", **exposed(trained, institution_id=works))
    assert first["due"] == {"kind": "pre_job", "due_on": "2026-04-01"}
    assert await post(worker, "/exposures", **exposed(trained, institution_id=works)) == first
    await post(worker, "/exposures", **exposed(untrained))
    at = f"/exposures/{first['exposure_id']}"
    body = {"kind": "pre_job", "held_on": "2026-03-31", "hours": 4}
    once, again = [
        await worker.post(f"{at}/trainings", json=body, headers={"Idempotency-Key": "training-1"}) for _ in range(2)
    ]
    assert once.json() == again.json()
    assert once.json()["due"] == {"kind": "yearly", "due_on": "2027-04-01"}

    async def shown() -> bool:
        due = (await get(worker, "/exposures/due"))["exposures"]
        next_year = (await get(worker, "/exposures/due", by="2027-04-01", institution_id=works))["exposures"]
        unrecorded = (await get(worker, "/exposures/unrecorded"))["people"]
        return (
            [one["person_id"] for one in due] == [untrained]
            and [one["person_id"] for one in next_year] == [trained]
            and [(one["person_id"], one["due_on"]) for one in unrecorded] == [(alone, "2026-04-01")]
        )

    assert await eventually(shown)
    year = {**YEAR, "form": "csv"}
    (line,) = [
        line for line in (await worker.get("/listings/exposures", params=year)).text.splitlines() if trained in line
    ]
    assert line == f"{STREET},{trained},粉尘,2026-04-01,,{works},1,2026-03-31,每年,2027-04-01"
    covered = {one["hazard"]: one for one in await get(worker, "/exposures/coverage", **YEAR)}
    assert (covered["dust"]["in_time"], covered["dust"]["missed"], covered["dust"]["rate"]) == (1, 1, 0.5)
    assert (covered["noise"]["unrecorded"], covered["noise"]["rate"], covered["noise"]["met"]) == (1, 0.0, False)
    undone = await post(worker, f"{at}/trainings/{once.json()['trainings'][0]['training_id']}/withdrawal")
    assert undone["due"] == {"kind": "pre_job", "due_on": "2026-04-01"}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/exposures", {"since": "2026-11-21"}, 409, "future_date"),
        ("/exposures", {"hazard": "boredom"}, 422, "unknown_hazard"),
        ("/exposures", {"person_id": "9" * 32}, 404, "not_registered_here"),
        ("/exposures", {"institution_id": "7" * 32}, 404, "unknown_institution"),
        ("/exposures", {"street": ELSEWHERE}, 403, "outside_your_division"),
        ("trainings", {"held_on": "2026-11-21"}, 409, "future_date"),
        ("trainings", {"held_on": "2025-03-31"}, 409, "not_exposed_then"),
        ("trainings", {"hours": 0}, 422, "malformed"),
        ("trainings", {"activity_id": "7" * 32}, 404, "not_found"),
        ("ending", {"until": "2026-04-01"}, 409, "not_exposed_then"),
    ],
)
async def test_what_cant_be_so_is_refused_and_nothing_recorded(
    houniao: Instance, worker: httpx.AsyncClient, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    person = await arrive(houniao, 11)
    exposure = await post(worker, "/exposures", **exposed(person))
    usual = {
        "/exposures": exposed(person, hazard="heat"),
        "trainings": {"kind": "pre_job", "held_on": "2026-04-01", "hours": 2},
        "ending": {"until": "2026-11-01"},
    }[path]
    at = path if path.startswith("/") else f"/exposures/{exposure['exposure_id']}/{path}"
    journal = houniao.database("outreach")["journal"]
    before = await journal.count_documents({})

    answer = await worker.post(at, json={**usual, **body})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await journal.count_documents({}) == before


async def test_schools_have_counselling_rooms(worker: httpx.AsyncClient) -> None:
    told = {"street": STREET, "kind": "school", "title": "采莲小学", "opened_on": "2019-09-01"}
    school = (await post(worker, "/institutions", **told))["institution_id"]
    await post(worker, "/institutions", **{**told, "title": "东门小学"})
    market = (await post(worker, "/institutions", **{**told, "kind": "market"}))["institution_id"]
    opened = {"institution_id": school, "opened_on": "2025-09-01", "hours_per_week": 10}
    room = await post(worker, "/counselling-rooms", **opened)
    at = f"/counselling-rooms/{room['room_id']}"
    await post(worker, f"{at}/correction", opened_on="2025-09-01", hours_per_week=12.5)
    await post(worker, f"{at}/sessions", month="2026-09", sessions=3)
    await post(worker, f"{at}/sessions", month="2026-10", sessions=4)

    async def covered() -> bool:
        found = await get(worker, "/counselling-rooms/coverage", from_month="2026-10", to_month="2026-12")
        return bool(found == {"schools": 2, "rooms": 1, "rate": 0.5, "sessions": 4})

    assert await eventually(covered)
    (listed,) = (await get(worker, "/counselling-rooms"))["rooms"]
    assert (listed["hours_per_week"], len(listed["months"])) == (12.5, 2)
    rooms = await worker.get("/listings/counselling_rooms", params={**YEAR, "form": "csv"})
    assert rooms.text.splitlines()[1] == f"{STREET},{school},2025-09-01,12.5,7,"
    for path, body, code in (
        ("/counselling-rooms", {**opened, "institution_id": market}, "not_a_school"),
        (f"{at}/sessions", {"month": "2026-12", "sessions": 1}, "future_date"),
        (f"{at}/sessions", {"month": "2025-08", "sessions": 1}, "no_room_then"),
        (f"{at}/closing", {"closed_on": "2026-09-30"}, "no_room_then"),
    ):
        assert (await worker.post(path, json=body)).json()["code"] == code


def core_message(person: str, number: int, day: int) -> list[Fact]:
    """Make the facts of a core message that a gateway took so many days after the first of July."""
    message = make_message(
        f"{number:032x}",
        person_id=person,
        topic=Topic.CORE_MESSAGE,
        values=(Filled(field=CORE_NUMBER, text=str(number)),),
        next_at=None,
    )
    asked_at = datetime(2026, 7, 1, 2, 0, tzinfo=UTC) + timedelta(days=day)
    sent = message.model_copy(update={"state": MessageState.SENT, "asked_at": asked_at})
    return [MessageRequested(message=message), MessageSent(message=sent)]


async def test_who_is_new_and_missed_core_messages_is_listed(houniao: Instance, worker: httpx.AsyncClient) -> None:
    person = await arrive(houniao, 21, on="2026-07-01")
    await arrive(houniao, 22, on="2026-11-10")
    numbers = [one["number"] for one in (await worker.get("/core-messages")).json()["messages"]]
    journal = houniao.apps["outreach"].state.service.journal

    async def missed() -> dict[str, list[int]]:
        asked = {"since": "2026-06-01", "until": "2026-12-31"}
        found = await get(worker, "/newcomers/without-core-messages", **asked)
        return {one["person_id"]: one["missed"] for one in found["people"]}

    async def last_one_is_late() -> bool:
        return await missed() == {person: numbers[-1:]}

    assert await missed() == {person: numbers}
    said = [core_message(person, number, 31 if number == numbers[-1] else 30) for number in numbers]
    await journal.record([journal.commit(*facts, causation="test") for facts in said])
    assert await eventually(last_one_is_late)
