"""The stories of the vault: who a person is is shown for a reason that is kept, and is gone when it was erased."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import aio_pika
import httpx
import pytest
import pytest_asyncio
from cryptography.fernet import InvalidToken
from pydantic_core import to_json

from deploy.local.stack import Stack
from services.registration.intake.registers import read_register
from services.registration.vault import Vault
from services.runtime.access_log.log import ACCESS_LOG
from tests.support.instance import Instance, eventually, running_instance
from tests.support.ledger import find_losses
from tests.support.offices import make_arrival, office_at
from tests.support.registers import id_number

STREET, OTHER_STREET = "320507001", "320812001"
NUMBER = id_number("360981", date(1980, 1, 1), 777)
PERSON = {
    **make_arrival(1),
    "document_number": NUMBER,
    "sex": "男" if int(NUMBER[16]) % 2 else "女",
    "name": "夏侯候鸟",
    "phone": "13966667777",
    "address": "望鹤桥巷九十九号",
    "hukou_address": "落雁村七组",
    "employer": "衔泥建材行",
}
TELLING = ("name", "document_number", "phone", "address", "hukou_address", "employer")
REASON = "本人申请删除"


@pytest_asyncio.fixture
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    """Run registration."""
    async with running_instance(stack, ["registration"]) as instance:
        yield instance


def clerk(houniao: Instance, division: str = STREET, subject: str = "clerk") -> httpx.AsyncClient:
    return houniao.client("registration", "clerk", division, subject)


def supervisor(houniao: Instance, division: str = STREET) -> httpx.AsyncClient:
    return houniao.client("registration", "supervisor", division, "supervisor")


async def arrive(houniao: Instance, street: str = STREET, **report: str) -> dict[str, Any]:
    """Register the person's arrival over HTTP."""
    key = {"Idempotency-Key": report.pop("key", "")} if "key" in report else {}
    async with clerk(houniao, street) as client:
        answer = await client.post("/arrivals", json={**PERSON, "street": street, **report}, headers=key)
        assert answer.status_code in (200, 201), answer.text
        registered: dict[str, Any] = answer.json()
    await settled(houniao)
    return registered


async def settled(houniao: Instance) -> None:
    async def whole() -> bool:
        return not [loss for loss in await find_losses([houniao.databases]) if "parked" not in loss]

    await eventually(whole)


async def has_parked(houniao: Instance, count: int) -> None:
    async def lie_there() -> bool:
        return await houniao.database("registration")["parked"].count_documents({}) == count

    await eventually(lie_there)


async def hand_in(houniao: Instance, *arrivals: dict[str, str]) -> str:
    """Hand a register in and wait until it is worked through and let go; give its id."""
    heading = {"name": "姓名", "document_type": "证件类型", "document_number": "证件号码", "arrived_on": "来本地日期"}
    heading |= {"sex": "性别", "phone": "联系电话", "address": "现居住地址", "employer": "从业单位"}
    lines = [",".join(heading.values()), *(",".join(each.get(field, "") for field in heading) for each in arrivals)]
    async with clerk(houniao) as client:
        files = {"file": ("register.csv", "\n".join(lines).encode())}
        answer = await client.post("/imports", data={"street": STREET}, files=files)
        import_id: str = answer.json()["import_id"]

    async def is_let_go() -> bool:
        return await houniao.database("registration")["import_files"].count_documents({}) == 0

    await eventually(is_let_go)
    return import_id


async def look_up(houniao: Instance, division: str = STREET, reason: str = "入户核实") -> httpx.Response:
    wanted = {"document_type": "身份证", "document_number": NUMBER, "reason": reason}
    async with clerk(houniao, division) as client:
        return await client.post("/people/lookup", json=wanted)


async def read_identity(houniao: Instance, person_id: str, reason: str = "电话回访") -> httpx.Response:
    async with clerk(houniao) as client:
        return await client.get(f"/people/{person_id}/identity", params={"reason": reason})


async def erase(houniao: Instance, person_id: str, division: str = STREET, reason: str = REASON) -> httpx.Response:
    async with supervisor(houniao, division) as client:
        return await client.post(f"/people/{person_id}/erasure", json={"reason": reason})


async def find_person(houniao: Instance, person_id: str) -> dict[str, Any]:
    async with clerk(houniao) as client:
        found: dict[str, Any] = (await client.get(f"/people/{person_id}")).json()
        return found


