"""A street sees who is in need, opens cases, visits and pairs, and sees what is late and how far its campaign is."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from tests.support.asking import post
from tests.support.instance import Instance, eventually, running_instance
from tests.support.offices import make_arrival, make_departure

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 2, 20, 2, 0, tzinfo=UTC)
STREET, ELSEWHERE = "320507001", "320507002"
WINDOW: dict[str, str | int] = {"division": STREET, "occasion": "new_year_care", "year": 2026}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ("registration", "outreach"), clock=lambda: NOW) as instance:
        yield instance


@pytest_asyncio.fixture(loop_scope="module")
async def worker(houniao: Instance) -> AsyncIterator[httpx.AsyncClient]:
    async with houniao.client("outreach", "health_worker", STREET) as client:
        yield client


async def arrive(houniao: Instance, order: int, street: str = STREET, **more: Any) -> str:
    """Let somebody arrive and wait until outreach has heard of it."""
    async with houniao.client("registration", "clerk", street) as clerk:
        body = {**make_arrival(order, more.pop("on", "2025-10-01")), "street": street, **more}
        person: str = (await post(clerk, "/arrivals", **body))["person_id"]
    residents = houniao.database("outreach")["residents"]
    await eventually(lambda: residents.find_one({"person_id": person, "street": street}))
    return person


def case_of(person: str, need: str = "hardship", opened_on: str = "2025-11-01") -> dict[str, Any]:
    return {"street": STREET, "person_id": person, "need": need, "opened_on": opened_on}


async def people(worker: httpx.AsyncClient, need: str) -> dict[str, str | None]:
    found = (await worker.get("/care/people", params={"division": STREET, "need": need})).json()["people"]
    return {one["person_id"]: one["case_id"] for one in found}


async def test_a_street_cares_for_those_in_need(houniao: Instance, worker: httpx.AsyncClient) -> None:
    poor = await arrive(houniao, 1, hardship="低保")
    second = await arrive(houniao, 2, hardship="特困", left_behind="是")
    returned = await arrive(houniao, 3, on="2026-01-20", hukou_division="320507")
    await arrive(houniao, 4, on="2026-01-20", hukou_division="411503")
    assert set(await people(worker, "hardship")) == {poor, second}
    assert set(await people(worker, "returnee")) == {returned}

    first = await post(worker, "/care-cases", **case_of(poor), household=[second])
    assert await post(worker, "/care-cases", **case_of(poor), household=[second]) == first
    other = await post(worker, "/care-cases", **case_of(second))
    at = f"/care-cases/{first['case']['case_id']}"
    given = [{"kind": "money", "quantity": 50_000}, {"kind": "goods", "quantity": 1}]
    visit = {"visited_on": "2026-02-03", "visited_by": "v-2", "help": given}
    key = {"Idempotency-Key": "visit-1"}
    once, again = [await worker.post(f"{at}/visits", json=visit, headers=key) for _ in range(2)]
    assert once.json() == again.json()
    assert len(once.json()["case"]["visits"]) == 1
    await post(worker, f"{at}/pairing", paired_on="2026-02-03", staff="v-2")

    async def shown() -> bool:
        late = (await worker.get("/care-cases/unvisited", params={"division": STREET})).json()["cases"]
        known = await people(worker, "hardship")
        return [one["case"]["case_id"] for one in late] == [other["case"]["case_id"]] and None not in known.values()

    assert await eventually(shown)
    progress = (await worker.get("/care/progress", params=WINDOW)).json()
    assert progress["needs"][0] == {"need": "hardship", "cases": 2, "visited": 1, "rate": 0.5, "left": 0}
    assert [(one["kind"], one["quantity"]) for one in progress["help"]] == [("money", 50_000), ("goods", 1)]
    year = {"division": STREET, "since": "2026-01-01", "until": "2026-12-31"}
    visits = await worker.get("/listings/care_visits", params={**year, "form": "csv"})
    cases = await worker.get("/listings/care_cases", params=year)
    assert visits.content.decode("utf-8-sig").splitlines()[1:] == [
        f"{STREET},{poor},特困,2026-02-03,v-2,慰问金 50000 分、慰问品 1 份"
    ]
    assert cases.content.startswith(b"PK")
    made = once.json()["case"]["visits"][0]["visit_id"]
    undone = await post(worker, f"{at}/visits/{made}/withdrawal")
    assert await post(worker, f"{at}/visits/{made}/withdrawal") == undone
    assert (undone["case"]["visits"][0]["withdrawn"], undone["last_seen_on"]) == (True, "2025-11-01")
    assert (await worker.post(f"{at}/visits/{'7' * 32}/withdrawal")).status_code == 404


async def test_who_leaves_is_shown_so_and_comes_back_with_the_stay(
    houniao: Instance, worker: httpx.AsyncClient
) -> None:
    person = await arrive(houniao, 11)
    case = await post(worker, "/care-cases", **case_of(person, "disabled"))
    at = f"/care-cases/{case['case']['case_id']}"
    assert case["standing"] == "open"
    async with houniao.client("registration", "clerk", STREET) as clerk:
        await post(clerk, "/departures", **make_departure(make_arrival(11), "2026-02-10"), street=STREET)

    async def has_left() -> bool:
        return bool((await worker.get(at)).json()["standing"] == "left")

    assert await eventually(has_left)
    late = (await worker.get("/care-cases/unvisited", params={"division": STREET})).json()["cases"]
    assert case["case"]["case_id"] not in [one["case"]["case_id"] for one in late]
    seen = await post(worker, f"{at}/visits", visited_on="2026-02-09", visited_by="v-2")
    assert (seen["standing"], len(seen["case"]["visits"])) == ("left", 1)
    await arrive(houniao, 11, on="2026-02-15")

    async def is_back() -> bool:
        return bool((await worker.get(at)).json()["standing"] == "open")

    assert await eventually(is_back)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/care-cases", {"opened_on": "2026-02-21"}, 409, "future_date"),
        ("/care-cases", {"person_id": "9" * 32}, 404, "not_registered_here"),
        ("/care-cases", {"household": ["9" * 32]}, 404, "not_registered_here"),
        ("/care-cases", {"street": ELSEWHERE}, 403, "outside_your_division"),
        ("/care-cases", {"need": "vanity"}, 422, "malformed"),
        ("visits", {"visited_on": "2025-10-31"}, 409, "no_case_then"),
        ("visits", {"visited_on": "2026-02-21"}, 409, "future_date"),
        ("visits", {"visited_by": "王芳"}, 422, "malformed"),
        ("visits", {"help": [{"kind": "gold", "quantity": 1}]}, 422, "unknown_help"),
        ("visits", {"help": [{"kind": "money", "quantity": 0}]}, 422, "malformed"),
        ("visits", {"activity_id": "7" * 32}, 404, "not_found"),
        ("pairing", {"institution_id": "7" * 32}, 404, "unknown_institution"),
        ("pairing", {}, 422, "staff_or_institution"),
        ("closing", {"closed_on": "2025-10-31"}, 409, "no_case_then"),
    ],
)
async def test_what_cant_be_so_is_refused_and_nothing_recorded(
    houniao: Instance, worker: httpx.AsyncClient, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    person = await arrive(houniao, 21)
    case = await post(worker, "/care-cases", **case_of(person, "returnee"))
    usual = {
        "/care-cases": case_of(person),
        "visits": {"visited_on": "2026-02-03", "visited_by": "v-2"},
        "pairing": {"paired_on": "2026-02-03"},
        "closing": {"closed_on": "2026-02-03", "close_reason": "need_met"},
    }[path]
    at = path if path.startswith("/") else f"/care-cases/{case['case']['case_id']}/{path}"
    journal = houniao.database("outreach")["journal"]
    before = await journal.count_documents({})

    answer = await worker.post(at, json={**usual, **body})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await journal.count_documents({}) == before


async def test_what_another_street_keeps_is_not_found(houniao: Instance, worker: httpx.AsyncClient) -> None:
    there = await arrive(houniao, 31, ELSEWHERE)

    answer = await worker.post("/care-cases", json=case_of(there))

    assert (answer.status_code, answer.json()["code"]) == (404, "not_registered_here")
    unknown = await worker.get("/care/progress", params={**WINDOW, "occasion": "moon_day"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_occasion")
