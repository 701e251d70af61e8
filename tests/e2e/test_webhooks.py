"""A webhook: a hospital has its feed delivered, signed, and sees what became of it; a district may stop."""

import asyncio
import json
import os
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from standardwebhooks import Webhook as Reader

from deploy.local.stack import Stack
from tests.support.instance import Instance, eventually
from tests.support.node import NODE
from tests.support.offices import make_arrival
from tests.support.receivers import Receiver, receiving
from tests.support.subscriptions import subscribe
from tests.support.told import must_be_as_described
from tests.support.told_of import running_feeds

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, DISTRICT, NEXT_DISTRICT = "320507001", "320507", "320812"
PEOPLE = 12
RECEIVERS = {"python": (sys.executable, "-c"), "javascript": (NODE, "--input-type=module", "-e")}
"""How a receiver that the page of feeds shows in a language is run, with nothing of ours."""
PAGE = (Path(__file__).parents[2] / "docs/feeds.md").read_text(encoding="utf-8")
SHOWN = dict(re.findall(r"^```(python|javascript) webhook\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run registration and feeds, with people in a street."""
    async with running_feeds(stack, STREET, PEOPLE) as instance:
        yield instance


class Subscriber:
    """An account with a subscription that stands, and its webhook."""

    def __init__(self, houniao: Instance, name: str, named: str) -> None:
        self.houniao, self.name, self.named = houniao, name, named

    async def ask(self, what: str = "", body: Any = None, **more: Any) -> httpx.Response:
        """Ask for something of the webhook as somebody, by default as its subscriber."""
        by = {"role": "integrator", "division": DISTRICT, "subject": self.name}
        by |= {name: more.pop(name) for name in list(more) if name in by}
        path = f"/subscriptions/{self.named}/webhook{what}"
        async with self.houniao.client("feeds", **by) as client:
            return await (client.get(path, **more) if body is None else client.post(path, json=body, **more))

    async def read(self) -> bytes:
        """Return the feed as it is read, in one page."""
        async with self.houniao.client("feeds", "integrator", DISTRICT, self.name) as client:
            return (await client.get("/feeds/stays", params={"wait": 30})).content

    async def reach(self, position: int) -> Any:
        async def reached() -> Any:
            found = (await self.ask()).json()
            return found if found["position"] == position else None

        return await eventually(reached)


async def make_subscriber(houniao: Instance, name: str) -> Subscriber:
    made = Subscriber(houniao, name, await subscribe(houniao, name))
    await made.read()
    return made


def codes(*answers: httpx.Response) -> list[tuple[int, str]]:
    return [(answer.status_code, answer.json()["code"]) for answer in answers]


async def test_a_hospital_gets_what_it_would_read_and_nothing_else(houniao: Instance) -> None:
    hospital = await make_subscriber(houniao, "hospital")
    before = await hospital.ask()
    async with receiving(Receiver()) as receiver:
        made = await hospital.ask("", {"url": receiver.url})
        found = await hospital.reach(PEOPLE)
        log = (await hospital.ask("/deliveries")).json()

    assert codes(before) == [(404, "no_webhook")]
    assert made.status_code == 201
    (got,) = receiver.got
    Reader(made.json()["secret"]).verify(got.body, got.headers)
    assert got.headers["content-type"] == "application/cloudevents-batch+json"
    assert got.body == await hospital.read()
    must_be_as_described(got.events)
    assert not any(make_arrival(number)["name"] in got.body.decode() for number in range(PEOPLE))
    assert (found["position"], found["end"], found["paused"], found["waiting"]) == (PEOPLE, PEOPLE, None, None)
    assert "secret" not in found
    (attempt,) = log["attempts"]
    assert (attempt["first"], attempt["last"], attempt["outcome"], attempt["status"]) == (1, PEOPLE, "delivered", 204)
    assert attempt["seconds"] < 10


async def test_a_webhook_is_its_subscribers_and_the_district_sees_where_it_leads_and_may_stop_it(
    houniao: Instance,
) -> None:
    school = await make_subscriber(houniao, "school")
    office: dict[str, Any] = {"role": "district", "division": DISTRICT}
    async with receiving(Receiver()) as receiver:
        await school.ask("", {"url": f"{receiver.url}?key=secret"})
        await school.reach(PEOPLE)
        seen = (await school.ask(**office)).json()
        paused = await school.ask("/pause", {"reason": "核查用途"}, **office)
        own = await school.ask("/resumption", {})
        over_it = await school.ask("/pause", {"reason": "自行暂停"})
        resumed = await school.ask("/resumption", {}, **office)
        strangers = [
            await school.ask(subject="stranger"),
            await school.ask("/secret", {}, subject="stranger"),
            await school.ask("/deliveries", subject="stranger"),
            await school.ask(role="district", division=NEXT_DISTRICT),
            await school.ask("/pause", {"reason": "与我无关"}, role="district", division=NEXT_DISTRICT),
        ]
        setters = [await school.ask("/secret", {}, **office), await school.ask("/removal", {}, **office)]

    assert seen["url"] == f"http://127.0.0.1:{receiver.port}"
    assert (paused.json()["paused"]["reason"], paused.json()["paused"]["note"]) == ("district", "核查用途")
    assert codes(own, over_it) == [(409, "paused_by_district")] * 2
    assert resumed.json()["paused"] is None
    assert codes(*strangers) == [(404, "not_found")] * 5
    assert codes(*setters) == [(403, "not_your_role")] * 2


async def test_one_is_tested_paused_moved_delivered_again_and_removed(houniao: Instance) -> None:
    police = await make_subscriber(houniao, "police")
    async with receiving(Receiver(status=500)) as broken, receiving(Receiver()) as receiver:
        await police.ask("", {"url": broken.url, "after": 4})
        await eventually(lambda: has(broken, 1))
        waiting = await eventually(lambda: waits(police))
        again = await police.ask("", {"url": receiver.url})
        paused = await police.ask("/pause", {"reason": "系统维护"})
        moved = await police.ask("/address", {"url": receiver.url})
        tested = await police.ask("/test", {})
        await eventually(lambda: has(receiver, 1))
        resumed = await police.ask("/resumption", {})
        await police.reach(PEOPLE)
        ahead = await police.ask("/redelivery", {"after": PEOPLE + 1})
        await police.ask("/redelivery", {"after": 10})
        await eventually(lambda: has(receiver, 3))
        await police.reach(PEOPLE)
        removed = await police.ask("/removal", {})
        gone = [await police.ask(), await police.ask("/removal", {})]
        log = await everything_logged(police)

    assert (waiting["first"], waiting["last"], waiting["since"] is None) == (5, PEOPLE, False)
    assert codes(again, ahead) == [(409, "webhook_exists"), (422, "position_ahead")]
    assert (paused.json()["paused"]["reason"], moved.json()["url"]) == ("subscriber", receiver.url)
    assert (tested.status_code, resumed.json()["paused"]) == (202, None)
    test, delivered, once_more = receiver.got
    assert (test.webhook_id, test.body) == (tested.json()["webhook_id"], b"[]")
    assert (delivered.positions, once_more.positions) == (list(range(5, 13)), [11, 12])
    assert delivered.webhook_id == broken.got[0].webhook_id == waiting["webhook_id"]
    assert removed.status_code == 204
    assert codes(*gone) == [(404, "no_webhook")] * 2
    told = [(one["outcome"], one["first"]) for one in log]
    assert told[:3] == [("delivered", 11), ("delivered", 5), ("delivered", None)]
    assert set(told[3:]) == {("refused", 5)}


async def has(receiver: Receiver, deliveries: int) -> bool:
    return len(receiver.got) >= deliveries


async def has_empty(receiver: Receiver) -> bool:
    return bool(receiver.got) and receiver.got[-1].body == b"[]"


async def waits(subscriber: Subscriber) -> Any:
    return (await subscriber.ask()).json()["waiting"]


async def everything_logged(subscriber: Subscriber) -> list[dict[str, Any]]:
    """Return the log, read in pages of one attempt."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await subscriber.ask("/deliveries", params={"limit": 1, "cursor": cursor})).json()
        found += page["attempts"]
        cursor = page["cursor"]
        if not cursor:
            return found


async def test_a_secret_is_shown_once_and_rotated(houniao: Instance) -> None:
    planner = await make_subscriber(houniao, "planner")
    async with receiving(Receiver()) as receiver:
        old = (await planner.ask("", {"url": receiver.url})).json()["secret"]
        rotated = await planner.ask("/secret", {"keep_hours": 2}, headers={"Idempotency-Key": "rotation"})
        same = await planner.ask("/secret", {"keep_hours": 2}, headers={"Idempotency-Key": "rotation"})
        seen = [await planner.ask(), await planner.ask("/pause", {"reason": "系统维护"})]
        await planner.ask("/test", {})
        await eventually(lambda: has_empty(receiver))

    new = rotated.json()["secret"]
    assert old != new == same.json()["secret"]
    assert not any(secret in answer.text for answer in seen for secret in (old, new))
    assert seen[0].json()["old_secrets_until"] is not None
    for secret in (old, new):
        Reader(secret).verify(receiver.got[-1].body, receiver.got[-1].headers)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "ftp://hooks.example.org/"}, "bad_webhook_url"),
        ({"url": "https://user:word@hooks.example.org/"}, "bad_webhook_url"),
        ({"url": "https://hooks.example.org:22/"}, "bad_webhook_url"),
        ({"url": "https://hooks.example.org/#part"}, "bad_webhook_url"),
        ({"url": "https://10.0.0.1/"}, "address_not_allowed"),
        ({"url": "https://[::1]/"}, "address_not_allowed"),
        ({"url": "https://[::ffff:169.254.169.254]/"}, "address_not_allowed"),
        ({"url": "http://1.1.1.1/"}, "address_not_allowed"),
        ({"url": "https://hooks.example.org/13912345678"}, "malformed"),
        ({"url": "https://hooks.example.org/", "after": -1}, "malformed"),
        ({"url": "https://hooks.example.org/", "after": PEOPLE + 1}, "position_ahead"),
        ({"url": "https://hooks.example.org/", "secret": "mine"}, "malformed"),
        ({}, "malformed"),
    ],
)
async def test_what_no_webhook_may_lead_to_is_refused(houniao: Instance, body: Any, code: str) -> None:
    careless = await make_subscriber(houniao, "careless")

    assert codes(await careless.ask("", body)) == [(422, code)]
    assert codes(await careless.ask()) == [(404, "no_webhook")]


async def test_a_name_that_leads_inside_is_not_asked_and_the_log_says_why(houniao: Instance) -> None:
    tricked = await make_subscriber(houniao, "tricked")
    async with receiving(Receiver(status=302, headers={"Location": "http://127.0.0.1:1/"})) as elsewhere:
        await tricked.ask("", {"url": f"https://0x0a000001:{elsewhere.port}/"})
        first = await eventually(lambda: outcome(tricked))
        await tricked.ask("/removal", {})
        await tricked.ask("", {"url": elsewhere.url})
        await eventually(lambda: has(elsewhere, 1))
        second = await eventually(lambda: outcome(tricked, "redirected"))

    assert (first, second) == ("address_not_allowed", "redirected")


async def outcome(subscriber: Subscriber, expected: str = "") -> str | None:
    """Return what came of the newest attempt, once that is known and as expected."""
    found = (await subscriber.ask("/deliveries")).json()["attempts"]
    told: str | None = found[0]["outcome"] if found and found[0]["outcome"] != "unknown" else None
    return told if expected in ("", told) else None


async def test_nobody_sets_one_without_a_subscription_that_stands(houniao: Instance) -> None:
    revoked = await make_subscriber(houniao, "revoked")
    async with houniao.client("feeds", "district", DISTRICT) as office:
        await office.post(f"/subscriptions/{revoked.named}/revocation", json={"reason": "协议已终止"})

    assert codes(await revoked.ask("", {"url": "https://hooks.example.org/"})) == [(403, "not_subscribed")]
    assert codes(await revoked.ask("/resumption", {})) == [(403, "not_subscribed")]


async def test_tests_are_not_a_way_to_flood_somebody(houniao: Instance) -> None:
    eager = await make_subscriber(houniao, "eager")
    async with receiving(Receiver()) as receiver:
        await eager.ask("", {"url": receiver.url})
        answers = [await eager.ask("/test", {}) for _ in range(61)]

    assert [answer.status_code for answer in answers] == [202] * 60 + [429]
    assert codes(answers[-1]) == [(429, "too_many_requests")]


@asynccontextmanager
async def shown(language: str, folder: Path, secret: str, port: int) -> AsyncIterator[Path]:
    """Run a receiver as the page shows it until the block ends; yield its file."""
    environment = {"SECRET": secret, "PORT": str(port), "PATH": os.environ["PATH"]}
    running = await asyncio.create_subprocess_exec(
        *RECEIVERS[language], SHOWN[language], env=environment, cwd=folder, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield folder / "events.ndjson"
    finally:
        running.kill()
        await running.wait()


def find_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


@pytest.mark.parametrize("language", RECEIVERS)
async def test_a_receiver_as_the_page_shows_it_keeps_everything_once_and_nothing_that_is_not_signed(
    houniao: Instance, tmp_path: Path, language: str
) -> None:
    subscriber, port = await make_subscriber(houniao, f"shown in {language}"), find_port()
    url = f"http://127.0.0.1:{port}/hook"
    secret = (await subscriber.ask("", {"url": url})).json()["secret"]
    async with shown(language, tmp_path, secret, port) as file:
        await subscriber.reach(PEOPLE)
        await subscriber.ask("/redelivery", {"after": 0})
        await eventually(lambda: delivered(subscriber, 2))
        async with httpx.AsyncClient() as anybody:
            unsigned = await anybody.post(url, json=[{"position": 99}], headers={"webhook-id": "a"})
            forged = await anybody.post(
                url,
                json=[{"position": 99}],
                headers={"webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"},
            )

    kept = [event for line in file.read_text(encoding="utf-8").splitlines() for event in json.loads(line)]
    assert [event["position"] for event in kept] == list(range(1, PEOPLE + 1))
    assert kept == json.loads(await subscriber.read())
    assert (unsigned.status_code, forged.status_code) == (401, 401)


async def delivered(subscriber: Subscriber, times: int) -> bool:
    log = (await subscriber.ask("/deliveries")).json()["attempts"]
    return [one["outcome"] for one in log].count("delivered") >= times
