"""The story of a subscription: a hospital asks, the district gives less and takes it back, everybody may read it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from contracts.envelope import BATCH_CONTENT_TYPE
from deploy.local.stack import Stack
from tests.support.instance import Instance, eventually
from tests.support.offices import make_arrival
from tests.support.subscriptions import ASKED, EVERYTHING, subscribe
from tests.support.told import must_be_as_described
from tests.support.told_of import running_feeds, whole

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, DISTRICT, NEXT_DISTRICT = "320507001", "320507", "320812"
PEOPLE = 12
REQUEST = {**ASKED, **EVERYTHING, "district": DISTRICT}
NARROW: dict[str, Any] = {
    "facts": ["stay_started"],
    "attributes": ["street"],
    "time": "moment",
    "age": "ten_years",
    "k": 6,
    "expires_on": "2027-03-31",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run registration and feeds, with people in a street."""
    async with running_feeds(stack, STREET, PEOPLE) as instance:
        yield instance


async def ask(houniao: Instance, subscriber: str, **request: Any) -> httpx.Response:
    async with houniao.client("feeds", "integrator", DISTRICT, subscriber) as integrator:
        return await integrator.post("/subscriptions", json={**REQUEST, **request})


async def decide(houniao: Instance, named: str, decision: str, body: Any, district: str = DISTRICT) -> httpx.Response:
    async with houniao.client("feeds", "district", district) as office:
        return await office.post(f"/subscriptions/{named}/{decision}", json=body)


async def read(houniao: Instance, subscriber: str, **query: Any) -> httpx.Response:
    async with houniao.client("feeds", "integrator", DISTRICT, subscriber) as integrator:
        answer = await integrator.get("/feeds/stays", params=query)
    if answer.is_success:
        must_be_as_described(answer.json())
    return answer


async def register(houniao: Instance, role: str = "clerk", division: str = STREET) -> dict[str, Any]:
    """Return the public record as anybody reads it, by subscriber."""
    async with houniao.client("feeds", role, division) as anybody:
        answer = await anybody.get("/subscriptions")
    assert answer.status_code == 200, answer.text
    return {one["subscriber"]: one for one in answer.json()["subscriptions"]}


async def test_a_hospital_asks_and_reads_what_the_district_gives_until_it_is_taken_back(houniao: Instance) -> None:
    before = await read(houniao, "hospital")
    asked = await ask(houniao, "hospital")
    named = asked.json()["subscription_id"]
    waiting = await read(houniao, "hospital")
    given = await decide(houniao, named, "approval", NARROW)
    told = await read(houniao, "hospital", wait=30)
    revoked = await decide(houniao, named, "revocation", {"reason": "协议已终止"})
    after = await read(houniao, "hospital")

    assert [(answer.status_code, answer.json()["code"]) for answer in (before, waiting, after)] == [
        (403, "not_subscribed")
    ] * 3
    assert (asked.status_code, asked.json()["state"], asked.json()["terms"]) == (201, "requested", None)
    assert (given.json()["state"], given.json()["terms"]["k"]) == ("approved", 6)
    assert told.headers["content-type"] == BATCH_CONTENT_TYPE
    assert [event["position"] for event in told.json()] == list(range(1, PEOPLE + 1))
    assert all(event["data"].keys() <= {"street", "born"} for event in told.json())
    assert (revoked.json()["state"], revoked.json()["terms"]) == ("revoked", None)


async def test_a_feed_is_read_page_by_page_and_everything_is_told_once(houniao: Instance) -> None:
    await subscribe(houniao, "school")
    await read(houniao, "school", wait=30)

    pages, after = [], 0
    while page := (await read(houniao, "school", after=after, limit=5)).json():
        pages.append(page)
        after = page[-1]["position"]

    assert [len(page) for page in pages] == [5, 5, 2]
    events = [event for page in pages for event in page]
    assert len({event["id"] for event in events}) == PEOPLE
    assert not any(make_arrival(number)["name"] in str(events) for number in range(PEOPLE))


async def test_two_audiences_share_no_name_of_anything(houniao: Instance) -> None:
    for subscriber in ("one", "other"):
        await subscribe(houniao, subscriber)
    feeds = [(await read(houniao, subscriber, wait=30)).json() for subscriber in ("one", "other")]

    ids = [{event["id"] for event in feed} for feed in feeds]
    assert len(ids[0]) == len(ids[1]) == PEOPLE
    assert not ids[0] & ids[1]
    assert not {"subject", "sequence", "personid", "division"} & {name for event in feeds[0] for name in event}


async def test_everybody_who_signed_in_reads_who_gets_what_and_why(houniao: Instance) -> None:
    await subscribe(houniao, "police")

    async def listed() -> bool:
        return bool((await register(houniao)).get("police", {}).get("terms"))

    await eventually(listed)
    for role, division in (("clerk", STREET), ("health_worker", NEXT_DISTRICT), ("integrator", "32")):
        entry = (await register(houniao, role, division))["police"]
        assert {name: entry[name] for name in ASKED} == dict(ASKED)
        assert entry["terms"]["attributes"] == EVERYTHING["attributes"]