async def logged(houniao: Instance) -> list[dict[str, Any]]:
    return [entry async for entry in houniao.database("registration")[ACCESS_LOG].find().sort("_id", 1)]


def vault_of(houniao: Instance) -> Vault:
    vault: Vault = houniao.apps["registration"].state.registration.vault
    return vault


def texts_in(value: Any, vault: Vault) -> Iterator[str]:
    """Yield every text that a document holds, at any depth, what is sealed opened with the keys."""
    match value:
        case dict():
            for name, each in value.items():
                yield name
                yield from texts_in(each, vault)
        case list():
            for each in value:
                yield from texts_in(each, vault)
        case bytes():
            try:
                yield vault.open_bytes(value).decode("utf-8", "replace")
            except InvalidToken:
                yield value.decode("utf-8", "replace")
        case _:
            yield str(value)


async def places_that_tell(houniao: Instance) -> dict[str, set[str]]:
    """Return in which collection of which service which texts about the person lie, whatever is sealed opened."""
    found: dict[str, set[str]] = {}
    for service, database in houniao.databases.items():
        for collection in await database.list_collection_names():
            async for document in database[collection].find():
                for text in texts_in(document, vault_of(houniao)):
                    told = {field for field in TELLING if PERSON[field] in text}
                    if told:
                        found.setdefault(f"{service}.{collection}", set()).update(told)
    return found


# Shown for a reason


async def test_who_a_person_is_is_shown_once_the_reason_stands_in_the_log(houniao: Instance) -> None:
    person_id = (await arrive(houniao))["person_id"]

    found = await look_up(houniao)
    read = await read_identity(houniao, person_id)

    assert found.json()["name"] == PERSON["name"]
    assert read.json() == {
        "person_id": person_id,
        "document_type": "id_card",
        **{field: PERSON[field] for field in TELLING},
    }
    told = [(entry["by"], entry["role"], entry["division"], entry["reason"]) for entry in await logged(houniao)]
    assert told == [("clerk", "clerk", STREET, "入户核实"), ("clerk", "clerk", STREET, "电话回访")]
    about = [(entry["action"], entry["person_id"], entry["street"]) for entry in await logged(houniao)]
    assert about == [("identity_read", person_id, STREET)] * 2


async def test_a_search_outside_ones_division_shows_nothing_and_is_logged_where_the_person_lives(
    houniao: Instance,
) -> None:
    person_id = (await arrive(houniao))["person_id"]

    answer = await look_up(houniao, OTHER_STREET)

    assert answer.status_code == 404
    [entry] = await logged(houniao)
    assert (entry["action"], entry["division"], entry["street"]) == ("identity_sought", OTHER_STREET, STREET)
    async with supervisor(houniao) as client:
        seen = (await client.get("/access-log", params={"person_id": person_id})).json()["entries"]
    assert [each["action"] for each in seen] == ["access_log_read", "identity_sought"]


async def test_where_the_log_can_not_be_written_nothing_is_shown(houniao: Instance) -> None:
    person_id = (await arrive(houniao))["person_id"]
    import_id = await hand_in(houniao, {**PERSON, "arrived_on": ""})
    never = {"never": {"$exists": True}}
    await houniao.database("registration").command("collMod", ACCESS_LOG, validator=never)

    async with clerk(houniao) as client, supervisor(houniao) as superior:
        answers = [
            await look_up(houniao),
            await read_identity(houniao, person_id),
            await client.get(f"/imports/{import_id}/refused"),
            await superior.get("/access-log"),
            await erase(houniao, person_id),
        ]

    for answer in answers:
        assert answer.status_code == 500, answer.text
        assert not any(PERSON[field] in answer.text for field in TELLING)
        assert not answer.content.startswith(b"PK")
    assert await logged(houniao) == []
    assert (await find_person(houniao, person_id))["erased_at"] is None


@pytest.mark.parametrize("field", ["name", "document_number", "phone", "address"])
async def test_a_reason_that_names_the_person_is_refused_and_not_kept(houniao: Instance, field: str) -> None:
    person_id = (await arrive(houniao))["person_id"]
    reason = f"核实 {PERSON[field][:2]} {PERSON[field][2:]}"

    answers = [
        await look_up(houniao, reason=reason),
        await read_identity(houniao, person_id, reason),
        await erase(houniao, person_id, reason=reason),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(422, "reason_names_person")] * 3
    assert await logged(houniao) == []


