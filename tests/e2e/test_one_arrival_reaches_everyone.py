"""The story of one arrival: registered at a street, seen in all five services, and told of once four others came."""

from datetime import UTC, datetime
from typing import Any

from contracts.reference.calendar import day_of
from deploy.local.stack import Stack
from tests.support.instance import eventually, running_instance
from tests.support.ledger import find_losses
from tests.support.offices import make_arrival
from tests.support.subscriptions import subscribe

STREET = "320507001"
ARRIVAL = {
    "street": STREET,
    "name": "李小满",
    "sex": "女",
    "document_type": "居民身份证",
    "document_number": "11010519491231002X",
    "birth": "1949-12-31",
    "phone": "13812345678",
    "address": "元和街道采莲路1号",
    "arrived_on": "2026-03-01",
    "origin": "江苏省淮安市清江浦区",
    "purpose": "投靠亲友",
}


async def test_an_arrival_reaches_all_five_services(stack: Stack) -> None:
    async with running_instance(stack) as houniao:
        async with houniao.client("registration", "clerk", STREET) as office:
            answer = await office.post("/arrivals", json=ARRIVAL)
            again = await office.post("/arrivals", json=ARRIVAL)

        assert answer.status_code == 201, answer.text
        assert again.status_code == 200
        assert again.json()["stay_id"] == answer.json()["stay_id"]

        async def whole() -> bool:
            return not await find_losses([houniao.databases])

        await eventually(whole)
        person = answer.json()["person_id"]
        async with houniao.client("archives", "health_worker", "320507") as worker:
            archive = (await worker.get(f"/archives/{person}")).json()
        async with houniao.client("outreach", "health_worker", "320507") as worker:
            audiences = (await worker.get("/audiences", params={"division": STREET})).json()
        async with houniao.client("reporting", "district", "320507") as district:
            today = day_of(datetime.now(UTC)).isoformat()
            period = {"division": "320507", "from": "2026-03-01", "to": today}
            flows = (await district.get("/flows", params=period)).json()
        await subscribe(houniao)
        await eventually(lambda: houniao.database("feeds")["releases"].find_one({"read": 1}))
        async with (
            houniao.client("feeds", "integrator", "320507") as hospital,
            houniao.client("registration", "clerk", STREET) as office,
        ):
            alone = (await hospital.get("/feeds/stays")).json()
            for number in range(1, 5):
                await office.post("/arrivals", json={**make_arrival(number), "street": STREET})
            feed = (await hospital.get("/feeds/stays", params={"wait": 30})).json()

        assert [found["street"] for found in archive["archives"]] == [STREET]
        assert audiences["audiences"]["elderly"] == 1
        assert (flows["residents"], flows["inflow"], flows["outflow"], flows["archive_rate"]) == (1, 1, 0, 1.0)
        assert alone == [], "nobody is told of alone"
        assert [event["position"] for event in feed] == [1, 2, 3, 4, 5]
        assert _says_nothing_of("李小满", "11010519491231002X", person, feed)


def _says_nothing_of(*secrets: Any) -> bool:
    *words, feed = secrets
    return not any(word in str(feed) for word in words)
