"""No route is open to nobody, to an old or forged token, to the wrong role, or to another division."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.local.stack import Stack
from services.runtime.access import issue
from tests.support.instance import SERVICES, Instance, running_instance
from tests.support.offices import make_arrival, make_departure
from tests.support.problems import assert_nothing_half_applied, assert_problem
from tests.support.subscriptions import ASKED, EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET = "320507001"
ARRIVAL = {**make_arrival(), "street": STREET}
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
    ("feeds", "POST", "/subscriptions"),
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
    "/subscriptions": {**ASKED, **EVERYTHING, "district": "320507"},
    "/audiences/size": {"division": STREET, "segment": {"youngest": 60}},
}
WRONG_ROLE = {"registration": "integrator", "archives": "clerk", "outreach": "integrator", "reporting": "integrator"}


async def ask(houniao: Instance, service: str, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(app=houniao.apps[service])
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        if path == "/imports":
            return await client.post(path, data={"street": STREET}, files={"file": ("a.csv", b"x")})
        return await client.request(method, path, json=BODIES.get(path))


def bearer(stack: Stack, service: str, role: str, division: str, lifetime: int = 60) -> dict[str, str]:
    """Return the header of somebody with a token for one service."""
    token = issue(
        stack.issuer_jwk(), services=[service], subject="tester", role=role, division=division, lifetime=lifetime
    )
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(("service", "method", "path"), ROUTES)
async def test_no_route_is_open_to_nobody_to_yesterdays_or_anothers_token_or_to_the_wrong_role(
    houniao: Instance, stack: Stack, service: str, method: str, path: str
) -> None:
    role = "clerk" if "parked" in path else WRONG_ROLE.get(service, "clerk")

    nobody = await ask(houniao, service, method, path, {})
    expired = await ask(houniao, service, method, path, bearer(stack, service, "admin", "", lifetime=-1))
    forged = await ask(houniao, service, method, path, {"Authorization": "Bearer a.b.c"})
    wrong = await ask(houniao, service, method, path, bearer(stack, service, role, "320507"))
    elsewhere = [
        await ask(houniao, service, method, path, bearer(stack, other, "admin", ""))
        for other in SERVICES
        if other != service
    ]

    assert_problem(nobody, 401, "no_token")
    assert_problem(expired, 401, "bad_token")
    assert_problem(forged, 401, "bad_token")
    assert_problem(wrong, 403, "not_your_role")
    for answer in elsewhere:
        assert_problem(answer, 401, "bad_token")


@pytest.mark.parametrize(("service", "method", "path"), [route for route in ROUTES if "parked" not in route[2]])
async def test_no_route_gives_or_takes_anything_outside_the_callers_division(
    houniao: Instance, stack: Stack, service: str, method: str, path: str
) -> None:
    roles = {"registration": "supervisor", "reporting": "district", "feeds": "integrator"}
    of_supervisors = any(name in path for name in ("/export", "/custody", "/access-log", "/explanation"))
    elsewhere = path + ("?division=320507" if path == "/feeds/stays" else "")

    answer = await ask(
        houniao,
        service,
        method,
        elsewhere,
        bearer(stack, service, "supervisor" if of_supervisors else roles.get(service, "health_worker"), "320812"),
    )

    assert answer.status_code in (403, 404), answer.text
    assert answer.json()["code"] in ("outside_your_division", "not_found", "no_archive")