async def test_refused_rows_are_shown_to_who_is_logged(houniao: Instance) -> None:
    import_id = await hand_in(houniao, {**PERSON, "arrived_on": ""})

    async with clerk(houniao) as client:
        answer = await client.get(f"/imports/{import_id}/refused")

    assert [row.arrival.name for row in read_register(answer.content, "refused.xlsx").rows] == [PERSON["name"]]
    [entry] = await logged(houniao)
    assert (entry["action"], entry["reason"], entry["street"]) == ("refused_rows_read", f"import {import_id}", STREET)


# The log is read


async def test_the_log_is_read_in_pages_by_supervisors_of_the_division_and_reading_is_logged(houniao: Instance) -> None:
    person_id = (await arrive(houniao))["person_id"]
    for turn in range(5):
        await read_identity(houniao, person_id, f"第{turn}次")

    async with supervisor(houniao) as client:
        first = (await client.get("/access-log", params={"by": "clerk", "limit": 3})).json()
        rest = (await client.get("/access-log", params={"by": "clerk", "limit": 3, "cursor": first["cursor"]})).json()
        today = datetime.now(UTC).date().isoformat()
        none = (await client.get("/access-log", params={"by": "clerk", "to": "2026-01-01"})).json()
        all_of_today = (await client.get("/access-log", params={"by": "clerk", "from": "2026-01-01"})).json()
        own = (await client.get("/access-log", params={"by": "supervisor"})).json()
    async with supervisor(houniao, "320812") as stranger:
        nothing = (await stranger.get("/access-log", params={"by": "clerk"})).json()
        refused = await stranger.get("/access-log", params={"division": STREET})

    assert [entry["reason"] for entry in (*first["entries"], *rest["entries"])] == [f"第{turn}次" for turn in range(5)][
        ::-1
    ]
    assert rest["cursor"] is None
    assert none["entries"] == nothing["entries"] == []
    assert len(all_of_today["entries"]) == 5, today
    assert [entry["action"] for entry in own["entries"]] == ["access_log_read"] * 5
    assert own["head"] == {"position": own["entries"][0]["position"], "hash": own["entries"][0]["hash"]}
    assert (refused.status_code, refused.json()["code"]) == (403, "outside_your_division")


async def test_a_search_in_vain_with_the_number_in_the_reason_is_refused_and_not_kept(houniao: Instance) -> None:
    answer = await look_up(houniao, reason=f"核实{NUMBER}")

    assert (answer.status_code, answer.json()["code"]) == (422, "reason_names_person")
    assert await logged(houniao) == []


# Erased


async def test_after_an_erasure_no_document_of_any_service_tells_who_the_person_is(stack: Stack) -> None:
    async with running_instance(stack) as houniao, office_at(stack, STREET) as office:
        person_id = (await arrive(houniao))["person_id"]
        await hand_in(
            houniao,
            PERSON,
            {**PERSON, "arrived_on": ""},
            {**PERSON, "document_number": NUMBER[:-1] + "?"},
            {**make_arrival(2), "arrived_on": "", "name": "夏侯候鸟飞"},
        )
        await office.report("arrival", to_json(PERSON)[:-1] + b',"name":1}')
        await office.report("arrival", to_json({**make_arrival(3), "sex": 1}))
        await has_parked(houniao, 2)
        assert (await look_up(houniao)).status_code == (await read_identity(houniao, person_id)).status_code == 200
        before = await places_that_tell(houniao)

        answer = await erase(houniao, person_id)

        assert before.keys() == {"registration.identities", "registration.refused_rows", "registration.parked"}
        assert all({"name", "phone", "address", "employer"} <= told for told in before.values())
        assert answer.status_code == 200, answer.text
        assert (answer.json()["refused_rows"], answer.json()["messages"]) == (2, 1)
        after = await places_that_tell(houniao)
        assert after == {"registration.refused_rows": {"name"}}, "夏侯候鸟飞 is somebody else"
        assert await houniao.database("registration")["parked"].count_documents({}) == 1
        assert await find_losses([houniao.databases]) == ["registration: 1 parked, not 0"]


