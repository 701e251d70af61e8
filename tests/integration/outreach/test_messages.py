"""Messages over HTTP on real servers: asked for, written to the local page; what is refused leaves nothing behind."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from contracts.archives.announcements import Announcement, DueKind, announcement_id
from contracts.reference.identity import Sex
from deploy.local.stack import Stack
from services.outreach.api.reports import sign
from services.outreach.commands.standing_orders import ask_for_all
from services.outreach.service import MessagingSettings
from services.outreach.views.announcements import announcement_row
from services.outreach.views.residents import resident_row
from services.runtime.mongo import write_rows
from tests.support.facts import FIRST_DAY, make_stay
from tests.support.instance import Instance, eventually, running_instance

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, DISTRICT, ELSEWHERE = "320507001", "320507", "320812008"
PEOPLE = tuple(f"{number:032x}" for number in range(1, 6))
FAR = "f" * 32
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
TEXTS = [{"language": "zh", "body": "请于{day}到{place}随访。"}]
VALUES = [{"field": "day", "text": "12月1日"}, {"field": "place", "text": "社区卫生服务中心"}]


REPORT_KEY = SecretStr("what the gateway signs with")
SIGNED = MessagingSettings(code_key=SecretStr("00" * 32), sms_report_key=REPORT_KEY)


class Today:
    """A clock that tests set."""

    moment = NOON

    def __call__(self) -> datetime:
        return self.moment


TODAY = Today()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outreach(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, ["outreach"], clock=TODAY, messaging=SIGNED) as instance:
        residents = [*(make_stay(person, STREET) for person in PEOPLE), make_stay(FAR, ELSEWHERE)]
        await write_rows(instance.database("outreach"), [resident_row(stay, 1) for stay in residents])
        yield instance


@pytest_asyncio.fixture(loop_scope="module")
async def worker(outreach: Instance) -> AsyncIterator[httpx.AsyncClient]:
    TODAY.moment = NOON
    async with outreach.client("outreach", "supervisor", DISTRICT) as client:
        yield client


async def save(worker: httpx.AsyncClient, **more: Any) -> str:
    body = {"owner": DISTRICT, "topic": "follow_up", "texts": TEXTS, **more}
    saved: str = (await worker.post("/message-templates", json=body)).raise_for_status().json()["template_id"]
    return saved


async def ask(worker: httpx.AsyncClient, template_id: str, people: Any = PEOPLE[:1], **more: Any) -> httpx.Response:
    asked = {"division": STREET, "people": list(people), "template_id": template_id, "channel": "local"}
    return await worker.post("/messages", json={**asked, "values": VALUES, **more})


async def states(worker: httpx.AsyncClient, request_id: str) -> dict[str, int]:
    answer = await worker.get(f"/message-requests/{request_id}")
    return dict(answer.json().get("states", {}))


async def test_messages_that_are_asked_for_are_on_the_local_page_once_each(worker: httpx.AsyncClient) -> None:
    template_id = await save(worker)

    asked = await ask(worker, template_id, [*PEOPLE, PEOPLE[0], FAR])
    assert asked.status_code == 202
    assert (asked.json()["requested"], asked.json()["left_out"]) == (5, 1)
    request_id = asked.json()["request_id"]

    async def all_sent() -> bool:
        return await states(worker, request_id) == {"sent": 5}

    await eventually(all_sent)
    page = (await worker.get("/letters", params={"division": STREET})).json()
    assert [letter["body"] for letter in page] == ["请于12月1日到社区卫生服务中心随访。"] * 5
    assert (await worker.get("/letters", params={"division": "320507002"})).json() == []


async def test_the_same_request_again_asks_for_nothing_new(outreach: Instance, worker: httpx.AsyncClient) -> None:
    template_id = await save(worker)
    worker.headers["Idempotency-Key"] = "once"
    journal = outreach.database("outreach")["journal"]

    first = await ask(worker, template_id, PEOPLE[:2], not_before="2026-11-21T04:00:00Z")
    recorded = await journal.count_documents({"stream": {"$regex": "^message/"}})
    again = await ask(worker, template_id, PEOPLE[:2], not_before="2026-11-21T04:00:00Z")

    assert first.json() == again.json()
    assert await journal.count_documents({"stream": {"$regex": "^message/"}}) == recorded


async def test_whoever_opted_out_is_not_written_to_about_it(worker: httpx.AsyncClient) -> None:
    template_id = await save(worker)
    person = PEOPLE[4]
    path = f"/people/{person}/message-preference"
    stated = await worker.post(path, params={"division": STREET}, json={"refused": ["follow_up"]})
    assert stated.status_code == 200

    asked = (await ask(worker, template_id, [person])).json()

    async def held_back() -> bool:
        return await states(worker, asked["request_id"]) == {"suppressed": 1}

    await eventually(held_back)
    listed = (await worker.get(f"/people/{person}/messages", params={"division": STREET})).json()
    assert [one["reason"] for one in listed if one["request_id"] == asked["request_id"]] == ["opted_out"]


async def test_at_night_a_message_waits_for_the_morning(worker: httpx.AsyncClient) -> None:
    template_id = await save(worker)
    TODAY.moment = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)

    asked = (await ask(worker, template_id, [PEOPLE[2]])).json()

    async def listed() -> Any:
        found = (await worker.get("/messages", params={"division": STREET, "state": "requested"})).json()["messages"]
        return [one for one in found if one["request_id"] == asked["request_id"]]

    (waiting,) = await eventually(listed)
    assert (waiting["reason"], waiting["next_at"]) == ("quiet_hours", "2026-11-21T00:00:00.000000Z")


BAD_TEMPLATES = [
    ({"texts": [{"language": "zh", "body": "{name}您好"}]}, 422, "unknown_field"),
    ({"texts": [{"language": "zh", "body": "{day"}]}, 422, "broken_template"),
    ({"texts": [*TEXTS, *TEXTS]}, 422, "language_twice"),
    ({"texts": [{"language": "zh", "body": "致电13812345678"}]}, 422, "malformed"),
    ({"topic": "advertising"}, 422, "malformed"),
    ({"owner": "320812"}, 403, "outside_your_division"),
]
BAD_REQUESTS = [
    ({"template_id": "9" * 32}, 404, "no_such_template"),
    ({"channel": "pigeon"}, 422, "malformed"),
    ({"channel": "sms"}, 422, "no_such_channel"),
    ({"values": VALUES[:1]}, 422, "missing_value"),
    ({"values": [*VALUES, {"field": "name", "text": "x"}]}, 422, "unknown_field"),
    ({"values": [{"field": "day", "text": "13812345678"}, VALUES[1]]}, 422, "malformed"),
    ({"language": "en"}, 422, "missing_text"),
    ({"core_message": 3}, 422, "no_core_message"),
    ({"people": ["9" * 32]}, 404, "not_found"),
    ({"people": [FAR]}, 404, "not_found"),
    ({"people": []}, 422, "people_or_segment"),
    ({"segment": {"sex": "female"}}, 422, "people_or_segment"),
    ({"people": [], "segment": {"youngest": 60, "oldest": 20}}, 422, "ages_turned"),
    ({"people": [], "segment": {"name": "x"}}, 422, "malformed"),
    ({"people": [], "segment": {"sex": "female"}}, 404, "not_found"),
    ({"division": ELSEWHERE, "people": [FAR]}, 403, "outside_your_division"),
]


@pytest.mark.parametrize(("wrong", "status", "code"), BAD_TEMPLATES, ids=[case[2] for case in BAD_TEMPLATES])
async def test_a_template_that_can_not_be_is_refused_and_not_kept(
    outreach: Instance, worker: httpx.AsyncClient, wrong: dict[str, Any], status: int, code: str
) -> None:
    before = await outreach.database("outreach")["journal"].count_documents({})

    answer = await worker.post(
        "/message-templates", json={"owner": DISTRICT, "topic": "follow_up", "texts": TEXTS, **wrong}
    )

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await outreach.database("outreach")["journal"].count_documents({}) == before


@pytest.mark.parametrize(("wrong", "status", "code"), BAD_REQUESTS)
async def test_a_request_that_can_not_be_is_refused_and_nothing_of_it_is_asked_for(
    outreach: Instance, worker: httpx.AsyncClient, wrong: dict[str, Any], status: int, code: str
) -> None:
    template_id = await save(worker)
    asked_for = {"stream": {"$regex": "^message/"}, "facts.event": {"$regex": "message_requested"}}
    before = await outreach.database("outreach")["journal"].count_documents(asked_for)

    answer = await ask(worker, **{"template_id": template_id, **wrong})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await outreach.database("outreach")["journal"].count_documents(asked_for) == before


async def test_a_retired_template_is_used_no_more(worker: httpx.AsyncClient) -> None:
    template_id = await save(worker)
    waiting = (await ask(worker, template_id, [PEOPLE[3]], not_before="2026-11-20T04:30:00Z")).json()

    await worker.post(f"/message-templates/{template_id}/retirement")
    TODAY.moment = datetime(2026, 11, 20, 4, 31, tzinfo=UTC)

    assert (await ask(worker, template_id)).json()["code"] == "template_retired"

    async def held_back() -> bool:
        return await states(worker, waiting["request_id"]) == {"suppressed": 1}

    await eventually(held_back)


async def sent(worker: httpx.AsyncClient, person: str) -> str:
    """Return the id of a message that was sent to somebody."""
    asked = (await ask(worker, await save(worker), [person])).json()

    async def found() -> Any:
        listed = (await worker.get(f"/people/{person}/messages", params={"division": STREET})).json()
        return [
            one["message_id"] for one in listed if (one["request_id"], one["state"]) == (asked["request_id"], "sent")
        ]

    (message_id,) = await eventually(found)
    return str(message_id)


async def report(
    outreach: Instance, *reports: tuple[str, str], key: SecretStr = REPORT_KEY, ago: timedelta = timedelta()
) -> httpx.Response:
    """Report as a gateway does, which has no token."""
    content = json.dumps({"reports": [{"key": one, "status": status} for one, status in reports]}).encode()
    timestamp = str(int((TODAY.moment - ago).timestamp()))
    headers = {
        "X-Timestamp": timestamp,
        "X-Signature": sign(key, timestamp, content),
        "Content-Type": "application/json",
    }
    async with outreach.client("outreach", "clerk", STREET) as client:
        del client.headers["Authorization"]
        return await client.post("/message-reports", content=content, headers=headers)


async def state_of(outreach: Instance, message_id: str) -> str:
    newest = outreach.database("outreach")["journal"].find({"stream": f"message/{message_id}"}).sort("_id", -1)
    event = json.loads((await newest.to_list(1))[0]["facts"][-1]["event"])
    return str(event["data"]["message"]["state"])


async def test_a_report_is_taken_once_and_one_about_nothing_is_ignored(
    outreach: Instance, worker: httpx.AsyncClient
) -> None:
    message_id = await sent(worker, PEOPLE[0])

    first = await report(outreach, (message_id, "delivered"), ("9" * 32, "delivered"))
    again = await report(outreach, (message_id, "delivered"), (message_id, "undelivered"))

    assert first.json() == {"taken": 1, "ignored": 1}
    assert again.json() == {"taken": 0, "ignored": 2}
    assert await state_of(outreach, message_id) == "delivered"


FORGED: tuple[dict[str, Any], ...] = (
    {"key": SecretStr("guessed")},
    {"key": SecretStr("")},
    {"ago": timedelta(minutes=6)},
    {"ago": -timedelta(minutes=6)},
)


async def test_a_forged_or_stale_report_is_refused_and_changes_nothing(
    outreach: Instance, worker: httpx.AsyncClient
) -> None:
    message_id = await sent(worker, PEOPLE[1])

    for forged in FORGED:
        answer = await report(outreach, (message_id, "undelivered"), **forged)
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")

    assert await state_of(outreach, message_id) == "sent"


async def test_whoever_answers_that_no_more_is_wanted_gets_no_more_of_the_topic(
    outreach: Instance, worker: httpx.AsyncClient
) -> None:
    message_id = await sent(worker, PEOPLE[2])

    told = await report(outreach, (message_id, "unsubscribed"), (message_id, "unsubscribed"))

    assert told.json() == {"taken": 1, "ignored": 1}
    kept = await worker.get(f"/people/{PEOPLE[2]}/message-preference", params={"division": STREET})
    assert kept.json()["refused"] == ["follow_up"]


async def test_a_third_message_on_a_day_waits_for_the_next(outreach: Instance, worker: httpx.AsyncClient) -> None:
    asked = (await ask(worker, await save(worker), [PEOPLE[0]])).json()

    async def waits() -> Any:
        found = (await worker.get("/messages", params={"division": STREET, "state": "postponed"})).json()["messages"]
        return [one for one in found if one["request_id"] == asked["request_id"]]

    (waiting,) = await eventually(waits)
    assert (waiting["reason"], waiting["next_at"]) == ("daily_limit", "2026-11-21T00:00:00.000000Z")


async def test_a_segment_is_written_to_whoever_is_in_it_now(outreach: Instance, worker: httpx.AsyncClient) -> None:
    made = [make_stay(f"{number:032x}", "320507003", sex=sex) for number, sex in enumerate(Sex, start=100)]
    await write_rows(outreach.database("outreach"), [resident_row(stay, 1) for stay in made])

    asked = await ask(worker, await save(worker), [], segment={"sex": "female"}, division="320507003")

    assert (asked.json()["requested"], asked.json()["left_out"]) == (1, 0)


async def test_whoever_is_new_gets_the_core_messages_once_and_nobody_else(
    outreach: Instance, worker: httpx.AsyncClient
) -> None:
    street = "320507004"
    days = (date(2026, 11, 19), date(2026, 11, 1), date(2026, 9, 1))
    made = [
        make_stay(f"{number:032x}", street, day=(day - FIRST_DAY).days) for number, day in enumerate(days, start=200)
    ]
    await write_rows(outreach.database("outreach"), [resident_row(stay, 1) for stay in made])
    text = [{"language": "zh", "body": "核心信息{number}：{message}"}]
    template_id = await save(worker, topic="core_message", texts=text)
    order = {"template_id": template_id, "channel": "local", "since": "2026-10-01"}
    placed = await worker.post("/standing-orders", params={"division": street}, json=order)
    assert placed.status_code == 200
    orders = outreach.database("outreach")["standing_orders"]
    await eventually(lambda: orders.find_one({"_id": street}))
    messaging = outreach.apps["outreach"].state.messaging

    reached = [await ask_for_all(messaging) for _ in range(2)]
    await outreach.database("outreach")["reached"].delete_many({})  # as after a crash
    again = await ask_for_all(messaging)

    assert (reached, again) == ([2, 0], 2)
    core = {"person_id": {"$in": [stay.person_id for stay in made]}}
    journal = outreach.database("outreach")["journal"]
    requested = {**core, "facts.event": {"$regex": "message_requested"}}
    assert await journal.count_documents(requested) == 2 * 19
    ended = await worker.post("/standing-orders/end", params={"division": street})
    assert ended.json()["ended"]
    refused = await worker.post("/standing-orders/end", params={"division": street})
    assert refused.json()["code"] == "no_standing_order"


async def order(worker: httpx.AsyncClient, street: str, template_id: str, topic: str, **more: Any) -> httpx.Response:
    """Place a standing order of a street about a topic over the local page."""
    body = {"topic": topic, "template_id": template_id, "channel": "local", "since": "2026-11-01", **more}
    return await worker.post("/standing-orders", params={"division": street}, json=body)


async def requested(outreach: Instance, person: str) -> int:
    about = {"person_id": person, "facts.event": {"$regex": "message_requested"}}
    return await outreach.database("outreach")["journal"].count_documents(about)


async def test_whoever_something_is_due_to_is_reminded_once_unless_moved_away(
    outreach: Instance, worker: httpx.AsyncClient
) -> None:
    street, here, gone = "320507005", f"{301:032x}", f"{302:032x}"
    announced = [
        Announcement(
            announcement_id=announcement_id(person, street, kind, due_on),
            person_id=person,
            street=street,
            kind=kind,
            due_on=due_on,
        )
        for person, kind, due_on in (
            (here, DueKind.FOLLOW_UP, date(2026, 11, 22)),
            (here, DueKind.VACCINATION, date(2026, 11, 22)),
            (here, DueKind.FOLLOW_UP, date(2026, 11, 19)),
            (gone, DueKind.FOLLOW_UP, date(2026, 11, 22)),
        )
    ]
    living = [resident_row(make_stay(here, street), 1)]
    await write_rows(outreach.database("outreach"), [*living, *(announcement_row(one, 1) for one in announced)])
    template_id = await save(worker)
    placed = await order(worker, street, template_id, "follow_up", values=VALUES[1:])
    assert placed.status_code == 200, placed.text
    orders = outreach.database("outreach")["standing_orders"]
    await eventually(lambda: orders.find_one({"_id": f"{street}:follow_up"}))
    messaging = outreach.apps["outreach"].state.messaging

    await ask_for_all(messaging)
    await outreach.database("outreach")["reached"].delete_many({})  # as after a crash
    await ask_for_all(messaging)

    assert (await requested(outreach, here), await requested(outreach, gone)) == (1, 0)
    shown = await eventually(lambda: _letters(worker, street))
    assert [one["body"] for one in shown] == ["请于11月22日到社区卫生服务中心随访。"]
    ended = await worker.post("/standing-orders/end", params={"division": street, "topic": "follow_up"})
    assert ended.json()["ended"]


async def _letters(worker: httpx.AsyncClient, street: str) -> Any:
    return (await worker.get("/letters", params={"division": street})).json()


async def test_whomever_a_publicised_activity_addresses_is_told_of_it(
    outreach: Instance, worker: httpx.AsyncClient
) -> None:
    street = "320507006"
    made = [make_stay(f"{number:032x}", street, sex=sex) for number, sex in enumerate(Sex, start=400)]
    await write_rows(outreach.database("outreach"), [resident_row(stay, 1) for stay in made])
    text = [{"language": "zh", "body": "{day}：{activity}"}]
    template_id = await save(worker, topic="activity", texts=text)
    plan = {"street": street, "kind": "lecture", "topic": "孕产期保健", "segment": {"sex": "female"}}
    told, untold = [
        (await worker.post("/activities", json={**plan, "planned_on": "2026-11-22"})).json()["activity_id"]
        for _ in range(2)
    ]
    at = f"/activities/{told}/publicise"
    assert (await worker.post(at, json={"publicised_on": "2026-11-19", "channels": ["notice"]})).is_success
    assert (await order(worker, street, template_id, "activity")).status_code == 200
    database = outreach.database("outreach")
    await eventually(lambda: database["activities"].find_one({"_id": told, "state": "publicised"}))
    await eventually(lambda: database["activities"].find_one({"_id": untold}))
    await eventually(lambda: database["standing_orders"].find_one({"_id": f"{street}:activity"}))

    for _ in range(2):
        await ask_for_all(outreach.apps["outreach"].state.messaging)

    women = [stay.person_id for stay in made if stay.sex is Sex.FEMALE]
    assert [await requested(outreach, stay.person_id) for stay in made] == [
        int(stay.person_id in women) for stay in made
    ]
    shown = await eventually(lambda: _letters(worker, street))
    assert [one["body"] for one in shown] == ["11月22日：孕产期保健"]


@pytest.mark.parametrize("topic", ["vaccination", "core_message"])
async def test_an_order_takes_a_template_of_its_own_topic(worker: httpx.AsyncClient, topic: str) -> None:
    refused = await order(worker, STREET, await save(worker), topic, values=VALUES[1:])

    assert (refused.status_code, refused.json()["code"]) == (422, "another_topic")


@pytest.mark.parametrize("timestamp", ["0", "9999999999", "99999999999", "999999999999", "-1", "1e3"])
async def test_a_report_of_any_time_but_now_is_refused_and_nothing_breaks(outreach: Instance, timestamp: str) -> None:
    content = json.dumps({"reports": [{"key": "9" * 32, "status": "delivered"}]}).encode()
    signed = {"X-Timestamp": timestamp, "X-Signature": sign(REPORT_KEY, timestamp, content)}
    async with outreach.client("outreach", "clerk", STREET) as client:
        answer = await client.post(
            "/message-reports", content=content, headers={**signed, "Content-Type": "application/json"}
        )

    assert answer.status_code in (401, 422), answer.text