async def test_the_report_says_how_many_look_alike_and_what_that_took(houniao: Instance) -> None:
    named = await subscribe(houniao, "planner")
    await read(houniao, "planner", wait=30)

    reports = []
    for role, division in (("integrator", DISTRICT), ("district", DISTRICT), ("district", NEXT_DISTRICT)):
        async with houniao.client("feeds", role, division, "planner") as client:
            reports.append(await client.get(f"/subscriptions/{named}/anonymity"))

    mine, districts, elsewhere = reports
    report = mine.json()
    assert (report["k"], report["events"], report["waiting"]) == (5, PEOPLE, 0)
    assert (report["asked"], report["told"], report["given_up"]) == ({"5": PEOPLE}, {"5": PEOPLE}, {})
    assert districts.json() == report
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "not_found")


async def test_what_is_taken_back_stops_at_a_position_that_both_sides_can_look_up(houniao: Instance) -> None:
    named = await subscribe(houniao, "insurer")
    await read(houniao, "insurer", wait=30)

    before = await find_progress(houniao, named, "insurer")
    await decide(houniao, named, "revocation", {"reason": "协议终止"})

    async def is_closed() -> Any:
        found = await find_progress(houniao, named, "insurer")
        return found if found["closed"] else None

    closed = await eventually(is_closed)
    async with houniao.client("feeds", "district", NEXT_DISTRICT) as elsewhere:
        unknown = await elsewhere.get(f"/subscriptions/{named}/progress")
    assert (before["end"], before["closed"]) == (PEOPLE, False)
    assert [before[way] for way in ("queue", "webhook", "snapshot")] == [None, None, None]
    assert closed == {**before, "closed": True}
    assert await find_progress(houniao, named, "tester", "district") == closed
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


async def find_progress(houniao: Instance, named: str, subject: str, role: str = "integrator") -> dict[str, Any]:
    async with houniao.client("feeds", role, DISTRICT, subject) as client:
        found: dict[str, Any] = (await client.get(f"/subscriptions/{named}/progress")).raise_for_status().json()
        return found


async def test_other_terms_are_asked_for_while_the_old_ones_stand(houniao: Instance) -> None:
    named = await subscribe(houniao, "careful", **NARROW)

    asked = await ask(houniao, "careful", k=7)
    told = await read(houniao, "careful", wait=30)
    refused = await decide(houniao, named, "refusal", {"reason": "用途不需要"})
    still = await read(houniao, "careful")

    assert (asked.json()["state"], asked.json()["terms"]["k"]) == ("requested", 6)
    assert (refused.json()["state"], refused.json()["reason"]) == ("refused", "用途不需要")
    assert len(told.json()) == len(still.json()) == PEOPLE


@pytest.mark.parametrize(
    ("request_more", "status", "code"),
    [
        ({"attributes": ["name"]}, 422, "malformed"),
        ({"facts": []}, 422, "malformed"),
        ({"facts": ["entry_recorded"]}, 422, "malformed"),
        ({"k": 4}, 422, "malformed"),
        ({"time": "second"}, 422, "malformed"),
        ({"expires_on": "2020-01-01"}, 422, "expires_at_wrong_time"),
        ({"expires_on": "2099-01-01"}, 422, "expires_at_wrong_time"),
        ({"streets": ["320812001"]}, 422, "street_elsewhere"),
        ({"district": "320812"}, 403, "outside_your_division"),
        ({"purpose": "联系电话13912345678"}, 422, "malformed"),
        ({"colour": "blue"}, 422, "malformed"),
    ],
)
async def test_what_can_not_be_asked_for_is_refused(
    houniao: Instance, request_more: dict[str, Any], status: int, code: str
) -> None:
    answer = await ask(houniao, "nobody", **request_more)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "nobody" not in await register(houniao)


async def test_a_district_gives_no_more_than_was_asked_and_decides_for_itself_alone(houniao: Instance) -> None:
    named = (await ask(houniao, "modest", **NARROW)).json()["subscription_id"]

    wider = await decide(houniao, named, "approval", EVERYTHING)
    elsewhere = await decide(houniao, named, "approval", NARROW, NEXT_DISTRICT)
    refused = await decide(houniao, named, "refusal", {"reason": "用途不明确"})
    late = await decide(houniao, named, "approval", NARROW)
    again = await decide(houniao, named, "refusal", {"reason": "另一个理由"})

    assert (wider.status_code, wider.json()["code"]) == (409, "wider_than_asked")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "not_found")
    assert refused.json()["state"] == "refused"
    assert {(answer.status_code, answer.json()["code"]) for answer in (late, again)} == {(409, "nothing_asked")}


async def test_the_same_request_under_one_key_is_one_request(houniao: Instance) -> None:
    async with houniao.client("feeds", "integrator", DISTRICT, "twice") as integrator:
        headers = {"Idempotency-Key": "request-1"}
        answers = [await integrator.post("/subscriptions", json=REQUEST, headers=headers) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    recorded = houniao.database("feeds")["journal"]
    assert await recorded.count_documents({"stream": f"subscription/{answers[0].json()['subscription_id']}"}) == 1


async def test_nothing_is_lost_or_doubled_by_all_this(houniao: Instance) -> None:
    await eventually(lambda: whole(houniao))