async def test_an_erasure_is_told_and_logged_and_nothing_is_shown_any_more(houniao: Instance) -> None:
    person_id = (await arrive(houniao))["person_id"]
    import_id = await hand_in(houniao, {**PERSON, "arrived_on": ""}, {**make_arrival(2), "arrived_on": ""})

    erased = (await erase(houniao, person_id)).json()

    person = await find_person(houniao, person_id)
    assert person["erased_at"] == erased["erased_at"]
    assert [stay["state"] for stay in person["stays"]] == ["open"]
    found = await look_up(houniao)
    assert (found.json()["name"], found.json()["phone"]) == (None, None)
    read = await read_identity(houniao, person_id)
    assert (read.status_code, read.json()["code"]) == (410, "erased")
    entry = next(entry for entry in await logged(houniao) if entry["action"] == "identity_erased")
    assert (entry["by"], entry["person_id"], entry["reason"]) == ("supervisor", person_id, REASON)
    async with clerk(houniao) as client:
        progress = (await client.get(f"/imports/{import_id}")).json()
        rows = read_register((await client.get(f"/imports/{import_id}/refused")).content, "refused.xlsx").rows
    assert (progress["refused"], progress["erased"]) == (2, 1)
    assert [row.arrival.name for row in rows] == [make_arrival(2)["name"]]


