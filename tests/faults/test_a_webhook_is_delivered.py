"""A feed is delivered whole and in order while feeds is killed with pages in hand, each time to whoever runs then."""

from typing import Any

import httpx

from services.runtime.access import issue
from tests.faults.deployment import Deployment
from tests.faults.form import WHOLE_WITHIN, in_form
from tests.faults.load import under_load
from tests.faults.people import OFFICES_STREETS
from tests.support.instance import eventually
from tests.support.receivers import Receiver, receiving
from tests.support.subscriptions import ASKED, EVERYTHING

DISTRICT = OFFICES_STREETS[0][:6]
KILLS = in_form(short=2, long=10)
MEANWHILE = in_form(short=40, long=200)
LOCAL = {"HOUNIAO_WEBHOOK_NETWORKS": "127.0.0.0/8"}


def client(houniao: Deployment, role: str) -> httpx.AsyncClient:
    key = houniao.stack.issuer_jwk()
    token = issue(key, services=["feeds"], subject="receiver", role=role, division=DISTRICT)
    return httpx.AsyncClient(base_url=houniao.url("feeds"), headers={"Authorization": f"Bearer {token}"}, timeout=60)


async def subscribe(houniao: Deployment, url: str) -> str:
    """Have the feed of a district delivered to a URL, and return the subscription's id."""
    async with client(houniao, "integrator") as integrator, client(houniao, "district") as office:
        asked = await integrator.post("/subscriptions", json={**ASKED, **EVERYTHING, "district": DISTRICT})
        named = asked.raise_for_status().json()["subscription_id"]
        (await office.post(f"/subscriptions/{named}/approval", json=EVERYTHING)).raise_for_status()
        (await integrator.post(f"/subscriptions/{named}/webhook", json={"url": url})).raise_for_status()
    return str(named)


async def kill_with_a_page_in_hand(houniao: Deployment, receiver: Receiver) -> None:
    """Kill feeds while a receiver has a page and has not answered, and start it again."""
    receiver.hangs, before = True, len(receiver.got)

    async def has_one_more() -> bool:
        return len(receiver.got) > before

    await eventually(has_one_more, WHOLE_WITHIN)
    houniao.kill("feeds")
    receiver.hangs = False
    houniao.start("feeds", **LOCAL)


async def test_what_was_in_hand_when_feeds_was_killed_is_delivered_and_nothing_is_lost(houniao: Deployment) -> None:
    await houniao.stop("feeds")
    houniao.start("feeds", **LOCAL)
    await houniao.ready("feeds")
    async with receiving(Receiver()) as receiver:
        named = await subscribe(houniao, receiver.url)
        async with under_load(houniao) as load:
            for _ in range(KILLS):
                await load.reaches(MEANWHILE)
                await kill_with_a_page_in_hand(houniao, receiver)
        await houniao.ready()
        await load.must_be_whole()
        end = await eventually(lambda: _delivered(houniao, named), WHOLE_WITHIN)

    last, ids = 0, dict[int, str]()
    for got in receiver.got:
        first = got.positions[0]
        assert first <= last + 1, "no page is left out"
        assert ids.setdefault(first, got.webhook_id) == got.webhook_id, "what comes again has the same id"
        assert got.positions == list(range(first, first + len(got.positions)))
        last = max(last, got.positions[-1])
    assert last == end
    assert len(receiver.got) == len(ids) + KILLS
    await houniao.stop("feeds")
    houniao.start("feeds")


async def _delivered(houniao: Deployment, named: str) -> Any:
    """Return the end of the feed once all of it is heard, told and delivered."""
    database = houniao.databases["feeds"]
    newest = await database["releases"].find_one({"audience": named}, sort=[("number", -1)])
    heard = await database["stay_pages"].find_one({"district": DISTRICT}, sort=[("first", -1)])
    webhook = await database["webhooks"].find_one({"_id": named})
    if not newest or not heard or not webhook or newest["read"] != heard["first"] + len(heard["entries"]) - 1:
        return None
    return newest["end"] if webhook["position"] == newest["end"] else None