async def test_what_comes_again_after_an_erasure_does_not_bring_the_identity_back(
    houniao: Instance, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered = await arrive(houniao, key="first")
    async with office_at(stack, OTHER_STREET) as office:
        later = {**PERSON, "arrived_on": "2026-04-01"}
        message_id = await office.send("arrival", later)
        assert (await office.hear())["outcome"] == "accepted"
        await settled(houniao)
        await park(houniao, office.exchange, "2026-04-02", monkeypatch)
        assert (await erase(houniao, registered["person_id"])).status_code == 200

        again = await arrive(houniao, key="first")
        anew = await arrive(houniao, key="second")
        over_amqp = await office.report("arrival", later, message_id=message_id)
        await hand_in(houniao, PERSON, PERSON)

    assert (again["outcome"], anew["outcome"], over_amqp["outcome"]) == ("accepted", "duplicate", "accepted")
    assert (await find_person(houniao, registered["person_id"]))["erased_at"] is not None
    assert await places_that_tell(houniao) == {}


async def park(
    houniao: Instance, offices: aio_pika.abc.AbstractExchange, arrived_on: str, patch: pytest.MonkeyPatch
) -> str:
    """Let a sound report of the person's be parked by a mistake of ours; give its id."""

    async def broken(*_: Any) -> None:
        raise RuntimeError("a mistake of ours")

    user = f"office-{OTHER_STREET}"
    with patch.context() as mistake:
        mistake.setattr("services.registration.commands.arrivals.record_requests", broken)
        message = aio_pika.Message(to_json({**PERSON, "arrived_on": arrived_on}), user_id=user)
        await offices.publish(message, routing_key=f"{OTHER_STREET}.arrival")
        parked = houniao.database("registration")["parked"]

        async def is_parked() -> Any:
            return await parked.find_one({})

        return str((await eventually(is_parked))["_id"])


async def test_a_message_parked_before_an_erasure_and_replayed_after_it_starts_a_stay_without_identity(
    houniao: Instance, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The erasure deletes what is parked; this one was restored from a copy, as a backup would do."""
    person_id = (await arrive(houniao))["person_id"]
    parked = houniao.database("registration")["parked"]
    async with office_at(stack, OTHER_STREET) as office:
        parked_id = await park(houniao, office.exchange, "2026-04-02", monkeypatch)
    copy = await parked.find_one({})
    assert copy is not None
    await erase(houniao, person_id)
    await parked.insert_one(copy)

    async with houniao.client("registration", "admin", "") as admin:
        replayed = await admin.post(f"/parked/{parked_id}/replay")
    await settled(houniao)

    assert replayed.json()["understood"] is True
    person = await find_person(houniao, person_id)
    assert len(person["stays"]) == 2
    assert person["erased_at"] is not None


async def test_a_new_arrival_after_an_erasure_brings_an_identity_back(houniao: Instance) -> None:
    person_id = (await arrive(houniao))["person_id"]
    await erase(houniao, person_id)

    registered = await arrive(houniao, arrived_on="2026-05-01", phone="13900000000", key="third")
    repeated = await arrive(houniao, arrived_on="2026-05-01", phone="13900000000", key="third")

    assert registered == repeated
    assert (await find_person(houniao, person_id))["erased_at"] is None
    assert (await read_identity(houniao, person_id)).json()["phone"] == "13900000000"


async def test_an_arrival_that_was_recorded_but_whose_identity_was_not_kept_again_is_mended_by_its_repetition(
    houniao: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    person_id = (await arrive(houniao))["person_id"]
    await erase(houniao, person_id)

    async def crash(*_: Any) -> None:
        raise RuntimeError("as if killed here")

    with monkeypatch.context() as killed:
        killed.setattr("services.registration.commands.arrivals.restore_identities", crash)
        async with clerk(houniao) as client:
            report = {**PERSON, "street": STREET, "arrived_on": "2026-05-01"}
            with pytest.raises(RuntimeError):
                await client.post("/arrivals", json=report, headers={"Idempotency-Key": "x"})
    between = await find_person(houniao, person_id)
    await arrive(houniao, arrived_on="2026-05-01", key="x")

    assert len(between["stays"]) == 1
    assert between["erased_at"] is not None
    assert (await find_person(houniao, person_id))["erased_at"] is None


async def test_a_register_under_way_puts_an_erasure_off_and_nothing_is_erased(houniao: Instance) -> None:
    person_id = (await arrive(houniao))["person_id"]
    await keep_file(houniao, handed_in_at=datetime.now(UTC))

    answer = await erase(houniao, person_id)

    assert (answer.status_code, answer.json()["code"], answer.json()["imports"]) == (409, "import_under_way", 1)
    assert (await read_identity(houniao, person_id)).status_code == 200
    assert [entry["action"] for entry in await logged(houniao)] == ["identity_read"]


async def test_a_register_that_a_crash_left_without_a_promise_goes_with_an_erasure(houniao: Instance) -> None:
    person_id = (await arrive(houniao))["person_id"]
    await keep_file(houniao, handed_in_at=datetime.now(UTC) - timedelta(hours=1))

    answer = await erase(houniao, person_id)

    assert answer.status_code == 200
    assert await places_that_tell(houniao) == {}


async def keep_file(houniao: Instance, handed_in_at: datetime) -> None:
    sealed, _ = vault_of(houniao).seal_bytes(to_json(PERSON))
    file = {"_id": "x", "sealed": sealed, "filename": "a.csv", "handed_in_at": handed_in_at}
    await houniao.database("registration")["import_files"].insert_one(file)


async def test_a_person_who_was_merged_is_erased_under_every_id(houniao: Instance) -> None:
    passport = {"document_type": "护照", "document_number": "E12345678"}
    into = (await arrive(houniao))["person_id"]
    alias = (await arrive(houniao, **passport, arrived_on="2026-02-01"))["person_id"]
    await hand_in(houniao, {**PERSON, **passport, "arrived_on": ""})
    async with clerk(houniao) as client:
        merged = await client.post(f"/people/{alias}/merge", json={"into": into})
        assert merged.status_code == 200, merged.text
    await settled(houniao)

    answer = await erase(houniao, into)

    assert answer.status_code == 200, answer.text
    assert set(answer.json()["people"]) == {into, alias}
    assert answer.json()["refused_rows"] == 1
    assert await places_that_tell(houniao) == {}
    erased = [entry["person_id"] for entry in await logged(houniao) if entry["action"] == "identity_erased"]
    assert set(erased) == {into, alias}
    for person_id in (into, alias):
        assert (await read_identity(houniao, person_id)).status_code == 410


async def test_who_comes_back_after_an_erasure_is_a_likely_duplicate_again(houniao: Instance) -> None:
    person_id = (await arrive(houniao))["person_id"]
    double = (await arrive(houniao, document_type="护照", document_number="E12345678"))["person_id"]

    async def pairs() -> list[set[str]]:
        async with clerk(houniao) as client:
            found = (await client.get("/duplicates", params={"division": STREET})).json()["duplicates"]
        return [{each["person_id"] for each in pair["people"]} for pair in found]

    before = await pairs()
    await erase(houniao, person_id)
    between = await pairs()
    await arrive(houniao, arrived_on="2026-05-01")

    assert (before, between) == ([{person_id, double}], [])
    assert await pairs() == before


async def test_nobody_but_a_supervisor_of_where_the_person_stays_can_erase(houniao: Instance) -> None:
    person_id = (await arrive(houniao))["person_id"]

    async with clerk(houniao) as client:
        by_clerk = await client.post(f"/people/{person_id}/erasure", json={"reason": REASON})
    by_stranger = await erase(houniao, person_id, "320812")
    without_reason = await erase(houniao, person_id, reason="")
    by_district = await erase(houniao, person_id, "320507")

    assert [answer.status_code for answer in (by_clerk, by_stranger, without_reason, by_district)] == [
        403,
        404,
        422,
        200,
    ]
